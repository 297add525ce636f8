"""The accessibility checker axe, in a real browser, for every page the program shows: mails, the desk, the status page.

`violations(page)` gives what axe finds on the page that a Playwright page shows now, one line for each rule broken, with the places;
a test says `assert violations(page) == []`. axe-core comes with the package axe-playwright-python, which `make test` installs, so the
check runs wherever there is a Chromium; `needs_chromium` marks the tests that are skipped where there is none. Rules: WCAG 2.0, 2.1
and 2.2, levels A and AA, and axe's best practices. The page may forbid scripts of its own (a Content-Security-Policy): the checker is
handed in by the browser's tools.
"""

import shutil
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PLACES_SHOWN = 3

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: install the package chromium")


def violations(page: "Page") -> list[str]:
    """Ask axe what hinders a reader of this page: "rule: what it asks (places)"."""
    found = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
    return [f"{one['id']}: {one['help']} ({_places(one['nodes'])})" for one in found]


def _places(nodes: list[dict[str, object]]) -> str:
    return "; ".join(str(node["html"]) for node in nodes[:PLACES_SHOWN])
