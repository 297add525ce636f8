"""The channels of an installation: what they are made of, and what they would send."""

import os
from collections.abc import Callable, Mapping
from contextlib import (
    suppress,
)
from secrets import token_hex

from aggregator.app.recipients import OUTBOX
from aggregator.channels import AppriseChannel, EmailChannel, FeedChannel, FileChannel, SlackChannel, WebhookChannel
from aggregator.http_client import HttpClient
from aggregator.labelling import label_token
from aggregator.leaving import leave_token
from aggregator.models import (
    Delivery,
    Digest,
)
from aggregator.ports import Channel
from aggregator.settings import Settings


def draft(settings: Settings, digest: Digest) -> Mapping[str, bytes]:
    """Render a digest as its mail would look, by file suffix (".eml", ".html", ".txt"); nothing is sent."""
    delivery = Delivery(
        id=0,
        digest_id=0,
        subscription=digest.subscription,
        channel="file",
        recipient=OUTBOX,
        key=f"preview-{digest.through_seq}",
        attempts=0,
    )
    return _outbox(settings).render(digest, delivery).parts


def make_channels(settings: Settings, http: HttpClient) -> Mapping[str, Channel]:
    """Make every channel this installation is configured for, by its name."""
    channels: dict[str, Channel] = {
        "file": _outbox(settings),
        "slack": SlackChannel(http, settings.secret, allow_hosts=settings.http_allow, public_url=settings.public_url),
        "webhook": WebhookChannel(http, settings.secret, allow_hosts=settings.http_allow),
        "feed": FeedChannel(settings.public_url),
        "apprise": AppriseChannel(settings.secret, settings.public_url),
    }
    if settings.smtp and settings.mail_from:
        leave, verdict = _leave_link(settings), _verdict_link(settings)
        channels["email"] = EmailChannel(settings.smtp, settings.mail_from, settings.public_url, leave_link=leave, verdict_link=verdict)
    return channels


def _leave_link(settings: Settings) -> Callable[[Delivery], str | None]:
    """Give what makes the address for unsubscribing; None where readers cannot reach our pages."""
    if settings.public_url is None:
        return lambda delivery: None
    secret = signing_key(settings)
    return lambda delivery: f"{settings.public_url}/leave/{leave_token(secret, delivery.key)}"


def _verdict_link(settings: Settings) -> Callable[[Delivery], str | None]:
    """Give what begins the addresses for saying what was relevant; None where readers cannot reach our pages."""
    if settings.public_url is None:
        return lambda delivery: None
    secret = signing_key(settings)
    return lambda delivery: f"{settings.public_url}/verdict/{label_token(secret, delivery.digest_id)}"


def signing_key(settings: Settings) -> bytes:
    """Give the key that signs the addresses in mails: AGGREGATOR_SECRET_KEY, or one made once in the data folder.

    Several machines on one database need the variable, or each would sign for itself.
    """
    given = settings.secret("AGGREGATOR_SECRET_KEY")
    if given:
        return given.encode()
    path = settings.data_dir / "secret.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token_hex(32))
    return path.read_bytes()


def _outbox(settings: Settings) -> FileChannel:
    return FileChannel(settings.data_dir / OUTBOX)
