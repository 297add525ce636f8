"""Keep which articles each subscription read of, and what it is owed of stories that turned out to be others."""

import sqlalchemy as sa
from alembic import op

revision = "0012_told_articles"
down_revision = "0011_kept_searches"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# What older digests told: the members of their stories that had matched by then; the number of an article is that of its first revision,
# which may not have matched. Where a story is known through a merge or split, what it held at the last of these counts as read, as far as
# windows had passed it: an update must not repeat a whole archive, and what joined later was shown to nobody for sure.
_TOLD = """
INSERT INTO told_articles (subscription_id, article_id)
SELECT items.subscription_id, entries.article_id
FROM digest_items AS items
JOIN digests ON digests.id = items.digest_id
JOIN story_events AS events ON events.story_id = items.story_id AND events.seq <= digests.through_seq
JOIN revisions ON revisions.seq = events.seq
JOIN entries ON entries.id = revisions.entry_id
JOIN story_articles AS members ON members.article_id = entries.article_id AND members.story_id = items.story_id
UNION
SELECT known.subscription_id, members.article_id
FROM story_told AS known
JOIN subscriptions ON subscriptions.id = known.subscription_id
JOIN story_articles AS members ON members.story_id = known.story_id
JOIN entries ON entries.article_id = members.article_id
JOIN revisions ON revisions.entry_id = entries.id
JOIN story_events AS events ON events.seq = revisions.seq AND events.seq <= subscriptions.after_seq
WHERE events.decided_at <= (
    SELECT max(decided_at) FROM story_operations AS operations
    WHERE operations.kind IN ('merge', 'split') AND (operations.story_id = known.story_id OR operations.other_id = known.story_id)
)
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
