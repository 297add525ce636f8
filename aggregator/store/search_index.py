"""The search index as kept: what articles say now, in the terms of `aggregator.core.analyser`, beside the articles on both engines.

SQLite keeps it in a contentless FTS5 table, which must be told the old terms to take them out; PostgreSQL as a tsvector.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, text

from aggregator.core.analyser import document_terms
from aggregator.store.tables import articles, matches

BATCH = 500
_GAP = 100
"""Places between title and text on PostgreSQL, more than NEAR reaches."""

_PUT_IN = {
    "sqlite": text("INSERT INTO search_index(rowid, title, text, labels) VALUES(:id, :a, :b, :c)"),
    "postgresql": text(
        "INSERT INTO search_index VALUES (:id, CAST(:words AS tsvector)) ON CONFLICT (article_id) DO UPDATE SET words = excluded.words"
    ),
}
_TAKE_OUT = text("INSERT INTO search_index(search_index, rowid, title, text, labels) VALUES('delete', :id, :a, :b, :c)")


@dataclass(frozen=True, slots=True)
class Document:
    """Hold what the index knows of an article."""

    title: str
    text: str
    language: str
    feed_id: str
    topics: tuple[str, ...]
    terms: tuple[str, str] | None = None
    """Those of title and text, where they were found already."""

    def fields(self) -> tuple[str, str, str]:
        """Give the terms of title, text and labels, with blanks between them."""
        labels = [label("language", self.language), label("feed", self.feed_id), *(label("topic", topic) for topic in self.topics)]
        return *(self.terms or document_terms(self.title, self.text)), " ".join(labels)


def label(kind: str, value: str) -> str:
    """Write a label as one term that no text has."""
    return f"x{kind[0]}{value.encode('utf-8', 'replace').hex()}"


def document_of(connection: Connection, article_id: int) -> Document | None:
    """Give what the index should know of an article now; None where it was not judged yet."""
    found = documents(connection, article_id - 1, 1)
    return found[0][1] if found and found[0][0] == article_id else None


def reindex(connection: Connection, article_id: int, before: Document | None, after: Document | None = None) -> None:
    """Bring the index up to date after an article changed from `before`, which SQLite needs to take the old terms out.

    Where `after` is not told, it is read.
    """
    if before is not None and is_sqlite(connection):
        connection.execute(_TAKE_OUT, _row(article_id, before))
    after = after or document_of(connection, article_id)
    if after is not None:
        insert(connection, [(article_id, after)])


def insert(connection: Connection, added: Sequence[tuple[int, Document]]) -> None:
    """Add articles to the index, many at once; on PostgreSQL they may take the place of their former selves."""
    if is_sqlite(connection):
        rows = [_row(article_id, document) for article_id, document in added]
    else:
        rows = [{"id": article_id, "words": _tsvector(document)} for article_id, document in added]
    if rows:
        connection.execute(_PUT_IN[connection.dialect.name], rows)


def _row(article_id: int, document: Document) -> dict[str, Any]:
    title, body, labels = document.fields()
    return {"id": article_id, "a": title, "b": body, "c": labels}


def _tsvector(document: Document) -> str:
    return tsvector(*(terms.split() for terms in document.fields()))


def tsvector(title: Sequence[str], body: Sequence[str], labels: Sequence[str]) -> str:
    """Write the terms of an article as PostgreSQL reads a tsvector: the title's terms weigh A, labels have no place."""
    places: dict[str, list[str]] = defaultdict(list)
    for at, term in enumerate(title, start=1):
        places[term].append(f"{at}A")
    for at, term in enumerate(body, start=len(title) + _GAP):
        places[term].append(str(at))
    return " ".join([f"'{term}':{','.join(spots[:250])}" for term, spots in places.items()] + [f"'{term}'" for term in labels])


def documents(connection: Connection, after: int, limit: int = BATCH) -> list[tuple[int, Document]]:
    """Give the judged articles numbered above `after`, in order, as the index knows them."""
    shown = select(articles.c.id, articles.c.title, articles.c.text, articles.c.language, articles.c.feed_id, articles.c.current_seq)
    rows = connection.execute(
        shown.where(articles.c.id > after, articles.c.current_seq.is_not(None)).order_by(articles.c.id).limit(limit)
    ).all()
    topics = topics_of(connection, [row.current_seq for row in rows])
    return [
        (row.id, Document(row.title or "", row.text or "", row.language or "", row.feed_id, topics.get(row.current_seq, ())))
        for row in rows
    ]


def topics_of(connection: Connection, seqs: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    """Give the topics that revisions match."""
    found: dict[int, tuple[str, ...]] = {}
    for row in connection.execute(select(matches.c.seq, matches.c.topic).where(matches.c.seq.in_(seqs)).order_by(matches.c.topic)):
        found[row.seq] = (*found.get(row.seq, ()), row.topic)
    return found


def is_sqlite(connection: Connection) -> bool:
    """Tell which engine answers."""
    return connection.dialect.name == "sqlite"
