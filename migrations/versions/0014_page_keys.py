"""Give stored pages the keys that links have now, so that what a feed still serves is not stored and told again.

Keys are made of the addresses themselves, so pages that the earlier rule took for one come apart from now on. Where the new key is
taken, two articles of one page stand already; both stay, and the first one has the key. Going back leaves the keys as they are.
"""

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from aggregator.core.fingerprints import digest_of
from aggregator.core.intake import bounded, imprint
from aggregator.core.urls import canonical_url, web_url
from aggregator.models import Entry
from aggregator.store.columns import Stored

revision = "0014_page_keys"
down_revision = "0013_names_of_decisions"
branch_labels = None
depends_on = None

articles = sa.table("articles", sa.column("id"), sa.column("article_key"))
entries = sa.table("entries", *map(sa.column, ("id", "feed_id", "identity", "article_id", "current_seq")))
revisions = sa.table("revisions", sa.column("seq"), sa.column("url"), sa.column("entry", Stored(Entry)))
_AT_ONCE = 1_000
_PAGED = re.compile(r"(.*)#([0-9a-f]{32})", re.DOTALL)


def upgrade() -> None:
    connection = op.get_bind()
    for row in _walk(connection, _served(), entries.c.id):
        _name_entry(connection, row)
    for row in _walk(connection, _first_seen(), articles.c.id):
        _name_article(connection, row)


def downgrade() -> None:
    """Keep the keys: which ones the earlier rule made is not known."""


def _served() -> sa.Select[Any]:
    """Ask for the entries that go by their page, or by an id with the page in it."""
    columns = (entries.c.id, entries.c.feed_id, entries.c.identity, entries.c.current_seq, revisions.c.url, articles.c.article_key)
    joined = entries.join(revisions, revisions.c.seq == entries.c.current_seq).join(articles, articles.c.id == entries.c.article_id)
    return sa.select(*columns).select_from(joined).where(sa.or_(entries.c.identity.like("http%"), entries.c.identity.like("%#%")))


def _first_seen() -> sa.Select[Any]:
    """Ask for the articles with the address they were first seen at: both bear one number."""
    joined = articles.join(revisions, revisions.c.seq == articles.c.id)
    return sa.select(articles.c.id, articles.c.article_key, revisions.c.url).select_from(joined).where(articles.c.article_key.like("http%"))


def _walk(connection: sa.Connection, query: sa.Select[Any], number: Any) -> Iterator[Any]:
    last = 0
    while rows := connection.execute(query.where(number > last).order_by(number).limit(_AT_ONCE)).all():
        yield from rows
        last = rows[-1].id


def _name_article(connection: sa.Connection, row: Any) -> None:
    if not web_url(row.url):
        return
    key = bounded(canonical_url(row.url))
    taken = sa.select(articles.c.id).where(articles.c.article_key == key)
    if key != row.article_key and connection.execute(taken).first() is None:
        connection.execute(sa.update(articles).where(articles.c.id == row.id).values(article_key=key))


def _name_entry(connection: sa.Connection, row: Any) -> None:
    identity = _identity(connection, row) if web_url(row.url) else row.identity
    taken = sa.select(entries.c.id).where(entries.c.feed_id == row.feed_id, entries.c.identity == identity)
    if identity != row.identity and connection.execute(taken).first() is None:
        connection.execute(sa.update(entries).where(entries.c.id == row.id).values(identity=identity))


def _identity(connection: sa.Connection, row: Any) -> str:
    """Give an entry's identity by the page its address stands for now; an id of the feed's own stays what it is."""
    page = canonical_url(row.url)
    paged = _PAGED.fullmatch(row.identity)
    if paged and paged[2] == digest_of(row.article_key):
        return f"{paged[1]}#{digest_of(page)}"
    if paged or bounded(page) == row.identity:
        return str(row.identity)
    entry = connection.execute(sa.select(revisions.c.entry).where(revisions.c.seq == row.current_seq)).scalar_one()
    return str(row.identity) if entry.id else imprint(entry).identity
