"""The commands about sources, as a person types them: real server, real store."""

import http.server
import logging
import threading
from collections.abc import Iterator
from json import loads
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from aggregator.cli import program
from aggregator.errors import AggregatorError

FEEDS = """# mine
feeds:
  - id: one
    name: One
    publisher: One
    family: one
    url: http://127.0.0.1:PORT/feed.xml

# what to look for
topics:
  - {id: labour, name: Labour, anchor: country_anchor, themes: {overseas_workers: 1.0}}
"""
RSS = b"<rss version='2.0'><channel><title>One</title><item><title>Hello</title><link>https://one.example/1</link></item></channel></rss>"
PAGE = b'<html><head><link rel="alternate" type="application/rss+xml" href="/feed.xml"></head><body/></html>'
OPML = (
    '<opml><body><outline text="A & B" xmlUrl="https://a.example/?x=1&y=2"/><outline text="x" xmlUrl="file:///etc/passwd"/></body></opml>'
)


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = {"/feed.xml": RSS, "/": PAGE}.get(self.path)
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    level = logging.getLogger().level
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        (tmp_path / "feeds.yaml").write_text(FEEDS.replace("PORT", str(server.server_port)), encoding="utf-8")
        (tmp_path / "list.opml").write_text(OPML, encoding="utf-8")
        (tmp_path / "port").write_text(str(server.server_port))
        monkeypatch.setenv("AGGREGATOR_HTTP_ALLOW", "127.0.0.1")
        monkeypatch.setenv("AGGREGATOR_DATA_DIR", str(tmp_path / "data"))
        monkeypatch.chdir(tmp_path)
        yield tmp_path
        server.shutdown()
    structlog.reset_defaults()
    logging.getLogger().setLevel(level)


def run(*arguments: str) -> tuple[int, str]:
    """Run a command; an error that `main` would tell comes back as wrong use."""
    done = CliRunner().invoke(program(), list(arguments))
    if isinstance(done.exception, AggregatorError):
        return 2, str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_sources_are_listed_polled_and_shown_with_their_history(place: Path) -> None:
    assert run("poll", "one")[0] == 0
    code, out = run("feeds", "list")
    assert (code, "syndication" in out, " ok " in out) == (0, True, True)
    code, out = run("feeds", "show", "one")
    assert (code, "History" in out, "feed.xml" in out) == (0, True, True)
    assert run("feeds", "list", "--json")[1].startswith('{"id": "one"')
    code, out = run("feeds", "show", "two")
    assert (code, "no feed has the id two" in out) == (2, True)


def test_what_is_held_of_a_source_can_be_released(place: Path) -> None:
    assert run("poll", "one")[0] == 0
    assert run("feeds", "release", "one") == (0, "one: nothing is held\n")
    code, out = run("feeds", "release", "two")
    assert (code, "no feed has the id two" in out) == (2, True)


def test_an_address_is_tested_and_a_site_explored(place: Path) -> None:
    base = f"http://127.0.0.1:{(place / 'port').read_text()}"
    code, out = run("feeds", "test", f"{base}/feed.xml")
    assert (code, "Hello" in out, "would be asked every" in out) == (0, True, True)
    code, out = run("feeds", "test", f"{base}/none")
    assert (code, "404" in out) == (1, True)
    code, out = run("feeds", "discover", f"{base}/")
    assert (code, f"{base}/feed.xml" in out) == (0, True)


def test_a_wrong_call_is_told_from_a_bad_feed_and_no_secret_is_printed_back(place: Path) -> None:
    for wrong in (("http://a.example/", "--kind", "bogus"), ("http://a.example/", "--option", "item"), ("",)):
        assert run("feeds", "test", *wrong)[0] == 2
    code, out = run("feeds", "test", f"http://user:SECRET@127.0.0.1:{(place / 'port').read_text()}/none?key=SECRET&page=2")
    assert (code, "SECRET" in out, "page=2" in out) == (1, False, True)


def test_a_list_is_imported_once_and_everything_around_it_stays(place: Path) -> None:
    code, out = run("opml", "import", "list.opml")
    assert (code, 'url: "https://a.example/?x=1&y=2"' in out, "1 new" in out, "file:///etc/passwd" in out) == (1, True, True, True)
    before = (place / "feeds.yaml").read_text(encoding="utf-8")
    run("opml", "import", "list.opml", "--write")
    after = (place / "feeds.yaml").read_text(encoding="utf-8")
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []
    assert after.index("a-b") < after.index("# what to look for") < after.index("topics:")
    assert "0 new, 1 known already" in run("opml", "import", "list.opml", "--write")[1]
    code, out = run("opml", "export")
    assert (code, 'xmlUrl="https://a.example/?x=1&amp;y=2"' in out) == (0, True)


def test_every_answer_about_a_source_is_there_for_machines(place: Path) -> None:
    base = f"http://127.0.0.1:{(place / 'port').read_text()}"
    tried = loads(run("feeds", "test", f"{base}/feed.xml", "--json")[1])
    assert (tried["problem"], tried["title"], [entry["title"] for entry in tried["entries"]]) == (None, "One", ["Hello"])
    code, out = run("feeds", "test", f"{base}/none", "--json")
    assert code == 1
    assert "404" in loads(out)["problem"]
    assert loads(run("feeds", "discover", f"{base}/", "--json")[1])["url"] == f"{base}/feed.xml"
    shown = loads(run("feeds", "show", "one", "--json")[1])
    assert (shown["feed"]["id"], shown["alarms"], shown["polls"]) == ("one", [], [])
