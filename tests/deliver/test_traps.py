"""The traps of delivery in which other tools lose or repeat messages, each by its name, against real servers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from aggregator.channels import EmailChannel, SlackChannel
from aggregator.deliver import Delivering, decide_due, decide_now, send_due
from aggregator.http_client import HttpClient
from aggregator.models import QuietHours, Schedule, SmtpServer, SubscriptionSpec
from aggregator.records import Address
from aggregator.store import SqlStore
from tests.conftest import Clock
from tests.deliver.misbehaving import BrokenMailServer, BrokenWebServer, Fault
from tests.deliver.outbox import ALERTS, DAILY, DIGEST, HERE, HOOK, THERE, RecordingChannel, delivering, headlines, states, tell


def by_mail(store: SqlStore, clock: Clock, server: SmtpServer, *to: Address) -> Delivering:
    channel = EmailChannel(server, "watch@example.org", timeout=1)
    return delivering(store, clock, RecordingChannel(), to=to or (HERE,), channels={"email": channel}, session=channel.session)


async def test_trap_marked_sent_although_smtp_failed(sqlite_store: SqlStore, clock: Clock) -> None:
    mails = BrokenMailServer([Fault(".", "say", b"451 4.3.0 later\r\n")])
    async with mails.listening() as server:
        use = by_mail(sqlite_store, clock, server)
        tell(sqlite_store, clock, "one")
        decide_now(use, "morning")
        await send_due(use)
        assert (states(sqlite_store), mails.mails()) == ({"a@example.org": "retry"}, 0)
        clock.pass_by(hours=1)
        await send_due(use)
    assert (states(sqlite_store), mails.mails()) == ({"a@example.org": "sent"}, 1)


async def test_trap_one_failed_recipient_makes_all_others_get_it_twice(sqlite_store: SqlStore, clock: Clock) -> None:
    mails = BrokenMailServer([Fault("RCPT", "say", b"450 4.2.1 busy\r\n", recipient="b@example.org", times=3)])
    async with mails.listening() as server:
        use = by_mail(sqlite_store, clock, server, HERE, THERE)
        tell(sqlite_store, clock, "one")
        decide_now(use, "morning")
        for _ in range(5):
            await send_due(use)
            clock.pass_by(hours=3)
    assert sorted(mails.recipients) == ["a@example.org", "b@example.org"]


async def test_trap_a_failed_window_is_never_sent_again(sqlite_store: SqlStore, clock: Clock) -> None:
    mails = BrokenMailServer([Fault("CONNECT", "drop")])
    async with mails.listening() as server:
        use = by_mail(sqlite_store, clock, server)
        for name in ("one", "two"):
            tell(sqlite_store, clock, name)
            decide_now(use, "morning")
            await send_due(use)
            clock.pass_by(days=1)
        await send_due(use)
    assert mails.mails() == 2
    assert headlines(sqlite_store) == [["Workers one"], ["Workers two"]]


@pytest.mark.parametrize("asleep", [timedelta(seconds=61), timedelta(minutes=7), timedelta(hours=30)])
def test_trap_a_digest_time_compared_by_exact_minute_is_skipped(sqlite_store: SqlStore, clock: Clock, asleep: timedelta) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel())
    state = sqlite_store.subscription_state("morning")
    assert state is not None
    assert state.next_due_at is not None
    tell(sqlite_store, clock, "one")
    clock.now = state.next_due_at + asleep
    assert len(decide_due(use)) == 1


@pytest.mark.parametrize("nights", [1, 3, 30])
def test_trap_the_quiet_hours_queue_expires(sqlite_store: SqlStore, clock: Clock, nights: int) -> None:
    seoul = Schedule(every="immediate", time_zone=ZoneInfo("Asia/Seoul"))
    quiet = replace(ALERTS, schedule=seoul, quiet=QuietHours(time(22, 0), time(7, 0)))
    use = delivering(sqlite_store, clock, RecordingChannel(), quiet, to=(HOOK,))
    clock.now = datetime(2026, 3, 1, 23, 0, tzinfo=ZoneInfo("Asia/Seoul"))
    tell(sqlite_store, clock, "one")
    assert decide_due(use) == ()
    clock.now = datetime(2026, 3, 1, 12, 0, tzinfo=ZoneInfo("Asia/Seoul")) + timedelta(days=nights)
    decide_due(use)
    assert headlines(sqlite_store, "alerts") == [["Workers one"]]


async def test_trap_success_on_any_channel_counts_for_all_channels(sqlite_store: SqlStore, clock: Clock) -> None:
    mails, posts = BrokenMailServer(), BrokenWebServer(["drop before"])
    async with mails.listening() as server, posts.listening() as url:
        http = HttpClient(allow=("127.0.0.1",), user_agent="test")
        mail = EmailChannel(server, "watch@example.org", timeout=1)
        slack = SlackChannel(http, {"HOOK": url}.get, ("127.0.0.1",))
        use = delivering(sqlite_store, clock, RecordingChannel(), to=(HERE, HOOK), channels={"email": mail, "slack": slack})
        tell(sqlite_store, clock, "one")
        decide_now(use, "morning")
        await send_due(use)
        assert states(sqlite_store) == {"a@example.org": "sent", "env:HOOK": "retry"}
        clock.pass_by(hours=1)
        await send_due(use)
        await http.aclose()
    assert (mails.mails(), posts.posts()) == (1, 1)


async def test_trap_a_webhook_per_item_dies_at_the_first_failure_and_loses_the_rest(sqlite_store: SqlStore, clock: Clock) -> None:
    posts = BrokenWebServer([b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"])
    async with posts.listening() as url:
        http = HttpClient(allow=("127.0.0.1",), user_agent="test")

        async def no_pause(seconds: float) -> None:
            return None

        slack = SlackChannel(http, {"HOOK": url}.get, ("127.0.0.1",), pause=no_pause)
        use = delivering(sqlite_store, clock, RecordingChannel(), ALERTS, to=(HOOK,), channels={"slack": slack}, parallel=1)
        for name in ("one", "two", "three"):
            tell(sqlite_store, clock, name)
            decide_due(use)
        await send_due(use)
        assert posts.posts() == 2
        clock.pass_by(hours=1)
        await send_due(use)
        await http.aclose()
    told = b"".join(body for bodies in posts.kept.values() for body in bodies).decode()
    assert [told.count(f"NEW  Workers {name}") for name in ("one", "two", "three")] == [1, 1, 1]


def test_trap_time_zones_are_ignored(sqlite_store: SqlStore, clock: Clock) -> None:
    def due(zone: str) -> Sequence[object]:
        spec: SubscriptionSpec = replace(DIGEST, id=zone.lower(), schedule=replace(DAILY, time_zone=ZoneInfo(zone)))
        delivering(sqlite_store, clock, RecordingChannel(), spec)
        state = sqlite_store.subscription_state(spec.id)
        assert state is not None
        assert state.next_due_at is not None
        return state.next_due_at.hour, state.next_due_at.minute

    assert [due(zone) for zone in ("Asia/Seoul", "Europe/Berlin", "America/New_York", "Asia/Kolkata")] == [
        (22, 30),
        (6, 30),
        (12, 30),
        (2, 0),
    ]
