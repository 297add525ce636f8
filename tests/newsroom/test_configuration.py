from pathlib import Path

import pytest
import yaml

from aggregator.errors import UsageError
from aggregator.feedfile import load_configuration
from aggregator.newsroom.world import World, feeds_yaml

TOPICS = """
topics:
  - {id: labour, name: Labour abroad, anchor: country_anchor, themes: {overseas_workers: 1.0}}
  - {id: sanctions, name: Sanctions, anchor: country_anchor, themes: {sanctions_regimes: 1.0}}
"""


def test_written_file_is_a_sound_configuration(world: World, tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(feeds_yaml(world, TOPICS), encoding="utf-8")
    configuration = load_configuration(path)
    feeds = {feed.id: feed for feed in configuration.feeds}
    assert {feed_id: feed.url for feed_id, feed in feeds.items()} == dict(world.feed_urls)
    assert feeds["meridian-post"].kind == "jsonfeed"
    assert feeds["hanseo-ko"].publisher_class == "agency"
    assert (feeds["vostok-vestnik"].time_zone, feeds["border-ledger"].assume_country) == ("Asia/Vladivostok", True)
    assert {feeds[feed_id].family for feed_id in ("hanseo-ko", "hanseo-en", "hanseo-zh")} == {"hanseo"}
    assert "Hanseo News Agency" in feeds["hanseo-ko"].cited_as


@pytest.mark.parametrize("every", ["immediate", "day"])
def test_subscriptions_go_to_the_newsroom_s_receivers(world: World, tmp_path: Path, every: str) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(feeds_yaml(world, TOPICS, "day" if every == "day" else "immediate"), encoding="utf-8")
    digest, alerts = load_configuration(path).subscriptions
    assert (digest.id, digest.channel, digest.recipients, digest.schedule.every) == (
        "demo-digest",
        "email",
        ("desk@newsroom.example",),
        every,
    )
    assert (alerts.id, alerts.channel, alerts.recipients) == ("demo-alerts", "slack", ("env:AGGREGATOR_DEMO_SLACK",))
    assert alerts.schedule.every == "immediate"
    assert digest.topics == alerts.topics == ("labour", "sanctions")


def test_topics_are_taken_over_unchanged(world: World) -> None:
    whole = "feeds: []\n" + TOPICS + "subscriptions: []\n"
    assert yaml.safe_load(feeds_yaml(world, whole))["topics"] == yaml.safe_load(TOPICS)["topics"]


@pytest.mark.parametrize("text", ["", "feeds: []", "- topics"])
def test_text_without_topics_is_refused(world: World, text: str) -> None:
    with pytest.raises(UsageError, match="no section 'topics'"):
        feeds_yaml(world, text)
