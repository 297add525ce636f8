import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from aggregator.channels import EmailChannel
from aggregator.errors import DeliveryError, UsageError
from aggregator.models import Delivery, Receipt, SmtpServer
from tests.channels.samples import DELIVERY, DIGEST, filled
from tests.channels.test_mail import HEADERS, INJECTIONS

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Dotted:
    """Hold a mail as it is to be handed over."""

    parts: Mapping[str, bytes]


@dataclass
class Inbox:
    """Take mail as a server does, with replies as told."""

    sender_reply: str = "250 OK"
    recipient_replies: dict[str, str] = field(default_factory=dict)
    data_reply: str = "250 2.0.0 queued as 4711"
    mails: list[Envelope] = field(default_factory=list)

    async def take_sender(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        envelope.mail_from = address
        return self.sender_reply

    async def take_recipient(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        reply = self.recipient_replies.get(address, "250 OK")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def take_data(self, server: Any, session: Any, envelope: Any) -> str:
        if self.data_reply.startswith("250"):
            self.mails.append(envelope)
        return self.data_reply


for verb, take in {"MAIL": Inbox.take_sender, "RCPT": Inbox.take_recipient, "DATA": Inbox.take_data}.items():
    setattr(Inbox, f"handle_{verb}", take)


@asynccontextmanager
async def listening(factory: Callable[[], asyncio.BaseProtocol], tls: ssl.SSLContext | None = None) -> AsyncIterator[SmtpServer]:
    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0, ssl=tls)
    try:
        yield SmtpServer(host="127.0.0.1", port=server.sockets[0].getsockname()[1], tls="none")
    finally:
        server.close()


def taking(inbox: Inbox, **options: Any) -> Callable[[], asyncio.BaseProtocol]:
    return lambda: SMTP(inbox, hostname="mx.example.org", loop=asyncio.get_running_loop(), **options)


def channel(server: SmtpServer, **options: Any) -> EmailChannel:
    return EmailChannel(server, "News watch <watch@example.org>", "https://watch.example.org/", **options)


async def deliver(sender: EmailChannel, delivery: Delivery = DELIVERY) -> Receipt:
    return await sender.send(delivery, sender.render(DIGEST, delivery))


async def failure(sender: EmailChannel, delivery: Delivery = DELIVERY) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await deliver(sender, delivery)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value


async def test_an_accepted_mail_gives_the_servers_reply() -> None:
    inbox = Inbox()
    async with listening(taking(inbox)) as server:
        receipt = await deliver(channel(server))
    assert receipt.detail == "127.0.0.1 answered: 2.0.0 queued as 4711"
    assert [(mail.mail_from, mail.rcpt_tos) for mail in inbox.mails] == [("watch@example.org", ["desk@example.org"])]
    content = inbox.mails[0].content
    assert isinstance(content, bytes)
    assert message_from_bytes(content, policy=default)["Message-ID"] == "<labour-daily-41-97-5f0c@example.org>"


async def test_what_arrives_is_what_was_rendered() -> None:
    inbox = Inbox()
    async with listening(taking(inbox)) as server:
        sender = channel(server)
        message = sender.render(filled(".\n..\n. lone dots " + "y" * 2_000), DELIVERY)
        await sender.send(DELIVERY, message)
    assert inbox.mails[0].content == message.parts[".eml"]


async def test_e1_whatever_a_feed_says_one_mail_arrives_at_one_address_with_our_headers_only() -> None:
    inbox = Inbox()
    async with listening(taking(inbox)) as server:
        sender = channel(server)
        for hostile in INJECTIONS:
            await sender.send(DELIVERY, sender.render(replace(filled(hostile), subscription=hostile), DELIVERY))
    assert [mail.rcpt_tos for mail in inbox.mails] == [["desk@example.org"]] * len(INJECTIONS)
    for mail in inbox.mails:
        assert isinstance(mail.content, bytes)
        assert sorted(message_from_bytes(mail.content, policy=default).keys()) == sorted(HEADERS)


async def test_e2_lines_of_dots_arrive_as_they_were_and_end_nothing() -> None:
    inbox, eml = Inbox(), b"Subject: dots\r\n\r\nbefore\r\n.\r\n..\r\n.after\r\n.\r\nRCPT TO:<evil@example.org>\r\n"
    async with listening(taking(inbox)) as server:
        await channel(server).send(DELIVERY, Dotted({".eml": eml}))
    assert [(mail.content, mail.rcpt_tos) for mail in inbox.mails] == [(eml, ["desk@example.org"])]


@pytest.mark.parametrize(
    ("inbox", "permanent", "words"),
    [
        (Inbox(recipient_replies={"desk@example.org": "550 5.1.1 no such user"}), True, "refused the recipient: 550 5.1.1 no such user"),
        (Inbox(recipient_replies={"desk@example.org": "450 4.2.1 greylisted"}), False, "refused the recipient: 450 4.2.1 greylisted"),
        (Inbox(sender_reply="550 5.7.1 not you"), True, "refused the message: 550"),
        (Inbox(sender_reply="451 4.7.1 later"), False, "refused the message: 451"),
        (Inbox(data_reply="554 5.7.1 spam"), True, "refused the message: 554"),
        (Inbox(data_reply="452 4.3.1 disk full"), False, "refused the message: 452"),
        (Inbox(data_reply="421 4.3.2 going down"), False, "421"),
    ],
)
async def test_the_servers_last_word_is_permanent_and_a_4xx_is_not(inbox: Inbox, permanent: bool, words: str) -> None:
    async with listening(taking(inbox)) as server:
        error = await failure(channel(server))
    assert error.permanent is permanent
    assert words in str(error)
    assert not inbox.mails


async def test_one_bad_recipient_does_not_touch_the_others() -> None:
    inbox = Inbox(recipient_replies={"gone@example.org": "550 gone"})
    async with listening(taking(inbox)) as server:
        assert (await failure(channel(server), replace(DELIVERY, recipient="gone@example.org"))).permanent
        await deliver(channel(server))
    assert [mail.rcpt_tos for mail in inbox.mails] == [["desk@example.org"]]


@pytest.mark.parametrize("recipient", ["desk@example.org\r\nBcc: evil@example.org", "nobody", "a@b.org, c@d.org", "<>", ""])
async def test_e1_a_recipient_that_is_no_address_is_refused_for_good(recipient: str) -> None:
    inbox = Inbox()
    async with listening(taking(inbox)) as server:
        sender, delivery = channel(server), replace(DELIVERY, recipient=recipient)
        assert b"Bcc" not in sender.render(DIGEST, delivery).parts[".eml"]
        error = await failure(sender, delivery)
    assert error.permanent is bool(recipient)
    assert "\n" not in str(error)
    assert not inbox.mails


async def test_a_recipient_may_be_a_name_in_the_environment() -> None:
    inbox = Inbox()
    delivery = replace(DELIVERY, recipient="env:DESK")
    async with listening(taking(inbox)) as server:
        await deliver(channel(server, secret={"DESK": "secret@example.org"}.get), delivery)
        error = await failure(channel(server, secret={"DESK": ""}.get), delivery)
        await failure(channel(server), delivery)
    assert inbox.mails[0].rcpt_tos == ["secret@example.org"]
    assert not error.permanent
    assert "'env:DESK' of labour-daily is not set" in str(error)


# --- TLS and login


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def check_login(server: Any, session: Any, envelope: Any, mechanism: str, login: Any) -> AuthResult:
    assert isinstance(login, LoginPassword)
    return AuthResult(success=login.password == PASSWORD.encode(), handled=False)


async def test_starttls_and_login(authority: trustme.CA) -> None:
    inbox = Inbox()
    options = {"tls_context": server_context(authority), "require_starttls": True, "authenticator": check_login, "auth_required": True}
    async with listening(taking(inbox, **options)) as server:
        trusted = replace(server, tls="starttls", username="watch", password=PASSWORD)
        await deliver(channel(trusted, tls_context=client_context(authority)))
        refused = await failure(channel(replace(trusted, password="wrong horse"), tls_context=client_context(authority)))
    assert len(inbox.mails) == 1
    assert not refused.permanent
    assert "check the user name and the password" in str(refused)
    assert "wrong horse" not in str(refused)


async def test_implicit_tls(authority: trustme.CA) -> None:
    inbox = Inbox()
    async with listening(taking(inbox), server_context(authority)) as server:
        await deliver(channel(replace(server, tls="implicit"), tls_context=client_context(authority)))
    assert len(inbox.mails) == 1


async def test_a_certificate_nobody_vouches_for_is_refused(authority: trustme.CA) -> None:
    inbox = Inbox()
    async with listening(taking(inbox, tls_context=server_context(authority))) as server:
        error = await failure(channel(replace(server, tls="starttls", username="watch", password=PASSWORD)))
    assert not error.permanent
    assert not inbox.mails


async def test_starttls_is_never_skipped_when_the_server_has_none() -> None:
    inbox = Inbox()
    async with listening(taking(inbox)) as server:
        error = await failure(channel(replace(server, tls="starttls", username="watch", password=PASSWORD)))
    assert "STARTTLS" in str(error)
    assert not inbox.mails


# --- servers that misbehave


class Scripted(asyncio.Protocol):
    """Say one thing to every command: the greeting, then `replies`; hang up or fall silent when they run out."""

    def __init__(self, *replies: bytes, hang_up: bool) -> None:
        self.replies = list(replies)
        self.hang_up = hang_up

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._say_next()

    def data_received(self, data: bytes) -> None:
        self._say_next()

    def _say_next(self) -> None:
        if self.replies:
            self.transport.write(self.replies.pop(0))
        elif self.hang_up:
            self.transport.close()


@pytest.mark.parametrize(
    ("replies", "hang_up", "words"),
    [
        ((), True, "could not be used"),
        ((b"554 no service here\r\n",), True, "is not ready for mail: 554 no service here"),
        ((b"421 too busy\r\n",), True, "421 too busy"),
        ((b"220 hello\r\n",), True, "could not be used"),
        ((b"220 hello\r\n", b"250 mx\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"), True, "could not be used"),
        ((b"HTTP/1.1 400 Bad Request\r\n\r\n",), True, "The mail server"),
        ((), False, "did not answer within 0.2 seconds"),
        ((b"220 hello\r\n", b"250 mx\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"), False, "did not answer within 0.2 seconds"),
    ],
)
async def test_a_server_that_drops_or_hangs_is_tried_again(replies: tuple[bytes, ...], hang_up: bool, words: str) -> None:
    async with listening(lambda: Scripted(*replies, hang_up=hang_up)) as server:
        error = await failure(channel(server, timeout=0.2))
    assert not error.permanent
    assert words in str(error)


async def test_no_server_is_temporary() -> None:
    async with listening(lambda: Scripted(hang_up=True)) as server:
        closed = server
    error = await failure(channel(replace(closed, username="watch", password=PASSWORD)))
    assert not error.permanent
    assert f"127.0.0.1:{closed.port}" in str(error)


async def test_l1_an_echoed_password_does_not_reach_the_error() -> None:
    async with listening(taking(Inbox(data_reply=f"554 you said {PASSWORD}\x1b[31m"))) as server:
        error = await failure(channel(replace(server, password=PASSWORD, username=None)))
    assert "you said ***" in str(error)
    assert "\x1b" not in str(error)


def test_l1_the_password_is_in_no_repr() -> None:
    assert PASSWORD not in repr(channel(SmtpServer(host="mx", port=25, password=PASSWORD)))


def test_a_sender_that_is_no_address_is_refused_at_the_start() -> None:
    with pytest.raises(UsageError, match="no e-mail address"):
        EmailChannel(SmtpServer(host="mx", port=25), "News watch")
