"""Keep responses and a chain of hashes for what matched."""

import sqlalchemy as sa
from alembic import op

revision = "0006_evidence"
down_revision = "0005_near_misses"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "responses",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("feed_id", sa.Text(), sa.ForeignKey("feeds.id", name="fk_responses_feed_id"), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("fetched_at", MOMENT, nullable=False),
        sa.Column("first_seq", BIG, nullable=False),
        sa.Column("last_seq", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_responses"),
    )
    op.create_index("ix_responses_last_seq", "responses", ["last_seq"])
    op.create_table(
        "evidence",
        sa.Column("number", BIG, primary_key=True, autoincrement=False),
        sa.Column("seq", BIG, sa.ForeignKey("revisions.seq", name="fk_evidence_seq"), nullable=False),
        sa.Column("response_id", BIG, sa.ForeignKey("responses.id", name="fk_evidence_response_id")),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_evidence"),
        sa.UniqueConstraint("seq", name="uq_evidence_seq"),
    )
    op.create_index("ix_evidence_response_id", "evidence", ["response_id"])


def downgrade() -> None:
    op.drop_table("evidence")
    op.drop_table("responses")
    op.execute("DELETE FROM counters WHERE name = 'evidence'")
