import json
from collections import Counter
from io import BytesIO
from typing import Any

import feedparser
import pytest

from aggregator.newsroom.content import ROUNDS, Change, EntryText, Expected
from aggregator.newsroom.edition import Edition, disagreements

FAILING = {"missing", "slow", "hopeless", "page", "oversized"}
TRAPS = {
    "agency-mark",
    "after-outage",
    "brand-new",
    "copy-other-outlet",
    "copy-same-outlet",
    "country-unnamed",
    "equal-date",
    "feed-duplicate",
    "figure-edit",
    "future-date",
    "guid-not-url",
    "hostile",
    "joins-told-story",
    "korean-date",
    "malformed-relevant",
    "missing-date",
    "no-guid",
    "other-city",
    "other-month",
    "tracking-url",
    "typo-edit",
    "zoneless-date",
}


def parsed(edition: Edition, feed_id: str, number: int = 1) -> Any:
    headers = {"content-type": edition.content_type(feed_id)}
    body = BytesIO(edition.body(feed_id, number))
    return feedparser.parse(body, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)


def entries_read(edition: Edition, feed_id: str, number: int) -> list[str]:
    if edition.feeds[feed_id].format == "json":
        return [item["title"] for item in json.loads(edition.body(feed_id, number))["items"]]
    return [entry.title for entry in parsed(edition, feed_id, number).entries]


def served(edition: Edition) -> list[str]:
    return [feed.id for feed in edition.feeds.values() if feed.trouble not in FAILING]


def test_there_are_enough_feeds_and_entries(edition: Edition) -> None:
    assert len(served(edition)) >= 16
    assert sum(len(edition.items(feed_id, 1)) for feed_id in served(edition)) >= 130


def test_every_format_and_language_is_there(edition: Edition) -> None:
    formats = Counter(edition.feeds[feed_id].format for feed_id in served(edition))
    languages = Counter(edition.feed_of[entry].language for entry in edition.entries)
    assert min(formats.values()) >= 2
    assert set(formats) == {"rss", "atom", "rdf", "json"}
    assert min(languages.values()) >= 19
    assert set(languages) == {"en", "ko", "zh", "ja", "ru"}


def test_every_trap_is_set(edition: Edition) -> None:
    assert {trap for entry in edition.entries.values() for trap in entry.traps} == TRAPS
    assert {feed.trouble for feed in edition.feeds.values()} >= FAILING | {"malformed", "recovering"}
    assert any(feed.gzip for feed in edition.feeds.values())


@pytest.mark.parametrize("number", ROUNDS)
def test_every_body_is_read_whole(edition: Edition, number: int) -> None:
    for feed_id in edition.feeds:
        expected = [] if feed_id not in served(edition) else [" ".join(item.title.split()) for item in edition.items(feed_id, number)]
        assert [" ".join(title.split()) for title in entries_read(edition, feed_id, number)] == expected


def test_malformed_feed_still_gives_its_entries(edition: Edition, expected: Expected) -> None:
    for feed_id, count in expected.malformed.items():
        document = parsed(edition, feed_id)
        assert document.bozo
        assert len(document.entries) == count


def test_sound_feeds_are_well_formed(edition: Edition) -> None:
    for feed in edition.feeds.values():
        if feed.trouble is None and feed.format != "json":
            assert not parsed(edition, feed.id).bozo


def test_a_body_is_the_same_every_time(edition: Edition) -> None:
    again = Edition.load()
    for feed_id in edition.feeds:
        assert [edition.body(feed_id, number) for number in ROUNDS] == [again.body(feed_id, number) for number in ROUNDS]


def test_second_round_changes_some_feeds_and_third_none(edition: Edition) -> None:
    changed = {feed_id for feed_id in edition.feeds if edition.body(feed_id, 1) != edition.body(feed_id, 2)}
    assert changed == {
        "hanseo-en",
        "harbour-courier",
        "meridian-post",
        "sanctions-brief",
        "hangang-economy",
        "jiangpan-daily",
        "minato-shimpo",
        "lighthouse-report",
    }
    assert all(edition.body(feed_id, 2) == edition.body(feed_id, 3) for feed_id in edition.feeds)


