"""Keep with a decision by hand what it took the place of, so that undoing it gives that back."""

import sqlalchemy as sa
from alembic import op

revision = "0010_displaced_decisions"
down_revision = "0009_story_index"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("story_operations", sa.Column("displaced", sa.Text()))


def downgrade() -> None:
    op.drop_column("story_operations", "displaced")
