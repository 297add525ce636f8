"""The receipt book: what receivers took and the ledger does not know yet, in a file that outlives its process.

The file is written full of zeros before anything is sent, so that a note needs no room, and mapped, so that a note needs no call that
could fail or wait: it is there once the bytes are copied, whatever kills the process after. Each process has a book of its own and holds
a flock(2) on it; one whose lock can be had was left behind, and its notes go into the ledger before leases are freed. A note holds a
checksum and is written before its length, so that one broken off in the middle counts as none.
"""

import errno
import fcntl
import json
import mmap
import os
import re
import stat
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from struct import Struct

import structlog

from aggregator.core.receipt_book import MemoryBook
from aggregator.errors import StoreError
from aggregator.models import Receipt
from aggregator.ports import Store
from aggregator.records import ClaimedDelivery, NotedReceipt
from aggregator.store.engine import PRIVATE_FOLDER, database_url, sqlite_file
from aggregator.store.locks import beside, inherited, open_lock_file

log = structlog.get_logger(__name__)

_SLOT, _SLOTS = 1024, 256
"""Bytes of a note, and how many a book holds: more than a process has messages on their way."""
_HEAD = Struct("<II")
_LONGEST_DETAIL = 120
"""Characters of the receiver's words that a note keeps."""
_SUFFIX = ".book"
_OURS = re.compile(r"[0-9a-f]{16}(?:\.book)?")
"""How our files are called, the last part once they are whole; whatever else lies in the folder is somebody's own."""
_TRIES = 5
"""How often a book is begun anew that another process took for one left behind, before it was locked."""


