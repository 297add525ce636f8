"""What every channel promises, whichever it is."""

from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.channels import CHANNELS, AppriseChannel, EmailChannel, FeedChannel, FileChannel, SlackChannel, WebhookChannel
from aggregator.models import SmtpServer
from aggregator.ports import Channel
from tests.channels.posters import RecordingPoster
from tests.channels.samples import DELIVERY, DIGEST, filled


@pytest.fixture(params=sorted(CHANNELS))
def channel(request: pytest.FixtureRequest, tmp_path: Path) -> Channel:
    made: dict[str, Channel] = {
        "email": EmailChannel(SmtpServer(host="localhost", port=25), "watch@example.org"),
        "file": FileChannel(tmp_path),
        "slack": SlackChannel(RecordingPoster(), {"HOOK": ""}.get),
        "webhook": WebhookChannel(RecordingPoster(), {"HOOK": ""}.get),
        "feed": FeedChannel("https://watch.example.org"),
        "apprise": AppriseChannel({"HOOK": ""}.get),
    }
    return made[request.param]


def test_rendering_is_pure(channel: Channel) -> None:
    assert channel.render(DIGEST, DELIVERY).parts == channel.render(DIGEST, replace(DELIVERY, id=99, attempts=7)).parts


def test_rendering_survives_a_hostile_digest_and_delivery(channel: Channel) -> None:
    hostile = "\ud800<!channel>\r\n\x00=?utf-8?q?x?=" * 40
    parts = channel.render(replace(filled(hostile), subscription=hostile), replace(DELIVERY, recipient=hostile, key=hostile)).parts
    assert all(parts.values())


def test_every_part_is_named_by_its_suffix(channel: Channel) -> None:
    assert all(suffix.startswith(".") for suffix in channel.render(DIGEST, DELIVERY).parts)


def test_the_registry_names_each_channel_once() -> None:
    assert sorted(CHANNELS) == ["apprise", "email", "feed", "file", "slack", "webhook"]
    assert len(set(CHANNELS)) == len(CHANNELS)
