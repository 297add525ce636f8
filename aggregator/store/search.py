"""Search: the index of what articles say now, kept in the terms of `aggregator.core.analyser` on both engines.

SQLite keeps them in a contentless FTS5 table, PostgreSQL as a tsvector. Title, text and labels (language, feed, topics) are apart,
so that a filter is one more term, as quick as any other, and no phrase runs from the title into the text. Of a text the first
`MOST` terms count. The best hits are chosen among the newest `CANDIDATES`.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnClause, Connection, RowMapping, TextClause, column, func, select, table, text

from aggregator.core.queries import Every, Near, Phrase, Wanted
from aggregator.desk_records import Hit, Page, SearchFilter, read_cursor, write_cursor
from aggregator.store.database import Section
from aggregator.store.search_index import documents, insert, is_sqlite, label, topics_of
from aggregator.store.search_steps import WINDOW, Steps
from aggregator.store.tables import articles, matches, revisions, story_articles

CANDIDATES = 200
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

    def search_counted(
        self, wanted: Wanted | None, chosen: SearchFilter, *, best: bool, cursor: str | None = None, limit: int = 20
    ) -> tuple[Page[Hit], Mapping[str, Mapping[str, int]]]:
        """Search, and count topics, languages and feeds of the newest `CANDIDATES` hits, which are looked up once for both."""
        with self._database.read() as connection:
            newest = _matching(connection, wanted, chosen, None, CANDIDATES)
            if cursor or not best:
                ids, following = (_best if best else _newest)(connection, wanted, chosen, cursor, limit)
            else:
                ids, following = _page_of(_ranked(connection, wanted, newest), newest, 0, limit)
            return Page(_hits(connection, ids), following), _facets(connection, newest)

    def is_indexed(self) -> bool:
        """Tell whether the newest judged article is in the index: it is built in the order of the numbers, so then all are."""
        with self._database.read() as connection:
            newest = connection.execute(select(func.max(articles.c.id)).where(articles.c.current_seq.is_not(None))).scalar()
            if newest is None:
                return True
            on_file, on_server = "SELECT 1 FROM search_index_docsize WHERE id = :id", "SELECT 1 FROM search_index WHERE article_id = :id"
            query = text(on_file if is_sqlite(connection) else on_server)
            return connection.execute(query, {"id": newest}).first() is not None

    def rebuild_search(self, progress: Callable[[int], None] = lambda done: None) -> int:
        """Index every judged article again, in batches, and give how many there are."""
        with self._database.write() as connection:
            emptying = (
                "INSERT INTO search_index(search_index) VALUES('delete-all')" if is_sqlite(connection) else "DELETE FROM search_index"
            )
            connection.execute(text(emptying))
        done = last = 0
        while True:
            with self._database.write() as connection:
                rows = documents(connection, last)
                insert(connection, rows)
            if not rows:
                return done
            last, done = rows[-1][0], done + len(rows)
            progress(done)


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
    return _page_of(_ranked(connection, wanted, newest), newest, max(skip, 0), limit)


def _page_of(ranked: Sequence[int], newest: Sequence[int], skip: int, limit: int) -> tuple[list[int], str | None]:
    following = write_cursor(newest[0], skip + limit) if skip + limit < len(ranked) else None
    return list(ranked[skip : skip + limit]), following


def _facets(connection: Connection, ids: Sequence[int]) -> Mapping[str, Mapping[str, int]]:
    rows = connection.execute(select(articles.c.language, articles.c.feed_id).where(articles.c.id.in_(ids))).all()
    topics = select(matches.c.topic, func.count()).join(articles, articles.c.current_seq == matches.c.seq)
    counted = connection.execute(topics.where(articles.c.id.in_(ids)).group_by(matches.c.topic)).all()
    languages, feeds = Counter(row.language for row in rows), Counter(row.feed_id for row in rows)
    return {"topic": {str(topic): int(count) for topic, count in counted}, "language": languages, "feed": feeds}


def _matching(connection: Connection, wanted: Wanted | None, chosen: SearchFilter, before: int | None, limit: int) -> list[int]:
    number, fits = _index(connection)
    asked = _asked(connection, wanted, chosen)
    low, high = _range(connection, chosen, before)
    query = select(number).select_from(table("search_index")).where(fits, number < high)
    if low:
        query = query.where(number >= low)
    newest = query.order_by(number.desc())
    if is_sqlite(connection):
        return [int(row[0]) for row in connection.execute(newest.limit(limit), asked)]
    return Steps(connection, newest, number, asked).newest_of(high, limit, narrow=high - low <= WINDOW)


def _range(connection: Connection, chosen: SearchFilter, before: int | None) -> tuple[int, int]:
    """Give the numbers between which articles are looked for; the second is not one of them."""
    high = _highest(connection) + 1
    if before is not None:
        high = min(high, before)
    if chosen.until:
        high = min(high, _number_at(connection, chosen.until + timedelta(days=1)))
    return _number_at(connection, chosen.since) if chosen.since else 0, high


def _highest(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.max(articles.c.id), 0))).scalar_one())


def _index(connection: Connection) -> tuple[ColumnClause[int], TextClause]:
    """Give the number of the index's rows, and the condition that one fits `:asked`."""
    if is_sqlite(connection):
        return column("rowid", BigInteger), text("search_index MATCH :asked")
    # The index of words would look every term of a NEAR up once for each distance; so it finds the terms, and what was found is measured.
    fits = "words @@ CAST(:asked AS tsquery) AND ts_match_vq(words, CAST(:exact AS tsquery))"
    return column("article_id", BigInteger), text(fits)


