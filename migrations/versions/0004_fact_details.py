"""Keep what a fact says beyond its value: qualifier, period, what is counted, who, when, and whether it is implied."""

import sqlalchemy as sa
from alembic import op

revision = "0004_fact_details"
down_revision = "0003_closed_addresses"
branch_labels = None
depends_on = None

WORDS = ("qualifier", "period", "what", "name", "value", "precision", "note")


def upgrade() -> None:
    for name in WORDS:
        op.add_column("facts", sa.Column(name, sa.Text()))
    op.add_column("facts", sa.Column("implied", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    for name in ("implied", *WORDS):
        op.drop_column("facts", name)
