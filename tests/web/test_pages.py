"""Every page shows what it is for, escapes what feeds say, and says what to do where it is empty."""

import csv
import io
import json
import re
from datetime import timedelta
from xml.etree import ElementTree as Xml

import pytest

from aggregator.desk import Desk, named
from aggregator.store import SqlStore
from aggregator.web import views
from aggregator.web.rendering import Pages
from tests.web.browser import Browser
from tests.web.conftest import CONFIGURATION, Clock, make_site

PAGES = {
    "/": ("Workers one", "2 articles", "2,000 people", "Daily NK"),
    "/stories/1": ("Who repeats whom", "Figures side by side", "opened by", "shares a place"),
    "/articles/1": ("북한", "Decisions", "2,000 people", "As served", "noopener noreferrer"),
    "/search?q=북한": ("<mark>북한</mark>", "Workers one", "/export.csv"),
    "/search?q=劳工": ("<mark>劳工</mark>",),
    "/search?q=%22loyalty+fund*%22+NEAR/10+China": ("<mark>Loyalty funds</mark>",),
    "/sources": ("Daily NK", "Yonhap"),
    "/sources/dailynk": ("Polls", "ok"),
    "/deliveries": ("dead", "Send again", "Preview"),
    "/coverage": ("3 revisions seen",),
    "/figures": ("2,000 people", "/charts/topics.svg"),
    "/status": ("Feeds",),
}


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_shows_its_content_without_script(store: SqlStore, clock: Clock, path: str) -> None:
    answer = await Browser(make_site(store, clock)).get(path)
    assert answer.status_code == 200
    for words in PAGES[path]:
        assert words in answer.text
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    assert "49\u202e" not in answer.text
    assert "<img src=x" not in answer.text
    assert "http://" not in answer.text.replace("http://www.w3.org", "")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/", "/stories/2", "/articles/3", "/search?q=cmd", "/deliveries"])
async def test_hostile_text_stays_text(store: SqlStore, clock: Clock, path: str) -> None:
    page = (await Browser(make_site(store, clock)).get(path)).text
    assert "&lt;script&gt;" in page
    assert "{{7*7}}" in page or path == "/deliveries"
    assert 'href="javascript' not in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", "There is no story yet"),
        ("/?topic=workers", "No story has all of these"),
        ("/search", "Search everything"),
        ("/search?q=nothing", "Nothing was found"),
        ("/search?q=-nothing", "exclusions alone"),
        ("/sources", "add one to feeds.yaml"),
        ("/deliveries", "Nothing was sent yet"),
        ("/deliveries?status=dead", "No delivery is in this state"),
        ("/coverage", "Nothing was polled"),
        ("/figures", "No matched article states a figure yet"),
    ],
)
async def test_an_empty_page_says_what_to_do(empty_store: SqlStore, clock: Clock, path: str, words: str) -> None:
    answer = await Browser(make_site(empty_store, clock)).get(path)
    assert answer.status_code == 200
    assert words in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/stories/99",
        "/articles/99",
        "/articles/0",
        "/sources/no",
        "/deliveries/99/preview",
        "/charts/no.svg",
        "/export.exe",
        "/feeds/no.atom",
        "/no",
    ],
)
async def test_what_is_not_there_is_a_page_that_leads_on(store: SqlStore, clock: Clock, path: str) -> None:
    answer = await Browser(make_site(store, clock)).get(path)
    assert answer.status_code == 404
    assert "To the stories" in answer.text


@pytest.mark.parametrize("path", ["/?cursor=x", "/search?q=a&cursor=x", "/deliveries?cursor=-", "/figures?cursor=MQ"])
async def test_a_strange_cursor_is_explained(store: SqlStore, clock: Clock, path: str) -> None:
    answer = await Browser(make_site(store, clock)).get(path)
    assert answer.status_code == 400
    assert "cursor" in answer.text


@pytest.mark.parametrize(
    "path", ["/sources/..%2f..%2fetc", "/static/..%2f..%2fsite.py", "/static/%2e%2e/site.py", "/charts/..%2fx.svg", "/sources/%00"]
)
async def test_no_path_leads_out(store: SqlStore, clock: Clock, path: str) -> None:
    answer = await Browser(make_site(store, clock)).get(path)
    assert answer.status_code == 404
    assert "import" not in answer.text


async def test_charts_are_images_without_script(store: SqlStore, clock: Clock) -> None:
    for name in ("topics", "languages", "places"):
        answer = await Browser(make_site(store, clock)).get(f"/charts/{name}.svg")
        assert answer.headers["Content-Type"] == "image/svg+xml"
        assert b"<script" not in answer.content
        Xml.fromstring(answer.content)


