import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.channels.letter import LONGEST_HTML, Letter, write
from aggregator.channels.page import lay_out
from aggregator.models import Digest
from tests.channels.samples import COVERAGE, DANDONG, DIGEST, EMPTY, FEEDS, crowded, filled

TAGS = set(re.findall(r"\w+", "a b body br div h1 h2 h3 head html mark meta p span style table tbody td title tr"))


class Seen(HTMLParser):
    """Collect what a mail program would act on."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links.update(value or "" for name, value in attrs if name in ("href", "src", "action", "background"))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def letter(digest: Digest) -> Letter:
    return write(lay_out(digest, "https://watch.example.org/"))


def test_both_writings_tell_everything_about_a_story() -> None:
    written = letter(DIGEST)
    told = (
        "UPDATE",
        DANDONG.headline,
        "2,000 → 200 people",
        "Yonhap → 2 echoes; Daily NK independent",
        "also under Sanctions",
        "published Fri 20 Nov 2026, 15:12",
        "2천여 명",
        "repatriation (“귀국”, “철수”)",
        "China asks North Korea to take back all workers",
        "echo of Yonhap",
        "first seen Fri 20 Nov 2026, 22:05",
        "Sat 21 Nov 2026, 08:00",
        "Asia/Seoul",
        "North Korea is not named",
        "The server answered 503 five times in a row",
        "last read Wed 18 Nov 2026, 12:00",
        "4 feeds: 2 ok, 1 failing, 1 not polled yet",
        "1,204 seen = 1,190 unmatched + 14 matched",
        "14 matched = 11 folded into stories + 3 told here",
        "No news is not no events",
    )
    for words in told:
        assert words in Seen(written.html).text
        assert words in " ".join(written.text.split())


def test_matched_words_are_marked_where_they_stand() -> None:
    marked = re.findall(r"<mark[^>]*>(.*?)</mark>", letter(DIGEST).html)
    assert marked[:4] == ["북한 노동자", "비자", "귀국", "결의 2397호"]


def test_each_story_says_its_language() -> None:
    html = letter(DIGEST).html
    assert {"ko", "en", "ru", "ja"} <= set(re.findall(r'lang="(\w+)"', html))


def test_nothing_is_loaded_and_nobody_is_tracked() -> None:
    seen = Seen(letter(DIGEST).html)
    assert seen.tags == TAGS
    assert "src" not in seen.attributes
    assert "url(" not in letter(DIGEST).html
    assert all(link.startswith("https://") for link in seen.links)


def test_dark_mode_and_phones_are_catered_for() -> None:
    html = letter(DIGEST).html
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "prefers-color-scheme: dark" in html
    assert "max-width: 480px" in html
    assert html.index('<meta charset="utf-8">') < 500


def test_an_empty_digest_still_states_what_was_watched() -> None:
    written = letter(EMPTY)
    assert "No new story on your topics." in written.text
    assert "1,204 seen = 1,190 unmatched + 14 matched" in written.text
    assert "No new story" in Seen(written.html).text


def test_writing_twice_gives_the_same() -> None:
    assert letter(DIGEST) == letter(DIGEST)


XSS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><a xlink:href=javascript:alert(1)>",
    "<base href=//evil><form action=//evil><input>",
    "<iframe srcdoc='<script>'></iframe>",
    "<style>@import url(//evil)</style><link rel=stylesheet href=//evil>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<math><mtext></p></td></table><!--",
    '" onmouseover="alert(1)',
    "</style></title></head><body onload=x>",
    "{{7*7}} {% raw %} ${x} {0.__class__} %s",
)


@pytest.mark.parametrize("hostile", XSS)
def test_x1_hostile_markup_is_shown_as_text(hostile: str) -> None:
    written = letter(filled(hostile))
    seen = Seen(written.html)
    assert seen.tags <= TAGS
    assert not {name for name in seen.attributes if name.startswith("on")}
    assert " ".join(hostile.split()) in seen.text
    assert " ".join(hostile.split()) in " ".join(written.text.split())


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "\x01javascript:x", "//evil.example", "a/relative"])
def test_x2_unsafe_links_are_not_clickable(url: str) -> None:
    written = letter(filled("text", url))
    assert Seen(written.html).links == {"https://watch.example.org/"}
    assert url not in written.text
    assert "no web address that is safe to open" in written.text


def test_x3_feed_errors_are_escaped() -> None:
    feed = replace(FEEDS[2], error="503 <script>alert(1)</script>")
    html = letter(replace(DIGEST, coverage=replace(COVERAGE, feeds=(feed,)))).html
    assert "503 &lt;script&gt;" in html


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.text(max_size=60))
def test_any_text_anywhere_makes_our_markup_and_no_other(text: str, url: str) -> None:
    seen = Seen(letter(filled(text, url)).html)
    assert seen.tags <= TAGS
    assert all(link.startswith(("http://", "https://")) for link in seen.links)


# --- size


def test_stories_that_do_not_fit_are_told_in_brief() -> None:
    written = letter(crowded(100, long=True))
    assert 60_000 < len(written.html.encode()) <= LONGEST_HTML
    assert "In brief" in written.html
    assert "did not fit" not in written.html
    assert all(f"Story {index} " in written.text for index in range(100))


def test_a_flood_is_counted_and_the_rest_is_one_click_away() -> None:
    written = letter(crowded(600, long=True))
    assert len(written.html.encode()) <= LONGEST_HTML
    left = re.search(r"(\d+) more stories did not fit into this message", written.text)
    assert left is not None
    assert int(left.group(1)) == 600 - len(set(re.findall(r"Story (\d+) ", written.text)))
    assert "Read them on the web" in written.html
    assert written.text.count("Why: ") == 15


def test_many_failing_feeds_and_reasons_are_bounded_and_still_add_up() -> None:
    feeds = tuple(replace(FEEDS[2], feed_id=str(index), error="<" * 900) for index in range(500))
    reasons = {f"reason_{index}": 2 for index in range(40)}
    coverage = replace(COVERAGE, feeds=feeds, unmatched_by_reason=reasons, unmatched=80, seen=94)
    written = letter(replace(DIGEST, coverage=coverage))
    assert len(written.html.encode()) <= LONGEST_HTML
    assert "and 480 more" in written.text
    assert "56  other reasons" in written.text


def test_many_outlets_are_counted() -> None:
    item = replace(DANDONG, outlets=DANDONG.outlets * 10)
    assert "and 22 more" in letter(replace(DIGEST, items=(item,))).text
