"""What hostile feeds and strangers try on the pages, over the real site and store: each attack as a table."""

import csv
import io
import json
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import quote
from xml.etree import ElementTree as Xml

import pytest

from aggregator.core.exports import safe_cell
from aggregator.store import SqlStore
from tests.store.samples import FEED, HOUR, NOW, OTHER_FEED, entry, failed_poll, intake, matched, opened, take_in
from tests.web.browser import Browser
from tests.web.conftest import Clock, add_readers, make_site

MARKUP = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    '<svg><a xlink:href="javascript:alert(1)">x</a></svg>',
    '<a href="java&#x0A;script:alert(1)">x</a>',
    '<base href="//evil.example/">',
    '<form action="//evil.example"><button>x</button></form>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "<style>body{display:none}</style>",
    '<math><mtext><mglyph><style><img src=x onerror="alert(1)">',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '"><body onload=alert(1)>',
    "]]><evil/>",
    "{{7*7}}{% include '/etc/passwd' %}${7*7}{0.__class__}%s",
)
LINKS = (
    "javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "\x01javascript:alert(1)",
    "//evil.example/x",
    "evil/relative",
    "file:///etc/passwd",
)
PAGES = ("/", "/sources", "/sources/dailynk", "/coverage", "/figures", "/deliveries", "/search?topic=workers", "/status")
FORBIDDEN = {"script", "iframe", "base", "object", "embed", "math", "style", "noscript", "evil", "mglyph"}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Live(HTMLParser):
    """Gather what a browser would act on: elements, handlers of events, and links."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[str] = set()
        self.handlers: set[str] = set()
        self.links: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        given = {name: value or "" for name, value in attrs}
        self.handlers |= {name for name in given if name.startswith("on") or name in ("srcdoc", "style", "xlink:href")}
        for name in ("href", "src", "action", "formaction", "xlink:href"):
            if name in given:
                self.links.append((given[name], given.get("rel", "")))


def fill(store: SqlStore, field: str, values: tuple[str, ...]) -> list[int]:
    """Store and judge one article a value, which stands in the given field or, for "all", in every text."""
    numbers = []
    for number, value in enumerate(values):
        texts = {"title": value, "content": value, "summary": value, "authors": (value,), "categories": (value,)}
        served = entry(f"{field}{number}", **(texts if field == "all" else {field: value}))
        (revision,) = take_in(store, replace(intake(f"{field}{number}", served=served), article_key=f"{field} {number}"))
        store.record_judged(matched(revision, opened(), text=f"Some 2,000 people. {value}"))
        numbers.append(revision.article_id)
    return numbers


async def pages(browser: Browser, articles: list[int], stories: int = 2) -> dict[str, str]:
    """Get every page that shows these articles, and the first stories."""
    found = {}
    for path in (
        *PAGES,
        *(f"/articles/{number}" for number in articles),
        *(f"/stories/{number}" for number in range(1, stories + 1)),
    ):
        answer = await browser.get(path)
        assert answer.status_code == 200, path
        found[path] = answer.text
    return found


async def test_markup_of_feeds_is_alive_in_no_page_and_in_no_feed_of_ours(store: SqlStore, clock: Clock) -> None:
    articles = fill(store, "all", MARKUP)
    store.sync_feeds([replace(FEED, name=MARKUP[0]), replace(OTHER_FEED, name=MARKUP[1])], NOW)
    store.record_polls([failed_poll(NOW + HOUR, f"the server says {MARKUP[7]}")])
    browser = Browser(make_site(store, clock))
    for path, page in (await pages(browser, articles, len(articles) + 2)).items():
        live = Live(page)
        assert not live.elements & FORBIDDEN, path
        assert not live.handlers, path
        assert all(link.startswith(("/", "?", "#", "https://dailynk.example/")) for link, _ in live.links), path
        assert "49" not in page.split("{{7*7}}")[-1][:3], path
    for path in ("/feeds/workers.atom", "/export.atom?topic=workers"):
        feed = Xml.fromstring((await browser.get(path)).text)
        assert {element.tag.rpartition("}")[2] for element in feed.iter()} <= {
            *("feed", "title", "id", "updated", "link", "entry", "published", "author", "name", "category", "summary")
        }
    for path in ("/feeds/workers.json", "/export.jsonfeed?topic=workers"):
        assert all("content_html" not in item for item in json.loads((await browser.get(path)).text)["items"])


async def test_a_link_that_is_no_web_address_is_clickable_nowhere(store: SqlStore, clock: Clock) -> None:
    articles = fill(store, "url", LINKS)
    browser = Browser(make_site(store, clock))
    for path, page in (await pages(browser, articles, len(articles) + 2)).items():
        strange = [link for link, _ in Live(page).links if not link.startswith(("/", "?", "#", "https://"))]
        assert strange == [], path
        assert not [link for link, _ in Live(page).links if link.startswith("//")], path
    feed = (await browser.get("/feeds/workers.json")).json()
    assert {item["url"] for item in feed["items"] if "url" in item} <= {"https://dailynk.example/one", "https://dailynk.example/two"}
    for hit in (await browser.get("/api/v1/search?topic=workers&limit=100")).json()["items"]:
        assert hit["url"] is None or hit["url"].startswith("https://")


async def test_every_link_to_another_host_tells_it_nothing(store: SqlStore, clock: Clock) -> None:
    for path, page in (await pages(Browser(make_site(store, clock)), [1, 2])).items():
        outward = [(link, rel) for link, rel in Live(page).links if link.startswith("http")]
        assert all({"noopener", "noreferrer"} <= set(rel.split()) for _, rel in outward), path


async def test_an_error_of_a_server_and_a_hostile_address_are_shown_as_text(store: SqlStore, clock: Clock) -> None:
    evil = replace(FEED, url="https://evil.example/<script>alert(1)</script>?a=\"'><img src=x>")
    store.sync_feeds([evil, OTHER_FEED], NOW)
    store.record_polls([failed_poll(NOW + HOUR, "<b>503</b> <script>alert(2)</script>")])
    browser = Browser(make_site(store, clock))
    for path in ("/sources", "/sources/dailynk", "/status"):
        page = (await browser.get(path)).text
        assert "&lt;script&gt;alert(2)" in page, path
        assert not Live(page).elements & FORBIDDEN, path
    told = (await browser.get("/api/v1/feeds")).json()
    assert "<script>alert(2)</script>" in told[0]["error"]
    answer = await browser.get("/nowhere/<script>alert(3)</script>")
    assert "<script" not in answer.text


ANSWERS = (
    *PAGES,
    *("/articles/1", "/stories/1", "/rules", "/login", "/nowhere", "/search?cursor=x&q=a", "/healthz", "/static/desk.css"),
    *("/export.csv?q=workers", "/feeds/workers.atom", "/feeds.opml", "/charts/topics.svg", "/charts/map-world.svg"),
    *("/api/v1/stories", "/api/v1/stories/99", "/api/v1/openapi.json", "/deliveries/1/preview"),
)


@pytest.mark.parametrize("path", ANSWERS)
async def test_every_answer_forbids_script_frames_guesses_and_referrers(store: SqlStore, clock: Clock, path: str) -> None:
    answer = await Browser(make_site(store, clock)).get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


async def test_a_title_that_a_spreadsheet_would_run_is_a_quoted_text_in_the_export(store: SqlStore, clock: Clock) -> None:
    titles = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", "＝1+1", "＠x", " =1+1", '=HYPERLINK("//evil")', "|cmd", "%0A")
    fill(store, "title", titles)
    answer = await Browser(make_site(store, clock)).get("/export.csv?topic=workers")
    cells = [row["title"] for row in csv.DictReader(io.StringIO(answer.text, newline="")) if not row["title"].startswith("Workers")]
    assert len(cells) >= len(titles)
    assert [cell for cell in cells if cell[0] in "=+-@\t\r＝＠|%" or cell.strip()[0] in "=+-@＝＠"] == []
    assert [safe_cell(title)[0] for title in titles] == ["'"] * len(titles)


@pytest.mark.parametrize(
    "back",
    ["//evil", "/\\evil", "https:evil", "/%5cevil", "/%2f/evil", "/\tevil", "/a\nb", "/\r\nX: y", "///evil", "http://evil/", "/%09/evil"],
)
async def test_a_login_never_leads_to_another_host(store: SqlStore, clock: Clock, back: str) -> None:
    add_readers(store)
    browser = Browser(make_site(store, clock))
    page = (await browser.get("/login", params={"next": back})).text
    assert 'name="next" value="/"' in page or "%09" in back
    answer = await browser.log_in("viewer", back=back)
    assert answer.status_code == 303
    assert answer.headers["Location"] == ("/%09/evil" if "%09" in back else "/")
    assert "X" not in answer.headers
    zone = await browser.send("/zone", zone="UTC", next=back)
    assert zone.headers["Location"] == answer.headers["Location"]


OUTSIDE = ("..%2f..%2fetc%2fpasswd", "..%5c..%5cx", "%2e%2e", "%2e%2e%2f%2e%2e%2fsite.py", "%00", "a%00.css", "%2fetc%2fpasswd", "....//x")


@pytest.mark.parametrize("name", OUTSIDE)
async def test_a_path_in_a_name_leads_to_no_file(store: SqlStore, clock: Clock, name: str) -> None:
    browser = Browser(make_site(store, clock))
    for path in (
        "/sources/{}",
        "/static/{}",
        "/charts/{}.svg",
        "/feeds/{}.atom",
        "/feeds/workers.{}",
        "/export.{}",
        "/articles/{}",
        "/stories/{}",
    ):
        answer = await browser.get(path.format(name))
        assert answer.status_code in (404, 422), path
        assert "root:" not in answer.text
        assert "import " not in answer.text


OPERATORS = (
    "'",
    "''",
    '"',
    '""',
    "%",
    "_",
    "\\",
    "*",
    "NEAR",
    "NEAR/3",
    "-",
    "(",
    ")",
    ":",
    ";--",
    "' OR 1=1 --",
    "title:",
    "\x00",
    "^",
    "<->",
    "&|!",
    "[a]",
)


async def test_a_query_of_operators_or_sql_is_words_or_nothing_and_never_an_error(store: SqlStore, clock: Clock) -> None:
    fill(store, "title", tuple(f"odd{number} {text} end" for number, text in enumerate(OPERATORS)))
    browser = Browser(make_site(store, clock))
    everything = len((await browser.get("/api/v1/search?topic=workers&limit=100")).json()["items"])
    for number, text in enumerate(OPERATORS):
        for query in (text, f"{text}{text}", f"zzzz {text} yyyy", f'"{text}" {text}*'):
            answer = await browser.get(f"/api/v1/search?limit=100&q={quote(query)}")
            assert answer.status_code == 200, query
            assert len(answer.json()["items"]) < everything, query
            assert (await browser.get(f"/search?q={quote(query)}")).status_code == 200, query
        found = (await browser.get(f"/api/v1/search?q={quote(f'odd{number}')}")).json()["items"]
        assert [hit["title"].startswith(f"odd{number} ") for hit in found] == [True]
    for name in ("topic", "language", "feed"):
        assert (await browser.get(f"/search?{name}={quote(chr(39))}%20OR%201=1")).status_code == 200
        assert (await browser.get(f"/?{name}=%25")).status_code == 200
    assert store.overview().articles >= len(OPERATORS)