async def test_exports_hold_the_hits_and_no_formula(store: SqlStore, clock: Clock) -> None:
    browser = Browser(make_site(store, clock))
    rows = list(csv.DictReader(io.StringIO((await browser.get("/export.csv?q=workers")).text)))
    assert [row["title"] for row in rows] == ["Workers two", "Workers one"]
    lines = (await browser.get("/export.jsonl?q=북한")).text.splitlines()
    assert [json.loads(line)["article_id"] for line in lines] == [1]
    for path in ("/export.atom?q=cmd", "/feeds/workers.atom"):
        feed = Xml.fromstring((await browser.get(path)).text)
        links = [link.get("href") for link in feed.iter("{http://www.w3.org/2005/Atom}link")]
        assert not [link for link in links if link and link.startswith("javascript")]
        assert feed.findall("{http://www.w3.org/2005/Atom}entry")
    feed = (await browser.get("/feeds/workers.json")).json()
    assert [item.get("url", "") for item in feed["items"]] == ["", "https://dailynk.example/two", "https://dailynk.example/one"]


async def test_an_export_as_feed_changes_with_its_articles_not_with_the_time_of_asking(store: SqlStore, clock: Clock) -> None:
    browser = Browser(make_site(store, clock))
    for path in ("/export.atom?q=workers", "/export.atom?q=nowhere"):
        before = (await browser.get(path)).text
        clock.now += timedelta(hours=1)
        assert (await browser.get(path)).text == before


@pytest.mark.parametrize(
    "path", ["/feeds.opml", "/feeds/workers.atom", "/subscriptions/desk/feed.atom", "/export.atom", "/export.jsonfeed"]
)
async def test_a_feed_reader_without_a_token_is_asked_for_one(store: SqlStore, clock: Clock, path: str) -> None:
    answer = await Browser(make_site(store, clock, local=False)).get(path)
    assert answer.status_code == 401
    assert "Basic" in answer.headers["WWW-Authenticate"]


async def test_a_mark_is_kept_and_counted(store: SqlStore, clock: Clock) -> None:
    browser = Browser(make_site(store, clock))
    answer = await browser.send("/articles/1/verdict", topic="workers", verdict="not_relevant")
    assert answer.status_code == 303
    assert 'value="not_relevant" aria-pressed="true"' in (await browser.get("/articles/1")).text
    assert "0 %" in (await browser.get("/figures")).text
    assert (await browser.send("/articles/1/verdict", topic="no", verdict="relevant")).status_code == 400


async def test_a_dead_delivery_is_sent_again(store: SqlStore, clock: Clock) -> None:
    browser = Browser(make_site(store, clock))
    dead = next(row for row in store.delivery_list().items if row.status == "dead")
    answer = await browser.send(f"/deliveries/{dead.delivery.id}/resend")
    assert answer.status_code == 303
    again = store.delivery(dead.delivery.id)
    assert again is not None
    assert again.status == "retry"
    assert (await browser.send(f"/deliveries/{dead.delivery.id}/resend")).status_code == 400


async def test_a_preview_runs_nothing(store: SqlStore, clock: Clock) -> None:
    answer = await Browser(make_site(store, clock)).get("/deliveries/1/preview")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]


async def test_times_are_told_in_the_zone_of_the_reader(store: SqlStore, clock: Clock) -> None:
    browser = Browser(make_site(store, clock))
    assert "2026-03-01 08:00</time>" in (await browser.get("/sources/dailynk")).text
    answer = await browser.send("/zone", zone="Asia/Seoul", next="/")
    assert answer.headers["Location"] == "/"
    browser.client.cookies.set("zone", "Asia/Seoul")
    assert "2026-03-01 17:00</time>" in (await browser.get("/sources/dailynk")).text
    browser.client.cookies.set("zone", "../../etc/passwd")
    assert (await browser.get("/")).status_code == 200


def test_a_wording_inside_another_is_not_shown_beside_it() -> None:
    assert views.longest(["북한", "북한 노동자", "Workers", "workers", "pay", "most of their pay"]) == (
        "북한 노동자",
        "workers",
        "most of their pay",
    )


@pytest.mark.parametrize(
    ("concept", "words"),
    [
        ("place/north_korea", "North Korea"),
        ("person:340", "340 person"),
        ("2026-05-02", "2026-05-02"),
        ("attribution/inside-source", "Inside source"),
        ("", ""),
    ],
)
async def test_a_concept_without_a_label_is_named_in_words(store: SqlStore, clock: Clock, concept: str, words: str) -> None:
    desk = Desk(store=store, configured=lambda: CONFIGURATION, label=lambda known, _: known, draft=lambda _: {}, clock=clock)
    assert named(desk, concept) == words


async def test_why_an_article_belongs_is_told_in_words(store: SqlStore, clock: Clock) -> None:
    (found,) = re.findall(r'data-label="Why">([^<]*shares[^<]*)<', (await Browser(make_site(store, clock)).get("/stories/1")).text)[:1]
    assert "shares a place" in found
    pages = Pages(str, lambda known: known.upper(), clock)
    text = "shares person:340, place/dandong and/or x at https://a.example/place/b:8"
    assert pages.environment.from_string("{{ text|plainly }}").render(text=text) == text.replace(
        "person:340, place/dandong", "PERSON:340, PLACE/DANDONG"
    )
