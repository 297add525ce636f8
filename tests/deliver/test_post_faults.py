"""The fault matrix of webhooks: 429 in every form, hangs and drops on both sides of the answer, refusals for good."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.channels import SlackChannel
from aggregator.deliver import Delivering, decide_now, send_due
from aggregator.http_client import HttpClient, Limits
from aggregator.store import SqlStore
from tests.conftest import Clock
from tests.deliver.misbehaving import BrokenWebServer
from tests.deliver.outbox import HOOK, RecordingChannel, delivering, row, tell


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    limits = Limits(connect_timeout=1.0, read_timeout=0.2, deadline=0.4)
    client = HttpClient(limits=limits, allow=("127.0.0.1",), user_agent="test")
    yield client
    await client.aclose()


def answer(status: int, body: str = "", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def by_slack(store: SqlStore, clock: Clock, http: HttpClient, url: str) -> Delivering:
    async def no_pause(seconds: float) -> None:
        return None

    channel = SlackChannel(http, {"HOOK": url}.get, ("127.0.0.1",), clock=clock, pause=no_pause)
    use = delivering(store, clock, RecordingChannel(), to=(HOOK,), channels={"slack": channel})
    tell(store, clock, "one")
    decide_now(use, "morning")
    return use


@pytest.mark.parametrize(
    "planned", ["drop before", "hang before", answer(500, "rollup_error"), answer(503), answer(408), b"nonsense\r\n\r\n"]
)
async def test_what_was_not_taken_arrives_once(sqlite_store: SqlStore, clock: Clock, http: HttpClient, planned: bytes | str) -> None:
    server = BrokenWebServer([planned])
    async with server.listening() as url:
        use = by_slack(sqlite_store, clock, http, url)
        (first,) = await send_due(use)
        assert first.retry_at
        clock.pass_by(hours=1)
        (second,) = await send_due(use)
    assert (second.error, server.posts(), row(sqlite_store, "env:HOOK").status) == (None, 1, "sent")
    assert "s3cr3t" not in (first.error or "")


@pytest.mark.parametrize("planned", ["drop after", "hang after", "drip"])
async def test_taken_but_never_confirmed_it_comes_again_under_the_same_key(
    sqlite_store: SqlStore, clock: Clock, http: HttpClient, planned: str
) -> None:
    server = BrokenWebServer([planned])
    async with server.listening() as url:
        use = by_slack(sqlite_store, clock, http, url)
        await send_due(use)
        clock.pass_by(hours=1)
        await send_due(use)
    ((first, second),) = server.kept.values()
    assert first == second
    assert row(sqlite_store, "env:HOOK").status == "sent"


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("Retry-After: 120", 120),
        ("Retry-After: 45.5", 45.5),
        ("Retry-After: Sun, 01 Mar 2026 08:05:00 GMT", 300),
        ("Retry-After: Sun, 01 Mar 2026 07:00:00 GMT", 30),
        ("Retry-After: -5", 30),
        ("Retry-After: soon", 30),
        ("Retry-After: 99999999999999999999", 86_400),
        ("X-Nothing: here", 30),
    ],
)
async def test_429_in_every_form_waits_as_long_as_it_says(
    sqlite_store: SqlStore, clock: Clock, http: HttpClient, header: str, wait: float
) -> None:
    server = BrokenWebServer([answer(429, "rate_limited", header)])
    async with server.listening() as url:
        use = by_slack(sqlite_store, clock, http, url)
        (first,) = await send_due(use)
        assert first.retry_at == clock() + timedelta(seconds=wait)
        clock.now = first.retry_at - timedelta(milliseconds=1)
        assert await send_due(use) == ()
        clock.pass_by(milliseconds=1)
        await send_due(use)
    assert server.posts() == 1


@pytest.mark.parametrize(
    ("status", "body", "closed"),
    [
        (404, "no_service", True),
        (404, "channel_not_found", True),
        (410, "channel_is_archived", True),
        (403, "invalid_token", True),
        (403, "action_prohibited", True),
        (200, "no_service", True),
        (400, "invalid_blocks", False),
        (400, "msg_blocks_too_long", False),
        (302, "", False),
    ],
)
async def test_refused_for_good_is_dead_and_a_dead_webhook_is_closed(
    sqlite_store: SqlStore, clock: Clock, http: HttpClient, status: int, body: str, closed: bool
) -> None:
    server = BrokenWebServer([answer(status, body, "Location: https://evil.example/")])
    async with server.listening() as url:
        use = by_slack(sqlite_store, clock, http, url)
        await send_due(use)
        clock.pass_by(days=3)
        assert await send_due(use) == ()
    assert row(sqlite_store, "env:HOOK").status == "dead"
    assert bool(sqlite_store.closures()) is closed


async def test_one_dead_webhook_does_not_stop_the_others(sqlite_store: SqlStore, clock: Clock, http: HttpClient) -> None:
    server = BrokenWebServer([answer(404, "no_service")])
    async with server.listening() as url:
        use = by_slack(sqlite_store, clock, http, url)
        other = replace(HOOK, recipient="env:OTHER")
        second = SlackChannel(http, {"HOOK": url, "OTHER": url}.get, ("127.0.0.1",), clock=clock)
        use = replace(use, addresses=lambda subscription: (HOOK, other), channels={"slack": second}, parallel=1)
        tell(sqlite_store, clock, "two")
        decide_now(use, "morning")
        await send_due(use)
    assert row(sqlite_store, "env:OTHER").status == "sent"
    assert [closure.address.recipient for closure in sqlite_store.closures()] == ["env:HOOK"]


async def test_a_pause_of_a_channel_puts_its_neighbours_back_untried(sqlite_store: SqlStore, clock: Clock, http: HttpClient) -> None:
    server = BrokenWebServer([answer(429, "rate_limited", "Retry-After: 600")])
    async with server.listening() as url:
        use = replace(by_slack(sqlite_store, clock, http, url), parallel=1)
        for name in ("two", "three", "four"):
            tell(sqlite_store, clock, name)
            decide_now(use, "morning")
        sent = await send_due(use)
        pause_ends = clock() + timedelta(seconds=600)
        assert [one.retry_at for one in sent] == [pause_ends] * 4
        assert sorted(found.delivery.attempts for found in sqlite_store.deliveries()) == [0, 0, 0, 1]
        clock.now = pause_ends - timedelta(seconds=1)
        assert await send_due(use) == ()
        clock.pass_by(seconds=1)
        assert [one.error for one in await send_due(use)] == [None] * 4
    assert server.posts() == 4
