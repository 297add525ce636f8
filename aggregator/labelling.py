"""Labelling: a reader says by an address in a mail, without a login, whether what the mail told was relevant.

The address holds the digest's number, signed, and the place of the story in it. It is the same for all recipients of a digest, since a
match has one verdict, the last one; so whoever holds the mail can say this, and nothing else. The signature is compared before the
ledger is asked anything, and whatever is wrong with an address, the answer is the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from aggregator.core.signatures import is_signed, signature
from aggregator.desk import Desk, mark

log = structlog.get_logger(__name__)

_PURPOSE = "verdict"
_LONGEST = 100
_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Hold what a mail told in one place: the article that spoke for the story, and the topics it was told under, names by id."""

    subscription: str
    article_id: int
    headline: str
    topics: Mapping[str, str]


def label_token(secret: bytes, digest_id: int) -> str:
    """Sign a digest's number: short, and safe in a URL."""
    return f"{digest_id}.{signature(secret, _PURPOSE, str(digest_id))}"


def find_told(desk: Desk, secret: bytes, token: str, place: int) -> Told | None:
    """Give what the digest of a token told at a place; None where that is nothing, or nothing that is judged any more."""
    number, _, given = token[:_LONGEST].partition(".")
    if not is_signed(secret, _PURPOSE, number, given) or not number.isdigit() or len(number) > _LONGEST_NUMBER:
        return None
    digest = desk.store.digest(int(number))
    if digest is None or not 0 <= place < len(digest.items):
        return None
    item, judged = digest.items[place], {topic.id for topic in desk.configured().judged}
    topics = {topic: digest.topic_names.get(topic, topic) for topic in item.topics if topic in judged}
    if item.article_id is None or not topics:
        return None
    return Told(subscription=digest.subscription, article_id=item.article_id, headline=item.headline, topics=topics)


def label_told(desk: Desk, told: Told, topic: str, verdict: str) -> None:
    """Keep a reader's verdict; raises `UsageError` for an unknown article, topic or verdict."""
    mark(desk, told.article_id, topic, verdict, f"a reader of {told.subscription}")
    log.info("a reader judged what a mail told", subscription=told.subscription, article=told.article_id, topic=topic, verdict=verdict)
