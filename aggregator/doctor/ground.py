"""What an installation stands on: its configuration, its disk, its database."""

import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from aggregator.doctor.findings import Diagnosis
from aggregator.errors import AggregatorError
from aggregator.models import Configuration
from aggregator.settings import Settings
from aggregator.store.soundness import check_database

LEAST_FREE, NONE_FREE = 1 << 30, 32 << 20
"""Bytes free below which the disk is a finding, half a gigabyte of articles a month is much for a thousand feeds; and as good as none."""


def look_at_configuration(configuration: Configuration) -> Diagnosis:
    """Say how much is configured."""
    enabled = sum(feed.enabled for feed in configuration.feeds)
    found = f"{enabled} feeds enabled, {len(configuration.topics)} topics, {len(configuration.subscriptions)} subscriptions"
    if not enabled:
        return Diagnosis(what="configuration", state="look", found=found, advice="add a feed to feeds.yaml")
    return Diagnosis(what="configuration", state="ok", found=found)


def look_at_disk(settings: Settings) -> Iterator[Diagnosis]:
    """Say whether there is room, and the right to write."""
    folder = settings.data_dir
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK):
        advice = f"give it to user {os.getuid()}: chown {os.getuid()} {folder.resolve()}"
        yield Diagnosis(what="disk", state="bad", found=f"{folder} cannot be written to", advice=advice)
    elif free < LEAST_FREE:
        advice = "make room, or forget more: aggregator db prune --days 90"
        yield Diagnosis(
            what="disk", state="bad" if free < NONE_FREE else "look", found=f"{free >> 20:,} MiB free in {folder}", advice=advice
        )
    else:
        yield Diagnosis(what="disk", state="ok", found=f"{free >> 30:,} GiB free in {folder}")


def look_at_privacy(settings: Settings) -> Iterator[Diagnosis]:
    """Say so where other users of the machine may read what the data folder holds: accounts, tokens, mails."""
    folder = settings.data_dir
    if not folder.is_dir() or not _others(folder) & stat.S_IXOTH:  # who may not enter the folder reads nothing in it
        return
    found = sorted(path for path in (*folder.iterdir(), *folder.glob("*/*")) if path.is_file() and _others(path) & stat.S_IROTH)
    if found:
        told = f"other users of this machine may read {found[0]}" + (f" and {len(found) - 1} more files" if found[1:] else "")
        yield Diagnosis(what="privacy", state="look", found=told, advice=f"chmod -R go-rwx {folder.resolve()}")


def _others(path: Path) -> int:
    try:
        return path.stat().st_mode & stat.S_IRWXO
    except OSError:  # gone meanwhile, or not ours to look at
        return 0


def look_at_database(settings: Settings) -> Iterator[Diagnosis]:
    """Say whether the database answers, is of this release, and sound."""
    started = time.monotonic()
    url = urlsplit(settings.database_url)
    if url.scheme.startswith("sqlite") and not os.path.exists(url.path[1:]):
        yield Diagnosis(what="database", state="look", found=f"no file at {url.path[1:]} yet", advice="aggregator run makes it")
        return
    try:
        findings = check_database(settings.database_url)
    except AggregatorError as error:
        damaged = "not a database" in str(error) or "malformed" in str(error)
        advice = "is the server up, are name and password right? For a file: is it ours to read?"
        advice = "it is damaged: restore the last backup with aggregator db restore" if damaged else advice
        yield Diagnosis(what="database", state="bad", found=str(error), advice=advice)
        return
    wrong = [finding for finding in findings if not finding.ok]
    for finding in wrong:
        yield Diagnosis(what=f"database: {finding.what}", state="bad", found=finding.state, advice=finding.advice)
    if not wrong:
        found = f"{findings[0].state}, sound, checked in {time.monotonic() - started:.1f} s"
        yield Diagnosis(what="database", state="ok", found=found)
