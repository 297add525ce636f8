"""Answers: what a receiver's HTTP answer means, for every channel that posts.

429, 408, 5xx and network trouble are temporary, and a pause the receiver asks for is kept. What is left cannot change by waiting.
"""

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from aggregator.channels.wording import clean
from aggregator.errors import DeliveryError
from aggregator.models import Delivery, Failed, FailureKind, Posted

LONGEST_WAIT = 86_400.0
"""Seconds; a receiver may not ask for more."""
TEMPORARY = (408, 425, 429)


def unreached(who: str, failed: Failed) -> DeliveryError:
    """Give the error for a post that got no answer."""
    wait = min(failed.retry_after.total_seconds(), LONGEST_WAIT) if failed.retry_after else None
    permanent = failed.kind is FailureKind.PERMANENT
    return DeliveryError(f"{who} could not be reached: {failed.message}", permanent=permanent, retry_after=wait)


def is_temporary(posted: Posted) -> bool:
    """Tell an answer that may be another one later."""
    return posted.status in TEMPORARY or posted.status >= 500


def retry_after(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After header (RFC 9110 section 10.2.3) as seconds from `now`, bounded; None where it says nothing."""
    text = (value or "").strip()
    if re.fullmatch(r"\d{1,20}(\.\d{1,9})?", text, re.ASCII):
        return min(float(text), LONGEST_WAIT)
    try:
        date = parsedate_to_datetime(text)
        ahead = (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return min(max(ahead, timedelta(0)).total_seconds(), LONGEST_WAIT)


def idempotency_key(delivery: Delivery) -> str:
    """Give the delivery's key as a header may carry it."""
    return re.sub(r"[^\x21-\x7e]", "-", delivery.key)[:255]


def scrubbed(text: str, url: str) -> str:
    """Take a webhook's URL out of a message: whole, and each part of its path."""
    parts = urlsplit(url)
    secrets = {url, parts.path, parts.query, *parts.path.split("/")[2:]}
    for secret in sorted((secret for secret in secrets if len(secret) > 3), key=len, reverse=True):
        text = text.replace(secret, "***")
    return clean(text, 300)


def is_local(parts: SplitResult, allow_hosts: Collection[str]) -> bool:
    """Tell a loopback address over plain http that the caller allowed by host, or by host and port."""
    host = parts.hostname or ""
    if parts.scheme != "http" or not ({host, parts.netloc} & set(allow_hosts)):
        return False
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
