"""The disk is full, or the database is locked: what was decided stays decided, what was not is decided later, once."""

import asyncio
import resource
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from aggregator.channels import FileChannel
from aggregator.core.receipt_book import MemoryBook
from aggregator.deliver import LEASE, decide_due, decide_now, send_due
from aggregator.errors import StoreError
from aggregator.models import Delivery, Receipt
from aggregator.ports import Message
from aggregator.records import Address, ClaimedDelivery
from aggregator.store import SqlStore
from aggregator.store.database import Database
from aggregator.store.engine import database_url
from aggregator.store.receipt_book import receipt_book
from tests.conftest import Clock
from tests.deliver.outbox import RecordingChannel, delivering, headlines, states, tell


@contextmanager
def full(store: SqlStore) -> Iterator[None]:
    """Let the database grow no further, as on a full disk: SQLite then says that the disk is full."""

    def shrink(connection: sqlite3.Connection, *_: object) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages}").fetchone()

    event.listen(store._database.engine, "connect", shrink)
    store.close()
    try:
        yield
    finally:
        event.remove(store._database.engine, "connect", shrink)
        store.close()


@contextmanager
def locked(store: SqlStore, url: str) -> Iterator[None]:
    """Hold the database's write lock for longer than the store waits."""

    def impatient(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA busy_timeout=20")

    event.listen(store._database.engine, "connect", impatient)
    store.close()
    holder = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()
        event.remove(store._database.engine, "connect", impatient)
        store.close()


async def test_on_a_full_disk_a_digest_is_decided_later_and_once(sqlite_store: SqlStore, clock: Clock) -> None:
    channel = RecordingChannel()
    use = delivering(sqlite_store, clock, channel)
    tell(sqlite_store, clock, *(f"story {number}" for number in range(40)))
    clock.pass_by(days=1)
    with full(sqlite_store):
        assert decide_due(use) == ()
    assert sqlite_store.digests() == []
    assert len(decide_due(use)) == 1
    await send_due(use)
    assert [len(digest) for digest in headlines(sqlite_store)] == [40]
    assert len(channel.sent) == 1


async def test_while_the_database_is_locked_nothing_is_sent_and_nothing_lost(sqlite_store: SqlStore, store_url: str, clock: Clock) -> None:
    channel = RecordingChannel()
    use = delivering(sqlite_store, clock, channel)
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    clock.pass_by(days=1)
    with locked(sqlite_store, store_url):
        with pytest.raises(StoreError, match="locked"):
            await send_due(use)
        with pytest.raises(StoreError, match="locked"):
            decide_due(use)
    assert channel.sent == []
    await send_due(use)
    assert len(channel.sent) == 1


class Locking(RecordingChannel):
    """Take a message over, and have the database locked before its receipt can be kept."""

    def __init__(self, store: SqlStore, url: str) -> None:
        super().__init__()
        self.lock = locked(store, url)

    async def send(self, delivery: Delivery, message: Message) -> Receipt:
        receipt = await super().send(delivery, message)
        self.lock.__enter__()
        return receipt


class Impeded(SqlStore):
    """Tell when receipts could not be kept."""

    def __init__(self, url: str, failed: Callable[[], None]) -> None:
        super().__init__(Database(database_url(url)))
        self._failed = failed

    def record_all_sent(self, receipts: Sequence[tuple[ClaimedDelivery, Receipt]], now: datetime) -> Sequence[bool]:
        try:
            return super().record_all_sent(receipts, now)
        except StoreError:
            self._failed()
            raise


async def test_a_database_locked_at_the_receipt_repeats_nothing_while_the_process_lives(
    sqlite_store: SqlStore, store_url: str, clock: Clock
) -> None:
    failures = [0]

    def failed() -> None:
        failures[0] += 1
        if failures[0] == 3:
            loop.call_soon_threadsafe(channel.lock.__exit__, None, None, None)

    loop = asyncio.get_running_loop()
    store = Impeded(store_url, failed)
    channel = Locking(store, store_url)
    use = delivering(store, clock, channel, parallel=1)
    tell(store, clock, "one")
    decide_now(use, "morning")
    (sent,) = await send_due(use)
    assert (sent.error, failures[0] >= 3) == (None, True)
    clock.now += LEASE + timedelta(seconds=1)
    assert await send_due(use) == ()
    assert len(channel.sent) == 1
    assert states(store) == {"a@example.org": "sent"}
    store.close()


@pytest.mark.parametrize("lives", [True, False])
async def test_a_receipt_that_cannot_be_kept_until_the_lease_ends_is_kept_when_it_can_be(
    sqlite_store: SqlStore, store_url: str, clock: Clock, tmp_path: Path, lives: bool
) -> None:
    channel, locking = RecordingChannel(), Locking(sqlite_store, store_url)
    use = delivering(sqlite_store, clock, channel, parallel=1, receipt_patience=timedelta(0))
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    with receipt_book(store_url, tmp_path, sqlite_store) as book:
        with pytest.raises(StoreError):
            await send_due(replace(use, channels={"email": locking}, book=book))
        assert "1 receipts cannot be kept" in (book.trouble or "")
        locking.lock.__exit__(None, None, None)
        clock.now += LEASE + timedelta(seconds=1)
        if lives:
            await send_due(replace(use, book=book))
            assert book.trouble is None
    with receipt_book(store_url, tmp_path, sqlite_store) as book:
        await send_due(replace(use, book=book))
    assert (len(locking.sent), channel.sent) == (1, [])
    assert states(sqlite_store) == {"a@example.org": "sent"}


async def test_a_process_that_knows_nothing_of_the_receipt_repeats_the_message_under_its_key(
    sqlite_store: SqlStore, store_url: str, clock: Clock
) -> None:
    channel, locking = RecordingChannel(), Locking(sqlite_store, store_url)
    use = delivering(sqlite_store, clock, channel, parallel=1, receipt_patience=timedelta(0))
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    with pytest.raises(StoreError):
        await send_due(replace(use, channels={"email": locking}))
    locking.lock.__exit__(None, None, None)
    clock.now += LEASE + timedelta(seconds=1)
    await send_due(replace(use, book=MemoryBook()))
    (first,), (second,) = locking.sent, channel.sent
    assert (first.key, locking.pages) == (second.key, channel.pages)
    assert states(sqlite_store) == {"a@example.org": "sent"}


async def test_a_file_that_does_not_fit_on_the_disk_is_written_later_and_whole(
    sqlite_store: SqlStore, clock: Clock, tmp_path: Path
) -> None:
    outbox, folder = Address(channel="file", recipient="outbox"), tmp_path / "outbox"
    use = delivering(sqlite_store, clock, RecordingChannel(), to=(outbox,), channels={"file": FileChannel(folder)})
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    class Small(FileChannel):
        async def send(self, delivery: Delivery, message: Message) -> Receipt:
            resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
            try:
                return await super().send(delivery, message)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    (sent,) = await send_due(replace(use, channels={"file": Small(folder)}))
    assert sent.error
    assert "could not be written" in sent.error
    assert [path.name for path in folder.iterdir() if path.suffix == ".eml"] == []
    assert not list(folder.glob(".*.part"))
    clock.pass_by(hours=1)
    await send_due(use)
    assert sorted(path.suffix for path in folder.iterdir()) == [".eml", ".html", ".txt"]
