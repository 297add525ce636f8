"""What each of Slack's answers means for a message, and where webhooks may lead."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.errors import DeliveryError
from aggregator.models import Failed, FailureKind, PostOutcome, Receipt
from tests.channels.posters import DELIVERY, URL, RecordingPoster, channel, posted
from tests.channels.samples import DIGEST


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
