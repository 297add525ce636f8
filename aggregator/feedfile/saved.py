"""Write a search as entries of feeds.yaml, to be pasted there: as a topic, and as a subscription of its own."""

import hashlib
import re
import unicodedata
from collections.abc import Collection
from typing import Any

import yaml

from aggregator.feedfile.topics import as_yaml
from aggregator.models import TopicSpec

LONGEST_ID = 40


def entry_id(name: str, taken: Collection[str]) -> str:
    """Make an id of a name that no other entry has."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    letters = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_ID].strip("-")
    first = letters or f"search-{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:8]}"
    return next(found for number in range(1, len(taken) + 2) if (found := f"{first}-{number}" if number > 1 else first) not in taken)


def topic_entry(entry: str, name: str, query: str) -> str:
    """Write a topic."""
    return as_yaml(TopicSpec(id=entry, name=name, query=query))


def subscription_entry(entry: str, name: str, query: str, topics: Collection[str], time_zone: str) -> str:
    """Write a subscription to a query, within topics where there are any: a mail each morning."""
    written: dict[str, Any] = {"id": entry, "name": name, "channel": "email", "recipients": ["env:AGGREGATOR_DIGEST_TO"]}
    written |= {"topics": list(topics)} if topics else {}
    written |= {"query": query} if query else {}
    written |= {"schedule": {"every": "day", "at": "07:30", "time_zone": time_zone}}
    return yaml.safe_dump([written], allow_unicode=True, sort_keys=False, width=10_000)
