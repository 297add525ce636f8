"""Dates as feeds write them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aggregator.sources.dates import parse_date, read_date, zone_named

SEOUL = ZoneInfo("Asia/Seoul")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
EVENING = datetime(2024, 7, 9, 11, 25, 26, tzinfo=UTC)
MINUTE = EVENING.replace(second=0)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Tue, 09 Jul 2024 20:25:26", EVENING),
        ("Tue, 09 Jul 2024 20:25:26 KST", EVENING),
        ("Tue, 09 Jul 2024 20:25:26 +0900", EVENING),
        ("Tue, 09 Jul 2024 11:25:26 GMT", EVENING),
        ("Tue, 09 Jul 2024 07:25:26 EDT", EVENING),
        ("Tue,09 Jul 2024 20:25:26 GMT+9", EVENING),
        ("Tue Jul 09 20:25:26 KST 2024", EVENING),
        ("2024-07-09 20:25:26", EVENING),
        ("2024-07-09T20:25:26", EVENING),
        ("2024-07-09T20:25:26+09:00", EVENING),
        ("2024-07-09T20:25:26.123+0900", EVENING),
        ("2024-07-09T11:25:26Z", EVENING),
        ("2024-07-09 오후 8:25:26", EVENING),
        ("2024-07-09(화) 20:25:26", EVENING),
        ("20240709202526", EVENING),
        ("20240709T112526Z", EVENING),
        ("1720524326", EVENING),
        ("1720524326000", EVENING),
        ("2024.07.09 20:25", MINUTE),
        ("2024. 7. 9. 20:25", MINUTE),
        ("2024/07/09 20:25", MINUTE),
        ("2024년 07월 09일 20:25", MINUTE),
        ("2024년 7월 9일 오후 8시 25분", MINUTE),
        ("2024年7月9日 20时25分", MINUTE),
        ("2024年07月09日 下午8:25", MINUTE),
        ("２０２４年７月９日 午後８：２５", MINUTE),
        ("Jul 9, 2024 8:25 PM", MINUTE),
        ("July 9, 2024 at 8:25 p.m.", MINUTE),
        ("Вт, 09 июл 2024 20:25", MINUTE),
        ("9 июля 2024, 20:25", MINUTE),
        ("mar., 09 juil. 2024 20:25", MINUTE),
        ("09 07 2024 20:25", MINUTE),
        ("Tue, 09 Jul 2024 20:25:26 America/New_York", datetime(2024, 7, 10, 0, 25, 26, tzinfo=UTC)),
        ("Tue, 09 Jul 2024 18:25:26 KRAT", EVENING),
        ("Tue, 09 Jul 2024 08:25:26 BRT", EVENING),
        ("2024-07-09 24:00", datetime(2024, 7, 9, 15, tzinfo=UTC)),
        ("Tue, 09 Jul 2024 24:00:00 +0900", datetime(2024, 7, 9, 15, tzinfo=UTC)),
        ("2024-07-09T24:00:00Z", datetime(2024, 7, 10, tzinfo=UTC)),
        ("Tue, 09 Jul 2024 20:25:26 XYZ", EVENING),
        ("Thu,28 Jul 2022 4:35:5 GMT+9", datetime(2022, 7, 27, 19, 35, 5, tzinfo=UTC)),
        ("27 09 2026", datetime(2026, 9, 26, 15, tzinfo=UTC)),
        ("Sun,27 Sep 2026", datetime(2026, 9, 26, 15, tzinfo=UTC)),
        ("2024-07-09 12:00 AM", datetime(2024, 7, 8, 15, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("Tue, 09 Jul 2024 20:25:26 +3000", datetime(2024, 7, 9, 11, 25, 26, tzinfo=UTC)),
    ],
)
def test_date_is_read_in_its_own_zone_or_the_feeds(text: str, moment: datetime) -> None:
    assert parse_date(text, SEOUL) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "soon",
        "09/10/2024",
        "24.07.09",
        "24/07/09",
        "2024-13-09",
        "2024-07-32",
        "2024-07-09 25:00",
        "2024-07-09 24:00:01",
        "2024-07-09 20:25:26 IST",
        "2024-07-09 20:61",
        "Sun, 16 Dec 2012 1:2:3:4 GMT",
        "Sun, 16 zzz 2012 11:47:32 GMT",
        "Tue, 09 Jul 2024 20:25:26 +00:zz",
        "on the 9th",
        "9일",
        "2024-07-09 and 3 more",
        "0000-00-00 00:00:00",
        "99999999999999",
        "9" * 5_000,
        "2024-07-09" + " " * 500,
    ],
)
def test_date_that_is_not_certain_is_none(text: str) -> None:
    assert parse_date(text, SEOUL) is None


def test_korean_words_mean_seoul_where_the_feed_declares_no_zone() -> None:
    assert parse_date("2024년 07월 09일 20:25:26", UTC) == EVENING
    assert parse_date("2024-07-09 오후 8:25:26", ZoneInfo("UTC")) == EVENING
    assert parse_date("2024-07-09 20:25:26", UTC) == EVENING + timedelta(hours=9)


def test_ist_is_the_time_of_the_feeds_own_zone() -> None:
    assert parse_date("2024-07-09 16:55:26 IST", ZoneInfo("Asia/Kolkata")) == EVENING
    assert parse_date("2024-07-09 14:25:26 IST", ZoneInfo("Asia/Jerusalem")) == EVENING


@pytest.mark.parametrize(
    ("text", "zone", "usual"),
    [
        ("2024-07-09 21:25:26 EST", "Australia/Brisbane", "2024-07-09 06:25:26 EST"),
        ("2024-07-09 14:25:26 AST", "Asia/Riyadh", "2024-07-09 07:25:26 AST"),
        ("2024-07-09 17:25:26 BST", "Asia/Dhaka", "2024-07-09 12:25:26 BST"),
        ("2024-07-09 19:25:26 PST", "Asia/Manila", "2024-07-09 03:25:26 PST"),
        ("2024-07-09 05:25:26 CST", "America/New_York", "2024-07-09 05:25:26 CST"),
    ],
)
def test_a_name_of_several_zones_is_the_feeds_own_where_it_is_one_of_them(text: str, zone: str, usual: str) -> None:
    assert parse_date(text, ZoneInfo(zone)) == EVENING
    assert parse_date(usual, UTC) == EVENING


@pytest.mark.parametrize(("clock", "name"), [("17:10", "NPT"), ("20:55", "ACST"), ("19:25", "PHT"), ("08:55", "NDT"), ("18:25", "NOVT")])
def test_zones_off_the_whole_hour_and_far_away_are_known_by_name(clock: str, name: str) -> None:
    assert parse_date(f"9 Jul 2024 {clock}:26 {name}", ZoneInfo("Europe/Berlin")) == EVENING


def test_a_zone_that_nobody_knows_is_the_feeds_own() -> None:
    assert parse_date("9 Jul 2024 13:25:26 XQT", ZoneInfo("Europe/Berlin")) == EVENING


def test_cst_is_chinas_time_in_chinese_feeds_only() -> None:
    assert parse_date("Tue, 09 Jul 2024 19:25:26 CST", ZoneInfo("Asia/Shanghai")) == EVENING
    assert parse_date("Tue, 09 Jul 2024 05:25:26 CST", UTC) == EVENING


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("2026-11-22 11:00", None),
        ("2026-11-22 13:00", "date_in_future"),
        ("9999-12-31T23:59:59Z", "date_in_future"),
        ("1990-01-01", None),
        ("1989-12-31", "date_too_old"),
        ("Thu, 01 Jan 1970 00:00:00 GMT", "date_too_old"),
        ("0001-01-01T00:00:00+14:00", "date_unreadable"),
        ("next week", "date_unreadable"),
    ],
)
def test_date_that_cannot_be_leaves_a_note(text: str, note: str | None) -> None:
    moment, found = read_date(text, UTC, NOW)
    assert found == note
    assert (moment is None) == (note is not None)


@pytest.mark.parametrize("name", ["", "Nowhere/Land", "../etc/passwd", "x" * 500])
def test_unknown_zone_is_utc(name: str) -> None:
    assert zone_named(name) is UTC
