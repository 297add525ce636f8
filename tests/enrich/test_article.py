from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aggregator.enrich import article_of
from aggregator.models import Entry
from tests.enrich.facts import feed

TITLES = [
    ("(LD) N. Korean workers return", (), "N. Korean workers return"),
    ("(2nd LD) N. Korea (URGENT)", (), "N. Korea"),
    ("(LEAD) Workers leave", ("(LEAD)",), "Workers leave"),
    ("[단독] 북한 노동자 송환", (), "북한 노동자 송환"),
    ("[속보]북한 노동자(종합2보)", (), "북한 노동자"),
    ("【独自】北朝鮮労働者", (), "北朝鮮労働者"),
    ("快讯：朝鲜劳工回国", (), "朝鲜劳工回国"),
    ("СРОЧНО: рабочие из КНДР", (), "рабочие из КНДР"),
    ("[북한] 노동자", (), "[북한] 노동자"),
    ("Exports of (lead) and zinc", (), "Exports of (lead) and zinc"),
    ("<특보> 제목", ("<특보>",), "제목"),
    ("(LD)", (), "(LD)"),
    ("No marks", (), "No marks"),
]


@pytest.mark.parametrize(("title", "marks", "expected"), TITLES)
def test_title_loses_its_marks(title: str, marks: tuple[str, ...], expected: str) -> None:
    assert article_of(Entry(id="1", url=None, title=title, marks=marks), feed()).title == expected


OUTLETS = [
    ("Workers return - Reuters", "Reuters", "", "Workers return", "Reuters"),
    ("Workers return - The Korea Times", None, "outlet", "Workers return", "The Korea Times"),
    ("Workers return - The Korea Times", None, "", "Workers return - The Korea Times", None),
    ("China - North Korea trade - Reuters", "Reuters", "outlet", "China - North Korea trade", "Reuters"),
    ("Workers return", "Reuters", "outlet", "Workers return", "Reuters"),
    ("북한 노동자 송환 - 연합뉴스", "연합뉴스", "", "북한 노동자 송환", "연합뉴스"),
]


@pytest.mark.parametrize(("title", "outlet", "option", "expected", "named"), OUTLETS)
def test_title_loses_the_outlet_that_a_search_feed_puts_behind_it(
    title: str, outlet: str | None, option: str, expected: str, named: str | None
) -> None:
    source = replace(feed(), options={"title_suffix": option})
    article = article_of(Entry(id="1", url=None, title=title, outlet=outlet), source)
    assert (article.title, article.outlet) == (expected, named)


def test_richer_body_wins_whatever_its_markup_weighs() -> None:
    long, short = "<p>" + "North Korean workers. " * 20 + "</p>", "<div class='" + "x" * 2000 + "'>Teaser</div>"
    assert article_of(Entry(id="1", url=None, title="t", content=long, summary=short), feed()).html == long
    assert article_of(Entry(id="1", url=None, title="t", content=short, summary=long), feed()).html == long
    assert article_of(Entry(id="1", url=None, title="t", content="  ", summary="only"), feed()).html == "only"


def test_declared_language_and_dates_come_along() -> None:
    published, updated = datetime(2024, 7, 9, tzinfo=UTC), datetime(2024, 7, 10, tzinfo=UTC)
    entry = Entry(id="1", url=None, title="t", language="ko-KR", published_at=published, updated_at=updated)
    article = article_of(entry, feed("en"))
    assert (article.language, article.published_at) == ("ko", published)
    article = article_of(Entry(id="1", url=None, title="t", updated_at=updated), feed("zh-Hans"))
    assert (article.language, article.published_at) == ("zh", updated)
