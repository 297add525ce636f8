"""The feeds.yaml that ships loads and is complete, and what it leaves out takes the documented values."""

from datetime import time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aggregator.errors import ConfigurationError
from aggregator.feedfile import load_configuration
from aggregator.feedfile.entries import FeedEntry, ScheduleEntry, SubscriptionEntry, TopicEntry
from aggregator.models import Configuration, Schedule, TopicSpec
from aggregator.settings import Settings
from aggregator.vocabulary import load_packs

FEEDS = Path(__file__).parents[2] / "feeds.yaml"
SMALL = """
feeds:
  - {id: one, name: One, publisher: One, family: one, url: "https://one.example/"}
topics:
  - {id: labour, name: Labour, anchor: country_anchor, themes: {overseas_workers: 1}}
"""


@pytest.fixture(scope="module")
def shipped() -> Configuration:
    packs = load_packs()
    concepts = [concept.id for pack in packs.themes.values() for concept in pack.concepts.values()]
    return load_configuration(FEEDS, {*packs.themes, *concepts})


def small(tmp_path: Path, more: str = "") -> Configuration:
    path = tmp_path / "feeds.yaml"
    path.write_text(SMALL + more, encoding="utf-8")
    return load_configuration(path)


def test_shipped_file_holds_sources_of_every_class_in_the_five_languages(shipped: Configuration) -> None:
    enabled = [feed for feed in shipped.feeds if feed.enabled]
    assert {feed.language for feed in enabled} == {"en", "ko", "zh", "ja", "ru"}
    assert {feed.publisher_class for feed in shipped.feeds} == {
        "official", "agency", "inside_source", "specialist", "paper", "derivative", "state_media", "search",
    }  # fmt: skip
    assert len(enabled) >= 30


def test_editions_of_one_publisher_share_a_family(shipped: Configuration) -> None:
    families = {feed.id: feed.family for feed in shipped.feeds}
    for prefix, family in (("daily-nk", "daily-nk"), ("yonhap", "yonhap"), ("rfa", "rfa"), ("google-news", "google-news")):
        assert {value for name, value in families.items() if name.startswith(prefix)} == {family}
    assert families["essanews"] == "wp-group"


def test_disabled_sources_say_since_when_and_why(shipped: Configuration) -> None:
    for feed in shipped.feeds:
        assert feed.enabled == (feed.disabled_on is None) == (feed.disabled_reason is None)


def test_agencies_are_polled_often_and_searches_at_most_hourly(shipped: Configuration) -> None:
    by_id = {feed.id: feed for feed in shipped.feeds}
    assert by_id["yonhap-ko-nk"].min_interval == timedelta(minutes=10)
    searches = [feed for feed in shipped.feeds if "news.google.com" in feed.url]
    assert len(searches) >= 8
    assert all(feed.min_interval >= timedelta(hours=1) and "when:7d" in feed.url for feed in searches)


def test_topics_carry_their_examples(shipped: Configuration) -> None:
    assert [topic.id for topic in shipped.topics] == ["labour", "sanctions"]
    assert all(topic.must_match and topic.must_not_match and topic.themes for topic in shipped.topics)


def test_example_subscriptions_keep_their_recipients_in_the_environment(shipped: Configuration) -> None:
    digest, alerts = shipped.subscriptions
    assert (digest.channel, digest.recipients) == ("email", ("env:AGGREGATOR_DIGEST_TO",))
    assert digest.schedule == Schedule(every="day", at=time(7, 30), time_zone=ZoneInfo("Asia/Seoul"))
    assert (alerts.channel, alerts.recipients) == ("slack", ("env:AGGREGATOR_SLACK_WEBHOOK",))
    assert alerts.schedule == Schedule(every="immediate")


def test_left_out_keys_take_their_documented_values(tmp_path: Path) -> None:
    configuration = small(tmp_path)
    (feed,) = configuration.feeds
    assert (feed.kind, feed.language, feed.publisher_class, feed.expects, feed.time_zone) == (
        "syndication", "en", "paper", "irregular", "UTC",
    )  # fmt: skip
    assert (feed.min_interval, feed.max_interval, feed.enabled) == (timedelta(minutes=30), timedelta(hours=6), True)
    assert configuration.topics[0].threshold == 1.0
    assert configuration.subscriptions == ()


def test_texts_are_yaml_1_2(tmp_path: Path) -> None:
    """YAML 1.1 would read `no` as False, `17:30` as 1050, and `on` as True."""
    more = """
  - {id: no, name: off, anchor: country_anchor, themes: {overseas_workers: 0.5}}
subscriptions:
  - id: weekly
    name: 0x10
    channel: slack
    recipients: [env:HOOK]
    topics: [no]
    languages: [no]
    schedule: {every: week, at: 17:30, weekday: friday, time_zone: Asia/Seoul}
"""
    configuration = small(tmp_path, more)
    assert (configuration.topics[1].id, configuration.topics[1].name) == ("no", "off")
    (weekly,) = configuration.subscriptions
    assert (weekly.name, weekly.languages) == ("0x10", ("no",))
    assert weekly.schedule == Schedule(every="week", at=time(17, 30), weekday=4, time_zone=ZoneInfo("Asia/Seoul"))


def test_a_query_in_a_subscription_is_judged_like_a_topic(tmp_path: Path) -> None:
    more = """subscriptions:
  - id: mine
    name: Only mine
    channel: slack
    recipients: [env:HOOK]
    query: '@overseas_workers AND title:Dandong'
    schedule: {every: immediate}
"""
    configuration = small(tmp_path, more)
    (mine,) = configuration.subscriptions
    assert (mine.topics, mine.asked) == ((), ("mine.query",))
    assert [topic.id for topic in configuration.judged] == [*(topic.id for topic in configuration.topics), "mine.query"]
    assert configuration.judged[-1] == TopicSpec(id="mine.query", name="Only mine", query="@overseas_workers AND title:Dandong")


def test_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert load_configuration(path).feeds[0].id == "one"


def test_new_channel_and_kind_need_no_change_of_this_room(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    more = "subscriptions:\n  - {id: s, name: S, channel: pigeon, recipients: [env:LOFT], topics: [labour], schedule: {every: immediate}}\n"
    path.write_text(SMALL.replace("family: one,", "family: one, kind: telex,") + more, encoding="utf-8")
    configuration = load_configuration(path, known_channels=("pigeon",), known_kinds=("telex",))
    assert (configuration.feeds[0].kind, configuration.subscriptions[0].channel) == ("telex", "pigeon")
    with pytest.raises(ConfigurationError, match="pigeon"):
        load_configuration(path)


def test_every_source_stands_in_the_documentation_with_its_state(shipped: Configuration) -> None:
    page = (FEEDS.parent / "docs" / "sources.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    assert list(rows) == [feed.id for feed in shipped.feeds]
    for feed in shipped.feeds:
        state = "| on |" if feed.enabled else f"| off since {feed.disabled_on}: "
        assert state in rows[feed.id], f"docs/sources.md is out of date about {feed.id}"


def test_every_key_stands_in_the_documentation() -> None:
    page = (FEEDS.parent / "docs" / "configuration.md").read_text(encoding="utf-8")
    for model in (FeedEntry, TopicEntry, SubscriptionEntry, ScheduleEntry):
        assert [key for key in model.model_fields if f"`{key}`" not in page and f"{key}:" not in page] == []
    assert [field for field in Settings.model_fields if f"AGGREGATOR_{field.upper()}=" not in page] == []
