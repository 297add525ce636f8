"""Notices: alarms become messages to the operator, each alarm once, those of a while in one message.

The first alarm goes at once; what comes within `GATHER` of a message waits and goes together. What was told stands in the messages
themselves, which the ledger keeps.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from aggregator.models import Coverage, Digest, Notice
from aggregator.records import SubscriptionState

OPERATOR = "_operator"
"""The subscription under which the ledger keeps messages to the operator; no configured one can have this name."""
GATHER = timedelta(minutes=15)
_NO_BOOKS = Coverage(seen=0, unmatched=0, matched=0, folded=0, told=0)


def compose_notices(raised: Sequence[Notice], told: Collection[str], state: SubscriptionState, now: datetime) -> Digest | None:
    """Give the message that tells the alarms nobody was told of yet, or None where there are none or they have to wait."""
    fresh = tuple(notice for notice in raised if notice.key not in told)
    recently = state.last_digest_at is not None and timedelta(0) <= now - state.last_digest_at < GATHER
    if not fresh or recently:
        return None
    return Digest(
        subscription=OPERATOR,
        name="News watch operator",
        kind="notice",
        after_seq=state.after_seq,
        through_seq=state.after_seq,
        since=state.last_digest_at,
        decided_at=now,
        time_zone="UTC",
        language="en",
        topic_names={},
        items=(),
        coverage=_NO_BOOKS,
        notices=fresh,
    )
