import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.channels.webhook import REPLAY_WINDOW, WebhookChannel, sign, verify
from aggregator.errors import DeliveryError
from aggregator.models import Failed, FailureKind, Posted, PostOutcome
from tests.channels.posters import RecordingPoster
from tests.channels.samples import DELIVERY as MAIL
from tests.channels.samples import DIGEST

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
URL, SECRET = "https://desk.example.org/hook/t0k3nT0k3n", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DELIVERY = replace(MAIL, channel="webhook", recipient="env:DESK_HOOK")
TAKEN = Posted(status=204, headers={}, body=b"")


def channel(poster: RecordingPoster, **changed: str | None) -> WebhookChannel:
    values: dict[str, str | None] = {"DESK_HOOK": URL, "DESK_HOOK_SECRET": SECRET, **changed}
    return WebhookChannel(poster, values.get, clock=lambda: NOW)


async def post(poster: RecordingPoster, **changed: str | None) -> tuple[str, bytes, dict[str, str]]:
    sender = channel(poster, **changed)
    await sender.send(DELIVERY, sender.render(DIGEST, DELIVERY))
    ((url, body, headers),) = poster.posts
    return url, body, {name.lower(): value for name, value in headers.items()}


def test_the_signature_is_that_of_the_standard() -> None:
    # The example of the Standard Webhooks specification.
    body = b'{"test": 2432232314}'
    assert sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_what_is_posted_is_signed_fresh_and_says_everything() -> None:
    url, body, headers = await post(RecordingPoster(TAKEN))
    assert url == URL
    assert verify(headers, body, SECRET, NOW)
    assert headers["webhook-id"] == headers["idempotency-key"] == DELIVERY.key
    told = json.loads(body)
    assert told["type"] == "digest.decided"
    assert [item["headline"] for item in told["digest"]["items"]] == [item.headline for item in DIGEST.items]


async def test_a_receiver_refuses_what_is_old_altered_or_signed_by_another() -> None:
    _, body, headers = await post(RecordingPoster(TAKEN))
    late = NOW + REPLAY_WINDOW + timedelta(seconds=1)
    assert not verify(headers, body, SECRET, late)
    assert not verify(headers, body, SECRET, NOW - REPLAY_WINDOW - timedelta(seconds=1))
    assert not verify(headers, body + b" ", SECRET, NOW)
    assert not verify(headers, body, "another secret", NOW)
    assert not verify({**headers, "webhook-id": "other"}, body, SECRET, NOW)
    assert not verify({**headers, "webhook-timestamp": str(int(late.timestamp()))}, body, SECRET, late)
    assert not verify({**headers, "webhook-timestamp": "soon"}, body, SECRET, NOW)
    assert not verify({}, body, SECRET, NOW)


@pytest.mark.parametrize(
    ("answer", "permanent", "closes", "retry_after"),
    [
        (Posted(status=410, headers={}, body=b"gone"), True, True, None),
        (Posted(status=400, headers={}, body=b"no"), True, False, None),
        (Posted(status=302, headers={"location": "https://evil.example"}, body=b""), True, False, None),
        (Posted(status=429, headers={"retry-after": "7"}, body=b""), False, False, 7.0),
        (Posted(status=503, headers={}, body=b""), False, False, None),
        (Failed(kind=FailureKind.TEMPORARY, message=f"POST {URL} timed out"), False, False, None),
        (Failed(kind=FailureKind.PERMANENT, message="the address is private"), True, False, None),
    ],
)
async def test_each_answer_has_its_consequence(answer: PostOutcome, permanent: bool, closes: bool, retry_after: float | None) -> None:
    with pytest.raises(DeliveryError) as caught:
        await post(RecordingPoster(answer))
    assert (caught.value.permanent, caught.value.closes, caught.value.retry_after) == (permanent, closes, retry_after)
    assert "t0k3n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "words", "permanent"),
    [
        ({"DESK_HOOK": None}, "DESK_HOOK is not set", False),
        ({"DESK_HOOK_SECRET": None}, "DESK_HOOK_SECRET is not set", False),
        ({"DESK_HOOK": "http://desk.example.org/t0k3n"}, "must start with https://", True),
        ({"DESK_HOOK": "https://user@desk.example.org/t0k3n"}, "must start with https://", True),
        ({"DESK_HOOK": "https://[bad/t0k3n"}, "must start with https://", True),
    ],
)
async def test_what_is_missing_or_wrong_is_named_without_its_value(changed: dict[str, str | None], words: str, permanent: bool) -> None:
    poster = RecordingPoster(TAKEN)
    with pytest.raises(DeliveryError, match=words) as caught:
        await post(poster, **changed)
    assert caught.value.permanent is permanent
    assert "t0k3n" not in str(caught.value)
    assert not poster.posts


async def test_an_address_written_out_is_refused_without_repeating_it() -> None:
    sender = channel(RecordingPoster(TAKEN))
    with pytest.raises(DeliveryError) as caught:
        await sender.send(replace(DELIVERY, recipient=URL), sender.render(DIGEST, DELIVERY))
    assert "t0k3n" not in str(caught.value)
