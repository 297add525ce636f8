"""Workplaces: a folder beside a file for what is made of it on the way, and gone afterwards.

Who is killed leaves its folder behind; the next one who works on the same file removes it. A folder that is in use is locked.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aggregator.store.locks import beside

_SUFFIX = ".restoring"


@contextmanager
def workplace(path: Path) -> Iterator[Path]:
    """Give an empty folder beside a file, and remove it at the end with all that is in it."""
    _sweep(path)
    folder = Path(tempfile.mkdtemp(prefix=f"{path.name}{_SUFFIX}-", dir=path.parent))
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _sweep(path: Path) -> None:
    """Remove what killed ones left, also the single files of earlier releases."""
    for suffix in ("", "-wal", "-shm", ".upgrade.lock"):
        beside(path, _SUFFIX + suffix).unlink(missing_ok=True)
    for folder in path.parent.iterdir():
        if folder.name.startswith(f"{path.name}{_SUFFIX}-") and folder.is_dir():
            _remove_unused(folder)


def _remove_unused(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)
