"""Evidence: for each matched revision the answer it came in, its words, and a hash in a chain.

An answer is kept from the poll that stored it until everything in it is judged; then only those that evidence points to stay.
A link's hash covers the hash before it and its own content, a JSON object that names the SHA-256 of body, text and entry. So nothing
can be changed, taken out or put between without breaking every later link, and the number of links is counted apart from them.
What somebody with the database could still do is to write a whole new chain: note the head's hash where they cannot reach.
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Text, bindparam, delete, exists, func, insert, select, type_coerce, update

from aggregator.records import Judged, PollRecord
from aggregator.store.columns import clean
from aggregator.store.database import insert_rows, translated
from aggregator.store.engine import connect, database_url, reading
from aggregator.store.tables import articles, counters, entries, evidence, matches, responses, revisions, story_articles

EXCERPT = 300
"""Characters of a text that are kept where only hashes and excerpts are."""
FIRST = "0" * 64
_COUNTER = counters.c.name == "evidence"
_LAST = select(evidence.c.number, evidence.c.hash).order_by(evidence.c.number.desc()).limit(1)
_COUNT = update(counters).where(_COUNTER)
_ANSWERING = (
    select(responses.c.id)
    .where(responses.c.last_seq >= revisions.c.seq)
    .order_by(responses.c.last_seq)
    .limit(1)
    .correlate(revisions)
    .scalar_subquery()
)
"""The one answer that can have brought a revision. It alone is asked whether it did: else all later ones are read where none did."""
_SERVED = (
    select(revisions.c.seq, type_coerce(revisions.c.entry, Text).label("entry"), responses.c.body.is_not(None).label("has_body"))
    .add_columns(*(responses.c[name] for name in ("id", "url", "status", "headers", "body_sha256", "fetched_at")))
    .outerjoin(responses, (responses.c.id == _ANSWERING) & (responses.c.first_seq <= revisions.c.seq))
    .where(revisions.c.seq.in_(bindparam("seqs", expanding=True)))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Say which numbers a poll's new revisions got: `count` of them up to `last_seq`."""

    record: PollRecord
    last_seq: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Hold one link as it is exported; `content` is the JSON text that was hashed, `body` is None where only hashes are kept."""

    number: int
    content: str
    previous: str
    hash: str
    kept: str
    entry: str
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Tell how a verification ended: `head` is the hash of the last link, `faults` are sentences."""

    links: int
    head: str
    faults: tuple[str, ...]


def keep_responses(connection: Connection, answers: Sequence[Answer], mode: str) -> None:
    """Keep the answers that brought something, until what they brought is judged."""
    rows = [_response(answer, mode) for answer in answers if answer.count and answer.record.response]
    insert_rows(connection, responses, rows)


def forget_responses(connection: Connection) -> int:
    """Delete the answers in which nothing waits and nothing matched, and give their number."""
    waiting = select(revisions.c.seq).where(
        revisions.c.seq.between(responses.c.first_seq, responses.c.last_seq), revisions.c.judged_at.is_(None)
    )
    used = exists().where(evidence.c.response_id == responses.c.id)
    return connection.execute(delete(responses).where(~used, ~waiting.correlate(responses).exists())).rowcount


def seal(connection: Connection, matched: Sequence[Judged], mode: str) -> None:
    """Add a link for each matched revision, in their order; the caller holds the lock of judging."""
    served = {row.seq: row for row in connection.execute(_SERVED, {"seqs": [judged.revision.seq for judged in matched]})}
    last = connection.execute(_LAST).first()
    first, previous = (last.number + 1, last.hash) if last else (1, FIRST)
    links: list[dict[str, Any]] = []
    for number, judged in enumerate(matched, first):
        links.append(_sealed(judged, served[judged.revision.seq], (number, previous), mode))
        previous = links[-1]["hash"]
    insert_rows(connection, evidence, links)
    head = links[-1]["number"]
    if not connection.execute(_COUNT, {"value": head}).rowcount:
        connection.execute(insert(counters).values(name="evidence", value=head))


def _sealed(judged: Judged, served: Any, place: tuple[int, str], mode: str) -> dict[str, Any]:
    """Give the link of a revision, which has a number and follows the link with that hash."""
    seq, text, (number, previous) = judged.revision.seq, clean(judged.article.text), place
    kept = text if mode == "full" else text[:EXCERPT]
    content = _content(
        {
            "number": number,
            "seq": seq,
            "article": clean(judged.revision.article_key),
            "feed": judged.revision.feed_id,
            "title": clean(judged.article.title),
            "observed_at": judged.revision.observed_at.isoformat(),
            "sealed_at": judged.decided_at.isoformat(),
            "text_sha256": _hash(text),
            "kept_sha256": _hash(kept),
            "entry_sha256": _hash(str(served.entry)),
            "response": _described(served) if served.id is not None else None,
            "body_kept": served.id is not None and served.has_body,
        }
    )
    row = {"number": number, "seq": seq, "kept": kept, "content": content, "previous": previous, "hash": link(previous, content)}
    return {"response_id": served.id, **row}


def seal_once(connection: Connection, judged: Judged, mode: str) -> None:
    """Add a link for a revision that matches by other rules than before, unless it has one; the caller holds the lock of judging."""
    if connection.execute(select(evidence.c.number).where(evidence.c.seq == judged.revision.seq)).first() is None:
        seal(connection, [judged], mode)


