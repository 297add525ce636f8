"""What receivers took is noted before the ledger knows it, and read by whoever comes after a killed process."""

import asyncio
import fcntl
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from aggregator.deliver import LEASE, decide_now, send_due
from aggregator.errors import StoreError
from aggregator.models import Delivery, Receipt
from aggregator.ports import Message
from aggregator.records import Address, ClaimedDelivery, NotedReceipt
from aggregator.store import SqlStore
from aggregator.store.receipt_book import FileBook, carry_over, receipt_book
from tests.conftest import Clock
from tests.deliver.killing import fork, killed
from tests.deliver.outbox import HERE, RecordingChannel, delivering, states, tell
from tests.deliver.test_store_faults import Locking
from tests.store.samples import NOW

MANY = tuple(Address(channel="email", recipient=f"{number}@example.org") for number in range(9))
SAID = Receipt(detail="250 taken", thread="1700000000.000100", body_hash="0" * 64)


def claim(store: SqlStore, clock: Clock) -> ClaimedDelivery:
    """Decide a digest and claim its one delivery."""
    use = delivering(store, clock, RecordingChannel())
    tell(store, clock, "one")
    decide_now(use, "morning")
    (claimed,) = store.claim_deliveries(clock(), LEASE, 1)
    return claimed


def books(url: str) -> list[Path]:
    path = Path(url.removeprefix("sqlite:///"))
    return sorted(path.with_name(path.name + ".receipts").glob("*"))


def die_with(claimed: ClaimedDelivery, receipt: Receipt, url: str, folder: Path) -> None:
    """Note a receipt in a process of its own that is killed at once."""

    def work() -> None:
        book = FileBook(Path(f"{url.removeprefix('sqlite:///')}.receipts"), required=True)
        book.ready()
        book.begin(claimed)
        book.note(claimed, receipt, NOW)
        os.kill(os.getpid(), signal.SIGKILL)

    assert killed(fork(work))


def test_what_a_killed_process_noted_is_in_the_ledger_before_leases_are_freed(
    sqlite_store: SqlStore, store_url: str, clock: Clock, tmp_path: Path
) -> None:
    claimed = claim(sqlite_store, clock)
    die_with(claimed, SAID, store_url, tmp_path)
    assert carry_over(store_url, tmp_path, sqlite_store) == 1
    sqlite_store.release_leases()
    (row,) = sqlite_store.deliveries()
    assert (row.status, row.detail, row.body_hash, row.sent_at) == ("sent", SAID.detail, SAID.body_hash, NOW)
    assert books(store_url) == []


@pytest.mark.parametrize("detail", ["250 " + "語" * 5_000, "\ud800" * 300, "\n\x00" * 900])
def test_a_receiver_may_say_what_it_likes(sqlite_store: SqlStore, store_url: str, clock: Clock, tmp_path: Path, detail: str) -> None:
    die_with(claim(sqlite_store, clock), replace(SAID, detail=detail, thread="t" * 2_000), store_url, tmp_path)
    assert carry_over(store_url, tmp_path, sqlite_store) == 1


@pytest.mark.parametrize("place", [0, 4, 8, 40])
def test_a_note_that_was_broken_off_counts_as_none(
    sqlite_store: SqlStore, store_url: str, clock: Clock, tmp_path: Path, place: int
) -> None:
    die_with(claim(sqlite_store, clock), SAID, store_url, tmp_path)
    (path,) = books(store_url)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert carry_over(store_url, tmp_path, sqlite_store) == 0
    assert states(sqlite_store) == {"a@example.org": "sending"}


@pytest.mark.parametrize("content", [b"", b"x", b"\xff" * 5_000, b"\x02\x00\x00\x00" + b"[]" * 1_000])
def test_a_book_of_nonsense_settles_nothing(sqlite_store: SqlStore, store_url: str, clock: Clock, tmp_path: Path, content: bytes) -> None:
    claim(sqlite_store, clock)
    path = Path(f"{store_url.removeprefix('sqlite:///')}.receipts") / "00000000deadbeef.book"
    path.parent.mkdir()
    path.write_bytes(content)
    assert carry_over(store_url, tmp_path, sqlite_store) == 0
    assert books(store_url) == []


