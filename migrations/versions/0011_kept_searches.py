"""Keep the searches that readers look for again."""

import sqlalchemy as sa
from alembic import op

revision = "0011_kept_searches"
down_revision = "0010_displaced_decisions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_searches",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_kept_searches"),
        sa.UniqueConstraint("owner", "name", name="uq_kept_searches_owner_name"),
    )


def downgrade() -> None:
    op.drop_table("kept_searches")
