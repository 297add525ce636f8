"""Keep a weekly sample of near misses for review."""

import sqlalchemy as sa
from alembic import op

revision = "0005_near_misses"
down_revision = "0004_fact_details"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "near_misses",
        sa.Column("week", sa.Text(), nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["revisions.seq"], name=op.f("fk_near_misses_seq")),
        sa.PrimaryKeyConstraint("week", "seq", "topic", name=op.f("pk_near_misses")),
    )


def downgrade() -> None:
    op.drop_table("near_misses")
