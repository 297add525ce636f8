"""Bring the store's schema up to date before a service begins, apart from it: what migrates would stay loaded for months.

The other process ends with the service, in the middle of its transaction too: whoever starts next, perhaps an older release, must find the
schema as it was, and it must not change under them.
"""

import signal

from aggregator.errors import ParseError, ReaderError, StoreError
from aggregator.settings import Settings
from aggregator.sources.workers import Worker
from aggregator.store import open_store
from aggregator.store.schema import is_current
from aggregator.store.unfinished import refuse_unfinished

UPGRADE_SECONDS = 3600.0
"""When an upgrade in a process of its own is broken off; it undoes itself, and the service tries it itself."""


def upgrade_apart(settings: Settings) -> None:
    """Upgrade in a process of its own where the store needs it.

    Where no such process can be had the schema stays as it is, and opening the store upgrades it. Raises `StoreError` as an upgrade
    does, `UsageError` for half an installation.
    """
    refuse_unfinished(settings.database_url)
    if is_current(settings.database_url):
        return
    worker = Worker(deadline=UPGRADE_SECONDS, prepare=__name__)
    try:
        problem = worker.run(_upgraded, settings.database_url)
    except (ParseError, ReaderError):
        return
    finally:
        worker.stop()
    if problem:
        raise StoreError(problem)


def _upgraded(url: str) -> str:
    """Upgrade, and say what was wrong, or nothing."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # who stops an upgrade by hand means it: it is one transaction
    store = open_store(url)
    try:
        store.upgrade()
    except StoreError as error:
        return str(error)
    finally:
        store.close()
    return ""
