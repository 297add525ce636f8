"""The pace of a channel, and posting with a bot's token."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.channels import SlackChannel
from aggregator.errors import DeliveryError
from aggregator.models import Failed, FailureKind, PostOutcome
from tests.channels.posters import DELIVERY, NOW, URL, RecordingPoster, posted
from tests.channels.samples import DIGEST

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
