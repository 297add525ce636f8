"""Findings: what the doctor says of one thing, and how long it looks."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

SECONDS = 10.0
"""The longest that one examination may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Tell how one thing does: `state` is "ok", "look" (works, but somebody should look) or "bad"; `advice` says what to do."""

    what: str
    state: str
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Say what to examine beyond the installation itself."""

    feeds: bool = True
    test_mail: bool = False
    test_slack: bool = False


async def bounded(what: str, look: Callable[[], Awaitable[Diagnosis]]) -> Diagnosis:
    """Look, but not for ever."""
    try:
        async with asyncio.timeout(SECONDS * 2):
            return await look()
    except TimeoutError:
        return Diagnosis(what=what, state="bad", found="no answer in time", advice="look at the network and the firewall")