def test_a_note_whose_claim_is_over_settles_nothing(sqlite_store: SqlStore, store_url: str, clock: Clock, tmp_path: Path) -> None:
    claimed = claim(sqlite_store, clock)
    die_with(claimed, SAID, store_url, tmp_path)
    sqlite_store.release_leases()
    (again,) = sqlite_store.claim_deliveries(clock(), LEASE, 1)
    assert carry_over(store_url, tmp_path, sqlite_store) == 0
    assert sqlite_store.record_sent(again, SAID, NOW)


def test_the_book_of_a_living_process_is_left_alone(sqlite_store: SqlStore, store_url: str, clock: Clock, tmp_path: Path) -> None:
    claimed = claim(sqlite_store, clock)
    with receipt_book(store_url, tmp_path, sqlite_store) as book:
        book.ready()
        book.begin(claimed)
        book.note(claimed, SAID, NOW)
        assert carry_over(store_url, tmp_path, sqlite_store) == 0
        assert len(books(store_url)) == 1
    assert carry_over(store_url, tmp_path, sqlite_store) == 1


def test_books_stay_while_the_ledger_takes_nothing(sqlite_store: SqlStore, store_url: str, clock: Clock, tmp_path: Path) -> None:
    die_with(claim(sqlite_store, clock), SAID, store_url, tmp_path)

    class Full(SqlStore):
        def record_noted(self, notes: object) -> list[bool]:
            raise StoreError("the database refused: database or disk is full")

    with pytest.raises(StoreError, match="full"):
        carry_over(store_url, tmp_path, Full(sqlite_store._database))
    assert carry_over(store_url, tmp_path, sqlite_store) == 1


async def test_where_there_is_no_room_to_note_receipts_nothing_is_sent_until_there_is(
    sqlite_store: SqlStore, store_url: str, clock: Clock, tmp_path: Path
) -> None:
    channel = RecordingChannel()
    use = delivering(sqlite_store, clock, channel)
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    in_the_way = f"{store_url.removeprefix('sqlite:///')}.receipts"
    os.symlink("/nowhere/at/all", in_the_way)
    with receipt_book(store_url, tmp_path, sqlite_store) as book:
        with pytest.raises(StoreError, match="nothing is sent"):
            await send_due(replace(use, book=book))
        assert (channel.sent, states(sqlite_store)) == ([], {"a@example.org": "pending"})
        os.unlink(in_the_way)
        assert "no room" in (book.trouble or "")
        await send_due(replace(use, book=book))
        assert book.trouble is None
    assert len(channel.sent) == 1
    assert books(store_url) == []


async def test_a_lease_that_ends_by_a_clock_set_forward_repeats_nothing_that_is_on_its_way(sqlite_store: SqlStore, clock: Clock) -> None:
    class Leaping(RecordingChannel):
        async def send(self, delivery: Delivery, message: Message) -> Receipt:
            receipt = await super().send(delivery, message)
            clock.now += timedelta(hours=25)
            await asyncio.sleep(0.05)
            return receipt

    channel = Leaping()
    use = delivering(sqlite_store, clock, channel, to=MANY, parallel=2)
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    await asyncio.gather(send_due(use), send_due(use))
    assert sorted(channel.recipients) == [address.recipient for address in MANY]


async def test_while_receipts_cannot_be_kept_no_other_message_is_begun(sqlite_store: SqlStore, store_url: str, clock: Clock) -> None:
    locking = Locking(sqlite_store, store_url)
    use = delivering(sqlite_store, clock, locking, to=(HERE, *MANY), parallel=1, receipt_patience=timedelta(0))
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    for _ in range(3):
        with pytest.raises(StoreError, match="locked"):
            await send_due(use)
    assert len(locking.sent) == 1
    locking.lock.__exit__(None, None, None)
    await send_due(replace(use, channels={"email": (channel := RecordingChannel())}))
    assert len({*channel.recipients, *locking.recipients}) == len(channel.sent) + 1 == len(MANY) + 1


