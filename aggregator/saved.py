"""Saved searches: write a search as entries of feeds.yaml, a topic and a subscription, so that it is watched for; nothing is stored."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from aggregator.core.queries import parse_query
from aggregator.core.watching import as_topic_query
from aggregator.desk_records import SearchFilter
from aggregator.errors import UsageError
from aggregator.matching.checking import check
from aggregator.matching.mistakes import QueryError
from aggregator.models import Configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """Hold what writes entries of feeds.yaml.

    `new_id` makes a free id of a name, `topic` takes id, name and query, `subscription` also topics and a time zone.
    """

    new_id: Callable[[str, Collection[str]], str]
    topic: Callable[[str, str, str], str]
    subscription: Callable[[str, str, str, Collection[str], str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSearch:
    """Hold a search as entries of feeds.yaml; `topic` is empty where there is no query to make one of."""

    name: str
    topic: str
    subscription: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Hold what is to be saved: the name it gets, the query as typed, and filters; days do not count."""

    name: str
    query: str
    chosen: SearchFilter


def save(search: Search, entries: Entries | None, configuration: Configuration, time_zone: str) -> SavedSearch:
    """Write a search as a topic and as a subscription; raises `UsageError` where it names nothing to watch for."""
    name, query = " ".join(search.name.split()), _query(search)
    if entries is None or not name or not (query or search.chosen.topic):
        raise UsageError("to watch for a search it needs a name, and words or a filter; exclusions alone name nothing")
    taken = {topic.id for topic in configuration.topics} | {subscription.id for subscription in configuration.subscriptions}
    new_id, topics = entries.new_id(name, taken), [search.chosen.topic] if search.chosen.topic else []
    return SavedSearch(
        name=name,
        topic=entries.topic(new_id, name, query) if query else "",
        subscription=entries.subscription(new_id, name, query, topics, time_zone),
    )


def _query(search: Search) -> str:
    """Write words and filters in the topic language; empty where they ask for nothing."""
    wanted = parse_query(search.query)
    if wanted is None and search.query.strip():
        return ""
    filters = {"language": search.chosen.language, "source": search.chosen.feed}
    if not all(re.fullmatch(r"[\w-]*", value) for value in filters.values()):
        raise UsageError("a filter names a language or a feed by its id")
    found = as_topic_query(wanted, *(f"{name}:{value}" for name, value in filters.items() if value))
    try:
        if found:
            check(found, None)
    except QueryError as error:
        raise UsageError(f"the topic language cannot say this: {error}") from error
    return found
