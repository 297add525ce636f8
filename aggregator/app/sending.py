"""The channels of an installation: what they are made of, and what they would send.

A channel is made when the first message waits for it: what writes letters and speaks to mail servers is large.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from secrets import token_hex
from typing import TYPE_CHECKING

from aggregator.app.recipients import OUTBOX
from aggregator.channels.mailbox import sender_address
from aggregator.http_client import HttpClient
from aggregator.models import Delivery, Digest
from aggregator.ports import Channel
from aggregator.settings import Settings

if TYPE_CHECKING:
    from aggregator.channels import EmailChannel, FileChannel


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


class _Channels(Mapping[str, Channel]):
    """Make each channel when it is first asked for, and keep it."""

    def __init__(self, makers: Mapping[str, Callable[[], Channel]]) -> None:
        self._makers = makers
        self._made: dict[str, Channel] = {}

    def __getitem__(self, name: str) -> Channel:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def __contains__(self, name: object) -> bool:
        return name in self._makers


def make_channels(settings: Settings, http: HttpClient) -> Mapping[str, Channel]:
    """Give every channel this installation is configured for, by its name; raises `UsageError` for a sender that is no address."""
    makers: dict[str, Callable[[], Channel]] = {
        "file": lambda: _outbox(settings),
        "slack": lambda: _slack(settings, http),
        "webhook": lambda: _webhook(settings, http),
        "feed": lambda: _feed(settings),
        "apprise": lambda: _apprise(settings),
    }
    if settings.smtp and settings.mail_from:
        sender_address(settings.mail_from)
        makers["email"] = lambda: _email(settings)
    return _Channels(makers)


def mail_session(channels: Mapping[str, Channel]) -> AbstractAsyncContextManager[None]:
    """Give the session in which mail keeps its connections."""
    if "email" not in channels:
        return nullcontext()
    from aggregator.channels import EmailChannel

    email = channels["email"]
    return email.session() if isinstance(email, EmailChannel) else nullcontext()


def _slack(settings: Settings, http: HttpClient) -> Channel:
    from aggregator.channels import SlackChannel

    return SlackChannel(http, settings.secret, allow_hosts=settings.http_allow, public_url=settings.public_url)


def _webhook(settings: Settings, http: HttpClient) -> Channel:
    from aggregator.channels import WebhookChannel

    return WebhookChannel(http, settings.secret, allow_hosts=settings.http_allow)


def _feed(settings: Settings) -> Channel:
    from aggregator.channels import FeedChannel

    return FeedChannel(settings.public_url)


def _apprise(settings: Settings) -> Channel:
    from aggregator.channels import AppriseChannel

    return AppriseChannel(settings.secret, settings.public_url)


def _email(settings: Settings) -> "EmailChannel":
    from aggregator.channels import EmailChannel

    if not settings.smtp or not settings.mail_from:
        raise KeyError("email")
    leave, verdict = _leave_link(settings), _verdict_link(settings)
    return EmailChannel(settings.smtp, settings.mail_from, settings.public_url, leave_link=leave, verdict_link=verdict)


def _leave_link(settings: Settings) -> Callable[[Delivery], str | None]:
    """Give what makes the address for unsubscribing; None where readers cannot reach our pages."""
    if settings.public_url is None:
        return lambda delivery: None
    from aggregator.leaving import leave_token

    secret = signing_key(settings)
    return lambda delivery: f"{settings.public_url}/leave/{leave_token(secret, delivery.key)}"


def _verdict_link(settings: Settings) -> Callable[[Delivery], str | None]:
    """Give what begins the addresses for saying what was relevant; None where readers cannot reach our pages."""
    if settings.public_url is None:
        return lambda delivery: None
    from aggregator.labelling import label_token

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


def _outbox(settings: Settings) -> "FileChannel":
    from aggregator.channels import FileChannel

    return FileChannel(settings.data_dir / OUTBOX)
