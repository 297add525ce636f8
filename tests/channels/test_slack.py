import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.channels import SlackChannel
from aggregator.channels.blocks import LONGEST_FALLBACK, MOST_BLOCKS, MOST_CHARACTERS, escape, fitted, link_target
from aggregator.errors import DeliveryError
from aggregator.models import Digest, Failed, FailureKind, Posted, PostOutcome, Receipt
from tests.channels.samples import DELIVERY, DIGEST, EMPTY, VLADIVOSTOK, crowded, filled

URL = "https://hooks.slack.com/services/T0123/B0456/s3cr3tS3cr3t"
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
DELIVERY = replace(DELIVERY, channel="slack", recipient="env:DESK_WEBHOOK")
OK = Posted(status=200, headers={}, body=b"ok")


@dataclass
class RecordingPoster:
    """Keep every post, and answer as told."""

    answer: PostOutcome = OK
    posts: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> PostOutcome:
        self.posts.append((url, body, headers))
        return self.answer


def channel(poster: RecordingPoster | None = None, url: str | None = URL, allow_hosts: tuple[str, ...] = ()) -> SlackChannel:
    return SlackChannel(poster or RecordingPoster(), {"DESK_WEBHOOK": url}.get, allow_hosts, "https://watch.example.org/", lambda: NOW)


def payload(digest: Digest) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(channel().render(digest, DELIVERY).parts[".json"])
    return read


def texts(value: Any) -> list[tuple[str, str]]:
    """Give every text in a payload with its type."""
    if isinstance(value, list):
        return [text for inner in value for text in texts(inner)]
    if not isinstance(value, dict):
        return []
    own = [(value["type"], value["text"])] if isinstance(value.get("text"), str) and "type" in value else []
    return own + [text for inner in value.values() for text in texts(inner)]


def check_limits(read: dict[str, Any]) -> None:
    blocks = read["blocks"]
    assert 1 <= len(blocks) <= MOST_BLOCKS
    assert sum(len(text) for _, text in texts(blocks)) < MOST_CHARACTERS
    assert 0 < len(read["text"]) <= LONGEST_FALLBACK
    for block in blocks:
        limit = {"header": 150, "section": 3_000, "context": 2_000}[block["type"]]
        assert all(0 < len(text) <= limit for _, text in texts(block))
        assert len(block.get("elements", ())) <= 10


def check_lifeless(read: dict[str, Any]) -> None:
    """Check that nothing is live syntax but our own links and our own bold topics."""
    assert "<" not in read["text"]
    for kind, text in texts(read["blocks"]):
        bare = text
        if kind == "mrkdwn":
            bare = re.sub(r"<https?://[^<>|\s]+\|[^<>|\n*_~`]+>", "", text)
            bare = re.sub(r"^\*[^*_~`\n]+\*$", "", bare)
            assert not re.search(r"[*_~`]", bare)
        assert "<" not in bare
        assert ">" not in bare
        assert not re.search(r"@(here|channel|everyone)\b", bare, re.IGNORECASE)
        assert not re.sub(r"&(amp|lt|gt);", "", bare).count("&")


def test_a_message_tells_each_story() -> None:
    read = payload(DIGEST)
    told = "\n".join(text for _, text in texts(read["blocks"]))
    assert read["text"].startswith("North Korean labour watch: 2 new, 1 update. 中, 단둥")
    assert read["blocks"][0]["type"] == "header"
    for words in (
        "UPDATE  中, 단둥 북한 노동자",
        "Changed: 2,000 → 200 people",
        "Yonhap → 2 echoes; Daily NK independent",
        "Why: Labour abroad: dispatched workers (“북한 노동자”)",
        "<https://www.nknews.org/2026/11/builders-in-vladivostok/|Read at nknews.org>",
        "*Labour abroad*",
        "Sat 21 Nov 2026, 08:00 (Asia/Seoul)",
        "14 matched = 11 folded into stories + 3 told",
        "Radio Free Asia: The server answered 503",
        "No news is not no events",
    ):
        assert words in told
    check_limits(read)
    check_lifeless(read)


def test_headlines_stand_where_nothing_is_formatted() -> None:
    headlines = [block["text"] for block in payload(DIGEST)["blocks"] if block["type"] == "section" and "builders" in block["text"]["text"]]
    assert [text["type"] for text in headlines] == ["plain_text"]


def test_slack_neither_unfurls_nor_formats_on_its_own() -> None:
    read = payload(DIGEST)
    assert (read["unfurl_links"], read["unfurl_media"], read["mrkdwn"]) == (False, False, False)