def test_validators_change_with_the_body_only(edition: Edition) -> None:
    assert edition.etag("hanseo-en", 1) != edition.etag("hanseo-en", 2) == edition.etag("hanseo-en", 3)
    assert edition.etag("hanseo-ko", 1) == edition.etag("hanseo-ko", 3)
    first, second, third = (edition.modified_at("hanseo-en", number) for number in ROUNDS)
    assert first is not None
    assert second is not None
    assert first < second == third
    assert edition.modified_at("namgang-daily", 1) is None


def test_edited_entry_keeps_what_was_not_edited(edition: Edition) -> None:
    before, after = edition.item("mp-2", 1), edition.item("mp-2", 2)
    assert ("2,000" in before.title, "2,000" in after.title, "200" in after.title) == (True, False, True)
    assert (before.url, before.guid, before.published) == (after.url, after.guid, after.published)


def test_copies_have_the_same_words_at_another_address(edition: Edition) -> None:
    for copy_id, original_id in (("hw-1", "hc-2"), ("mp-4", "ns-2")):
        copy, original = edition.item(copy_id, 1), edition.item(original_id, 1)
        assert (copy.title, copy.text) == (original.title, original.text)
        assert copy.url != original.url


def test_same_page_is_decorated_and_duplicate_is_not(edition: Edition) -> None:
    page = edition.item("hc-1", 1).url
    assert edition.item("hw-3", 1).url.startswith(f"{page}?utm_source=")
    assert "fbclid=" in edition.item("hw-3", 1).url
    assert edition.item("bl-4b", 1).url == edition.item("bl-4", 1).url


def test_guids_are_missing_and_strange_where_they_should_be(edition: Edition) -> None:
    entries = {entry.link.rsplit("/", 1)[-1]: entry for entry in parsed(edition, "vostok-vestnik").entries}
    assert "id" not in entries["vv-3"]
    assert parsed(edition, "hanseo-en").entries[0].id == "HNA-E-20260504-0007"


def test_dates_are_written_as_awkwardly_as_the_data_say(edition: Edition) -> None:
    korean = edition.body("namgang-daily", 1).decode()
    for date in ("2026년 05월 03일 14:20", "2026.05.02 10:40", "오후 3:25:10"):
        assert f"<pubDate>{date}" in korean or f"{date}</pubDate>" in korean
    assert "<pubDate>Sat, 02 May 2026 19:40:00</pubDate>" in edition.body("vostok-vestnik", 1).decode("windows-1251")
    assert "2062-05-04" in edition.body("volga-kurier", 1).decode()
    assert [item.published for item in edition.items("northern-signal", 1)].count(edition.item("ns-5", 1).published) == 3
    assert edition.item("ns-4", 1).published is None


def test_hostile_entry_is_served_letter_by_letter(edition: Edition) -> None:
    entry = next(entry for entry in parsed(edition, "harbour-courier-world").entries if entry.link.endswith("hw-2"))
    assert "\r\nBcc:" in edition.item("hw-2", 1).title
    for piece in ("<!channel>", "\u202e", "<script>"):
        assert piece in entry.title
    assert "<script>" in entry.content[0].value
    assert "javascript:alert" in entry.content[0].value


def test_every_text_has_two_to_five_sentences_or_so(edition: Edition) -> None:
    for entry in edition.entries.values():
        if entry.body and not entry.raw_html:
            ends = sum(entry.body.count(mark) for mark in (". ", "。", ".\n", '" ')) + entry.body.endswith(".")
            assert 2 <= ends <= 6, entry.id


def test_an_article_page_escapes_its_title(edition: Edition) -> None:
    page = edition.article("hw-2", 1).decode()
    assert "<h1>Mongolia stops North Korean cash couriers" in page
    assert "&lt;script&gt;alert(&#x27;title&#x27;)" in page


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ({"nowhere": (EntryText(id="a", title="t", body="b"),)}, "nowhere: no such feed"),
        ({"hanseo-ko": (EntryText(id="a", title="t", body="b"),) * 2}, "ids stand twice: ['a']"),
        ({"hanseo-ko": (EntryText(id="a", copy_of="b"),)}, "a: b is no entry with its own words"),
        ({"hanseo-ko": (EntryText(id="a", title="t"),)}, "a: title or body is missing"),
        ({"hanseo-ko": (EntryText(id="a", title="t", body="b", rounds={7: Change()}),)}, "a: names a round that does not exist"),
    ],
)
def test_data_that_disagree_are_named(edition: Edition, entries: dict[str, tuple[EntryText, ...]], complaint: str) -> None:
    assert list(disagreements(edition.feeds, entries)) == [complaint]
