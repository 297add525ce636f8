"""Verifying: the chain hashed again, and every row that a link speaks of held against it.

Columns are read bare, and text that is no UTF-8 too: a row that was damaged is named as a fault, and the next one is looked at.
What may change by judging again (scores, outcomes, concepts) is in no link; see the operating manual for what is covered.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Select, Text, event, exists, func, or_, select, type_coerce
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from aggregator.store.columns import clean
from aggregator.store.database import translated
from aggregator.store.engine import connect, database_url, reading
from aggregator.store.evidence import COUNT, ORIGIN, RESPONSE, SEALED_AFTER
from aggregator.store.links import FIRST, hashed, link, moment, origin, told, unpacked_hash
from aggregator.store.tables import articles, counters, entries, evidence, matches, responses, revisions

_MOST = 20
"""Faults of one kind that are named; so many are not read one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Tell how a verification ended: `head` is the hash of the last link, `faults` are sentences.

    `noted` is the number of the link with the hash that was asked for. `older` counts matches from before there was a chain.
    """

    links: int
    head: str
    faults: tuple[str, ...]
    noted: int | None = None
    older: int = 0


@dataclass(slots=True)
class _Walk:
    """Hold how far the chain was followed."""

    noted: str | None
    number: int = 0
    head: str = FIRST
    noted_at: int | None = None
    faults: list[str] = field(default_factory=list)

    def step(self, row: Any) -> None:
        self.faults += [f"link {row.number} (revision {row.seq}): {fault}" for fault in _named(row, self.number + 1, self.head)]
        self.number, self.head = row.number, row.hash
        if self.noted is not None and row.hash == self.noted:
            self.noted_at = row.number


def verify(url: str, noted: str | None = None) -> Verified:
    """Hash everything again and name what differs, and find the link with a hash that was noted elsewhere.

    Raises:
        StoreError: nothing can be read.
    """
    engine = connect(database_url(url))
    _read_damaged(engine)
    try:
        with translated(), reading(engine).begin() as connection:
            walk = _Walk(noted=noted, noted_at=0 if noted == FIRST else None)
            for row in connection.execution_options(yield_per=200).execute(_links()):
                walk.step(row)
            faults = [*walk.faults, *_miscounted(connection, walk.number), *_unsealed(connection), *_shown_instead(connection)]
            older = connection.execute(_unlinked(select(func.count(matches.c.seq.distinct())), before=True)).scalar_one()
            return Verified(links=walk.number, head=walk.head, faults=tuple(faults), noted=walk.noted_at, older=older)
    finally:
        engine.dispose()


def _read_damaged(engine: Engine) -> None:
    """Let SQLite give text that is no UTF-8: its hash is another one, and that is told."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.text_factory = lambda read: read.decode("utf-8", "surrogateescape")


def _links() -> Select[Any]:
    columns = (evidence, type_coerce(revisions.c.entry, Text).label("entry"), revisions.c.title.label("revision_title"))
    more = (revisions.c.url.label("revision_url"), type_coerce(revisions.c.observed_at, Text).label("observed_at"))
    shown = (articles.c.title, articles.c.text, articles.c.current_seq, articles.c.feed_id.label("shown_feed"))
    answer = (responses.c.body, responses.c.id.label("found_response"))
    return (
        select(*columns, *more, *shown, *answer, *RESPONSE, *ORIGIN, entries.c.feed_id, entries.c.raw_hash.label("entry_hash"))
        .add_columns(articles.c.article_key, _known_hash().label("hash_known"))
        .join(revisions, revisions.c.seq == evidence.c.seq)
        .join(entries, entries.c.id == revisions.c.entry_id)
        .join(articles, articles.c.id == entries.c.article_id)
        .outerjoin(responses, responses.c.id == evidence.c.response_id)
        .order_by(evidence.c.number)
    )


def _known_hash() -> Any:
    """Ask whether the entry's hash is that of one of its revisions: a later one may have taken its place."""
    other = revisions.alias("other")
    return exists().where(other.c.entry_id == entries.c.id, other.c.raw_hash == entries.c.raw_hash).correlate(entries)


def _named(row: Any, number: int, head: str) -> list[str]:
    """Give the faults of one link; a row that cannot be read is one."""
    found: list[str] = []
    try:
        found.extend(_faults(row, number, head))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        found.append(f"a row that belongs to it cannot be read: {error}")
    return found