def test_an_alert_says_so_and_an_empty_digest_too() -> None:
    assert payload(replace(DIGEST, kind="alert", items=(VLADIVOSTOK,)))["text"].startswith("Alert: North Korean labour watch: 1 new.")
    assert "No new story on your topics." in json.dumps(payload(EMPTY))


def test_a_retry_has_the_same_bytes() -> None:
    assert channel().render(DIGEST, DELIVERY).parts == channel().render(DIGEST, replace(DELIVERY, attempts=9)).parts


HOSTILE = [
    "<!channel> now",
    "<!here|here> <!everyone>",
    "<@U123> <#C42> <!subteam^S1>",
    "<https://evil.example|Your bank>",
    "AT&T &lt;!channel&gt; &amp;",
    "*bold* _it_ ~gone~ `code` ```block```",
    "> quoted\n> more",
    "@channel @here @everyone @Here",
    ":skull: \u202eevil",
    "| pipe \\ back",
    "\u1100\u1161\u11a8" * 2_000,
    "&" * 5_000,
    "🇰🇵" * 3_000,
    "",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_k1_text_of_every_field_is_shown_literally(hostile: str) -> None:
    for kind in ("digest", "alert"):
        read = payload(filled(hostile, kind=kind))
        check_lifeless(read)
        check_limits(read)


def test_k1_a_link_cannot_break_out_of_its_brackets() -> None:
    read = payload(filled("title", "https://example.org/?a=1&b=<!channel>|x"))
    links = [text for kind, text in texts(read["blocks"]) if kind == "mrkdwn" and "example.org" in text]
    assert links[0] == "<https://example.org/?a=1&amp;b=%3C!channel%3E%7Cx|Read at example.org>"
    assert link_target("https://e.org/<a>|b&c") == "https://e.org/%3Ca%3E%7Cb&amp;c"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//evil", "https://" + "x" * 3_000])
def test_x2_an_unsafe_link_is_no_link(url: str) -> None:
    assert url[:40] not in json.dumps(payload(filled("title", url)))


@pytest.mark.parametrize(("count", "long"), [(60, False), (60, True), (3, True), (400, False)])
def test_k2_a_flood_is_cut_and_counted(count: int, long: bool) -> None:
    read = payload(crowded(count, long))
    check_limits(read)
    told = "\n".join(text for _, text in texts(read["blocks"]))
    shown = len(set(re.findall(r"NEW  Story (\d+)\b", told)))
    left = re.search(r"(\d+) more stor(y|ies) did not fit", told)
    assert shown > 0
    assert shown + (int(left.group(1)) if left else 0) == count
    assert ("<https://watch.example.org/|Read them on the web>" in told) is bool(left)


@pytest.mark.parametrize("limit", [1, 2, 7, 150])
@pytest.mark.parametrize("text", ["&" * 900, "가" * 900, "a&<>b" * 200, "\u1100\u1161\u11a8" * 300, "👩\u200d👩\u200d👧" * 90, "short"])
def test_k2_a_cut_never_falls_inside_an_entity_or_a_character(text: str, limit: int) -> None:
    shown = fitted(text, limit)
    assert len(shown) <= limit
    assert not re.sub(r"&(amp|lt|gt);", "", shown).count("&")
    assert shown == escape(text) or shown.endswith("…")


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(), max_size=400), st.text(max_size=60))
def test_any_text_in_every_field_makes_a_valid_lifeless_payload(text: str, url: str) -> None:
    read = payload(replace(filled(text, url), subscription=text, time_zone=text))
    check_limits(read)
    check_lifeless(read)


# --- sending


async def sent(answer: PostOutcome) -> Receipt:
    sender = channel(RecordingPoster(answer))
    return await sender.send(DELIVERY, sender.render(DIGEST, DELIVERY))


async def test_one_post_with_the_deliverys_key() -> None:
    poster = RecordingPoster()
    sender = channel(poster)
    message = sender.render(DIGEST, DELIVERY)
    receipt = await sender.send(DELIVERY, message)
    assert receipt.detail == "Slack answered 200 ok"
    assert [(url, body) for url, body, _ in poster.posts] == [(URL, message.parts[".json"])]
    assert poster.posts[0][2]["Idempotency-Key"] == DELIVERY.key
    assert poster.posts[0][2]["Content-Type"] == "application/json; charset=utf-8"


def posted(status: int, body: str = "", **headers: str) -> Posted:
    return Posted(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=body.encode())


