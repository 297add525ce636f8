"""Search: the index of what articles say now, kept in the terms of `aggregator.core.analyser` on both engines.

SQLite keeps them in a contentless FTS5 table, PostgreSQL as a tsvector. Title, text and labels (language, feed, topics) are apart,
so that a filter is one more term, as quick as any other, and no phrase runs from the title into the text. Of a text the first
`MOST` terms count. The best hits are chosen among the newest `CANDIDATES`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnClause, Connection, RowMapping, TextClause, column, func, select, table, text

from aggregator.core.analyser import terms
from aggregator.core.queries import Every, Near, Phrase, Wanted
from aggregator.desk_records import Hit, Page, SearchFilter, read_cursor, write_cursor
from aggregator.store.database import Section
from aggregator.store.tables import articles, matches, revisions, story_articles

MOST = 15_000
"""Terms of a text that are kept: PostgreSQL numbers 16,383 places in a tsvector."""
CANDIDATES = 400
_GAP = 100
"""Places between title and text on PostgreSQL, more than NEAR reaches."""
_BATCH = 500
_SHOWN = 12_000
"""Characters of a text from which a snippet is cut."""


class Search(Section):
    """Look up articles by their words."""

    def search(self, wanted: Wanted | None, chosen: SearchFilter, *, best: bool, cursor: str | None = None, limit: int = 20) -> Page[Hit]:
        """Give articles, newest first, or with `best` the most fitting of the newest; raises `UsageError` for a strange cursor."""
        with self._database.read() as connection:
            ids, following = (
                _best(connection, wanted, chosen, cursor, limit) if best else _newest(connection, wanted, chosen, cursor, limit)
            )
            return Page(_hits(connection, ids), following)

    def facets(self, wanted: Wanted | None, chosen: SearchFilter) -> Mapping[str, Mapping[str, int]]:
        """Count topics, languages and feeds of the newest `CANDIDATES` hits."""
        with self._database.read() as connection:
            ids = _matching(connection, wanted, chosen, None, CANDIDATES)
            shown = select(articles.c.language, articles.c.feed_id).where(articles.c.id.in_(ids))
            rows = connection.execute(shown).all()
            topics = select(matches.c.topic, func.count()).join(articles, articles.c.current_seq == matches.c.seq)
            counted = connection.execute(topics.where(articles.c.id.in_(ids)).group_by(matches.c.topic)).all()
        languages, feeds = Counter(row.language for row in rows), Counter(row.feed_id for row in rows)
        return {"topic": {str(topic): int(count) for topic, count in counted}, "language": languages, "feed": feeds}

    def rebuild_search(self, progress: Callable[[int], None] = lambda done: None) -> int:
        """Index every judged article again, in batches, and give how many there are."""
        with self._database.write() as connection:
            emptying = (
                "INSERT INTO search_index(search_index) VALUES('delete-all')" if _is_sqlite(connection) else "DELETE FROM search_index"
            )
            connection.execute(text(emptying))
        done = last = 0
        while True:
            with self._database.write() as connection:
                rows = _documents(connection, last)
                for article_id, document in rows:
                    _insert(connection, article_id, document)
            if not rows:
                return done
            last, done = rows[-1][0], done + len(rows)
            progress(done)


@dataclass(frozen=True, slots=True)
class Document:
    """Hold what the index knows of an article."""

    title: str
    text: str
    language: str
    feed_id: str
    topics: tuple[str, ...]

    def fields(self) -> tuple[list[str], list[str], list[str]]:
        """Give the terms of title, text and labels."""
        labels = [label("language", self.language), label("feed", self.feed_id), *(label("topic", topic) for topic in self.topics)]
        return terms(self.title, 500), terms(self.text, MOST), labels


def label(kind: str, value: str) -> str:
    """Write a label as one term that no text has."""
    return f"x{kind[0]}{value.encode('utf-8', 'replace').hex()}"


def document_of(connection: Connection, article_id: int) -> Document | None:
    """Give what the index should know of an article now; None where it was not judged yet."""
    found = _documents(connection, article_id - 1, 1)
    return found[0][1] if found and found[0][0] == article_id else None


def reindex(connection: Connection, article_id: int, before: Document | None) -> None:
    """Bring the index up to date after an article changed from `before`, which SQLite needs to take the old terms out."""
    if before is not None and _is_sqlite(connection):
        _write(
            connection,
            article_id,
            before,
            "INSERT INTO search_index(search_index, rowid, title, text, labels) VALUES('delete', :id, :a, :b, :c)",
        )
    after = document_of(connection, article_id)
    if after is not None:
        _insert(connection, article_id, after)


def _insert(connection: Connection, article_id: int, document: Document) -> None:
    if _is_sqlite(connection):
        _write(connection, article_id, document, "INSERT INTO search_index(rowid, title, text, labels) VALUES(:id, :a, :b, :c)")
        return
    keep = "INSERT INTO search_index VALUES (:id, CAST(:words AS tsvector)) ON CONFLICT (article_id) DO UPDATE SET words = excluded.words"
    connection.execute(text(keep), {"id": article_id, "words": _tsvector(document)})


def _write(connection: Connection, article_id: int, document: Document, statement: str) -> None:
    title, body, labels = document.fields()
    connection.execute(text(statement), {"id": article_id, "a": " ".join(title), "b": " ".join(body), "c": " ".join(labels)})


def _tsvector(document: Document) -> str:
    return tsvector(*document.fields())


def tsvector(title: Sequence[str], body: Sequence[str], labels: Sequence[str]) -> str:
    """Write the terms of an article as PostgreSQL reads a tsvector: the title's terms weigh A, labels have no place."""
    places: dict[str, list[str]] = defaultdict(list)
    for at, term in enumerate(title, start=1):
        places[term].append(f"{at}A")
    for at, term in enumerate(body, start=len(title) + _GAP):
        places[term].append(str(at))
    return " ".join([f"'{term}':{','.join(spots[:250])}" for term, spots in places.items()] + [f"'{term}'" for term in labels])


