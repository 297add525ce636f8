"""Keep with a decision by hand the name of who took it."""

import sqlalchemy as sa
from alembic import op

revision = "0013_names_of_decisions"
down_revision = "0012_told_articles"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("story_operations", sa.Column("decided_by", sa.Text()))


def downgrade() -> None:
    op.drop_column("story_operations", "decided_by")
