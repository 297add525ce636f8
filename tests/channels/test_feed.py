import io
import json
from dataclasses import replace

import feedparser
import pytest
from lxml import etree

from aggregator.channels.feed import ATOM, FeedChannel, atom, json_feed
from tests.channels.samples import DELIVERY, DIGEST, filled

PUBLIC = "https://watch.example.org"
HOSTILE = "<script>alert(1)</script>\x00\x0b\ufffe\ud800 ]]> &amp; <!channel>"


def test_the_atom_feed_is_read_by_a_feed_reader() -> None:
    read = feedparser.parse(io.BytesIO(atom([DIGEST], PUBLIC)))
    assert not read.bozo
    assert read.version == "atom10"
    assert [entry.title for entry in read.entries] == [item.headline for item in DIGEST.items]
    assert read.entries[0].id == f"tag:watch.example.org,2026-01-01:{DIGEST.subscription}/story-{DIGEST.items[0].story_id}-2"
    assert read.entries[0].link == DIGEST.items[0].url
    assert "Changed: 2,000 → 200 people" in read.entries[0].summary


def test_the_json_feed_is_one_of_version_1_1() -> None:
    read = json.loads(json_feed([DIGEST], PUBLIC))
    assert read["version"] == "https://jsonfeed.org/version/1.1"
    assert read["feed_url"] == f"{PUBLIC}/subscriptions/{DIGEST.subscription}/feed.json"
    assert all(isinstance(item["id"], str) and item["content_text"] for item in read["items"])


def test_a_story_told_again_has_another_id_and_the_same_one_never() -> None:
    once, again = json.loads(json_feed([DIGEST, DIGEST], PUBLIC))["items"][:3], json.loads(json_feed([DIGEST], PUBLIC))["items"]
    assert [item["id"] for item in once] == [item["id"] for item in again]
    newer = replace(DIGEST, items=(replace(DIGEST.items[0], version=9),))
    assert json.loads(json_feed([newer], PUBLIC))["items"][0]["id"] not in {item["id"] for item in again}


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "\x01javascript:x", "//evil.example", ""])
def test_x1_x2_nothing_of_a_feed_comes_alive(url: str) -> None:
    digest = filled(HOSTILE, url)
    read = feedparser.parse(io.BytesIO(atom([digest], PUBLIC)))
    assert not read.bozo
    assert not etree.fromstring(atom([digest], None)).findall(f".//{{{ATOM}}}link")
    assert b"<script" not in atom([digest], PUBLIC)
    assert all("url" not in item for item in json.loads(json_feed([digest], PUBLIC))["items"])


async def test_nothing_is_sent() -> None:
    channel = FeedChannel(PUBLIC)
    receipt = await channel.send(DELIVERY, channel.render(DIGEST, DELIVERY))
    assert receipt.detail == f"published at /subscriptions/{DELIVERY.subscription}/feed.atom"
