"""The demo's digest as a real browser shows it: phone and desktop, light and dark.

Nothing scrolls sideways, every text has the contrast of WCAG AA, and axe finds nothing. With AGGREGATOR_PICTURES the pictures are written
there, as they stand in docs/images.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from aggregator.newsroom.demo import run_demo
from aggregator.newsroom.world import World
from tests.axe import CHROMIUM, needs_chromium, violations
from tests.newsroom.test_kill import TOPICS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = needs_chromium
SIZES = {"phone": (375, 812), "desktop": (1100, 900)}
CONTRAST = """() => {
  const channel = value => { value /= 255; return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4 };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const colour = text => text.match(/[\\d.]+/g).map(Number);
  const ground = node => {
    for (; node; node = node.parentElement) {
      const [r, g, b, a] = colour(getComputedStyle(node).backgroundColor);
      if (a === undefined || a > 0.99) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.body.querySelectorAll('*')) {
    const own = [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim());
    const style = getComputedStyle(node);
    if (!own || style.display === 'none' || node.closest('.preview') || !node.textContent.trim().replace(/\\u00a0/g, '')) continue;
    const [one, two] = [light(colour(style.color)), light(ground(node))].sort((a, b) => b - a);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && parseInt(style.fontWeight) >= 700);
    if ((one + 0.05) / (two + 0.05) < (large ? 3 : 4.5)) poor.push(node.className + ': ' + node.textContent.trim().slice(0, 40));
  }
  return poor;
}"""


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    with World.open(folder / "received") as world:
        run_demo(world.control_url, folder / "demo", TOPICS.read_text("utf-8"), lambda line: None)
    return folder / "demo" / "digests" / "digest-1.html"


@pytest.fixture(scope="module")
def browser(page_file: Path) -> Iterator["Browser"]:
    """Open the browser after the demo has run, whose event loop cannot start beside the browser's."""
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", sorted(SIZES))
def test_the_digest_fits_the_screen_and_can_be_read_by_everybody(
    browser: "Browser", page_file: Path, size: str, scheme: Literal["light", "dark"]
) -> None:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(page_file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) == []
    assert requests == [page_file.as_uri()]
    assert violations(page) == []
    if folder := os.environ.get("AGGREGATOR_PICTURES"):
        page.screenshot(
            path=Path(folder) / f"digest-{size}-{scheme}.png", clip={"x": 0, "y": 0, "width": width, "height": height * 1.6}, full_page=True
        )
    page.close()


def test_the_checker_names_what_hinders_a_reader(browser: "Browser") -> None:
    page = browser.new_page()
    page.set_content("<html lang=en><title>x</title><main><h1>Late</h1><img src='data:,'><p style='color:#999'>pale</p></main></html>")
    assert [line.split(":")[0] for line in violations(page)] == ["color-contrast", "image-alt"]
    page.close()
