"""Search finds the same articles on both engines: five languages, words of two characters, phrases, nearness, filters, pages."""

import random
from datetime import timedelta

import pytest

from aggregator.core.queries import parse_query, places
from aggregator.desk_records import SearchFilter
from aggregator.errors import UsageError
from aggregator.ports import Store
from aggregator.store import SqlStore
from tests.store.samples import NOW, OTHER_FEED, entry, intake, joined, matched, open_story, opened, poll, take_in, unmatched

TEXTS = {
    "english": ("Loyalty funds leave China", "Workers were sent abroad and paid loyalty funds through banks of Dandong, China."),
    "korean": ("해외 파견", "러시아에 파견된 북한의 노동자들이 송금했다."),
    "chinese": ("消息", "中国东北的朝鲜劳工仍在工厂工作。"),
    "japanese": ("制裁", "北朝鮮の労働者が工場で働いている。"),
    "russian": ("Рабочие", "Северокорейских рабочих отправили на стройки. 2,000 человек."),
    "literal": ('100% "sure" it\'s C:\\temp_file -- *', "NEAR AND OR NOT - quotes ' and \" and % and _"),
}


def fill(store: Store) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for name, (title, text) in TEXTS.items():
        revision = take_in(store, intake(name, served=entry(name, title=title)))[-1]
        store.record_judged(matched(revision, opened(), text=text))
        numbers[name] = revision.article_id
    return numbers


def found(store: SqlStore, query: str, chosen: SearchFilter | None = None, *, best: bool = False) -> list[int]:
    wanted = parse_query(query)
    return [hit.article_id for hit in store.search(wanted, chosen or SearchFilter(), best=best).items] if wanted else []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("북한", ["korean"]),
        ("노동자", ["korean"]),
        ("劳工", ["chinese"]),
        ("労働", ["japanese"]),
        ("働", ["japanese"]),
        ("工", ["japanese", "chinese"]),
        ("рабочий", ["russian"]),
        ("2000", ["russian"]),
        ("worker", ["english"]),
        ("fund*", ["english"]),
        ('"loyalty fund"', ["english"]),
        ('"loyalty fund*" NEAR/10 China', ["english"]),
        ("China NEAR/10 loyalty", ["english"]),
        ("workers NEAR/2 Dandong", []),
        ('"china workers"', []),
        ("북한 OR 劳工", ["chinese", "korean"]),
        ("北朝鮮 -工場", []),
        ("NOT workers", []),
        ("loyalty (china OR russia)", ["english"]),
        ("100% sure", ["literal"]),
        ("%", []),
        ("temp_file", ["literal"]),
        ("quotes' --", ["literal"]),
        ('NEAR "', []),
        ("x' OR '1'='1", []),
    ],
)
def test_a_query_finds_what_it_names(store: Store, query: str, names: list[str]) -> None:
    assert isinstance(store, SqlStore)
    numbers = fill(store)
    assert found(store, query) == sorted((numbers[name] for name in names), reverse=True)


def test_an_unmatched_article_is_found_too(store: SqlStore) -> None:
    revision = take_in(store, intake())[-1]
    store.record_judged(unmatched(revision))
    assert found(store, "people") == [revision.article_id]


def test_a_changed_text_is_found_by_its_new_words_only(store: SqlStore) -> None:
    first = take_in(store, intake("one"))[-1]
    story = store.record_judged(matched(first, opened(), text="Workers in Dandong"))
    assert story is not None
    known = store.known_entries("dailynk", ["one"])["one"]
    again = intake("one", raw_hash="h2")
    changed = type(again)(
        entry_id=known.entry_id, identity="one", raw_hash="h2", article_key=again.article_key, entry=entry("one", title="Changed")
    )
    second = take_in(store, changed)[-1]
    store.record_judged(matched(second, joined(story), text="Workers in Vladivostok"))
    assert found(store, "Dandong") == []
    assert found(store, "Vladivostok") == [first.article_id]
    assert store.rebuild_search() == 1
    assert found(store, "Vladivostok changed") == [first.article_id]
    assert found(store, "Dandong") == []


