from zoneinfo import ZoneInfo

import pytest

from aggregator.enrich.moments import moment, names_zone
from aggregator.enrich.pages import Served, read_page
from aggregator.models import Page

SEOUL = ZoneInfo("Asia/Seoul")
WRITTEN = [
    ("2024-07-09T20:25:00+09:00", "2024-07-09T11:25"),
    ("2024-07-09T11:25:00Z", "2024-07-09T11:25"),
    ("2024-07-09 20:25:00 KST", "2024-07-09T11:25"),
    ("2024-07-09 20:25", "2024-07-09T11:25"),
    ("20240709202500", "2024-07-09T11:25"),
    ("Tue, 09 Jul 2024 11:25:00 GMT", "2024-07-09T11:25"),
    ("Tue, 09 Jul 2024 20:25:00 +0900", "2024-07-09T11:25"),
    ("July 9, 2024 8:25 PM", "2024-07-09T11:25"),
    ("July 9, 2024 at 12:25 a.m. EDT", "2024-07-09T04:25"),
    ("9 July 2024, 12:25 pm GMT", "2024-07-09T12:25"),
    ("9th Jul 2024", "2024-07-08T15:00"),
    ("2024\u5e7407\u670809\u65e5 20\u664225\u5206", "2024-07-09T11:25"),
    ("2024年7月9日 午後8時25分", "2024-07-09T11:25"),
    ("2024年7月9日 上午8:25", "2024-07-08T23:25"),
    ("2024년 7월 9일 오후 8시 25분", "2024-07-09T11:25"),
    ("2024. 7. 9. 오전 12:05", "2024-07-08T15:05"),
    ("9 июля 2024, 14:25 МСК", "2024-07-09T11:25"),
    ("9 мая 2024 г. в 14:25", "2024-05-09T05:25"),
    ("09.07.2024 20:25", "2024-07-09T11:25"),
]


@pytest.mark.parametrize(("written", "at"), WRITTEN)
def test_dates_are_read_as_pages_write_them(written: str, at: str) -> None:
    read = moment(written, SEOUL)
    assert read is not None
    assert read.isoformat().startswith(at)


@pytest.mark.parametrize("written", [None, "", "yesterday", "2024-13-45", "99 July 2024", "July 2024", "1" * 5_000, "9 foo 2024", "20:25"])
def test_what_is_no_date_is_none(written: str | None) -> None:
    assert moment(written, SEOUL) is None


def test_a_date_tells_whether_it_names_its_zone() -> None:
    assert [names_zone(text) for text in ("2024-07-09T20:25:00+09:00", "9 July 2024 20:25 KST", "2024-07-09 20:25")] == [True, True, False]


BODIES = {
    "en": "The managers of the plant told the workers that their permits would not be renewed when the season ended in the town. ",
    "ko": "중국 당국이 북한 노동자 10만여 명을 모두 귀국시키라고 북한에 요구한 것으로 소식통이 전했다. 공장의 노동자들은 이미 철수했다. ",
    "ja": "中国が北朝鮮に対し、約10万人の労働者を全員帰国させるよう求めたことが分かった。工場の労働者は先月帰国したという。",
    "ru": "Китай потребовал от КНДР отозвать всех рабочих, сообщает агентство со ссылкой на источник в правительстве страны. ",
}


def read(language: str, line: str, head: str = "", url: str = "https://unknown.example/story") -> Page:
    text = f"<article><p>{line}</p>{f'<p>{BODIES[language] * 2}</p>' * 5}</article>"
    source = f"<html lang={language}><head><title>A title of the day</title>{head}</head><body>{text}</body></html>"
    return read_page(Served(body=source.encode(), url=url))


LINES = [
    ("en", "Updated July 9, 2024 8:25 PM", None, "2024-07-09T20:25"),
    ("en", "Published July 9, 2024 8:25 AM | Updated July 9, 2024 8:25 PM", "2024-07-09T08:25", "2024-07-09T20:25"),
    ("en", "Published: 2024-07-09 20:25 KST", "2024-07-09T11:25", None),
    ("ja", "2024年07月09日 20時25分", "2024-07-09T11:25", None),
    ("ja", "更新 2024年07月09日 20時25分", None, "2024-07-09T11:25"),
    ("ko", "입력 2024.07.09 20:25 수정 2024.07.09 21:25", "2024-07-09T11:25", "2024-07-09T12:25"),
    ("ko", "2024년 7월 9일 오후 8시 25분", "2024-07-09T11:25", None),
    ("ru", "9 июля 2024, 14:25", "2024-07-09T11:25", None),
]


@pytest.mark.parametrize(("language", "line", "published", "modified"), LINES)
def test_date_lines_are_taken_away_and_read(language: str, line: str, published: str | None, modified: str | None) -> None:
    page = read(language, line)
    assert [(removed.text, removed.reason) for removed in page.removed] == [(line, "date")]
    assert [at and at.isoformat()[:16] for at in (page.published_at, page.modified_at)] == [published, modified]


def test_zone_that_was_assumed_is_marked() -> None:
    assert read("ko", "입력 2024.07.09 20:25").zone_assumed
    assert not read("en", "Published: 2024-07-09 20:25 KST").zone_assumed
    assert not read("ko", "입력 2024.07.09 20:25", url="https://www.yna.co.kr/view/1").zone_assumed


def test_date_of_a_tag_is_read_in_the_form_of_mails() -> None:
    page = read("en", "By nobody", '<meta name="pubdate" content="Tue, 09 Jul 2024 11:25:00 GMT">')
    assert page.published_at is not None
    assert page.published_at.isoformat() == "2024-07-09T11:25:00+00:00"
