"""Proofs: the links of a story as they are exported, and what it takes to follow the chain from them to its head."""

import zlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Text, select, type_coerce

from aggregator.store.database import translated
from aggregator.store.engine import connect, database_url, reading
from aggregator.store.tables import entries, evidence, responses, revisions, story_articles


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


def story_proofs(url: str, story_id: int) -> tuple[Proof, ...]:
    """Give the links of every article in a story, in order; empty for a story that is not there."""
    engine = connect(database_url(url))
    try:
        with translated(), reading(engine).begin() as connection:
            return tuple(_proof(row) for row in connection.execute(_links(story_id)))
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


def _links(story_id: int) -> Select[Any]:
    return (
        select(evidence, type_coerce(revisions.c.entry, Text).label("entry"), responses.c.body)
        .join(revisions, revisions.c.seq == evidence.c.seq)
        .join(entries, entries.c.id == revisions.c.entry_id)
        .join(story_articles, story_articles.c.article_id == entries.c.article_id)
        .outerjoin(responses, responses.c.id == evidence.c.response_id)
        .where(story_articles.c.story_id == story_id)
        .order_by(evidence.c.number)
    )


def _proof(row: Any) -> Proof:
    body = zlib.decompress(row.body) if row.body is not None else None
    names = ("number", "content", "previous", "hash", "kept", "entry")
    return Proof(**{name: getattr(row, name) for name in names}, body=body)
