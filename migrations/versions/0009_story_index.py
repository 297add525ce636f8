"""Add what stories are found, compared, moved and decided by hand with."""

import sqlalchemy as sa
from alembic import op

revision = "0009_story_index"
down_revision = "0008_pages"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
TABLES = ("story_told", "bonds", "story_operations", "text_overlaps", "article_marks", "article_traits", "term_counts")


def upgrade() -> None:
    op.add_column("stories", sa.Column("merged_into", BIG))
    op.add_column("stories", sa.Column("lead_by_hand", sa.Boolean()))
    op.add_column("story_articles", sa.Column("cites", sa.Text()))
    _index()
    _pairs()
    _operations()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("story_articles", "cites")
    op.drop_column("stories", "lead_by_hand")
    op.drop_column("stories", "merged_into")


def _index() -> None:
    op.create_table(
        "term_counts",
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("articles", BIG, nullable=False),
        sa.PrimaryKeyConstraint("term", name="pk_term_counts"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "article_traits",
        sa.Column("article_id", BIG, nullable=False),
        sa.Column("traits", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="fk_article_traits_article_id"),
        sa.PrimaryKeyConstraint("article_id", name="pk_article_traits"),
    )
    op.create_table(
        "article_marks",
        sa.Column("mark", BIG, nullable=False),
        sa.Column("told_on", BIG, nullable=False),
        sa.Column("article_id", BIG, nullable=False),
        sa.Column("band", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("mark", "told_on", "article_id", name="pk_article_marks"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_article_marks_article_id", "article_marks", ["article_id"])


def _pairs() -> None:
    op.create_table(
        "text_overlaps",
        sa.Column("one", BIG, nullable=False),
        sa.Column("other", BIG, nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("sentences", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["one"], ["articles.id"], name="fk_text_overlaps_one"),
        sa.ForeignKeyConstraint(["other"], ["articles.id"], name="fk_text_overlaps_other"),
        sa.PrimaryKeyConstraint("one", "other", name="pk_text_overlaps"),
    )
    op.create_index("ix_text_overlaps_other", "text_overlaps", ["other"])


def _operations() -> None:
    op.create_table(
        "story_operations",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("story_id", BIG, nullable=False),
        sa.Column("other_id", BIG, nullable=False),
        sa.Column("articles", sa.Text(), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("undone_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_story_operations"),
    )
    op.create_index("ix_story_operations_story_id", "story_operations", ["story_id"])
    op.create_index("ix_story_operations_other_id", "story_operations", ["other_id"])
    op.create_table(
        "bonds",
        sa.Column("one", BIG, nullable=False),
        sa.Column("other", BIG, nullable=False),
        sa.Column("together", sa.Boolean(), nullable=False),
        sa.Column("operation_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["one"], ["articles.id"], name="fk_bonds_one"),
        sa.ForeignKeyConstraint(["other"], ["articles.id"], name="fk_bonds_other"),
        sa.ForeignKeyConstraint(["operation_id"], ["story_operations.id"], name="fk_bonds_operation_id"),
        sa.PrimaryKeyConstraint("one", "other", name="pk_bonds"),
    )
    op.create_index("ix_bonds_other", "bonds", ["other"])
    op.create_index("ix_bonds_operation_id", "bonds", ["operation_id"])
    op.create_table(
        "story_told",
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("story_id", BIG, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscriptions.id"], name="fk_story_told_subscription_id"),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name="fk_story_told_story_id"),
        sa.PrimaryKeyConstraint("subscription_id", "story_id", name="pk_story_told"),
    )
