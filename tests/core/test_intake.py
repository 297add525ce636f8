"""Nothing is lost for its date, its guid or its neighbours."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aggregator.core.fingerprints import raw_hash, text_hash
from aggregator.core.intake import LONGEST_KEY, decide, identities
from aggregator.models import Entry
from aggregator.records import Intake, KnownEntry

AT = datetime(2026, 5, 3, 12, tzinfo=UTC)


def entry(*, guid: str | None = None, url: str | None = None, title: str = "A title", summary: str = "") -> Entry:
    return Entry(id=guid, url=url, title=title, summary=summary, published_at=AT)


def stored(intake: Intake, number: int = 7) -> KnownEntry:
    return KnownEntry(
        entry_id=number,
        identity=intake.identity,
        raw_hash=intake.raw_hash,
        article_key=intake.article_key,
        title=intake.entry.title,
    )


def polled(*documents: tuple[Entry, ...]) -> list[tuple[Intake, ...]]:
    """Poll one document after the other, with what the earlier ones left."""
    known: dict[str, KnownEntry] = {}
    found = []
    for document in documents:
        found.append(decide("wire", document, known))
        known |= {intake.identity: stored(intake, intake.entry_id or 100 + len(known)) for intake in found[-1]}
    return found


def intakes(*entries: Entry, known: dict[str, KnownEntry] | None = None) -> tuple[Intake, ...]:
    return decide("wire", entries, known or {})


def test_trap_a_strict_date_loses_entries_with_equal_ones() -> None:
    assert len(intakes(*(entry(guid=str(number)) for number in range(300)))) == 300


def test_the_oldest_of_the_document_comes_first() -> None:
    assert [intake.identity for intake in intakes(entry(guid="new"), entry(guid="old"))] == ["old", "new"]


def test_an_unchanged_entry_is_not_stored_again() -> None:
    before = KnownEntry(entry_id=7, identity="a", raw_hash=raw_hash(entry(guid="a")))
    assert intakes(entry(guid="a"), known={"a": before}) == ()


def test_a_changed_title_is_a_revision_of_the_same_entry() -> None:
    before = KnownEntry(entry_id=7, identity="a", raw_hash=raw_hash(entry(guid="a")), article_key="wire:a", title="A title")
    (intake,) = intakes(entry(guid="a", title="(LD) A title"), known={"a": before})
    assert intake.entry_id == 7


def test_a_new_date_alone_is_no_revision() -> None:
    later = Entry(id="a", url=None, title="A title", published_at=datetime(2026, 5, 4, tzinfo=UTC))
    assert raw_hash(later) == raw_hash(entry(guid="a"))


def test_a_guid_used_for_two_items_loses_neither() -> None:
    found = intakes(entry(guid="1", url="https://example.org/a"), entry(guid="1", url="https://example.org/b"))
    assert len({intake.identity for intake in found}) == 2


LOGGERS = entry(guid="1", url="https://example.org/loggers", title="Loggers in Tynda")
SHIP = entry(guid="1", url="https://example.org/ship", title="A ship off Nampo")
CAMP = entry(guid="1", url="https://example.org/camp", title="A camp near Amur")


def test_a_new_item_under_an_old_guid_takes_nobodys_place() -> None:
    first, second, third = polled((LOGGERS,), (SHIP, LOGGERS), (CAMP, SHIP))
    assert [intake.entry.title for intake in first] == ["Loggers in Tynda"]
    assert [(intake.entry.title, intake.entry_id) for intake in second] == [("A ship off Nampo", None)]
    assert [(intake.entry.title, intake.entry_id) for intake in third] == [("A camp near Amur", None)]


def test_two_items_under_one_guid_stay_apart_over_polls() -> None:
    first, second = polled((SHIP, LOGGERS), (CAMP, SHIP, LOGGERS))
    assert len(first) == 2
    assert [intake.entry.title for intake in second] == ["A camp near Amur"]


def test_an_item_under_a_shared_guid_can_still_be_revised() -> None:
    edited = replace(SHIP, summary="now with a figure")
    _, second = polled((SHIP, LOGGERS), (edited, LOGGERS))
    assert [intake.entry_id is not None for intake in second] == [True]


@pytest.mark.parametrize(
    "edited",
    [
        replace(LOGGERS, title="(LD) 460 loggers in Tynda"),
        replace(LOGGERS, url="https://example.org/moved"),
        replace(LOGGERS, url=None, title="Another headline"),
    ],
)
def test_a_changed_headline_or_a_moved_page_is_a_revision(edited: Entry) -> None:
    _, second = polled((LOGGERS,), (edited,))
    assert [intake.entry_id is not None for intake in second] == [True]


def test_the_same_item_twice_in_one_document_is_one() -> None:
    assert len(intakes(entry(guid="1", url="https://example.org/a"), entry(guid="1", url="https://example.org/a"))) == 1


def test_without_guid_the_canonical_url_identifies() -> None:
    assert identities([entry(url="http://example.org/a?utm_source=x")]) == ("https://example.org/a",)


def test_without_guid_and_url_title_and_date_identify() -> None:
    one, other = identities([entry(title="One"), entry(title="Other")])
    assert one != other


def test_two_feeds_share_an_article_by_its_url() -> None:
    (one,) = decide("wire", [entry(guid="1", url="https://example.org/a?utm_medium=rss")], {})
    (other,) = decide("paper", [entry(guid="x", url="http://example.org/a#top")], {})
    assert one.article_key == other.article_key == "https://example.org/a"


def test_an_entry_without_a_page_is_an_article_of_its_own_feed() -> None:
    (one,) = decide("wire", [entry(guid="1", url="javascript:alert(1)")], {})
    assert one.article_key == "wire:1"


def test_an_endless_guid_is_bounded() -> None:
    (one,) = intakes(entry(guid="x" * 100_000))
    assert len(one.identity) <= LONGEST_KEY


def test_layout_and_case_do_not_make_another_text() -> None:
    body = "North Korean workers left the plant on Monday, a source said. " * 3
    assert text_hash("One headline", body) == text_hash("Another headline", f"  {body.upper()}\n\n")


def test_short_texts_differ_by_their_headline() -> None:
    assert text_hash("Fire in Dandong", "Photo: Wire") != text_hash("Flood in Dandong", "Photo: Wire")
