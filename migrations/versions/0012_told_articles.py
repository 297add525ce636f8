"""Keep which articles each subscription read of, and what it is owed of stories that turned out to be others."""

import sqlalchemy as sa
from alembic import op

revision = "0012_told_articles"
down_revision = "0011_kept_searches"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# What older digests told: the members of their stories that had come by then. Where a story is known through a merge or split nobody
# noted when, and all of its articles count as read: an update must not repeat a whole archive.
_TOLD = """
INSERT INTO told_articles (subscription_id, article_id)
SELECT items.subscription_id, members.article_id
FROM digest_items AS items
JOIN digests ON digests.id = items.digest_id
JOIN story_articles AS members ON members.story_id = items.story_id
WHERE members.article_id <= digests.through_seq
UNION
SELECT known.subscription_id, members.article_id
FROM story_told AS known
JOIN story_articles AS members ON members.story_id = known.story_id
"""


def upgrade() -> None:
    op.add_column("story_told", sa.Column("owed_seq", BIG))
    op.create_table(
        "told_articles",
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("article_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscriptions.id"], name="fk_told_articles_subscription_id"),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="fk_told_articles_article_id"),
        sa.PrimaryKeyConstraint("subscription_id", "article_id", name="pk_told_articles"),
    )
    op.create_index("ix_told_articles_article_id", "told_articles", ["article_id"])
    op.execute(_TOLD)


def downgrade() -> None:
    op.drop_table("told_articles")
    op.execute("DELETE FROM story_told WHERE owed_seq IS NOT NULL")
    op.drop_column("story_told", "owed_seq")
