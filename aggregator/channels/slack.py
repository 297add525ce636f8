"""Slack: one digest or alert as one message, to an incoming webhook or, with a bot token, to a channel.

A webhook's URL is a bearer secret: recipients name it (``env:NAME``), it is looked up at the last moment, and it appears in no
error. A variable that holds a channel's id (``C0123456789``) instead goes through the bot token, whose answers name the message; then the
update of a story answers to the story's first message, in its thread.
Slack has no idempotency of its own: after a time-out the message may have arrived, and the retry may repeat it. We choose
at least once, and send the delivery's key along for receivers that can tell. A channel gets at most one message a second, and none
while the pause lasts that an answer asked for: what waits for it meanwhile is put back without having been tried.
200 ``ok`` is success; 429, 5xx and network trouble are temporary; any other answer that Slack defines will not change by waiting.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from aggregator.channels.answers import idempotency_key, is_local, is_temporary, retry_after, scrubbed, unreached
from aggregator.channels.page import lay_out
from aggregator.channels.recipients import PREFIX, resolved
from aggregator.channels.wording import clean
from aggregator.errors import DeliveryError, PausedError
from aggregator.models import Delivery, Digest, Failed, Posted, PostOutcome, Receipt
from aggregator.ports import Message, Poster

HOST = "hooks.slack.com"
API = "https://slack.com/api/chat.postMessage"
PAUSE = 1.0
"""Seconds between two messages to one channel (docs.slack.dev/apis/web-api/rate-limits)."""
BOT_VARIABLE = "AGGREGATOR_SLACK_TOKEN"
_CHANNEL_ID = re.compile(r"[CDG][A-Z0-9]{6,20}")
CLOSED = re.compile(
    r"no_service|no_team|team_disabled|invalid_token|token_revoked|action_prohibited|channel_not_found|channel_is_archived|is_archived|"
    r"posting_to_general_channel_denied|not_in_channel|account_inactive|invalid_auth|not_authed|token_expired|missing_scope|"
    r"not_allowed_token_type|org_login_required"
)
"""Words of an answer that mean "never again here", whatever status comes with them."""
REFUSED = re.compile(r"user_not_found|invalid_payload|invalid_blocks|no_text|too_many_attachments|msg_blocks_too_long|msg_too_long")
"""Words of an answer that mean "not this message"."""
_TOKEN_BAD = re.compile(
    r"token_expired|token_revoked|invalid_auth|not_authed|account_inactive|missing_scope|not_allowed_token_type|org_login_required"
)
"""Words that speak of the bot's token, and so of every channel that it writes to."""
_JSON = json.JSONDecoder()
_BOT_NAME = re.compile(r"\d{6,12}\.\d{1,8}")
_BOT_LATER = frozenset(("ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"))


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """Hold a rendered payload."""

    parts: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SlackChannel:
    """Post digests to Slack.

    `secret` looks up a webhook's URL, or a channel's id, by name; `allow_hosts` names loopback hosts that plain http may reach, for local
    receivers; `api` is where messages go with the bot token.
    """

    poster: Poster
    secret: Callable[[str], str | None]
    allow_hosts: Collection[str] = ()
    public_url: str | None = None
    clock: Callable[[], datetime] = _now
    api: str = API
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    _free_at: dict[str, float] = field(default_factory=dict, repr=False)
    _paused: dict[str, tuple[datetime, datetime]] = field(default_factory=dict, repr=False)

    def render(self, digest: Digest, delivery: Delivery) -> SlackMessage:
        """Render the payload as JSON; nothing in it depends on the recipient, except the thread it belongs to."""
        from aggregator.channels.blocks import blocks_of, fallback  # the models of all blocks there are: large, and most wait unused

        page = lay_out(digest, self.public_url)
        payload = {
            "text": fallback(page),
            "blocks": [block.to_dict() for block in blocks_of(page)],
            "mrkdwn": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if delivery.thread:
            payload["thread_ts"] = delivery.thread
        return SlackMessage({".json": json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()})

    async def send(self, delivery: Delivery, message: Message) -> Receipt:
        """Post the payload once; the receipt keeps Slack's answer."""
        place = self._place(delivery)
        await self._wait_for_turn(place)
        try:
            return await self._post(delivery, place, message.parts[".json"])
        except DeliveryError as error:
            self._keep_pause(place, error)
            raise

    async def _post(self, delivery: Delivery, place: str, payload: bytes) -> Receipt:
        if _CHANNEL_ID.fullmatch(place):
            return await self._by_bot(delivery, place, payload)
        outcome = await self.poster.post(place, payload, _headers(delivery))
        error = refusal(outcome, self.clock())
        if error is None:
            return Receipt(detail="Slack answered 200 ok")
        raise _told(error, place)

    async def _by_bot(self, delivery: Delivery, channel: str, payload: bytes) -> Receipt:
        token = self.secret(BOT_VARIABLE)
        if not token:
            raise DeliveryError(f"{BOT_VARIABLE} is not set; a channel's id needs the token of a bot that is in the channel.")
        body = json.dumps({"channel": channel, **json.loads(payload)}, ensure_ascii=False, separators=(",", ":")).encode()
        outcome = await self.poster.post(self.api, body, {**_headers(delivery), "Authorization": f"Bearer {token}"})
        place = f"https://slack.com/api/bot/{token}"
        if isinstance(outcome, Failed):
            raise _told(unreached("Slack", outcome), place)
        error = bot_refusal(outcome, self.clock())
        if error is not None:
            raise _told(error, place)
        name = bot_answer(outcome.body).get("ts")
        return Receipt(detail="Slack took the message", thread=name if isinstance(name, str) and _BOT_NAME.fullmatch(name) else None)

    async def _wait_for_turn(self, place: str) -> None:
        """Take the channel's next free second; who comes later waits behind. Raises `PausedError` while its pause lasts.

        Who has waited looks again: the answer to a message before may have asked for a pause.
        """
        now = asyncio.get_running_loop().time()
        turn = max(self._free_at.get(place, now), now)
        self._check_pause(place)
        self._free_at[place] = turn + PAUSE
        if turn > now:
            await self.pause(turn - now)
            self._check_pause(place)

    def _check_pause(self, place: str) -> None:
        """Look whether a pause lasts; one that begins later than now was kept before the clock was set back, and says nothing."""
        now = self.clock()
        since, until = self._paused.get(place, (now, now))
        if since <= now < until:
            raise PausedError("Slack asked for a pause, and this message waits for its end", (until - now).total_seconds())

    def _keep_pause(self, place: str, error: DeliveryError) -> None:
        """Send nothing to a channel for as long as its answer asked."""
        if error.retry_after:
            now = self.clock()
            self._paused[place] = (now, now + timedelta(seconds=error.retry_after))

    def _place(self, delivery: Delivery) -> str:
        """Look up and check the webhook's URL or the channel's id; messages name the variable, never its value."""
        name = clean(delivery.recipient.removeprefix(PREFIX), 60)
        where = f"of {clean(delivery.subscription, 60)}"
        if not delivery.recipient.startswith(PREFIX):
            raise DeliveryError(f"A Slack recipient {where} is no secret's name; write env:NAME and keep the URL in NAME.", permanent=True)
        value = resolved(delivery.recipient, self.secret)
        if not value:
            raise DeliveryError(f"{name} {where} is not set; put the Slack webhook's URL there and restart.")
        if not is_destination(value, self.allow_hosts):
            raise DeliveryError(f"{name} {where} holds no Slack webhook; it must start with https://{HOST}/.", permanent=True)
        return value


def refusal(outcome: PostOutcome, now: datetime) -> DeliveryError | None:
    """Decide what a webhook's answer means; None is success."""
    if isinstance(outcome, Failed):
        return unreached("Slack", outcome)
    body = clean(outcome.body[:500].decode(errors="replace"), 120)
    if outcome.status == 200 and body == "ok":
        return None
    message = f"Slack answered {outcome.status} {body}".rstrip()
    if is_temporary(outcome):
        return DeliveryError(message, retry_after=retry_after(outcome.headers.get("retry-after"), now))
    closed = CLOSED.search(body) is not None
    if outcome.status == 200 and not closed and not REFUSED.search(body):
        return DeliveryError(f"{message}, which is not its ok; something between us and Slack may have answered")
    return DeliveryError(f"{message}; check the webhook and its channel", permanent=True, closes=closed)


def bot_refusal(outcome: Posted, now: datetime) -> DeliveryError | None:
    """Decide what an answer to the bot means; None is success. Errors come with 200 there, as ``{"ok": false, "error": ...}``."""
    answer = bot_answer(outcome.body)
    word = answer.get("error")
    if outcome.status == 200 and answer.get("ok") is True:
        return None
    message = f"Slack answered {outcome.status} {clean(outcome.body[:500].decode(errors='replace'), 120)}".rstrip()
    if is_temporary(outcome) or word in _BOT_LATER:
        return DeliveryError(message, retry_after=retry_after(outcome.headers.get("retry-after"), now))
    if not isinstance(word, str):
        return DeliveryError(f"{message}, which is no answer of Slack; something between us may have answered")
    if _TOKEN_BAD.fullmatch(word):
        return DeliveryError(
            f"{message}; put a token that is valid into {BOT_VARIABLE}, restart, then `aggregator digest resend`", closes=True
        )
    return DeliveryError(f"{message}; check the bot and its channel", permanent=True, closes=CLOSED.fullmatch(word) is not None)


def bot_answer(body: bytes) -> Mapping[str, object]:
    """Read the members of a JSON object, in whatever order they stand; of one that was cut off those before the cut."""
    text, found = body.decode(errors="replace"), dict[str, object]()
    begin = re.match(r"\s*\{", text)
    while begin:
        try:
            name, end = _JSON.raw_decode(text, _past(text, begin.end()))
            colon = re.compile(r"\s*:").match(text, end)
            value, end = _JSON.raw_decode(text, _past(text, colon.end() if colon else len(text)))
        except (ValueError, RecursionError):
            return found
        found[str(name)] = value
        begin = re.compile(r"\s*,").match(text, end)
    return found


def _past(text: str, at: int) -> int:
    """Give the place after white space."""
    return len(text) - len(text[at:].lstrip())


def _headers(delivery: Delivery) -> dict[str, str]:
    return {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": idempotency_key(delivery)}


def _told(error: DeliveryError, url: str) -> DeliveryError:
    """Give an error as it may be shown: without the address."""
    return DeliveryError(scrubbed(str(error), url), permanent=error.permanent, closes=error.closes, retry_after=error.retry_after)


def is_destination(value: str, allow_hosts: Collection[str] = ()) -> bool:
    """Tell whether a secret can be posted to: a webhook's URL, or the id of a channel."""
    return bool(_CHANNEL_ID.fullmatch(value)) or _is_webhook(value, allow_hosts)


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
    return is_local(parts, allow_hosts)
