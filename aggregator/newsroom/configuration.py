"""Write the feeds.yaml of a watch on the newsroom: its feeds, the project's own topics, two subscriptions."""

from collections.abc import Mapping
from typing import Literal

import yaml

from aggregator.errors import UsageError
from aggregator.newsroom.content import FeedSource
from aggregator.newsroom.edition import Edition

MIN_INTERVAL, MAX_INTERVAL = "5m", "1h"
DESK = "desk@newsroom.example"
SLACK_RECIPIENT = "env:AGGREGATOR_DEMO_SLACK"
TOPICS = ("labour", "sanctions")


def feeds_yaml(edition: Edition, topics: str, every: Literal["immediate", "day"] = "immediate") -> str:
    """Give the text of a feeds.yaml.

    `topics` is the text of a file with a section of that name, such as the project's own feeds.yaml; the section is taken over as it is.
    `every` is the rhythm of the mail; alerts always go out at once.

    Raises:
        UsageError: the text has no such section.
    """
    document = yaml.safe_load(topics)
    section = document.get("topics") if isinstance(document, dict) else None
    if not section:
        raise UsageError("the text given for the topics has no section 'topics': give a whole feeds.yaml, or that section of it")
    whole = {
        "feeds": [_feed(feed, edition.url(feed.id)) for feed in edition.feeds.values()],
        "topics": section,
        "subscriptions": _subscriptions(every),
    }
    return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=120)


def _feed(feed: FeedSource, url: str) -> Mapping[str, object]:
    entry: dict[str, object] = {
        "id": feed.id,
        "name": feed.name,
        "publisher": feed.publisher,
        "family": feed.family,
        "publisher_class": feed.publisher_class,
        "language": feed.language,
        "kind": "jsonfeed" if feed.format == "json" else "syndication",
        "url": url,
        "min_interval": MIN_INTERVAL,
        "max_interval": MAX_INTERVAL,
        "time_zone": feed.time_zone,
    }
    if feed.cited_as:
        entry["cited_as"] = list(feed.cited_as)
    if feed.assume_country:
        entry["assume_country"] = True
    return entry


def _subscriptions(every: str) -> list[Mapping[str, object]]:
    rhythm: Mapping[str, object] = {"every": every} if every == "immediate" else {"every": every, "at": "07:30", "time_zone": "Asia/Seoul"}
    return [
        {
            "id": "demo-digest",
            "name": "Demonstration digest",
            "channel": "email",
            "recipients": [DESK],
            "topics": list(TOPICS),
            "schedule": rhythm,
            "when_empty": "silent",
        },
        {
            "id": "demo-alerts",
            "name": "Demonstration alerts",
            "channel": "slack",
            "recipients": [SLACK_RECIPIENT],
            "topics": list(TOPICS),
            "schedule": {"every": "immediate"},
        },
    ]
