"""Evidence: for each matched revision the answer it came in, its words, and a hash in a chain.

An answer is kept from the poll that stored it until everything in it is judged; then only those that evidence points to stay.
A link's hash covers the hash before it and its own content, a JSON object that names the SHA-256 of body, text and entry. So nothing
can be changed, taken out or put between without breaking every later link, and the number of links is counted apart from them.
What somebody with the database could still do is to write a whole new chain: note the head's hash where they cannot reach.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Text, bindparam, delete, exists, select, type_coerce, update

from aggregator.records import Judged, PollRecord
from aggregator.store.columns import clean
from aggregator.store.database import insert_rows
from aggregator.store.links import EXCERPT, FIRST, VERSION, hashed, link, origin, reduced, spelled, told
from aggregator.store.tables import articles, counters, entries, evidence, responses, revisions

COUNT = counters.c.name == "evidence"
SEALED_AFTER = select(counters.c.value).where(counters.c.name == "sealed_after").scalar_subquery().label("sealed_after")
"""The revision after which every match is sealed; those before it were judged before there was a chain."""
RESPONSE = (
    responses.c.url,
    responses.c.status,
    type_coerce(responses.c.headers, Text).label("headers"),
    responses.c.body_sha256,
    type_coerce(responses.c.fetched_at, Text).label("fetched_at"),
    responses.c.feed_id.label("response_feed"),
    responses.c.first_seq,
    responses.c.last_seq,
)
ORIGIN = (
    revisions.c.entry_id,
    revisions.c.raw_hash,
    entries.c.identity,
    type_coerce(entries.c.first_seen_at, Text).label("entry_first_seen_at"),
    entries.c.article_id,
    type_coerce(articles.c.first_seen_at, Text).label("article_first_seen_at"),
    SEALED_AFTER,
)
_LAST = select(evidence.c.number, evidence.c.hash).order_by(evidence.c.number.desc()).limit(1)
_COUNT = update(counters).where(COUNT).values(value=counters.c.value + bindparam("sealed"))
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
    .add_columns(responses.c.id, *RESPONSE, *ORIGIN)
    .join(entries, entries.c.id == revisions.c.entry_id)
    .join(articles, articles.c.id == entries.c.article_id)
    .outerjoin(responses, (responses.c.id == _ANSWERING) & (responses.c.first_seq <= revisions.c.seq))
    .where(revisions.c.seq.in_(bindparam("seqs", expanding=True)))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Say which numbers a poll's new revisions got: `count` of them up to `last_seq`."""

    record: PollRecord
    last_seq: int
    count: int


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
    # It is counted on, never set: what was taken from the end, or the count itself, stays missing.
    connection.execute(_COUNT, {"sealed": len(links)})


def _sealed(judged: Judged, served: Any, place: tuple[int, str], mode: str) -> dict[str, Any]:
    """Give the link of a revision, which has a number and follows the link with that hash."""
    seq, text, (number, previous) = judged.revision.seq, clean(judged.article.text), place
    kept = text if mode == "full" else text[:EXCERPT]
    content = spelled(
        {
            "version": VERSION,
            "number": number,
            "seq": seq,
            "mode": mode,
            "article": clean(judged.revision.article_key),
            "feed": judged.revision.feed_id,
            "title": clean(judged.article.title),
            "observed_at": judged.revision.observed_at.isoformat(),
            "sealed_at": judged.decided_at.isoformat(),
            "text_sha256": hashed(text),
            "kept_sha256": hashed(kept),
            "excerpt_sha256": hashed(text[:EXCERPT]),
            "entry_sha256": hashed(served.entry),
            "reduced_sha256": hashed(reduced(served.entry)),
            "response": told(served, VERSION) if served.id is not None else None,
            "body_kept": served.id is not None and served.has_body,
            **origin(served),
        }
    )
    row = {"number": number, "seq": seq, "kept": kept, "content": content, "previous": previous, "hash": link(previous, content)}
    return {"response_id": served.id, **row}


def seal_once(connection: Connection, judged: Judged, mode: str) -> None:
    """Add a link for a revision that matches by other rules than before, unless it has one; the caller holds the lock of judging."""
    if connection.execute(select(evidence.c.number).where(evidence.c.seq == judged.revision.seq)).first() is None:
        seal(connection, [judged], mode)


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