def _faults(row: Any, number: int, head: str) -> Iterator[str]:
    """Hold one link against the one before and against what it describes."""
    if row.number != number:
        yield "the link before is missing"
    if row.previous != head:
        yield "the hash before is another one"
    if link(row.previous, row.content) != row.hash:
        yield "its content was changed"
        return
    stated = json.loads(row.content)
    found = {"number": row.number, "seq": row.seq, "article": row.article_key, "feed": row.feed_id}
    if any(stated[name] != value for name, value in found.items()):
        yield "it belongs to another article"
    if stated["kept_sha256"] != hashed(row.kept):
        yield "the kept text was changed"
    yield from _entry_faults(row, stated)
    yield from _shown_faults(row, stated)
    yield from _response_faults(row, stated)


def _entry_faults(row: Any, stated: dict[str, Any]) -> Iterator[str]:
    if stated["entry_sha256"] != hashed(row.entry):
        yield "the entry was changed"
    else:
        said = json.loads(row.entry)
        if (clean(said["title"]), clean(said["url"] or "")) != (row.revision_title, row.revision_url or ""):
            yield "the revision's title or address was changed"
    if not row.hash_known:
        yield "the entry's hash is that of none of its revisions"
    if moment(row.observed_at) != stated["observed_at"]:
        yield "the time of the revision was changed"
    if stated.get("version", 1) > 1:
        for name, value in origin(row).items():
            if stated[name] != value:
                yield f"{name} was changed"


def _shown_faults(row: Any, stated: dict[str, Any]) -> Iterator[str]:
    """Hold the article against the link of the revision that it shows."""
    if row.current_seq != row.seq:
        return
    if stated["title"] not in (row.title or "", row.title or row.revision_title) or row.shown_feed != stated["feed"]:
        yield "the title or the feed that the article shows was changed"
    if hashed(row.text or "") != stated["text_sha256"]:
        yield "the text that the article shows was changed"


def _response_faults(row: Any, stated: dict[str, Any]) -> Iterator[str]:
    if stated["response"] is None:
        return
    if row.found_response is None:
        yield "the response is gone"
    elif told(row, stated.get("version", 1)) != stated["response"]:
        yield "what is told of the response was changed"
    elif stated["body_kept"] and unpacked_hash(row.body or b"") != stated["response"]["body_sha256"]:
        yield "the body of the response was changed"


def _miscounted(connection: Connection, number: int) -> Iterator[str]:
    sealed = connection.execute(select(counters.c.value).where(COUNT)).scalar()
    if sealed is None:
        yield f"the chain ends with link {number}, but the count of links was deleted"
    elif sealed != number:
        yield f"the chain ends with link {number}, but {sealed} were sealed: links were taken from its end"
    if connection.execute(select(SEALED_AFTER)).scalar() is None:
        yield "the number after which everything that matches is sealed was deleted"


def _unlinked(query: Select[Any], *, before: bool) -> Select[Any]:
    since = func.coalesce(SEALED_AFTER.element, 0)
    told_when = matches.c.seq <= since if before else matches.c.seq > since
    return query.where(told_when, ~exists().where(evidence.c.seq == matches.c.seq))


def _unsealed(connection: Connection) -> Iterator[str]:
    """Name matched revisions without a link; those judged before there was a chain have none."""
    missing = _unlinked(select(matches.c.seq).distinct(), before=False)
    for row in connection.execute(missing.order_by(matches.c.seq).limit(_MOST)):
        yield f"revision {row.seq} matched and has no link: links were taken out"


def _shown_instead(connection: Connection) -> Iterator[str]:
    """Name sealed articles that show what is sealed nowhere.

    A text that matches is only replaced by one that matches too; only what matches no longer by later rules gives way to any other.
    """
    of_article = entries.c.article_id == articles.c.id
    sealed = select(evidence.c.seq).join(revisions, revisions.c.seq == evidence.c.seq).join(entries, entries.c.id == revisions.c.entry_id)
    lost = sealed.where(of_article, ~exists().where(matches.c.seq == evidence.c.seq)).correlate(articles).exists()
    own = select(revisions.c.seq).join(entries, entries.c.id == revisions.c.entry_id)
    shows_own = own.where(of_article, revisions.c.seq == articles.c.current_seq).correlate(articles).exists()
    proven = exists().where(evidence.c.seq == articles.c.current_seq)
    older = func.coalesce(articles.c.current_seq, 0).between(1, func.coalesce(SEALED_AFTER.element, 0))
    wrong = or_(~shows_own, ~proven & ~lost & ~older)
    query = select(articles.c.id).where(sealed.where(of_article).correlate(articles).exists(), wrong)
    for row in connection.execute(query.order_by(articles.c.id).limit(_MOST)):
        yield f"article {row.id} shows a text that is sealed nowhere"
