"""Lay out the first tables: feeds, entries and revisions, judgements and stories, digests and deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _counters()
    _feeds()
    _subscriptions()
    _articles()
    _digests()
    _fetches()
    _copy_groups()
    _deliveries()
    _entries()
    _copy_members()
    _revisions()
    _sightings()
    _decisions()
    _facts()
    _matches()
    _stories()
    _digest_items()
    _story_articles()
    _story_events()
    op.execute("INSERT INTO counters (name, value) VALUES ('ingest', 0)")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


TABLES = (
    "counters",
    "feeds",
    "subscriptions",
    "articles",
    "digests",
    "fetches",
    "copy_groups",
    "deliveries",
    "entries",
    "copy_members",
    "revisions",
    "sightings",
    "decisions",
    "facts",
    "matches",
    "stories",
    "digest_items",
    "story_articles",
    "story_events",
)


def _counters() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )


def _feeds() -> None:
    op.create_table(
        "feeds",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("configured", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("declared_at", MOMENT, nullable=False),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.Column("body_hash", sa.Text()),
        sa.Column("next_due_at", MOMENT),
        sa.Column("leased_until", MOMENT),
        sa.Column("last_attempt_at", MOMENT),
        sa.Column("last_success_at", MOMENT),
        sa.Column("last_new_at", MOMENT),
        sa.Column("newest_published_at", MOMENT),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_feeds"),
    )
    op.create_index("ix_feeds_next_due_at", "feeds", ["next_due_at"])


def _subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("configured", sa.Boolean(), nullable=False),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("declared_at", MOMENT, nullable=False),
        sa.Column("after_seq", BIG, nullable=False),
        sa.Column("next_due_at", MOMENT),
        sa.Column("last_digest_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
    )
    op.create_index("ix_subscriptions_next_due_at", "subscriptions", ["next_due_at"])


def _articles() -> None:
    op.create_table(
        "articles",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("article_key", sa.Text(), nullable=False),
        sa.Column("feed_id", sa.Text(), nullable=False),
        sa.Column("outlet", sa.Text()),
        sa.Column("family", sa.Text()),
        sa.Column("language", sa.Text()),
        sa.Column("title", sa.Text()),
        sa.Column("text", sa.Text()),
        sa.Column("text_hash", sa.Text()),
        sa.Column("published_at", MOMENT),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("told_at", MOMENT, nullable=False),
        sa.Column("current_seq", BIG),
        sa.Column("concepts", sa.Text()),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_articles_feed_id"),
        sa.PrimaryKeyConstraint("id", name="pk_articles"),
        sa.UniqueConstraint("article_key", name="uq_articles_article_key"),
    )
    op.create_index("ix_articles_current_seq", "articles", ["current_seq"])
    op.create_index("ix_articles_text_hash", "articles", ["text_hash"])
    op.create_index("ix_articles_told_at", "articles", ["told_at"])


def _digests() -> None:
    op.create_table(
        "digests",
        sa.Column("id", BIG, nullable=False),
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("after_seq", BIG, nullable=False),
        sa.Column("through_seq", BIG, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.CheckConstraint("after_seq <= through_seq", name=op.f("ck_digests_window")),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscriptions.id"], name="fk_digests_subscription_id"),
        sa.PrimaryKeyConstraint("id", name="pk_digests"),
    )
    op.create_index("ix_digests_subscription_id_id", "digests", ["subscription_id", "id"])


def _fetches() -> None:
    op.create_table(
        "fetches",
        sa.Column("id", BIG, nullable=False),
        sa.Column("feed_id", sa.Text(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("size", BIG, nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("undated", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("revised", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text()),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_fetches_feed_id"),
        sa.PrimaryKeyConstraint("id", name="pk_fetches"),
    )
    op.create_index("ix_fetches_feed_id_started_at", "fetches", ["feed_id", "started_at"])
    op.create_index("ix_fetches_started_at", "fetches", ["started_at"])


def _copy_groups() -> None:
    op.create_table(
        "copy_groups",
        sa.Column("id", BIG, nullable=False),
        sa.Column("text_hash", sa.Text(), nullable=False),
        sa.Column("first_article_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["first_article_id"], ["articles.id"], name="fk_copy_groups_first_article_id"),
        sa.PrimaryKeyConstraint("id", name="pk_copy_groups"),
        sa.UniqueConstraint("first_article_id", name="uq_copy_groups_first_article_id"),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", BIG, nullable=False),
        sa.Column("digest_id", BIG, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT),
        sa.Column("leased_until", MOMENT),
        sa.Column("lease_token", sa.Text()),
        sa.Column("sent_at", MOMENT),
        sa.Column("receipt", sa.Text()),
        sa.Column("last_error", sa.Text()),
        sa.CheckConstraint("status IN ('pending', 'sending', 'sent', 'retry', 'dead')", name=op.f("ck_deliveries_status")),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name="fk_deliveries_digest_id"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("digest_id", "channel", "recipient", name="uq_deliveries_digest_id_channel_recipient"),
        sa.UniqueConstraint("key", name="uq_deliveries_key"),
    )
    op.create_index("ix_deliveries_due_at", "deliveries", ["due_at"])


def _entries() -> None:
    op.create_table(
        "entries",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("feed_id", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("article_id", BIG, nullable=False),
        sa.Column("raw_hash", sa.Text(), nullable=False),
        sa.Column("current_seq", BIG, nullable=False),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="fk_entries_article_id"),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_entries_feed_id"),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
        sa.UniqueConstraint("feed_id", "identity", name="uq_entries_feed_id_identity"),
    )
    op.create_index("ix_entries_article_id", "entries", ["article_id"])


def _copy_members() -> None:
    op.create_table(
        "copy_members",
        sa.Column("article_id", BIG, nullable=False),
        sa.Column("copy_group_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="fk_copy_members_article_id"),
        sa.ForeignKeyConstraint(["copy_group_id"], ["copy_groups.id"], name="fk_copy_members_copy_group_id"),
        sa.PrimaryKeyConstraint("article_id", name="pk_copy_members"),
    )
    op.create_index("ix_copy_members_copy_group_id", "copy_members", ["copy_group_id"])


def _revisions() -> None:
    op.create_table(
        "revisions",
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("entry_id", BIG, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text()),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("raw_hash", sa.Text(), nullable=False),
        sa.Column("observed_at", MOMENT, nullable=False),
        sa.Column("judged_at", MOMENT),
        sa.Column("rule_version", sa.Text()),
        sa.Column("outcome", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_revisions_entry_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_revisions"),
    )
    op.create_index("ix_revisions_entry_id", "revisions", ["entry_id"])
    op.create_index(
        "ix_revisions_unjudged",
        "revisions",
        ["seq"],
        sqlite_where=sa.text("judged_at IS NULL"),
        postgresql_where=sa.text("judged_at IS NULL"),
    )


def _sightings() -> None:
    op.create_table(
        "sightings",
        sa.Column("article_id", BIG, nullable=False),
        sa.Column("entry_id", BIG, nullable=False),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="fk_sightings_article_id"),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_sightings_entry_id"),
        sa.PrimaryKeyConstraint("article_id", "entry_id", name="pk_sightings"),
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("seq", BIG, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["revisions.seq"], name="fk_decisions_seq"),
        sa.PrimaryKeyConstraint("seq", "stage", "subject", name="pk_decisions"),
    )


def _facts() -> None:
    op.create_table(
        "facts",
        sa.Column("seq", BIG, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("concept", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("start_offset", sa.Integer(), nullable=False),
        sa.Column("end_offset", sa.Integer(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("low", sa.Float()),
        sa.Column("high", sa.Float()),
        sa.Column("unit", sa.Text()),
        sa.ForeignKeyConstraint(["seq"], ["revisions.seq"], name="fk_facts_seq"),
        sa.PrimaryKeyConstraint("seq", "position", name="pk_facts"),
    )
    op.create_index("ix_facts_concept", "facts", ["concept"])


def _matches() -> None:
    op.create_table(
        "matches",
        sa.Column("seq", BIG, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["revisions.seq"], name="fk_matches_seq"),
        sa.PrimaryKeyConstraint("seq", "topic", name="pk_matches"),
    )
    op.create_index("ix_matches_topic_seq", "matches", ["topic", "seq"])


def _stories() -> None:
    op.create_table(
        "stories",
        sa.Column("id", BIG, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("lead_article_id", BIG, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("first_seq", BIG, nullable=False),
        sa.Column("last_seq", BIG, nullable=False),
        sa.ForeignKeyConstraint(["first_seq"], ["revisions.seq"], name="fk_stories_first_seq"),
        sa.ForeignKeyConstraint(["last_seq"], ["revisions.seq"], name="fk_stories_last_seq"),
        sa.ForeignKeyConstraint(["lead_article_id"], ["articles.id"], name="fk_stories_lead_article_id"),
        sa.PrimaryKeyConstraint("id", name="pk_stories"),
    )


def _digest_items() -> None:
    op.create_table(
        "digest_items",
        sa.Column("digest_id", BIG, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("story_id", BIG, nullable=False),
        sa.Column("story_version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name="fk_digest_items_digest_id"),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name="fk_digest_items_story_id"),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscriptions.id"], name="fk_digest_items_subscription_id"),
        sa.PrimaryKeyConstraint("digest_id", "position", name="pk_digest_items"),
        sa.UniqueConstraint("subscription_id", "story_id", "story_version", name="uq_digest_items_subscription_id_story_id_story_version"),
    )


def _story_articles() -> None:
    op.create_table(
        "story_articles",
        sa.Column("article_id", BIG, nullable=False),
        sa.Column("story_id", BIG, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("echo_of", BIG),
        sa.Column("why_code", sa.Text(), nullable=False),
        sa.Column("why_detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="fk_story_articles_article_id"),
        sa.ForeignKeyConstraint(["echo_of"], ["articles.id"], name="fk_story_articles_echo_of"),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name="fk_story_articles_story_id"),
        sa.PrimaryKeyConstraint("article_id", name="pk_story_articles"),
    )
    op.create_index("ix_story_articles_story_id", "story_articles", ["story_id"])


def _story_events() -> None:
    op.create_table(
        "story_events",
        sa.Column("seq", BIG, nullable=False),
        sa.Column("story_id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('opened', 'joined', 'updated', 'repeated')", name=op.f("ck_story_events_kind")),
        sa.ForeignKeyConstraint(["seq"], ["revisions.seq"], name="fk_story_events_seq"),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name="fk_story_events_story_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_story_events"),
    )
    op.create_index("ix_story_events_story_id_version", "story_events", ["story_id", "version"])
