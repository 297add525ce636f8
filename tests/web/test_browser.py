"""A real browser walks the desk on the demo's news, without script, by keyboard, in light and dark, on phone and desk.

Needs the system's Chromium; the test says so where there is none. With AGGREGATOR_SCREENSHOTS=folder it keeps a picture of every page.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from aggregator.newsroom.demo import run_demo
from aggregator.newsroom.world import World
from tests.axe import CHROMIUM, needs_chromium, violations
from tests.service.test_process import free_port

TOPICS = Path(__file__).parents[2] / "feeds.yaml"
PAGES = {
    "stories": "/",
    "search": "/search?q=북한",
    "searches": "/searches",
    "sources": "/sources",
    "deliveries": "/deliveries",
    "coverage": "/coverage",
    "figures": "/figures",
    "rules": "/rules",
    "status": "/status",
}
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
pytestmark = [
    needs_chromium,
    pytest.mark.xdist_group("demo"),
    pytest.mark.timeout(240),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the demo, then the service on what it left, with every feed silent."""
    folder = tmp_path_factory.mktemp("walk")
    with World.open(folder / "received") as world:
        run_demo(world.control_url, folder, TOPICS.read_text(encoding="utf-8"), lambda line: None)
    with running(folder) as started:
        yield started


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the service as on its first day: one source that was never reached, and nothing stored."""
    folder = tmp_path_factory.mktemp("new")
    topics = "topics:" + TOPICS.read_text(encoding="utf-8").partition("\ntopics:")[2].partition("\nsubscriptions:")[0]
    source = "feeds:\n  - {id: one, name: One, publisher: One, family: one, url: 'http://127.0.0.1:9/feed'}\n"
    (folder / "feeds.yaml").write_text(source + topics + "\n", encoding="utf-8")
    with running(folder) as started:
        yield started


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run the service in a folder, and give its address."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "AGGREGATOR_DATA_DIR": str(folder),
        "AGGREGATOR_FEEDS_FILE": str(folder / "feeds.yaml"),
        "AGGREGATOR_LISTEN": f"127.0.0.1:{port}",
        "AGGREGATOR_LOG_LEVEL": "error",
    }
    with subprocess.Popen([sys.executable, "-m", "aggregator", "run"], env=environment) as process:
        try:
            _wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        assert process.poll() is None, "the service ended"
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            with connection.getresponse() as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("the service does not answer")


def test_the_desk_is_walked_without_script(address: str, empty: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, accept_downloads=True)
    page = context.new_page()
    refused: list[str] = []
    page.on("requestfailed", lambda request: None if _given_up(request) else refused.append(request.url))
    page.on("request", lambda request: None if request.url.startswith((address, empty)) else refused.append(request.url))
    for path in PAGES.values():
        page.goto(empty + path)
        assert page.locator("h1").count() == 1
    page.goto(f"{empty}/")
    page.get_by_text("There is no story yet").wait_for()
    _read_and_mark(page, address)
    _search_and_export(page, address)
    _try_a_rule(page, address)
    page.get_by_role("link", name="Sources").click()
    page.locator("tr.failing th a").first.click()
    page.wait_for_selector(".alarm")
    page.goto(f"{address}/deliveries")
    page.get_by_role("button", name="Send again").first.click()
    page.wait_for_selector("tr.retry, tr.sending, tr.sent")
    context.close()
    assert refused == []


def _read_and_mark(page: Page, address: str) -> None:
    """Find a story that others repeat, read its echoes, and mark an article."""
    page.goto(f"{address}/?role=echo")
    page.locator(".card h3 a").first.click()
    page.wait_for_selector("svg.graph circle.echo")
    page.locator("table a").first.click()
    page.get_by_role("button", name="Relevant", exact=False).first.click()
    page.wait_for_selector('button[aria-pressed="true"]')


def _search_and_export(page: Page, address: str) -> None:
    for query in ("북한", "劳工", '"loyalty fund*" NEAR/10 China'):
        page.goto(f"{address}/search")
        page.get_by_label("Words").fill(query)
        page.keyboard.press("Enter")
        page.wait_for_selector(".hits mark")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "article_id" in Path(download.value.path()).read_text(encoding="utf-8")


def _try_a_rule(page: Page, address: str) -> None:
    page.goto(f"{address}/rules")
    text = page.locator("textarea").input_value()
    page.locator("textarea").fill(text.partition("\n")[0] + "\n  name: Tried\n  query: '@country_anchor'\n")
    page.get_by_role("button", name="Try it").click()
    page.wait_for_selector("#gained")
    assert "query: '@country_anchor'" in page.locator("pre.copy").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("filled", [True, False], ids=["demo", "new"])
def test_axe_finds_nothing_on_any_page(address: str, empty: str, browser: Browser, scheme: str, filled: bool) -> None:
    context = browser.new_context(base_url=address if filled else empty, color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    pages = PAGES | {
        "missing": "/nowhere",
        "saved": "/saved?name=coal&q=coal%20OR%20劳工",
        "login": "/login",
        "nothing found": "/search?q=zzzzzz",
        "no such": "/?place=place/nowhere",
    }
    if filled:
        pages |= {"story": _first(page, "/?role=echo"), "article": _first(page, "/search?q=북한"), "source": _failing(page)}
    found = {}
    for name, path in pages.items():
        page.goto(path)
        if broken := violations(page):
            found[name] = broken
    context.close()
    assert found == {}


def test_everything_is_reached_by_keyboard(address: str, browser: Browser) -> None:
    page = browser.new_page(base_url=address)
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    links = page.locator("nav a").count()
    seen = set()
    for _ in range(links + 2):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.getAttribute('href')"))
    assert {"/search", "/sources", "/deliveries", "/coverage", "/figures", "/rules", "/status"} <= seen
    page.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_the_screen(address: str, browser: Browser, size: str, scheme: str) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        base_url=address, viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    for name, path in {**PAGES, "story": _first(page, "/?role=echo"), "article": _first(page, "/search?q=북한")}.items():
        page.goto(path)
        _picture(page, f"desk-{name}-{size}-{scheme}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, size)
        assert (
            page.evaluate("getComputedStyle(document.body).backgroundColor")
            == {"light": "rgb(251, 250, 247)", "dark": "rgb(22, 25, 30)"}[scheme]
        )
    context.close()
    assert errors == []


def _given_up(request: Request) -> bool:
    """Tell whether the browser itself broke off the request, as it does for a download and for an icon the next page no longer needs."""
    return request.failure == "net::ERR_ABORTED"


def _failing(page: Page) -> str:
    page.goto("/sources")
    return str(page.locator("tr.failing th a").first.get_attribute("href"))


def _first(page: Page, path: str) -> str:
    page.goto(path)
    return str(page.locator(".card a").first.get_attribute("href"))


def _picture(page: Page, name: str) -> None:
    if folder := os.environ.get("AGGREGATOR_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"))