def _ranked(connection: Connection, wanted: Wanted | None, newest: Sequence[int]) -> list[int]:
    """Order hits: those whose title fits first, then the rest; newest first within each."""
    if not newest or wanted is None:
        return list(newest)
    number, fits = _index(connection)
    query = (
        select(number)
        .select_from(table("search_index"))
        .where(fits, number.between(newest[-1], newest[0]) if is_sqlite(connection) else number.in_(newest))
    )
    asked = f"title : ({_fts(wanted)})" if is_sqlite(connection) else _tsquery(wanted, ":A", loose=True)
    exact = {} if is_sqlite(connection) else {"exact": _tsquery(wanted, ":A")}
    titled = {int(row[0]) for row in connection.execute(query, {"asked": asked, **exact})}
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
    topics = topics_of(connection, [row["current_seq"] for row in rows.values()])
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


def _asked(connection: Connection, wanted: Wanted | None, chosen: SearchFilter) -> dict[str, str]:
    """Give the parameters of the condition that `_index` writes."""
    parts = [part for part in (_labels(chosen), wanted) if part is not None]
    if is_sqlite(connection):
        return {"asked": " AND ".join(f"({_fts(part)})" for part in parts)}
    return {"asked": " & ".join(_tsquery(part, loose=True) for part in parts), "exact": " & ".join(_tsquery(part) for part in parts)}


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


def _tsquery(wanted: Wanted | None, weight: str = "", *, loose: bool = False) -> str:
    """Write a query for PostgreSQL; `weight` ":A" looks in titles only, `loose` takes NEAR for AND."""
    if isinstance(wanted, Phrase):
        *head, last = (f"'{term}'" for term in wanted.terms)
        ending = f"{weight or ':'}*" if wanted.prefix else weight
        return "(" + " <-> ".join([f"{term}{weight}" for term in head] + [f"{last}{ending}"]) + ")"
    if isinstance(wanted, Near):
        left, right = _tsquery(wanted.left, weight), _tsquery(wanted.right, weight)
        if loose:
            return f"({left} & {right})"
        steps = (f"{a} <{step}> {b}" for step in range(1, wanted.distance + 2) for a, b in ((left, right), (right, left)))
        return f"({' | '.join(steps)})"
    if wanted is None:
        return ""
    joined = (" & " if isinstance(wanted, Every) else " | ").join(_tsquery(part, weight, loose=loose) for part in wanted.parts)
    for part in wanted.without if isinstance(wanted, Every) else ():
        joined = f"{joined} & !{_tsquery(part, '')}"
    return f"({joined})"
