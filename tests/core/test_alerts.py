from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from aggregator.core.alerts import held_until
from aggregator.models import QuietHours, Schedule, SubscriptionSpec

SEOUL = ZoneInfo("Asia/Seoul")
ALERTS = SubscriptionSpec(
    id="alerts",
    name="Alerts",
    channel="slack",
    recipients=("env:HOOK",),
    topics=("labour",),
    schedule=Schedule(every="immediate", time_zone=SEOUL),
)
NIGHT = replace(ALERTS, quiet=QuietHours(time(22, 0), time(7, 0)))
NOON = replace(ALERTS, quiet=QuietHours(time(12, 0), time(13, 0)))


def seoul(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL)


def test_without_any_brake_an_alert_goes_at_once() -> None:
    now = seoul("2026-11-21T03:00")
    assert held_until(ALERTS, 1.0, now, now, now) is None


@pytest.mark.parametrize(
    ("subscription", "now", "until"),
    [
        (NIGHT, "2026-11-21T21:59", None),
        (NIGHT, "2026-11-21T22:00", "2026-11-22T07:00"),
        (NIGHT, "2026-11-21T23:59", "2026-11-22T07:00"),
        (NIGHT, "2026-11-22T00:00", "2026-11-22T07:00"),
        (NIGHT, "2026-11-22T06:59", "2026-11-22T07:00"),
        (NIGHT, "2026-11-22T07:00", None),
        (NOON, "2026-11-22T11:59", None),
        (NOON, "2026-11-22T12:00", "2026-11-22T13:00"),
        (NOON, "2026-11-22T13:00", None),
    ],
)
def test_quiet_hours_end_where_the_reader_wakes(subscription: SubscriptionSpec, now: str, until: str | None) -> None:
    held = held_until(subscription, 1.0, None, None, seoul(now).astimezone(UTC))
    assert held == (seoul(until) if until else None)


@pytest.mark.parametrize(
    ("now", "until"),
    [("2026-03-29T00:30+00:00", "2026-03-29T05:00+00:00"), ("2026-10-25T00:30+00:00", "2026-10-25T06:00+00:00")],
)
def test_quiet_hours_keep_local_time_across_a_clock_change(now: str, until: str) -> None:
    berlin = replace(NIGHT, schedule=Schedule(every="immediate", time_zone=ZoneInfo("Europe/Berlin")))
    assert held_until(berlin, 1.0, None, None, datetime.fromisoformat(now)) == datetime.fromisoformat(until)


def test_a_burst_is_gathered_and_a_cooldown_kept() -> None:
    now = seoul("2026-11-21T12:00")
    patient = replace(ALERTS, gather=timedelta(minutes=2), cooldown=timedelta(minutes=15))
    assert held_until(patient, 1.0, now - timedelta(minutes=1), None, now) == now + timedelta(minutes=1)
    assert held_until(patient, 1.0, now - timedelta(minutes=3), now - timedelta(minutes=5), now) == now + timedelta(minutes=10)
    assert held_until(patient, 1.0, now - timedelta(minutes=3), now - timedelta(minutes=15), now) is None


def test_an_urgent_story_breaks_every_hold() -> None:
    now = seoul("2026-11-21T23:00")
    held = replace(NIGHT, gather=timedelta(minutes=2), cooldown=timedelta(minutes=15), urgent=5.0)
    assert held_until(held, 4.9, now, now, now) is not None
    assert held_until(held, 5.0, now, now, now) is None


def test_dates_from_a_clock_that_ran_ahead_hold_nothing() -> None:
    now = seoul("2026-11-21T12:00")
    patient = replace(ALERTS, gather=timedelta(minutes=2), cooldown=timedelta(minutes=15))
    assert held_until(patient, 1.0, now + timedelta(days=300), now + timedelta(days=300), now) is None
