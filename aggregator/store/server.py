"""The server: what a PostgreSQL server says of its clock, its connections, and who is connected."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from aggregator.store.database import translated
from aggregator.store.engine import connect, database_url

_CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
_OURS = "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'aggregator %'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Tell of a server: how far its clock is ahead of ours, its connections, and how many sessions of each of our names it has."""

    ahead: timedelta
    connected: int
    most: int
    sessions: Mapping[str, int]


def look_at_server(url: str, now: Callable[[], datetime]) -> Server:
    """Ask a PostgreSQL server about itself; raises `StoreError` where it does not answer."""
    engine = connect(database_url(url))
    try:
        with translated(), engine.connect() as connection:
            before = now()
            told: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
            after = now()
            return Server(
                ahead=told - (before + (after - before) / 2),
                connected=connection.execute(text(_CONNECTED)).scalar_one(),
                most=int(connection.execute(text("SHOW max_connections")).scalar_one()),
                sessions=Counter(connection.execute(text(_OURS)).scalars()),
            )
    finally:
        engine.dispose()