@pytest.mark.parametrize(
    ("answer", "permanent", "retry_after"),
    [
        (posted(429, "rate_limited", retry_after="30"), False, 30.0),
        (posted(429, retry_after="1.5"), False, 1.5),
        (posted(429, retry_after="Sat, 21 Nov 2026 08:02:00 GMT"), False, 120.0),
        (posted(429, retry_after="Sat, 21 Nov 2026 07:00:00 GMT"), False, 0.0),
        (posted(429, retry_after="Sat, 21 Nov 2026 08:01:00 -0000"), False, 60.0),
        (posted(429, retry_after="99999999999"), False, 86_400.0),
        (posted(429, retry_after="-1"), False, None),
        (posted(429, retry_after="soon"), False, None),
        (posted(429, retry_after="²"), False, None),
        (posted(429), False, None),
        (posted(500, "rollup_error"), False, None),
        (posted(503, retry_after="5"), False, 5.0),
        (posted(408), False, None),
        (posted(400, "invalid_blocks"), True, None),
        (posted(403, "action_prohibited"), True, None),
        (posted(404, "no_service"), True, None),
        (posted(410, "channel_is_archived"), True, None),
        (posted(302, ""), True, None),
        (posted(200, "no_service"), True, None),
        (posted(200, "<html>Please log in to the hotel network</html>"), False, None),
        (posted(200, ""), False, None),
        (Failed(kind=FailureKind.TEMPORARY, message="timed out after the body was sent"), False, None),
        (Failed(kind=FailureKind.TEMPORARY, message="busy", retry_after=timedelta(days=9)), False, 86_400.0),
        (Failed(kind=FailureKind.SOFT, message="odd"), False, None),
        (Failed(kind=FailureKind.PERMANENT, message="the address is private"), True, None),
    ],
)
async def test_k3_each_answer_has_its_consequence(answer: PostOutcome, permanent: bool, retry_after: float | None) -> None:
    with pytest.raises(DeliveryError) as caught:
        await sent(answer)
    assert (caught.value.permanent, caught.value.retry_after) == (permanent, retry_after)
    assert "s3cr3t" not in str(caught.value)


async def test_k3_ok_with_stray_space_is_ok() -> None:
    assert (await sent(posted(200, " ok\n"))).detail == "Slack answered 200 ok"


@pytest.mark.parametrize(
    "answer",
    [
        Failed(kind=FailureKind.TEMPORARY, message=f"POST {URL} timed out"),
        Failed(kind=FailureKind.TEMPORARY, message="no route to /services/T0123/B0456/s3cr3tS3cr3t\x1b[31m"),
        posted(500, f"error at {URL}"),
        posted(400, "invalid token s3cr3tS3cr3t"),
    ],
)
async def test_l1_the_webhook_is_in_no_error(answer: PostOutcome) -> None:
    with pytest.raises(DeliveryError) as caught:
        await sent(answer)
    assert not re.search(r"s3cr3t|B0456|T0123|\x1b", f"{caught.value!s} {caught.value!r}")
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.slack.com/services/x",
        "https://hooks.slack.com.evil.example/services/x",
        "https://evil.example/hooks.slack.com",
        "https://user@hooks.slack.com/x",
        "https://hooks.slack.com@evil.example/",
        "https://hooks.slack.com\\@evil.example/",
        "https://hooks.slack.com:8443/x",
        "https://hooks.slack.com:bad/x",
        "https://hooks.slack.com/x\r\nHost: evil",
        "http://127.0.0.1:9000/hook",
        "http://example.org/hook",
        "https://127.0.0.1/hook",
        "ftp://hooks.slack.com/x",
        "hooks.slack.com/services/x",
    ],
)
async def test_s8_a_webhook_elsewhere_is_refused_before_any_request(url: str) -> None:
    poster = RecordingPoster()
    sender = channel(poster, url, allow_hosts=("localhost", "example.org"))
    with pytest.raises(DeliveryError, match="DESK_WEBHOOK of labour-daily holds no Slack webhook") as caught:
        await sender.send(DELIVERY, sender.render(DIGEST, DELIVERY))
    assert caught.value.permanent
    assert url not in str(caught.value)
    assert not poster.posts


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://HOOKS.slack.com:443/services/x", ()),
        ("http://127.0.0.1:9000/hook", ("127.0.0.1",)),
        ("http://127.0.0.1:9000/hook", ("127.0.0.1:9000",)),
        ("http://localhost:9000/hook", ("localhost",)),
        ("http://[::1]:9000/hook", ("::1",)),
    ],
)
async def test_a_loopback_receiver_may_be_allowed_for_local_tests(url: str, allowed: tuple[str, ...]) -> None:
    poster = RecordingPoster()
    sender = channel(poster, url, allowed)
    await sender.send(DELIVERY, sender.render(DIGEST, DELIVERY))
    assert [post[0] for post in poster.posts] == [url]


