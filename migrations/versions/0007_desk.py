"""Add the desk: the search index of each engine, labels of stories, readers and their verdicts."""

import sqlalchemy as sa
from alembic import op

revision = "0007_desk"
down_revision = "0006_evidence"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _search_index()
    _story_labels()
    _verdicts()
    _readers()
    op.create_index("ix_stories_last_seq", "stories", ["last_seq", "id"])
    op.create_index("ix_facts_kind_seq", "facts", ["kind", "seq"])
    op.create_index("ix_revisions_observed_at", "revisions", ["observed_at"])


def downgrade() -> None:
    op.drop_index("ix_revisions_observed_at", "revisions")
    op.drop_index("ix_facts_kind_seq", "facts")
    op.drop_index("ix_stories_last_seq", "stories")
    for table in ("api_tokens", "desk_sessions", "desk_users", "verdicts", "story_labels", "search_index"):
        op.drop_table(table)


def _search_index() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE search_index USING fts5(title, text, labels, content='', tokenize='unicode61 remove_diacritics 0')"
        )
        op.execute("INSERT INTO search_index(search_index, rank) VALUES('hashsize', 67108864)")
        return
    op.execute(
        "CREATE TABLE search_index (article_id bigint PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE, words tsvector NOT NULL)"
    )
    op.execute("CREATE INDEX search_index_words ON search_index USING gin (words)")


def _story_labels() -> None:
    op.create_table(
        "story_labels",
        sa.Column("story_id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("last_seq", BIG, nullable=False),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name="fk_story_labels_story_id"),
        sa.PrimaryKeyConstraint("story_id", "kind", "value", name="pk_story_labels"),
    )
    op.create_index("ix_story_labels_kind_value_last_seq", "story_labels", ["kind", "value", "last_seq"])


def _verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("article_id", BIG, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.CheckConstraint("verdict IN ('relevant', 'not_relevant')", name=op.f("ck_verdicts_verdict")),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="fk_verdicts_article_id"),
        sa.PrimaryKeyConstraint("article_id", "topic", name="pk_verdicts"),
    )


def _readers() -> None:
    op.create_table(
        "desk_users",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'editor')", name=op.f("ck_desk_users_role")),
        sa.PrimaryKeyConstraint("name", name="pk_desk_users"),
    )
    op.create_table(
        "desk_sessions",
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_name"], ["desk_users.name"], name="fk_desk_sessions_user_name", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key_hash", name="pk_desk_sessions"),
    )
    op.create_table(
        "api_tokens",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.CheckConstraint("scope IN ('read', 'write')", name=op.f("ck_api_tokens_scope")),
        sa.PrimaryKeyConstraint("name", name="pk_api_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_api_tokens_token_hash"),
    )
