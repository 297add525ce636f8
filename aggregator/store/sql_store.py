"""The store itself: all concerns on one database, SQLite or PostgreSQL."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import update

from aggregator.records import Connections
from aggregator.store import schema
from aggregator.store.alarms import Alarms
from aggregator.store.archive import Archive
from aggregator.store.books import Books
from aggregator.store.closures import Closures
from aggregator.store.database import Database
from aggregator.store.deliveries import Deliveries, free_claims
from aggregator.store.desk import Desk
from aggregator.store.digests import Digests
from aggregator.store.draft_runs import DraftRuns
from aggregator.store.drafts import Drafts
from aggregator.store.engine import database_url
from aggregator.store.feeds import Feeds
from aggregator.store.handwork import Handwork
from aggregator.store.judging import Judging
from aggregator.store.kept import KeptSearches
from aggregator.store.locks import JUDGING, hold_until_commit
from aggregator.store.neighbours import Neighbours
from aggregator.store.overviews import Overviews
from aggregator.store.pages import Pages
from aggregator.store.polls import Polls
from aggregator.store.readers import Readers
from aggregator.store.redrawing import Redrawing
from aggregator.store.releases import Releases
from aggregator.store.samples import Samples
from aggregator.store.search import Search
from aggregator.store.settling import Settling
from aggregator.store.subscriptions import Subscriptions
from aggregator.store.tables import feeds
from aggregator.store.tellings import Tellings
from aggregator.store.unfinished import refuse_unfinished
from aggregator.store.windows import Windows


class SqlStore(
    Feeds,
    Polls,
    Alarms,
    Judging,
    Settling,
    Pages,
    Tellings,
    Neighbours,
    Handwork,
    DraftRuns,
    Drafts,
    Redrawing,
    Subscriptions,
    Windows,
    Digests,
    Deliveries,
    Closures,
    Archive,
    Books,
    Desk,
    Overviews,
    Readers,
    KeptSearches,
    Releases,
    Samples,
    Search,
):
    """Keep everything in an SQL database; safe to call from any thread."""

    def upgrade(self) -> None:
        """Bring the schema to this release, under a lock, so that two starters do not collide; half an installation is refused."""
        refuse_unfinished(self._database.url)
        schema.upgrade(self._database.url)

    def close(self) -> None:
        """Close the connections; a closed store opens new ones when it is called again."""
        self._database.close()

    def connections(self) -> Connections:
        """Count the connections of this store that are open, and those in use just now."""
        return self._database.connections()

    def transaction(self) -> AbstractContextManager[None]:
        """Join the calls made by this thread inside the block into one transaction; an exception undoes them all."""
        return self._database.transaction()

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Join the calls made by this thread into one transaction, and let nobody place or move articles until it ends."""
        with self._database.transaction():
            with self._database.write() as connection:
                hold_until_commit(connection, JUDGING)
            yield

    def release_leases(self) -> None:
        """Free every lease; only for the one process that holds the installation's lock."""
        with self._database.write() as connection:
            connection.execute(update(feeds).where(feeds.c.leased_until.is_not(None)).values(leased_until=None))
            free_claims(connection)


def open_store(url: str, evidence: str = "full") -> SqlStore:
    """Open the store at a database URL, ``sqlite:///path/to/file.db`` or ``postgresql://user@host/name``.

    Makes the folder of an SQLite file, but no table: `upgrade` does. Raises `UsageError` for another kind of URL, and
    `StoreError` where the folder cannot be made.
    """
    return SqlStore(Database(database_url(url), evidence))
