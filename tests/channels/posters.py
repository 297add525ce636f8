"""A poster that remembers what Slack was sent, and Slack channels that post through it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from aggregator.channels import SlackChannel
from aggregator.models import Posted, PostOutcome
from tests.channels import samples

URL = "https://hooks.slack.com/services/T0123/B0456/s3cr3tS3cr3t"
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
DELIVERY = replace(samples.DELIVERY, channel="slack", recipient="env:DESK_WEBHOOK")
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


def posted(status: int, body: str = "", **headers: str) -> Posted:
    return Posted(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=body.encode())
