"""The five founding articles, served as feeds of their outlets, go the whole way: found, explained, told once."""

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
import yaml

from aggregator.app.configured import read_configuration
from aggregator.app.installation import App, declare, open_app
from aggregator.deliver import decide_now, send_due
from aggregator.judge import judge_pending
from aggregator.models import Digest, Judgement
from aggregator.poll import poll_due
from aggregator.records import Outcome
from aggregator.settings import load_settings

PROJECT = Path(__file__).parents[2]
SEEDS = PROJECT.parent / "shared" / "seeds"
pytestmark = pytest.mark.skipif(not (SEEDS / "seed-gold.json").exists(), reason="the founding articles are not beside this checkout")

SANCTIONS = {"sanctions_regimes", "evasion"}
WHOLE_RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>{outlet}</title><link>{url}</link>
<item><title>{title}</title><link>{url}</link><guid>{url}</guid>{date}<content:encoded>{body}</content:encoded></item>
</channel></rss>"""


@dataclass(frozen=True)
class Gold:
    """Hold what the gold file says of one article, as far as this test needs it."""

    source: str
    source_id: str
    url: str
    title: str
    themes: frozenset[str]
    published: str | None


def gold() -> Mapping[str, Gold]:
    found = json.loads((SEEDS / "seed-gold.json").read_text(encoding="utf-8"))
    return {
        name: Gold(said["source"], said["source_id"], said["url"], said["title"], frozenset(said["themes"]), said["published_inferred"])
        for name, said in found.items()
        if name.endswith(".txt")
    }


def feed_of(name: str, said: Gold) -> str:
    paragraphs = (SEEDS / name).read_text(encoding="utf-8").split("\n")
    body = escape("".join(f"<p>{escape(line)}</p>" for line in paragraphs if line.strip()))
    date = f"<pubDate>{said.published}</pubDate>" if said.published else ""
    return WHOLE_RSS.format(outlet=escape(said.source), url=escape(said.url), title=escape(said.title), date=date, body=body)


@dataclass(frozen=True)
class Whole:
    """Hold what became of the founding articles, by file name."""

    outcomes: Mapping[str, Outcome]
    judgements: Mapping[str, tuple[Judgement, ...]]
    digests: tuple[Digest, ...]


class Quiet(SimpleHTTPRequestHandler):
    """Serve files and say nothing about it."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@pytest.fixture(scope="module")
def newsstand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    folder = tmp_path_factory.mktemp("newsstand")
    for name, said in gold().items():
        (folder / f"{name}.xml").write_text(feed_of(name, said), encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, server.server_address[1]
        server.shutdown()
        thread.join()


def feeds_file(port: int) -> str:
    project = yaml.safe_load((PROJECT / "feeds.yaml").read_text(encoding="utf-8"))
    known = {feed["id"]: feed for feed in project["feeds"]}
    feeds = []
    for name, said in gold().items():
        source = known.get(said.source_id, {})
        feeds.append(
            {
                "id": name.removesuffix(".txt").replace("_", "-"),
                "name": said.source,
                "publisher": source.get("publisher", said.source),
                "family": source.get("family", said.source_id),
                "language": "en",
                "url": f"http://127.0.0.1:{port}/{name}.xml",
            }
        )
    morning = {"id": "morning", "name": "Morning", "channel": "file", "recipients": ["outbox"], "topics": ["labour", "sanctions"]}
    schedule = {"schedule": {"every": "day", "at": "07:30", "time_zone": "Asia/Seoul"}}
    return yaml.safe_dump({"feeds": feeds, "topics": project["topics"], "subscriptions": [morning | schedule]}, allow_unicode=True)


@pytest.fixture(scope="module")
def whole(newsstand: tuple[Path, int]) -> Whole:
    folder, port = newsstand
    (folder / "feeds.yaml").write_text(feeds_file(port), encoding="utf-8")
    environment = {
        "AGGREGATOR_FEEDS_FILE": str(folder / "feeds.yaml"),
        "AGGREGATOR_DATA_DIR": str(folder / "data"),
        "AGGREGATOR_HTTP_ALLOW": "127.0.0.1",
    }
    settings = load_settings(environment)

    async def run() -> Whole:
        async with open_app(settings, read_configuration(settings)) as app:
            return await go_the_whole_way(app)

    return asyncio.run(run())


async def go_the_whole_way(app: App) -> Whole:
    declare(app)
    for _ in range(2):
        await poll_due(app.polling, only=[feed.id for feed in app.configuration.feeds])
        await judge_pending(app.judging)
        decide_now(app.delivering, "morning")
        await send_due(app.delivering)
    names = {name.removesuffix(".txt").replace("_", "-"): name for name in gold()}
    stories = app.store.window_stories("nobody", ["labour", "sanctions"], 0, app.store.judged_through())
    judgements = {names[article.telling.feed_id]: article.judgements for story in stories for article in story.articles}
    outcomes = {names[outcome.feed_id]: outcome for outcome in app.store.outcomes()}
    return Whole(outcomes, judgements, tuple(digest for _, digest in app.store.digests()))


NAMES = sorted(gold()) if (SEEDS / "seed-gold.json").exists() else []


@pytest.mark.parametrize("name", NAMES)
def test_a_founding_article_is_found_with_its_topics(whole: Whole, name: str) -> None:
    expected = {"labour", "sanctions"} if gold()[name].themes & SANCTIONS else {"labour"}
    assert set(whole.outcomes[name].topics) == expected


@pytest.mark.parametrize("name", NAMES)
def test_its_evidence_shows_every_theme_in_its_own_words(whole: Whole, name: str) -> None:
    evidence = [found for judgement in whole.judgements[name] for found in judgement.evidence]
    assert gold()[name].themes <= {found.theme for found in evidence}
    text = (SEEDS / name).read_text(encoding="utf-8").replace("\xa0", " ")
    assert all(found.quote in text or found.quote in gold()[name].title for found in evidence)


def test_the_digest_shows_each_of_them_once(whole: Whole) -> None:
    shown = [outlet.url for digest in whole.digests for item in digest.items for outlet in item.outlets]
    assert sorted(shown) == sorted(said.url for said in gold().values())
