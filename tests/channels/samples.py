"""Digests to render: a realistic one, an empty one, and one whose every text is as given."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from aggregator.models import Coverage, Delivery, Digest, FeedHealth, Item, Outlet, Role


def marks(text: str, *words: str) -> tuple[tuple[int, int], ...]:
    """Give the offsets of words in a text."""

    def found() -> Iterator[tuple[int, int]]:
        for word in words:
            yield text.index(word), text.index(word) + len(word)

    return tuple(sorted(found()))


NOON = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
DELIVERY = Delivery(
    id=7, digest_id=3, subscription="labour-daily", channel="email", recipient="desk@example.org", key="labour-daily-41-97-5f0c", attempts=1
)

DANDONG_TEXT = (
    "…소식통은 20일 “중국 당국이 단둥의 수산물 가공 공장에 북한 노동자 2천여 명을 연말까지 돌려보내라고 요구했다”고 말했다. "
    "비자가 끝난 노동자부터 귀국하며, 유엔 안보리 결의 2397호가 근거로 거론됐다.…"
)
VLADIVOSTOK_TEXT = (
    "Some 7,800 North Koreans entered the Russian Far East on student visas in the third quarter, border data seen by NK News show, "
    "while firms in Vladivostok went on hiring North Korean builders for housing blocks."
)
PANEL_TEXT = "Многосторонняя группа по мониторингу санкций сообщила, что КНДР получает валюту от рабочих за рубежом в обход санкций ООН."

DANDONG = Item(
    story_id=11,
    version=2,
    kind="update",
    topics=("labour", "sanctions"),
    headline="中, 단둥 북한 노동자 2천명 귀국 요구… 소식통 “연말까지 철수”",
    url="https://www.yna.co.kr/view/AKR20261120000100504",
    language="ko",
    outlets=(
        Outlet(
            name="Yonhap",
            role=Role.ORIGIN,
            title="중, 단둥 북한 노동자 귀국 요구",
            url="https://www.yna.co.kr/view/AKR20261120000100504",
            language="ko",
        ),
        Outlet(
            name="Daily NK",
            role=Role.INDEPENDENT,
            title="Dandong seafood plants told to send North Korean workers home",
            url="https://www.dailynk.com/english/dandong-plants/",
            language="en",
        ),
        Outlet(
            name="The Asia Business Daily",
            role=Role.ECHO,
            title="China asks North Korea to take back all workers",
            url="https://www.asiae.co.kr/en/article/2026112009",
            language="en",
            echo_of="Yonhap",
        ),
        Outlet(
            name="共同通信",
            role=Role.ECHO,
            title="中国、北朝鮮労働者の帰国要求か",
            url="https://www.47news.jp/11",
            language="ja",
            echo_of="Yonhap",
        ),
    ),
    why=(
        "Labour abroad: dispatched workers (“북한 노동자”), repatriation (“귀국”, “철수”), visas (“비자”) and 1 more",
        "Sanctions: UN resolution 2397 (“결의 2397호”)",
    ),
    score=4.5,
    excerpt=DANDONG_TEXT,
    excerpt_marks=marks(DANDONG_TEXT, "북한 노동자", "비자", "귀국", "결의 2397호"),
    changes=("2,000 → 200 people", "China's foreign ministry now denies it"),
    facts=("2천여 명", "by the end of 2026", "결의 2397호"),
    published_at=datetime(2026, 11, 20, 6, 12, tzinfo=UTC),
    first_seen_at=datetime(2026, 11, 20, 6, 31, tzinfo=UTC),
)
VLADIVOSTOK = Item(
    story_id=12,
    version=1,
    kind="new",
    topics=("labour",),
    headline="North Korean builders in Vladivostok paid through student visas, Russian data show",
    url="https://www.nknews.org/2026/11/builders-in-vladivostok/",
    language="en",
    outlets=(
        Outlet(
            name="NK News",
            role=Role.ORIGIN,
            title="North Korean builders in Vladivostok paid through student visas",
            url="https://www.nknews.org/2026/11/builders-in-vladivostok/",
            language="en",
        ),
    ),
    why=("Labour abroad: dispatched workers (“North Korean builders”), student visas (“student visas”)",),
    score=3.0,
    excerpt=VLADIVOSTOK_TEXT,
    excerpt_marks=marks(VLADIVOSTOK_TEXT, "student visas", "North Korean builders"),
    facts=("7,800 people", "third quarter"),
    published_at=datetime(2026, 11, 20, 1, 0, tzinfo=UTC),
    first_seen_at=datetime(2026, 11, 20, 13, 5, tzinfo=UTC),
)
PANEL = Item(
    story_id=13,
    version=1,
    kind="new",
    topics=("sanctions",),
    headline="Мониторинговая группа: КНДР получает валюту от рабочих в обход санкций ООН",
    url="https://www.interfax.ru/world/991",
    language="ru",
    outlets=(
        Outlet(
            name="Интерфакс",
            role=Role.ECHO,
            title="Мониторинговая группа",
            url="https://www.interfax.ru/world/991",
            language="ru",
            echo_of="Kyodo",
        ),
    ),
    why=("Sanctions: evasion (“в обход санкций”)",),
    score=2.0,
    excerpt=PANEL_TEXT,
    excerpt_marks=marks(PANEL_TEXT, "в обход санкций"),
    published_at=datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
    first_seen_at=datetime(2026, 11, 20, 9, 20, tzinfo=UTC),
)
FEEDS = (
    FeedHealth(feed_id="yonhap", name="Yonhap (Korean)", status="ok", last_success_at=NOON, entries=120),
    FeedHealth(feed_id="nknews", name="NK News", status="ok", last_success_at=NOON, entries=30),
    FeedHealth(
        feed_id="rfa",
        name="Radio Free Asia",
        status="failing",
        last_success_at=datetime(2026, 11, 18, 3, 0, tzinfo=UTC),
        error="The server answered 503 five times in a row; the next poll is at 10:15.",
    ),
    FeedHealth(feed_id="new", name="Rodong Sinmun", status="never"),
)
COVERAGE = Coverage(
    seen=1204,
    unmatched=1190,
    matched=14,
    folded=11,
    told=3,
    unmatched_by_reason={"no_country": 1100, "no_theme": 80, "below_threshold": 10},
    feeds=FEEDS,
)
DIGEST = Digest(
    subscription="labour-daily",
    name="North Korean labour watch",
    kind="digest",
    after_seq=41,
    through_seq=97,
    decided_at=NOON,
    since=datetime(2026, 11, 19, 23, 0, tzinfo=UTC),
    time_zone="Asia/Seoul",
    language="en",
    topic_names={"labour": "Labour abroad", "sanctions": "Sanctions"},
    items=(DANDONG, VLADIVOSTOK, PANEL),
    coverage=COVERAGE,
)
EMPTY = replace(DIGEST, items=(), coverage=replace(COVERAGE, folded=14, told=0))


def filled(text: str, url: str = "https://example.org/a", kind: str = "digest") -> Digest:
    """Give a digest with `text` wherever a feed, a page or a configuration may put text of its own."""
    outlets = tuple(Outlet(name=text, role=role, title=text, url=url, language=text, echo_of=text) for role in Role)
    item = replace(
        DANDONG,
        headline=text,
        url=url,
        language=text,
        outlets=outlets,
        why=(text, text),
        excerpt=text,
        excerpt_marks=((0, 1), (2, 5)),
        changes=(text,),
        facts=(text, text),
    )
    feed = FeedHealth(feed_id="f", name=text, status="failing", error=text)
    coverage = replace(COVERAGE, told=2, folded=12, feeds=(feed,), unmatched_by_reason={"no_country": 1100, text + "_": 90})
    return replace(
        DIGEST,
        name=text,
        kind=kind,
        items=(item, replace(item, kind="new")),
        coverage=coverage,
        topic_names={"labour": text, "sanctions": text},
    )


def crowded(count: int, long: bool = False) -> Digest:
    """Give a digest of many stories, with fields as long as they come where `long`."""
    text = "해외 파견 노동자 " * 40 if long else ""
    items = tuple(
        replace(
            VLADIVOSTOK,
            story_id=index,
            headline=f"Story {index} {text}",
            why=(text or "because",) * 3,
            changes=(text,) * 5,
            excerpt=text[:300],
        )
        for index in range(count)
    )
    coverage = replace(COVERAGE, matched=count, folded=0, told=count, seen=1190 + count)
    return replace(DIGEST, items=items, coverage=coverage)
