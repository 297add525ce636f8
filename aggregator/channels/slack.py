"""Slack: one digest or alert as one message to an incoming webhook.

The webhook's URL is a bearer secret: recipients name it (``env:NAME``), it is looked up at the last moment, and it appears in no
error. Slack has no idempotency of its own: after a time-out the message may have arrived, and the retry may repeat it. We choose
at least once, and send the delivery's key along for receivers that can tell.
200 ``ok`` is success; 429, 5xx and network trouble are temporary; any other answer that Slack defines will not change by waiting.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from aggregator.channels.blocks import blocks_of, fallback
from aggregator.channels.page import lay_out
from aggregator.channels.recipients import PREFIX, resolved
from aggregator.channels.wording import clean
from aggregator.errors import DeliveryError
from aggregator.models import Delivery, Digest, Failed, FailureKind, Posted, PostOutcome, Receipt
from aggregator.ports import Message, Poster

HOST = "hooks.slack.com"
LONGEST_WAIT = 86_400.0
"""Seconds; a receiver may not ask for more."""
GONE = re.compile(
    r"no_service|no_team|team_disabled|invalid_token|token_revoked|action_prohibited|channel_not_found|channel_is_archived|"
    r"posting_to_general_channel_denied|user_not_found|invalid_payload|invalid_blocks|no_text|too_many_attachments|msg_blocks_too_long"
)
"""Words of an answer that mean "never", whatever status comes with them."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """Hold a rendered payload."""

    parts: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SlackChannel:
    """Post digests to Slack webhooks.

    `secret` looks a webhook's URL up by name; `allow_hosts` names loopback hosts that plain http may reach, for local receivers.
    """

    poster: Poster
    secret: Callable[[str], str | None]
    allow_hosts: Collection[str] = ()
    public_url: str | None = None
    clock: Callable[[], datetime] = _now

    def render(self, digest: Digest, delivery: Delivery) -> SlackMessage:
        """Render the payload as JSON; nothing in it depends on the recipient."""
        page = lay_out(digest, delivery, self.public_url)
        payload = {
            "text": fallback(page),
            "blocks": [block.to_dict() for block in blocks_of(page)],
            "mrkdwn": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        return SlackMessage({".json": json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()})

    async def send(self, delivery: Delivery, message: Message) -> Receipt:
        """Post the payload once; the receipt keeps Slack's answer."""
        url = self._webhook(delivery)
        headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": idempotency_key(delivery)}
        outcome = await self.poster.post(url, message.parts[".json"], headers)
        error = refusal(outcome, self.clock())
        if error is None:
            return Receipt(detail="Slack answered 200 ok")
        raise DeliveryError(scrubbed(str(error), url), permanent=error.permanent, retry_after=error.retry_after)

    def _webhook(self, delivery: Delivery) -> str:
        """Look up and check the webhook's URL; messages name the variable, never its value."""
        name = clean(delivery.recipient.removeprefix(PREFIX), 60)
        where = f"of {clean(delivery.subscription, 60)}"
        if not delivery.recipient.startswith(PREFIX):
            raise DeliveryError(f"A Slack recipient {where} is no secret's name; write env:NAME and keep the URL in NAME.", permanent=True)
        url = resolved(delivery.recipient, self.secret)
        if not url:
            raise DeliveryError(f"{name} {where} is not set; put the Slack webhook's URL there and restart.")
        if not _is_webhook(url, self.allow_hosts):
            raise DeliveryError(f"{name} {where} holds no Slack webhook; it must start with https://{HOST}/.", permanent=True)
        return url


def refusal(outcome: PostOutcome, now: datetime) -> DeliveryError | None:
    """Decide what an answer means; None is success."""
    if isinstance(outcome, Failed):
        wait = min(outcome.retry_after.total_seconds(), LONGEST_WAIT) if outcome.retry_after else None
        permanent = outcome.kind is FailureKind.PERMANENT
        return DeliveryError(f"Slack could not be reached: {outcome.message}", permanent=permanent, retry_after=wait)
    return _refused(outcome, now)


def _refused(posted: Posted, now: datetime) -> DeliveryError | None:
    body = clean(posted.body[:500].decode(errors="replace"), 120)
    if posted.status == 200 and body == "ok":
        return None
    message = f"Slack answered {posted.status} {body}".rstrip()
    wait = retry_after(posted.headers.get("retry-after"), now)
    if posted.status == 429 or posted.status >= 500 or posted.status == 408:
        return DeliveryError(message, retry_after=wait)
    if posted.status == 200 and not GONE.search(body):
        return DeliveryError(f"{message}, which is not its ok; something between us and Slack may have answered")
    return DeliveryError(f"{message}; check the webhook and its channel", permanent=True)


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


def _is_webhook(url: str, allow_hosts: Collection[str]) -> bool:
    if not url.isascii() or not url.isprintable() or re.search(r"[\s\\@]", url):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme == "https" and parts.hostname == HOST and port in (None, 443):
        return True
    return _is_local(parts, allow_hosts)


def _is_local(parts: SplitResult, allow_hosts: Collection[str]) -> bool:
    """Tell a loopback address over plain http that the caller allowed by host, or by host and port."""
    host = parts.hostname or ""
    if parts.scheme != "http" or not ({host, parts.netloc} & set(allow_hosts)):
        return False
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