async def test_a_webhook_that_is_not_set_yet_is_tried_again() -> None:
    with pytest.raises(DeliveryError, match="DESK_WEBHOOK of labour-daily is not set") as caught:
        await channel(url=None).send(DELIVERY, channel().render(DIGEST, DELIVERY))
    assert not caught.value.permanent


async def test_a_url_as_recipient_is_refused_without_repeating_it() -> None:
    with pytest.raises(DeliveryError, match="write env:NAME") as caught:
        await channel().send(replace(DELIVERY, recipient=URL), channel().render(DIGEST, DELIVERY))
    assert caught.value.permanent
    assert "s3cr3t" not in str(caught.value)


async def test_a_key_with_control_characters_makes_no_header() -> None:
    poster = RecordingPoster()
    await channel(poster).send(replace(DELIVERY, key="a\r\nX: b"), channel().render(DIGEST, DELIVERY))
    assert poster.posts[0][2]["Idempotency-Key"] == "a--X:-b"


# --- pace, and the bot

BOT = {"DESK_WEBHOOK": "C0123456789", "AGGREGATOR_SLACK_TOKEN": "xoxb-s3cr3t"}


def bot(poster: RecordingPoster, values: Mapping[str, str] = BOT) -> SlackChannel:
    return SlackChannel(poster, values.get, clock=lambda: NOW)


async def test_a_channel_gets_one_message_a_second_at_most() -> None:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    sender = SlackChannel(RecordingPoster(), {"DESK_WEBHOOK": URL, "OTHER": URL + "2"}.get, clock=lambda: NOW, pause=pause)
    message = sender.render(DIGEST, DELIVERY)
    for recipient in ("env:DESK_WEBHOOK", "env:DESK_WEBHOOK", "env:OTHER", "env:DESK_WEBHOOK"):
        await sender.send(replace(DELIVERY, recipient=recipient), message)
    assert [round(seconds, 1) for seconds in pauses] == [1.0, 2.0]


async def test_a_bot_posts_to_the_channel_and_remembers_the_messages_name() -> None:
    poster = RecordingPoster(posted(200, '{"ok":true,"channel":"C0123456789","ts":"1503435956.000247","message":{"text":"' + "x" * 5_000))
    sender = bot(poster)
    receipt = await sender.send(DELIVERY, sender.render(DIGEST, DELIVERY))
    assert receipt.thread == "1503435956.000247"
    ((url, body, headers),) = poster.posts
    assert (url, headers["Authorization"]) == ("https://slack.com/api/chat.postMessage", "Bearer xoxb-s3cr3t")
    assert json.loads(body)["channel"] == "C0123456789"
    assert "thread_ts" not in json.loads(body)


async def test_an_update_answers_in_the_storys_thread() -> None:
    poster = RecordingPoster(posted(200, '{"ok":true,"ts":"1503435957.000001"}'))
    sender, delivery = bot(poster), replace(DELIVERY, thread="1503435956.000247")
    await sender.send(delivery, sender.render(DIGEST, delivery))
    assert json.loads(poster.posts[0][1])["thread_ts"] == "1503435956.000247"


@pytest.mark.parametrize(
    ("answer", "permanent", "closes"),
    [
        (posted(200, '{"ok":false,"error":"channel_not_found"}'), True, True),
        (posted(200, '{"ok":false,"error":"not_in_channel"}'), True, True),
        (posted(200, '{"ok":false,"error":"invalid_blocks"}'), True, False),
        (posted(200, '{"ok":false,"error":"ratelimited"}'), False, False),
        (posted(200, '{"ok":false,"error":"internal_error"}'), False, False),
        (posted(429, '{"ok":false,"error":"ratelimited"}', retry_after="3"), False, False),
        (posted(200, '{"ok":false,"error":"token_expired"}'), True, True),
        (posted(200, '{"error":"invalid_auth","ok":false}'), True, True),
        (posted(200, '{"ok":false,"error":"missing_scope","needed":"chat:write"}'), True, True),
        (posted(200, '{"ok":false,"error":"msg_too_long","note":"channel_not_found"}'), True, False),
        (posted(200, '{"ok":"true"}'), False, False),
        (posted(200, '{"message":{"ok":true}}'), False, False),
        (posted(200, '["ok", true]'), False, False),
        (posted(200, '{"ok":'), False, False),
        (posted(200, "{" * 60_000), False, False),
        (posted(200, '{"a":' * 13_000), False, False),
        (posted(200, "<html>log in</html>"), False, False),
        (posted(502, "xoxb-s3cr3t"), False, False),
        (Failed(kind=FailureKind.TEMPORARY, message="timed out"), False, False),
    ],
)
async def test_each_answer_to_the_bot_has_its_consequence(answer: PostOutcome, permanent: bool, closes: bool) -> None:
    sender = bot(RecordingPoster(answer))
    with pytest.raises(DeliveryError) as caught:
        await sender.send(DELIVERY, sender.render(DIGEST, DELIVERY))
    assert (caught.value.permanent, caught.value.closes) == (permanent, closes)
    assert "s3cr3t" not in str(caught.value)


