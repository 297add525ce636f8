"""Notices: the operator is told of alarms through the same ledger as every reader of news."""

from collections.abc import Sequence

import structlog

from aggregator.core.notices import OPERATOR, compose_notices
from aggregator.deliver.work import Delivering
from aggregator.models import Notice

log = structlog.get_logger(__name__)

REMEMBERED = 1_000
"""Messages to the operator that are looked through for what was told."""


def tell_operator(delivering: Delivering, raised: Sequence[Notice]) -> int | None:
    """Decide a message to the operator where alarms stand that were not told yet, and give its id; it is sent like any other."""
    state = delivering.store.subscription_state(OPERATOR)
    if state is None or not delivering.operator or not raised:
        return None
    told = {notice.key for _, digest in delivering.store.digests(OPERATOR, limit=REMEMBERED) for notice in digest.notices}
    digest = compose_notices(raised, told, state, delivering.clock())
    if digest is None:
        return None
    digest_id = delivering.store.record_digest(digest, delivering.operator, None, digest.decided_at)
    if digest_id is not None:  # None: another process told them first
        log.info("the operator is told of alarms", digest=digest_id, alarms=len(digest.notices))
    return digest_id
