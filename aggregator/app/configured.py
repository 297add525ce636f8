"""What an installation is told: its configuration, the clock, and how it names itself to publishers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from aggregator import __version__
from aggregator.app.feedsfile import read_checked, read_file
from aggregator.errors import ConfigurationError, ParseError, ReaderError
from aggregator.models import Configuration
from aggregator.settings import Settings
from aggregator.sources.workers import Worker

READ_SECONDS = 60.0
"""When reading the file apart is broken off; the largest that is allowed takes a few seconds."""


def utc_now() -> datetime:
    """Tell the time; everything below is told it."""
    return datetime.now(UTC)


def read_configuration(settings: Settings) -> Configuration:
    """Read feeds.yaml against the term packs that are there; raises `ConfigurationError`."""
    return read_file(settings.feeds_file)


def read_apart(settings: Settings) -> Configuration:
    """Read feeds.yaml and compile its topics in a process of its own, which takes along what that needs; raises `ConfigurationError`.

    A service reads its configuration once in months, and would keep a parser of YAML, one of queries and the models of the file for it.
    """
    with reading_apart(settings) as read:
        return read()


@contextmanager
def reading_apart(settings: Settings) -> Iterator[Callable[[], Configuration]]:
    """Begin to read apart while this process loads what it needs itself; what the block gets waits for the outcome."""
    worker = Worker(deadline=READ_SECONDS, prepare="aggregator.feedfile")
    with suppress(OSError):
        worker.start()
    try:
        yield lambda: _outcome(worker, settings.feeds_file)
    finally:
        worker.stop()


def _outcome(worker: Worker, path: Path) -> Configuration:
    try:
        answer = worker.run(read_checked, path)
    except (ParseError, ReaderError):  # no such process here, or none that ends well: what is wrong comes to light in this one
        answer = read_checked(path)
    finally:
        worker.stop()
    if isinstance(answer, Configuration):
        return answer
    raise ConfigurationError(answer)


def user_agent(settings: Settings) -> str:
    """Name ourselves to publishers, with a page where they can learn who asks."""
    contact = f" (+{settings.public_url})" if settings.public_url else ""
    return f"aggregator/{__version__}{contact}"