class FileBook(MemoryBook):
    """Keep notes in a file too; `required` says that nothing may be sent where there is no room for it."""

    def __init__(self, folder: Path, *, required: bool) -> None:
        super().__init__()
        self._folder, self._required = folder, required
        self._file: _BookFile | None = None
        self._told = False
        self._slots: dict[int, int] = {}

    def ready(self) -> None:
        """Make room for receipts, tried anew each time; raises `StoreError` where there is none, and then nothing may be sent."""
        if self._file is not None:
            return
        try:
            self._file = _BookFile.make(self._folder)
        except (OSError, StoreError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            if self._required:
                self.trouble = f"there is no room in {self._folder} to note what was taken ({reason})"
                raise StoreError(f"nothing is sent: {self.trouble}") from error
            if not self._told:
                log.warning("receipts are not noted in a file; a killed process may send again what was taken", reason=reason)
            self._told = True

    def begin(self, claimed: ClaimedDelivery) -> None:
        """Reserve the room for a receipt."""
        super().begin(claimed)
        if self._file is not None:
            taken = set(self._slots.values())
            free = next((slot for slot in range(_SLOTS) if slot not in taken), None)
            if free is None:
                self.end(claimed.delivery.id)
                raise StoreError(f"{_SLOTS} messages are on their way already")
            self._slots[claimed.delivery.id] = free

    def note(self, claimed: ClaimedDelivery, receipt: Receipt, now: datetime) -> None:
        """Note that a receiver took a message; neither waits nor fails."""
        super().note(claimed, receipt, now)
        slot = self._slots.get(claimed.delivery.id)
        if self._file is not None and slot is not None:
            self._file.write(slot, self._noted[claimed.delivery.id])

    def end(self, delivery_id: int) -> None:
        """Forget a delivery: its receipt is in the ledger, or there is none."""
        super().end(delivery_id)
        slot = self._slots.pop(delivery_id, None)
        if self._file is not None and slot is not None:
            self._file.wipe(slot)

    def close(self) -> None:
        """Leave the book for the next process where something stands in it, and take it away otherwise."""
        if self._file is not None:
            self._file.close(keep=bool(self._noted))
            self._file = None


@dataclass(slots=True)
class _BookFile:
    """Hold a book's file, locked and mapped."""

    path: Path
    descriptor: int
    pages: mmap.mmap = field(init=False)

    def __post_init__(self) -> None:
        self.pages = mmap.mmap(self.descriptor, _SLOT * _SLOTS)

    @classmethod
    def make(cls, folder: Path) -> "_BookFile":
        """Make a book, with room for all its notes; it bears its name only when it is locked and whole."""
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        for _ in range(_TRIES):
            with suppress(FileNotFoundError):  # another process looked for books left behind while this one was not locked yet
                return cls._made(folder / token_hex(8))
        raise StoreError(f"{_TRIES} new files were taken away while they were made")

    @classmethod
    def _made(cls, path: Path) -> "_BookFile":
        """Make a file; raises `FileNotFoundError` where it was taken away before it was locked."""
        whole = path.with_suffix(_SUFFIX)
        descriptor = open_lock_file(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            with os.fdopen(os.dup(descriptor), "wb") as file:
                file.write(bytes(_SLOT * _SLOTS))
            os.rename(path, whole)
            book = cls(whole, descriptor)
        except BaseException:
            path.unlink(missing_ok=True)
            whole.unlink(missing_ok=True)
            os.close(descriptor)
            raise
        inherited(descriptor)
        return book

    def write(self, slot: int, note: NotedReceipt) -> None:
        """Write a note: its words first, then what makes them valid."""
        words = _written(note)
        start = slot * _SLOT + _HEAD.size
        self.pages[start : start + len(words)] = words
        self.pages[slot * _SLOT : start] = _HEAD.pack(len(words), zlib.crc32(words))

    def wipe(self, slot: int) -> None:
        """Make a note invalid."""
        self.pages[slot * _SLOT : slot * _SLOT + _HEAD.size] = bytes(_HEAD.size)

    def close(self, *, keep: bool) -> None:
        """Give up the lock."""
        if not keep:
            self.path.unlink(missing_ok=True)
        self.pages.close()
        inherited(self.descriptor, ended=True)
        os.close(self.descriptor)


@contextmanager
def receipt_book(url: str, data_dir: Path, store: Store) -> Iterator[FileBook]:
    """Give the receipt book of this process for a database, after those that killed processes left are read."""
    carry_over(url, data_dir, store)
    book = FileBook(_folder(url, data_dir), required=sqlite_file(database_url(url)) is not None)
    try:
        yield book
    finally:
        book.close()


def carry_over(url: str, data_dir: Path, store: Store) -> int:
    """Bring into the ledger what processes that are gone had noted, and give how many deliveries that settled.

    Raises `StoreError` where the ledger does not take it; the books are kept then.
    """
    return sum(_carried(path, store) for path in sorted(_folder(url, data_dir).glob("*")) if _OURS.fullmatch(path.name))


def _folder(url: str, data_dir: Path) -> Path:
    path = sqlite_file(database_url(url))
    return beside(path, ".receipts") if path else data_dir / "receipts"


def _carried(path: Path, store: Store) -> int:
    """Bring one book into the ledger; one that cannot be read or taken away is told, and keeps nobody from the others."""
    try:
        notes, settled = _settled(path, store)
    except (FileNotFoundError, BlockingIOError):  # another process was faster, or its process lives
        return 0
    except OSError as error:
        log.warning("a receipt book is left as it is", path=str(path), reason=error.strerror or str(error))
        return 0
    if notes:
        log.warning("receipts that a killed process had noted are in the ledger", noted=notes, settled=settled)
    return settled


def _settled(path: Path, store: Store) -> tuple[int, int]:
    """Settle what a book notes, take it away, and give how many notes it held and how many deliveries they settled."""
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)  # a pipe would be waited for
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        notes = list(_read(os.pread(descriptor, _SLOT * _SLOTS, 0)))
        settled = sum(store.record_noted(notes)) if notes else 0
        path.unlink(missing_ok=True)
        return len(notes), settled
    finally:
        os.close(descriptor)


def _written(note: NotedReceipt) -> bytes:
    """Write a note; what would not fit without being cut leaves the receiver's words out."""
    receipt = note.receipt
    proof = (note.delivery_id, note.token, note.at.isoformat(), receipt.body_hash, receipt.thread)
    words = _packed((*proof, receipt.detail[:_LONGEST_DETAIL]))
    return words if len(words) <= _SLOT - _HEAD.size else _packed((*proof[:4], None, ""))


def _packed(said: Sequence[object]) -> bytes:
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")


def _read(content: bytes) -> Iterator[NotedReceipt]:
    """Give the whole notes of a book."""
    for start in range(0, len(content) - _SLOT + 1, _SLOT):
        length, checksum = _HEAD.unpack_from(content, start)
        words = content[start + _HEAD.size : start + _HEAD.size + length]
        if length and zlib.crc32(words) == checksum:
            with suppress(ValueError, TypeError):
                yield _note(json.loads(words))


def _note(said: Sequence[str]) -> NotedReceipt:
    delivery_id, token, at, body_hash, thread, detail = said
    receipt = Receipt(detail=detail, thread=thread, body_hash=body_hash)
    return NotedReceipt(delivery_id=int(delivery_id), token=token, receipt=receipt, at=datetime.fromisoformat(at))
