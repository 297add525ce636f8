"""Reload: take a changed feeds.yaml over while the service runs, on SIGHUP and when the file changes.

What changed is told in the log. A broken file changes nothing: every mistake is told, and the configuration that stands goes on. It goes
on too while the database takes nothing, which is no fault of the file: that is taken over as soon as the database is back.
Steps that run when a new configuration arrives end with the one they began with.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import structlog

from aggregator.app.configured import read_apart
from aggregator.app.installation import App, declare, reconfigured
from aggregator.errors import ConfigurationError, StoreError
from aggregator.models import Configuration, FeedSpec, SubscriptionSpec, TopicSpec

log = structlog.get_logger(__name__)

_Spec = FeedSpec | TopicSpec | SubscriptionSpec


class Live:
    """Hold the app as it is configured now; `trouble` says why the file on disk is not in use."""

    def __init__(self, app: App, *, declares: bool = True) -> None:
        self.app = app
        self.trouble: str | None = None
        self.declares = declares
        self._asked = False
        self._seen = _fingerprint(app.settings.feeds_file)
        self._severed = False
        self._turn = asyncio.Lock()

    def ask(self) -> None:
        """Have the file read again at the next look, changed or not: what SIGHUP does."""
        self._asked = True

    async def look(self) -> None:
        """Take the file over if it changed or if that was asked for; who looks meanwhile waits for what comes of it."""
        async with self._turn:
            await self._look()

    async def _look(self) -> None:
        found = _fingerprint(self.app.settings.feeds_file)
        self._tell_severed()
        if found == self._seen and not self._asked:
            return
        self._seen, self._asked = found, False
        try:
            configuration, app = await self._taken_over()
        except ConfigurationError as error:
            self.trouble = _told("feeds.yaml is broken", error)
            for line in str(error).splitlines():
                log.error("the new configuration is not used", problem=line)
            return
        except StoreError as error:
            self._wait_for_store(error)
            return
        changes = tuple(differences(self.app.configuration, configuration))
        self.app, self.trouble = app, None
        for change in changes:
            log.info("configuration changed", change=change)
        log.info("configuration reloaded", changes=len(changes))

    async def _taken_over(self) -> tuple[Configuration, App]:
        """Read the file, and have the database take what it declares."""
        configuration = await asyncio.to_thread(read_apart, self.app.settings)
        app = await asyncio.to_thread(reconfigured, self.app, configuration)
        if self.declares:
            await asyncio.to_thread(declare, app)
        return configuration, app

    def _wait_for_store(self, error: StoreError) -> None:
        """Have the file read again at the next look; that the database does not take it is logged once."""
        before, self._asked = self.trouble, True
        self.trouble = _told("the new feeds.yaml waits for the database", error)
        if self.trouble != before:
            log.warning("the new configuration is not used yet; the database is asked again", reason=str(error))

    def _tell_severed(self) -> None:
        """Tell once that the file was replaced where nobody in a container sees it: one that is mounted alone stays the old one."""
        before, self._severed = self._severed, _is_severed(self.app.settings.feeds_file)
        if self._severed and not before:
            log.warning("the configuration was replaced outside this container, which still sees the old one: restart the container")


def _told(trouble: str, error: Exception) -> str:
    return f"{trouble}, the configuration before is in use: {str(error).partition(chr(10))[0]}"


def differences(old: Configuration, new: Configuration) -> Iterator[str]:
    """Tell in short lines what a new configuration changes: what came, what went, and which fields of what stayed."""
    for kind, before, after in (
        ("feed", old.feeds, new.feeds),
        ("topic", old.topics, new.topics),
        ("subscription", old.subscriptions, new.subscriptions),
    ):
        yield from _differences(kind, before, after)


def _differences(kind: str, old: Sequence[_Spec], new: Sequence[_Spec]) -> Iterator[str]:
    before, after = {spec.id: spec for spec in old}, {spec.id: spec for spec in new}
    yield from (f"+ {kind} {name}" for name in after if name not in before)
    yield from (f"- {kind} {name}" for name in before if name not in after)
    for name in before:
        if name in after and before[name] != after[name]:
            yield f"~ {kind} {name}: {', '.join(_changed(before[name], after[name]))}"


def _changed(before: Any, after: Any) -> Iterator[str]:
    """Name the fields that differ, without their values: an address may hold a key."""
    return (field.name for field in fields(before) if getattr(before, field.name) != getattr(after, field.name))


def _fingerprint(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:  # an editor may have moved it away for a moment
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _is_severed(path: Path) -> bool:
    """Say whether the file can still be read, but stands in no folder any more."""
    try:
        return path.stat().st_nlink == 0
    except OSError:
        return False
