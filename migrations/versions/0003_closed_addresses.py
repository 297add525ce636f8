"""Remember addresses that get nothing more, and of each message what its receiver called it and what it said."""

import sqlalchemy as sa
from alembic import op

revision = "0003_closed_addresses"
down_revision = "0002_ingest"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "closures",
        sa.Column("subscription_id", sa.Text(), sa.ForeignKey("subscriptions.id", name="fk_closures_subscription_id"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cause IN ('unsubscribed', 'refused')", name=op.f("ck_closures_cause")),
        sa.PrimaryKeyConstraint("subscription_id", "channel", "recipient", name="pk_closures"),
    )
    op.add_column("deliveries", sa.Column("thread", sa.Text()))
    op.add_column("deliveries", sa.Column("body_hash", sa.Text()))


def downgrade() -> None:
    op.drop_column("deliveries", "body_hash")
    op.drop_column("deliveries", "thread")
    op.drop_table("closures")