def link(previous: str, content: str) -> str:
    """Hash one link of the chain."""
    return _hash(f"{previous}\n{content}")


def verify(url: str) -> Verified:
    """Hash everything again and name what differs; raises `StoreError` where nothing can be read."""
    engine = connect(database_url(url))
    try:
        with translated(), reading(engine).begin() as connection:
            faults, head, number = [], FIRST, 0
            for row in connection.execution_options(yield_per=200).execute(_links()):
                number += 1
                faults += [f"link {row.number} (revision {row.seq}): {fault}" for fault in _faults(row, number, head)]
                number, head = row.number, row.hash
            sealed = connection.execute(select(counters.c.value).where(_COUNTER)).scalar()
            counted = sealed or 0
            if counted != number or sealed == 0:  # it is counted from the first link on, so 0 was written by somebody else
                faults.append(f"the chain ends with link {number}, but {counted} were sealed: links were taken from its end")
            faults += _unsealed(connection)
            return Verified(links=number, head=head, faults=tuple(faults))
    finally:
        engine.dispose()


def story_proofs(url: str, story_id: int) -> tuple[Proof, ...]:
    """Give the links of every article in a story, in order; empty for a story that is not there."""
    engine = connect(database_url(url))
    member = story_articles.c.article_id == entries.c.article_id
    query = _links().join(story_articles, member).where(story_articles.c.story_id == story_id)
    try:
        with translated(), reading(engine).begin() as connection:
            return tuple(_proof(row) for row in connection.execute(query))
    finally:
        engine.dispose()


def chain(url: str, after: int) -> tuple[tuple[int, str, str], ...]:
    """Give number, content and hash of every link after a number: what is needed to follow the chain to its head."""
    engine = connect(database_url(url))
    try:
        with translated(), reading(engine).begin() as connection:
            query = select(evidence.c.number, evidence.c.content, evidence.c.hash).where(evidence.c.number > after)
            return tuple((row.number, row.content, row.hash) for row in connection.execute(query.order_by(evidence.c.number)))
    finally:
        engine.dispose()


def _links() -> Any:
    columns = (evidence, type_coerce(revisions.c.entry, Text).label("entry"), responses.c.body, responses.c.url, responses.c.status)
    more = (responses.c.headers, responses.c.body_sha256, responses.c.fetched_at, responses.c.id.label("found_response"))
    return (
        select(*columns, *more, entries.c.feed_id, articles.c.article_key)
        .join(revisions, revisions.c.seq == evidence.c.seq)
        .join(entries, entries.c.id == revisions.c.entry_id)
        .join(articles, articles.c.id == entries.c.article_id)
        .outerjoin(responses, responses.c.id == evidence.c.response_id)
        .order_by(evidence.c.number)
    )


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
    found = {"seq": row.seq, "article": row.article_key, "feed": row.feed_id}
    if any(stated[name] != value for name, value in found.items()):
        yield "it belongs to another article"
    if stated["kept_sha256"] != _hash(row.kept):
        yield "the kept text was changed"
    if stated["entry_sha256"] != _hash(row.entry):
        yield "the entry was changed"
    yield from _response_faults(row, stated["response"], body_kept=stated["body_kept"])


def _response_faults(row: Any, stated: Any, *, body_kept: bool) -> Iterator[str]:
    if stated is None:
        return
    if row.found_response is None:
        yield "the response is gone"
    elif _described(row) != stated:
        yield "what is told of the response was changed"
    elif body_kept and _unpacked_hash(row.body or b"") != stated["body_sha256"]:
        yield "the body of the response was changed"


def _unsealed(connection: Connection) -> Iterator[str]:
    """Name matched revisions without a link; those judged before there was a chain have none."""
    since = select(func.min(evidence.c.seq)).scalar_subquery()
    missing = select(matches.c.seq).distinct().where(matches.c.seq >= since, ~exists().where(evidence.c.seq == matches.c.seq))
    for row in connection.execute(missing.order_by(matches.c.seq).limit(20)):
        yield f"revision {row.seq} matched and has no link"


def _response(answer: Answer, mode: str) -> dict[str, Any]:
    response = answer.record.response
    if response is None:
        raise ValueError("a poll without an answer has no evidence")
    return {
        "feed_id": answer.record.feed_id,
        "url": response.url,
        "status": response.status,
        "headers": {clean(name): clean(value) for name, value in sorted(response.headers.items())},
        "body": zlib.compress(response.body, 1) if mode == "full" else None,
        "body_sha256": sha256(response.body).hexdigest(),
        "fetched_at": response.fetched_at,
        "first_seq": answer.last_seq - answer.count + 1,
        "last_seq": answer.last_seq,
    }


def _described(row: Any) -> dict[str, Any]:
    fetched_at: datetime = row.fetched_at
    return {
        "url": row.url,
        "status": row.status,
        "headers": dict(row.headers),
        "body_sha256": row.body_sha256,
        "fetched_at": fetched_at.isoformat(),
    }


def _proof(row: Any) -> Proof:
    body = zlib.decompress(row.body) if row.body is not None else None
    names = ("number", "content", "previous", "hash", "kept", "entry")
    return Proof(**{name: getattr(row, name) for name in names}, body=body)


def _unpacked_hash(packed: bytes) -> str:
    try:
        return sha256(zlib.decompress(packed)).hexdigest()
    except zlib.error:
        return ""


def _content(parts: dict[str, Any]) -> str:
    return json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