def _documents(connection: Connection, after: int, limit: int = _BATCH) -> list[tuple[int, Document]]:
    shown = select(articles.c.id, articles.c.title, articles.c.text, articles.c.language, articles.c.feed_id, articles.c.current_seq)
    rows = connection.execute(
        shown.where(articles.c.id > after, articles.c.current_seq.is_not(None)).order_by(articles.c.id).limit(limit)
    ).all()
    topics = _topics(connection, [row.current_seq for row in rows])
    return [
        (row.id, Document(row.title or "", row.text or "", row.language or "", row.feed_id, topics.get(row.current_seq, ())))
        for row in rows
    ]


def _topics(connection: Connection, seqs: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for row in connection.execute(select(matches.c.seq, matches.c.topic).where(matches.c.seq.in_(seqs)).order_by(matches.c.topic)):
        found[row.seq] = (*found.get(row.seq, ()), row.topic)
    return found


# --- looking up -------------------------------------------------------------------------------------------------


def _newest(
    connection: Connection, wanted: Wanted | None, chosen: SearchFilter, cursor: str | None, limit: int
) -> tuple[list[int], str | None]:
    place = read_cursor(cursor, 1)
    ids = _matching(connection, wanted, chosen, place[0] if place else None, limit + 1)
    return ids[:limit], write_cursor(ids[limit - 1]) if len(ids) > limit else None


def _best(
    connection: Connection, wanted: Wanted | None, chosen: SearchFilter, cursor: str | None, limit: int
) -> tuple[list[int], str | None]:
    """Rank the newest hits; the cursor keeps the newest of them, so that articles that come meanwhile move nothing."""
    place = read_cursor(cursor, 2)
    top, skip = place or (None, 0)
    newest = _matching(connection, wanted, chosen, None if top is None else top + 1, CANDIDATES)
    ranked = _ranked(connection, wanted, newest)
    ids = ranked[max(skip, 0) : max(skip, 0) + limit]
    left = max(skip, 0) + limit < len(ranked)
    return ids, write_cursor(newest[0], max(skip, 0) + limit) if left else None


def _matching(connection: Connection, wanted: Wanted | None, chosen: SearchFilter, before: int | None, limit: int) -> list[int]:
    number, fits = _index(connection)
    query = select(number).select_from(table("search_index")).where(fits)
    if before is not None:
        query = query.where(number < before)
    if chosen.since:
        query = query.where(number >= _number_at(connection, chosen.since))
    if chosen.until:
        query = query.where(number < _number_at(connection, chosen.until + timedelta(days=1)))
    found = connection.execute(query.order_by(number.desc()).limit(limit), {"asked": _asked(connection, wanted, chosen)})
    return [int(row[0]) for row in found]


def _index(connection: Connection) -> tuple[ColumnClause[int], TextClause]:
    """Give the number of the index's rows, and the condition that one fits `:asked`."""
    if _is_sqlite(connection):
        return column("rowid", BigInteger), text("search_index MATCH :asked")
    return column("article_id", BigInteger), text("words @@ CAST(:asked AS tsquery)")


def _ranked(connection: Connection, wanted: Wanted | None, newest: Sequence[int]) -> list[int]:
    """Order hits: those whose title fits first, then the rest; newest first within each."""
    if not newest or wanted is None:
        return list(newest)
    number, fits = _index(connection)
    query = select(number).select_from(table("search_index")).where(fits, number.between(newest[-1], newest[0]))
    asked = f"title : ({_fts(wanted)})" if _is_sqlite(connection) else _tsquery(wanted, ":A")
    titled = {int(row[0]) for row in connection.execute(query, {"asked": asked})}
    return sorted(newest, key=lambda article_id: (article_id not in titled, -article_id))


def _number_at(connection: Connection, day: date) -> int:
    """Give the number that the first revision of a day has, or one above all."""
    start = datetime.combine(day, time(), UTC)
    first = select(revisions.c.seq).where(revisions.c.observed_at >= start).order_by(revisions.c.observed_at, revisions.c.seq).limit(1)
    found: int | None = connection.execute(first).scalar()
    return found if found is not None else 2**62


def _hits(connection: Connection, ids: Sequence[int]) -> list[Hit]:
    columns = (articles.c.id, articles.c.feed_id, articles.c.outlet, articles.c.language, articles.c.title, articles.c.published_at)
    more = (articles.c.first_seen_at, articles.c.current_seq, revisions.c.url, story_articles.c.story_id)
    query = (
        select(*columns, *more, func.substr(articles.c.text, 1, _SHOWN).label("text"))
        .join(revisions, revisions.c.seq == articles.c.current_seq)
        .outerjoin(story_articles, story_articles.c.article_id == articles.c.id)
        .where(articles.c.id.in_(ids))
    )
    rows = {row["id"]: row for row in connection.execute(query).mappings()}
    topics = _topics(connection, [row["current_seq"] for row in rows.values()])
    return [_hit(row, topics.get(row["current_seq"], ())) for article_id in ids if (row := rows.get(article_id)) is not None]


def _hit(row: RowMapping, topics: tuple[str, ...]) -> Hit:
    copied: dict[str, Any] = {name: row[name] for name in ("feed_id", "published_at", "first_seen_at", "story_id")}
    copied |= {name: row[name] or "" for name in ("outlet", "language", "title", "text", "url")}
    return Hit(article_id=row["id"], topics=topics, **copied)


# --- the query languages of the engines -------------------------------------------------------------------------


def _labels(chosen: SearchFilter) -> Wanted | None:
    asked = {"topic": chosen.topic, "language": chosen.language, "feed": chosen.feed}
    parts = tuple(Phrase((label(kind, value),)) for kind, value in asked.items() if value)
    return Every(parts) if parts else None


def _asked(connection: Connection, wanted: Wanted | None, chosen: SearchFilter) -> str:
    parts = [part for part in (_labels(chosen), wanted) if part is not None]
    if _is_sqlite(connection):
        return " AND ".join(f"({_fts(part)})" for part in parts)
    return " & ".join(_tsquery(part) for part in parts)


def _fts(wanted: Wanted | None) -> str:
    """Write a query for FTS5; terms are letters and digits, so nothing in them can be an operator."""
    if isinstance(wanted, Phrase):
        return f'"{" ".join(wanted.terms)}"{" *" if wanted.prefix else ""}'
    if isinstance(wanted, Near):
        return f"NEAR({_fts(wanted.left)} {_fts(wanted.right)}, {wanted.distance})"
    if wanted is None:
        return '""'
    joined = (" AND " if isinstance(wanted, Every) else " OR ").join(f"({_fts(part)})" for part in wanted.parts)
    for part in wanted.without if isinstance(wanted, Every) else ():
        joined = f"({joined}) NOT ({_fts(part)})"
    return joined


def _tsquery(wanted: Wanted | None, weight: str = "") -> str:
    """Write a query for PostgreSQL; `weight` ":A" looks in titles only."""
    if isinstance(wanted, Phrase):
        *head, last = (f"'{term}'" for term in wanted.terms)
        ending = f"{weight or ':'}*" if wanted.prefix else weight
        return "(" + " <-> ".join([f"{term}{weight}" for term in head] + [f"{last}{ending}"]) + ")"
    if isinstance(wanted, Near):
        left, right = _tsquery(wanted.left, weight), _tsquery(wanted.right, weight)
        return (
            "(" + " | ".join(f"{a} <{step}> {b}" for step in range(1, wanted.distance + 2) for a, b in ((left, right), (right, left))) + ")"
        )
    if wanted is None:
        return ""
    joined = (" & " if isinstance(wanted, Every) else " | ").join(_tsquery(part, weight) for part in wanted.parts)
    for part in wanted.without if isinstance(wanted, Every) else ():
        joined = f"{joined} & !{_tsquery(part, '')}"
    return f"({joined})"


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"