async def test_a_channels_id_without_a_token_waits_for_one() -> None:
    with pytest.raises(DeliveryError, match="AGGREGATOR_SLACK_TOKEN is not set") as caught:
        await bot(RecordingPoster(), {"DESK_WEBHOOK": "C0123456789"}).send(DELIVERY, bot(RecordingPoster()).render(DIGEST, DELIVERY))
    assert not caught.value.permanent


@pytest.mark.parametrize(
    "body",
    [
        '{"channel":"C0123456789","ts":"1503435956.000247","ok":true}',
        '{"message":{"ok":false,"ts":"1.1"}, "ts" : "1503435956.000247" , "ok" : true }',
        ' \n{"ok":true,"warning":"missing_charset","ts":"1503435956.000247","message":{"text":"cut off he',
    ],
)
async def test_the_bots_ok_counts_wherever_it_stands(body: str) -> None:
    sender = bot(RecordingPoster(posted(200, body)))
    assert (await sender.send(DELIVERY, sender.render(DIGEST, DELIVERY))).thread == "1503435956.000247"


async def test_a_token_that_is_no_good_is_named_by_its_variable() -> None:
    with pytest.raises(DeliveryError, match="into AGGREGATOR_SLACK_TOKEN") as caught:
        await bot(RecordingPoster(posted(200, '{"ok":false,"error":"token_expired"}'))).send(
            DELIVERY, bot(RecordingPoster()).render(DIGEST, DELIVERY)
        )
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("values", [{"DESK_WEBHOOK": URL, "OTHER": URL + "2"}, {**BOT, "OTHER": "C0123456780"}], ids=["webhook", "bot"])
async def test_k3_a_pause_that_was_asked_for_holds_for_its_channel_alone(values: Mapping[str, str]) -> None:
    poster, now = RecordingPoster(posted(429, "rate_limited", retry_after="600")), [NOW]

    async def no_pause(seconds: float) -> None:
        return None

    sender = SlackChannel(poster, values.get, clock=lambda: now[0], pause=no_pause)
    message = sender.render(DIGEST, DELIVERY)

    async def begun(after: timedelta, recipient: str = "env:DESK_WEBHOOK") -> tuple[bool, float | None]:
        now[0] = NOW + after
        with pytest.raises(DeliveryError) as caught:
            await sender.send(replace(DELIVERY, recipient=recipient), message)
        return caught.value.begun, caught.value.retry_after

    assert await begun(timedelta(0)) == (True, 600)
    assert await begun(timedelta(seconds=1)) == (False, 599)
    assert await begun(timedelta(seconds=599.5)) == (False, 0.5)
    assert len(poster.posts) == 1
    assert await begun(timedelta(seconds=2), "env:OTHER") == (True, 600)
    assert await begun(timedelta(days=-300)) == (True, 600)  # the clock was set back: the pause says nothing any more
    assert await begun(timedelta(days=-299)) == (True, 600)
    assert len(poster.posts) == 4


async def test_k3_who_waits_for_a_turn_learns_of_the_pause_before_it() -> None:
    gate = asyncio.Event()

    class Slow(RecordingPoster):
        async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> PostOutcome:
            answer = await super().post(url, body, headers)
            gate.set()
            return answer

    async def pause(seconds: float) -> None:
        await gate.wait()
        await asyncio.sleep(0)

    poster = Slow(posted(429, retry_after="600"))
    sender = SlackChannel(poster, {"DESK_WEBHOOK": URL}.get, clock=lambda: NOW, pause=pause)
    message = sender.render(DIGEST, DELIVERY)
    errors = await asyncio.gather(*(sender.send(DELIVERY, message) for _ in range(4)), return_exceptions=True)
    assert [isinstance(error, DeliveryError) and error.begun for error in errors] == [True, False, False, False]
    assert len(poster.posts) == 1
