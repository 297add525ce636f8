"""Add what the archive is grouped again with: by which rules an article was grouped, and the draft of another grouping."""

import sqlalchemy as sa
from alembic import op

revision = "0015_regrouping"
down_revision = "0014_page_keys"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("story_articles", sa.Column("grouped_by", sa.Text()))
    op.create_table(
        "regroupings",
        sa.Column("id", BIG, nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("carries_out", sa.Boolean(), nullable=False),
        sa.Column("since", MOMENT),
        sa.Column("drafted_to", MOMENT),
        sa.Column("visited_to", BIG, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_regroupings"),
    )
    _draft()


def _draft() -> None:
    op.create_table(
        "draft_places",
        sa.Column("article_id", BIG, autoincrement=False, nullable=False),
        sa.Column("group_id", BIG, nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("echo_of", BIG),
        sa.Column("cites", sa.Text()),
        sa.Column("why_code", sa.Text(), nullable=False),
        sa.Column("why_detail", sa.Text(), nullable=False),
        sa.Column("concepts", sa.Text(), nullable=False),
        sa.Column("traits", sa.Text(), nullable=False),
        sa.Column("visited", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", name="pk_draft_places"),
    )
    op.create_index("ix_draft_places_group_id", "draft_places", ["group_id"])
    op.create_table(
        "draft_marks",
        sa.Column("mark", BIG, autoincrement=False, nullable=False),
        sa.Column("told_on", BIG, autoincrement=False, nullable=False),
        sa.Column("article_id", BIG, autoincrement=False, nullable=False),
        sa.Column("band", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("mark", "told_on", "article_id", name="pk_draft_marks"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_draft_marks_article_id", "draft_marks", ["article_id"])


def downgrade() -> None:
    for table in ("draft_marks", "draft_places", "regroupings"):
        op.drop_table(table)
    op.drop_column("story_articles", "grouped_by")