def test_a_note_holds_what_it_says(tmp_path: Path, sqlite_store: SqlStore, clock: Clock) -> None:
    claimed = claim(sqlite_store, clock)
    book = FileBook(tmp_path / "book", required=True)
    book.ready()
    book.begin(claimed)
    assert book.under_way == {claimed.delivery.id}
    book.note(claimed, SAID, NOW)
    assert book.noted() == (NotedReceipt(delivery_id=claimed.delivery.id, token=claimed.token, receipt=SAID, at=NOW),)
    book.end(claimed.delivery.id)
    assert (book.noted(), book.under_way) == ((), frozenset())
    book.close()
    assert list((tmp_path / "book").iterdir()) == []


def test_what_is_not_a_book_of_ours_stays(sqlite_store: SqlStore, store_url: str, tmp_path: Path) -> None:
    folder = Path(f"{store_url.removeprefix('sqlite:///')}.receipts")
    folder.mkdir()
    (tmp_path / "elsewhere").write_text("mine")
    for name in (".keep", "notes.txt", "0123456789abcdef.txt", "short.book"):
        (folder / name).write_text("mine")
    (folder / f"{1:016x}.book").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(folder / f"{2:016x}.book")
    (folder / f"{3:016x}.book").mkdir()
    stand = books(store_url)
    with capture_logs() as told:
        assert carry_over(store_url, tmp_path, sqlite_store) == 0
    assert (books(store_url), (tmp_path / "elsewhere").read_text()) == (stand, "mine")
    assert [line["path"] for line in told] == [str(folder / f"{number:016x}.book") for number in (1, 2, 3)]


def look_before_locking(patch: pytest.MonkeyPatch, times: int, look: Callable[[], object]) -> None:
    """Let another process look for books left behind whenever a new one is about to be locked, so many times."""
    lock, left = fcntl.flock, iter(range(times))

    def racing(descriptor: int, operation: int) -> None:
        if operation == fcntl.LOCK_EX and next(left, None) is not None:
            look()
        lock(descriptor, operation)

    patch.setattr(fcntl, "flock", racing)


@pytest.mark.parametrize("required", [True, False])
def test_a_book_that_another_process_takes_away_before_it_is_locked_is_made_anew(
    sqlite_store: SqlStore, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, required: bool
) -> None:
    look_before_locking(monkeypatch, 2, lambda: carry_over(store_url, tmp_path, sqlite_store))
    book = FileBook(Path(f"{store_url.removeprefix('sqlite:///')}.receipts"), required=required)
    book.ready()
    (path,) = books(store_url)
    assert carry_over(store_url, tmp_path, sqlite_store) == 0
    assert books(store_url) == [path]
    book.close()
    assert books(store_url) == []


def test_a_book_that_is_not_needed_is_told_once_and_made_as_soon_as_it_can_be(tmp_path: Path) -> None:
    book = FileBook(tmp_path / "receipts", required=False)
    os.symlink("/nowhere/at/all", tmp_path / "receipts")
    with capture_logs() as told:
        book.ready()
        book.ready()
    assert len(told) == 1
    os.unlink(tmp_path / "receipts")
    book.ready()
    assert len(list((tmp_path / "receipts").iterdir())) == 1
    book.close()


async def test_a_claim_that_the_book_has_no_room_for_is_given_back(sqlite_store: SqlStore, store_url: str, clock: Clock) -> None:
    channel = RecordingChannel()
    book = FileBook(Path(f"{store_url.removeprefix('sqlite:///')}.receipts"), required=True)
    book.ready()
    use = replace(delivering(sqlite_store, clock, channel, to=MANY, parallel=3), book=book)
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    (first, *others) = sqlite_store.claim_deliveries(clock(), LEASE, len(MANY))
    sqlite_store.give_back([first, *others])
    for number in range(256):
        book.begin(replace(first, delivery=replace(first.delivery, id=1_000 + number)))
    with pytest.raises(StoreError, match="on their way already"):
        await send_due(use)
    assert (channel.sent, set(states(sqlite_store).values())) == ([], {"pending"})
    for number in range(256):
        book.end(1_000 + number)
    await send_due(use)
    assert sorted(channel.recipients) == [address.recipient for address in MANY]
    book.close()
