"""Add pages: what a publisher's page told beside its text, and when it is looked at again."""

import sqlalchemy as sa
from alembic import op

revision = "0008_pages"
down_revision = "0007_desk"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "pages",
        sa.Column("article_id", BIG, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("page", sa.Text()),
        sa.Column("text_hash", sa.Text()),
        sa.Column("looked_at", MOMENT),
        sa.Column("next_look_at", MOMENT),
        sa.Column("gone_at", MOMENT),
        sa.Column("problem", sa.Text()),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="fk_pages_article_id"),
        sa.PrimaryKeyConstraint("article_id", name="pk_pages"),
    )
    op.create_index("ix_pages_next_look_at", "pages", ["next_look_at"])


def downgrade() -> None:
    op.drop_index("ix_pages_next_look_at", "pages")
    op.drop_table("pages")