def test_filters_narrow_and_facets_count(store: SqlStore) -> None:
    numbers = fill(store)
    revision = take_in(store, intake("ko"), feed=OTHER_FEED, at=NOW + timedelta(days=2))[-1]
    store.record_judged(matched(revision, opened(), topics=("bans",), text="China and workers"))
    both = [revision.article_id, numbers["english"]]
    assert found(store, "china workers") == both
    assert found(store, "china workers", SearchFilter(feed="yonhap")) == both[:1]
    assert found(store, "china workers", SearchFilter(topic="workers")) == both[1:]
    assert found(store, "china workers", SearchFilter(topic="workers", language="en"), best=True) == both[1:]
    assert found(store, "china workers", SearchFilter(language="ko")) == []
    assert found(store, "china workers", SearchFilter(since=(NOW + timedelta(days=2)).date())) == both[:1]
    assert found(store, "china workers", SearchFilter(until=NOW.date())) == both[1:]
    wanted = parse_query("china workers")
    assert wanted is not None
    assert store.search_counted(wanted, SearchFilter(), best=True)[1] == {
        "topic": {"bans": 1, "workers": 1},
        "language": {"en": 2},
        "feed": {"yonhap": 1, "dailynk": 1},
    }


@pytest.mark.parametrize("best", [False, True])
def test_pages_follow_each_other_without_gap_or_repeat(store: SqlStore, best: bool) -> None:
    numbers = [open_story(store, f"n{number}") for number in range(7)]
    wanted, seen, cursor = parse_query("workers"), list[int](), None
    assert wanted is not None
    for _ in range(4):
        page = store.search(wanted, SearchFilter(), best=best, cursor=cursor, limit=2)
        seen += [hit.article_id for hit in page.items]
        cursor = page.next
    assert cursor is None
    assert len(set(seen)) == len(seen) == len(numbers)
    assert seen == sorted(seen, reverse=True)


def test_the_best_hits_have_the_words_in_their_title(store: SqlStore) -> None:
    numbers = fill(store)
    revision = take_in(store, intake("later", served=entry("later", title="Other")))[-1]
    store.record_judged(matched(revision, opened(), text="loyalty of some kind"))
    assert found(store, "loyalty", best=True) == [numbers["english"], revision.article_id]
    assert found(store, "loyalty") == [revision.article_id, numbers["english"]]


@pytest.mark.parametrize("cursor", ["x", "%%%", "MQ", "LTE", "é", "MSwyLDM"])
def test_a_strange_cursor_is_refused(store: SqlStore, cursor: str) -> None:
    wanted = parse_query("workers")
    assert wanted is not None
    with pytest.raises(UsageError, match="cursor"):
        store.search(wanted, SearchFilter(), best=True, cursor=cursor)


def test_no_query_breaks_the_search(store: SqlStore) -> None:
    store.record_polls([poll(intake())])
    parts = ['"', "*", "NEAR/3", "-", "(", ")", "OR", "NOT", "a", "북", ":", "\\", "'", "^", "{", "title:", "\x00", "&", "!", "<->"]
    for first in parts:
        for second in parts:
            found(store, f"{first}{second} {first} {second}a")


def test_places_of_a_query_in_a_text() -> None:
    text = "The loyalty funds of 북한의 노동자"
    assert [text[start:end] for start, end in places(text, parse_query('"loyalty fund" 북한 OR 노동자 -the'))] == [
        "loyalty funds",
        "북한",
        "노동자",
    ]


def test_trap_an_index_misses_words_of_two_syllables(store: SqlStore) -> None:
    chance = random.Random(5)
    words = ["".join(chance.choices("북한노동자제재송금국경", k=length)) for length in (2, 2, 3, 4) for _ in range(12)]
    texts: dict[int, str] = {}
    for number in range(20):
        text = " ".join(chance.choice(words) + chance.choice(("", "은", "에서", "들이")) for _ in range(12))
        revision = take_in(store, intake(f"ko{number}", served=entry(f"ko{number}", title="제목")))[-1]
        store.record_judged(matched(revision, opened(), text=text))
        texts[revision.article_id] = text
    asked = {text[at : at + 2] for text in texts.values() for at in range(len(text) - 1) if " " not in text[at : at + 2]}
    for word in sorted(asked)[::5]:
        page = store.search(parse_query(word), SearchFilter(), best=False, limit=100)
        assert {hit.article_id for hit in page.items} == {number for number, text in texts.items() if word in text}, word
