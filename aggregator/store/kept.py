"""Kept searches: each reader's own, under a name that the reader has once, found again by a key that cannot be guessed."""

from collections.abc import Sequence

from sqlalchemy import Insert, RowMapping, delete, exists, select, update

from aggregator.desk_records import KeptSearch, SearchFilter
from aggregator.store.database import Section
from aggregator.store.desk_tables import kept_searches


class KeptSearches(Section):
    """Keep what readers look for again."""

    def kept_searches(self, owner: str) -> Sequence[KeptSearch]:
        """Give a reader's searches, by name."""
        query = select(kept_searches).where(kept_searches.c.owner == owner).order_by(kept_searches.c.name)
        with self._database.read() as connection:
            return [_kept(row) for row in connection.execute(query).mappings()]

    def kept_search(self, key: str) -> KeptSearch | None:
        """Give the search of a key, whose ever it is, or None."""
        with self._database.read() as connection:
            row = connection.execute(select(kept_searches).where(kept_searches.c.key == key)).mappings().first()
        return _kept(row) if row else None

    def keep_search(self, kept: KeptSearch) -> bool:
        """Keep a search; False where its reader has one of that name."""
        values = {name: getattr(kept, name) for name in ("key", "owner", "name", "query", "kept_at")}
        values |= {name: getattr(kept.chosen, name) for name in ("topic", "language", "feed")}
        with self._database.write() as connection:
            return connection.execute(_once(connection.dialect.name).values(values)).rowcount == 1

    def rename_search(self, owner: str, key: str, name: str) -> bool:
        """Rename a reader's search; False where there is none, or another one has that name."""
        mine, other = (kept_searches.c.owner == owner, kept_searches.c.key == key), kept_searches.alias()
        taken = exists().where(other.c.owner == owner, other.c.name == name, other.c.key != key)
        with self._database.write() as connection:
            return connection.execute(update(kept_searches).where(*mine, ~taken).values(name=name)).rowcount == 1

    def forget_search(self, owner: str, key: str) -> bool:
        """Forget a reader's search; False where there is none."""
        mine = (kept_searches.c.owner == owner, kept_searches.c.key == key)
        with self._database.write() as connection:
            return connection.execute(delete(kept_searches).where(*mine)).rowcount == 1


def _once(dialect: str) -> Insert:
    """Give the insertion that leaves alone what is there; each engine has its own, and the other one's takes three megabytes."""
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(kept_searches).on_conflict_do_nothing()
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(kept_searches).on_conflict_do_nothing()


def _kept(row: RowMapping) -> KeptSearch:
    chosen = SearchFilter(**{name: row[name] for name in ("topic", "language", "feed")})
    return KeptSearch(chosen=chosen, **{name: row[name] for name in ("key", "owner", "name", "query", "kept_at")})
