from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.channels.wording import (
    clean,
    counted,
    date_and_time,
    day,
    host_of,
    language_tag,
    outlets_line,
    reason_words,
    role_words,
    subject,
    summary,
    web_link,
)
from aggregator.core.digests import BELOW_SUBSCRIPTION
from aggregator.models import Outlet, Role
from tests.channels.samples import DANDONG, DIGEST, EMPTY, VLADIVOSTOK


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  two\r\nlines\tand\u2028a\u2029b\x85c  ", "two lines and a b c"),
        ("nul\x00bell\x07", "nul bell"),
        ("left\u202eright\u2066x\u2069\u200f", "leftrightx"),
        ("half \ud83d surrogate", "half surrogate"),
        ("\u1100\u1161\u11a8", "각"),
        ("\ufefftag\U000e0041", "tag"),
        ("\x1b[31mred", "[31mred"),
    ],
)
def test_text_becomes_one_harmless_line(text: str, expected: str) -> None:
    assert clean(text) == expected


@given(st.text(st.characters()))
def test_clean_text_is_printable_enough_for_any_format(text: str) -> None:
    shown = clean(text, 50)
    assert len(shown) <= 50
    shown.encode()
    assert shown == shown.strip()
    assert not set(shown) & set("\r\n\x00\u2028\u2029\u202e\u2066")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a?b=1&c=2#d", "https://example.org/a?b=1&c=2#d"),
        ("HTTP://Example.org:8080/", "http://example.org:8080/"),
        ("https://例え.jp/記事", "https://xn--r8jz45g.jp/%E8%A8%98%E4%BA%8B"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
        ("https://example.org/\"onclick='x'<b>|`{}", "https://example.org/%22onclick=%27x%27%3Cb%3E%7C%60%7B%7D"),
        ("https://example.org/%2F%20", "https://example.org/%2F%20"),
    ],
)
def test_a_web_link_is_ascii_and_encoded(url: str, expected: str) -> None:
    assert web_link(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "\x01javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "//evil.example",
        "/relative",
        "",
        "mailto:a@example.org",
        "https://",
        "https://user@example.org/",
        "http://169.254.169.254:8888\\@example.com/",
        "https://exa mple.org/",
        "https://example.org/\u202egpj",
        "https://example.org:port/",
        "https://[::1/",
        "https://a..\u00e9/",
        "https://ex%61mple.org/",
        "https://example.org/" + "x" * 2_000,
    ],
)
def test_x2_only_plain_web_links_are_clickable(url: str) -> None:
    assert web_link(url) is None


def test_dates_are_told_on_the_readers_clock() -> None:
    moment = datetime(2026, 11, 20, 23, 5, tzinfo=UTC)
    assert day(moment, "Asia/Seoul") == "21 Nov 2026"
    assert date_and_time(moment, "Asia/Seoul") == "Sat 21 Nov 2026, 08:05"
    assert date_and_time(moment, "Mars/../etc") == "Fri 20 Nov 2026, 23:05"
    assert date_and_time(datetime.max.replace(tzinfo=UTC), "Asia/Seoul").endswith("9999, 23:59")


def test_numbers_agree_with_their_nouns() -> None:
    assert [counted(1, "story", "stories"), counted(1204, "story", "stories"), counted(0, "feed")] == [
        "1 story",
        "1,204 stories",
        "0 feeds",
    ]


def test_the_subject_counts_names_and_dates() -> None:
    assert subject(DIGEST) == "2 new, 1 update - North Korean labour watch - 21 Nov 2026"
    assert subject(EMPTY) == "nothing new - North Korean labour watch - 21 Nov 2026"
    assert summary(replace(DIGEST, items=(DANDONG, DANDONG))) == "2 updates"


def test_an_alert_of_one_story_says_which() -> None:
    alert = replace(DIGEST, kind="alert", items=(VLADIVOSTOK,))
    assert subject(alert).startswith("1 new - North Korean labour watch: North Korean builders in Vladivostok")


def outlet(name: str, role: Role, echo_of: str | None = None) -> Outlet:
    return Outlet(name=name, role=role, title="t", url="https://example.org", language="en", echo_of=echo_of)


@pytest.mark.parametrize(
    ("outlets", "expected"),
    [
        (DANDONG.outlets, "Yonhap → 2 echoes; Daily NK independent"),
        ([outlet("A", Role.INDEPENDENT), outlet("B", Role.ECHO, "A")], "A independent → 1 echo"),
        ([outlet("B", Role.ECHO, "Kyodo"), outlet("C", Role.ECHO)], "1 echo of a source not seen here; 1 echo of Kyodo"),
        ([outlet("A", Role.UNKNOWN), outlet("A", Role.UNKNOWN), outlet("A", Role.COPY)], "A; 1 copy"),
        ([outlet(str(index), Role.ORIGIN) for index in range(9)], "0; 1; 2; 3; 4; 5; and 3 more"),
        ([], ""),
    ],
)
def test_five_echoes_of_one_report_are_not_five_reports(outlets: list[Outlet], expected: str) -> None:
    assert outlets_line(replace(DANDONG, outlets=tuple(outlets))) == expected


def test_roles_reasons_hosts_and_languages_have_words() -> None:
    assert role_words(outlet("A", Role.ECHO, "B")) == "echo of B"
    assert [role_words(outlet("A", role)) for role in (Role.ECHO, Role.UNKNOWN, Role.COPY)] == ["echo", "source not stated", "copy"]
    assert reason_words(BELOW_SUBSCRIPTION) == "too weak for this subscription"
    assert reason_words("brand_new\ncode") == "brand new code"
    assert host_of("https://www.example.org/a") == "example.org"
    assert [language_tag(tag) for tag in ("ko", "zh-Hans", '"><b>', "")] == ["ko", "zh-Hans", "", ""]
