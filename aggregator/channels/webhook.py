"""Webhook: a digest as signed JSON, posted to any address.

Signed as Standard Webhooks 1.0 says (github.com/standard-webhooks): HMAC-SHA256 over ``id.timestamp.body``. The id is the delivery's key
and stays over retries, so a receiver that keeps the ids it saw takes each message once; the timestamp is that of the attempt, so a
receiver refuses what is older than its window (`verify` shows how). The secret of the address in ``NAME`` stands in ``NAME_SECRET``.
2xx is success, 410 closes the address; 429, 408, 5xx and network trouble are temporary, and everything else will not change by waiting.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from pydantic import TypeAdapter

from aggregator.channels.answers import idempotency_key, is_local, is_temporary, retry_after, scrubbed, unreached
from aggregator.channels.recipients import PREFIX, resolved
from aggregator.channels.wording import clean
from aggregator.errors import DeliveryError
from aggregator.models import Delivery, Digest, Failed, PostOutcome, Receipt
from aggregator.ports import Message, Poster

REPLAY_WINDOW = timedelta(minutes=5)
_GONE = 410


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """Hold a rendered body."""

    parts: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """Post digests as signed JSON; `allow_hosts` names loopback hosts that plain http may reach."""

    poster: Poster
    secret: Callable[[str], str | None]
    allow_hosts: Collection[str] = ()
    clock: Callable[[], datetime] = _now

    def render(self, digest: Digest, delivery: Delivery) -> WebhookMessage:
        """Render the body: the whole digest as data, text of feeds as it was read; who shows it must escape it."""
        told = TypeAdapter(Digest).dump_python(digest, mode="json")
        body = {"type": f"{digest.kind}.decided", "id": idempotency_key(delivery), "digest": told}
        return WebhookMessage({".json": json.dumps(body, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()})

    async def send(self, delivery: Delivery, message: Message) -> Receipt:
        """Post the body once, signed for this moment."""
        url, secret = self._address(delivery)
        body, stamp = message.parts[".json"], str(int(self.clock().timestamp()))
        key = idempotency_key(delivery)
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "webhook-id": key,
            "webhook-timestamp": stamp,
            "webhook-signature": sign(secret, key, stamp, body),
        }
        error = _refusal(await self.poster.post(url, body, headers), self.clock())
        if error is None:
            return Receipt(detail="the receiver took it")
        raise DeliveryError(scrubbed(str(error), url), permanent=error.permanent, closes=error.closes, retry_after=error.retry_after)

    def _address(self, delivery: Delivery) -> tuple[str, str]:
        """Look up address and secret; messages name the variables, never their values."""
        name = clean(delivery.recipient.removeprefix(PREFIX), 60)
        if not delivery.recipient.startswith(PREFIX):
            raise DeliveryError("A webhook is no secret's name; write env:NAME and keep its address in NAME.", permanent=True)
        url, secret = resolved(delivery.recipient, self.secret), self.secret(f"{name}_SECRET")
        if not url or not secret:
            raise DeliveryError(f"{name if not url else name + '_SECRET'} is not set; put it into the environment and restart.")
        if not _is_address(url, self.allow_hosts):
            raise DeliveryError(f"{name} holds no address that may be posted to; it must start with https://.", permanent=True)
        return url, secret


def sign(secret: str, key: str, stamp: str, body: bytes) -> str:
    """Give the signature of one attempt, ``v1,`` and base64."""
    mac = hmac.new(_key_of(secret), b"%s.%s.%s" % (key.encode(), stamp.encode(), body), hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode("ascii")


def verify(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> bool:
    """Tell, as a receiver does, whether a message is ours and fresh; `headers` have lower-case names. Its id must be checked too."""
    stamp = headers.get("webhook-timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12) or abs(now.timestamp() - int(stamp)) > REPLAY_WINDOW.total_seconds():
        return False
    expected = sign(secret, headers.get("webhook-id", ""), stamp, body).encode()
    return any(hmac.compare_digest(expected, given.encode()) for given in headers.get("webhook-signature", "").split())


def _key_of(secret: str) -> bytes:
    """Read a secret as the standard writes it (``whsec_`` and base64), or take its bytes."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def _refusal(outcome: PostOutcome, now: datetime) -> DeliveryError | None:
    if isinstance(outcome, Failed):
        return unreached("The receiver", outcome)
    if 200 <= outcome.status < 300:
        return None
    message = f"The receiver answered {outcome.status} {clean(outcome.body[:500].decode(errors='replace'), 120)}".rstrip()
    if is_temporary(outcome):
        return DeliveryError(message, retry_after=retry_after(outcome.headers.get("retry-after"), now))
    return DeliveryError(message, permanent=True, closes=outcome.status == _GONE)


def _is_address(url: str, allow_hosts: Collection[str]) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url and "@" not in parts.netloc
    return plain and bool(parts.hostname) and (parts.scheme == "https" or is_local(parts, allow_hosts))
