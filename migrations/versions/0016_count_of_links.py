"""Count the links of the chain from the beginning, and note up to where nothing was sealed yet: neither row may be missing from now on."""

from alembic import op

revision = "0016_count_of_links"
down_revision = "0015_regrouping"
branch_labels = None
depends_on = None

# Links without a count had it taken away; they are counted as none, and the verification goes on telling so.
COUNT = "INSERT INTO counters (name, value) SELECT 'evidence', 0 WHERE NOT EXISTS (SELECT 1 FROM counters WHERE name = 'evidence')"
SEALED_AFTER = """
INSERT INTO counters (name, value)
SELECT 'sealed_after', coalesce(max(m.seq), 0) FROM matches AS m
WHERE NOT EXISTS (SELECT 1 FROM evidence AS e WHERE e.seq = m.seq)
  AND m.seq < coalesce((SELECT e.seq FROM evidence AS e WHERE e.number = 1), m.seq + 1)
"""


def upgrade() -> None:
    op.execute(COUNT)
    op.execute(SEALED_AFTER)


def downgrade() -> None:
    op.execute("DELETE FROM counters WHERE name = 'sealed_after' OR (name = 'evidence' AND value = 0)")
