"""Remember a feed's habits, the items it served last and that it is retired; keep alarms."""

import sqlalchemy as sa
from alembic import op

revision = "0002_ingest"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("feeds", sa.Column("habits", sa.Text()))
    op.add_column("feeds", sa.Column("item_hashes", sa.LargeBinary()))
    op.add_column("feeds", sa.Column("retired_at", MOMENT))
    op.create_table(
        "alarms",
        sa.Column("id", BIG, nullable=False),
        sa.Column("feed_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("raised_at", MOMENT, nullable=False),
        sa.Column("cleared_at", MOMENT),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_alarms_feed_id"),
        sa.PrimaryKeyConstraint("id", name="pk_alarms"),
    )
    op.create_index("ix_alarms_feed_id_kind", "alarms", ["feed_id", "kind"])
    op.create_index("ix_alarms_raised_at", "alarms", ["raised_at"])


def downgrade() -> None:
    op.drop_table("alarms")
    with op.batch_alter_table("feeds") as feeds:
        for column in ("retired_at", "item_hashes", "habits"):
            feeds.drop_column(column)
