"""A search is watched for by what it writes for feeds.yaml; the outgoing feeds are a list of their own."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from aggregator.core.queries import parse_query
from aggregator.core.watching import as_topic_query
from aggregator.desk_records import SearchFilter
from aggregator.feedfile.loading import load_configuration
from aggregator.matching import compile_query
from aggregator.sources.opml import read_opml
from aggregator.store import SqlStore
from tests.matching.topics import PACKS, article
from tests.store.samples import FEED, NOW, entry, intake, matched, opened, take_in
from tests.web.browser import Browser
from tests.web.conftest import Clock, make_site

FEEDS = """feeds:
  - {id: dailynk, name: Daily NK, publisher: Daily NK, family: dailynk, language: en, url: "https://dailynk.example/rss"}
topics:
  - {id: workers, name: Workers, query: worker*}
"""
TEXTS = (
    "북한 노동자들이 귀국했다",
    "북한의 무역",
    "朝鲜劳工在丹东",
    "Loyalty funds are paid in China",
    "A loyalty fund, and much later on and after a great many other words about football, at last the word China",
    "Workers mine coal; the coalition met",
    "Sanctioned ships and sanctions",
    "Футбол и рабочие на заводе",
    "He was working with IT on this",
    "Agencies sent 2,000 people",
)


QUERIES = {
    "북한 노동자": 1,
    "劳工 OR workers": 2,
    '"loyalty fund*" NEAR/10 China': 1,
    "loyalty -football": 1,
    "sanctions": 1,
    "рабочих завод": 1,
    "coal": 1,
    "work IT": 1,
    "agency (people OR ships) NOT China": 1,
    '"2,000 people"': 1,
    "title:x WITH UNLESS": 0,
}


def test_a_topic_made_of_a_search_matches_what_the_search_finds(empty_store: SqlStore) -> None:
    empty_store.sync_feeds([FEED], NOW)
    for number, text in enumerate(TEXTS):
        served = entry(f"text{number}", title="")
        (revision,) = take_in(empty_store, intake(f"text{number}", served=served))
        empty_store.record_judged(matched(revision, opened(), text=text))
    for query, count in QUERIES.items():
        wanted = parse_query(query)
        assert wanted
        found = {hit.text for hit in empty_store.search(wanted, SearchFilter(), best=False, limit=50).items}
        judge = compile_query(as_topic_query(wanted), PACKS)
        assert {text for text in TEXTS if judge.judge(article("", text))[0].matched} == found, as_topic_query(wanted)
        assert len(found) == count, query


async def test_a_saved_search_is_yaml_that_the_configuration_takes(store: SqlStore, clock: Clock, tmp_path: Path) -> None:
    browser = Browser(make_site(store, clock))
    asked = {"name": "Workers: 劳工 “watch”", "q": '"loyalty fund*" OR 劳工', "topic": "workers", "language": "zh", "feed": "dailynk"}
    page = (await browser.get("/saved", params=asked)).text
    topic, subscription = (unescape(found) for found in re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL))
    file = tmp_path / "feeds.yaml"
    file.write_text(f"{FEEDS}{topic}\nsubscriptions:\n{subscription}", encoding="utf-8")
    configuration = load_configuration(file)
    assert [one.id for one in configuration.topics] == ["workers", "workers-watch"]
    (made,) = configuration.subscriptions
    assert (made.name, made.topics) == ("Workers: 劳工 “watch”", ("workers",))
    assert made.query == configuration.topics[1].query == '("loyalt* fund*" OR 劳工) AND language:zh AND source:dailynk'


@pytest.mark.parametrize(("asked", "made"), [({"name": "workers", "q": "coal"}, "workers-2"), ({"name": "劳工", "q": "劳工"}, "search-")])
async def test_a_saved_search_takes_no_id_that_another_has(store: SqlStore, clock: Clock, asked: dict[str, str], made: str) -> None:
    page = (await Browser(make_site(store, clock)).get("/saved", params=asked)).text
    assert f"- id: {made}" in page


@pytest.mark.parametrize("asked", [{}, {"name": "x"}, {"q": "coal"}, {"name": "x", "q": "-coal"}, {"name": "x", "language": "ko) OR coal"}])
async def test_a_search_that_cannot_be_watched_for_is_explained(store: SqlStore, clock: Clock, asked: dict[str, str]) -> None:
    answer = await Browser(make_site(store, clock)).get("/saved", params=asked)
    assert answer.status_code == 400
    assert "To the stories" in answer.text


async def test_the_search_page_leads_to_the_yaml_of_what_was_searched(store: SqlStore, clock: Clock) -> None:
    browser = Browser(make_site(store, clock))
    link = re.search(r'href="(/saved[^"]*)"', (await browser.get("/search?q=북한&language=en")).text)
    assert link
    assert dict(parse_qsl(urlsplit(unescape(link[1])).query)) == {"name": "북한", "q": "북한", "language": "en"}
    assert "language:en" in (await browser.get(unescape(link[1]))).text


async def test_all_outgoing_feeds_are_one_list_whose_feeds_answer(store: SqlStore, clock: Clock) -> None:
    browser = Browser(make_site(store, clock))
    listed = read_opml((await browser.get("/feeds.opml")).content)
    assert (listed.feeds[0].title, listed.feeds[0].url) == ("Workers abroad", "http://localhost/feeds/workers.atom")
    assert len(listed.feeds) == 2
    assert (await browser.get(listed.feeds[0].url)).status_code == 200
