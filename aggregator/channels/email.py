"""E-mail: one digest, one recipient, one SMTP envelope.

A refusal of one recipient therefore never delays another. What the server says before it looks at this mail (greeting, TLS, login)
may be put right by waiting or by the operator: temporary. A 5xx to the sender, the recipient or the data is the server's last word
on this mail: permanent; one that says the mailbox does not exist closes the recipient. After a time-out the mail may have arrived; the
retry carries the same Message-ID and the same bytes.
"""

import asyncio
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field

import aiosmtplib

from aggregator.channels.mail import Links, MailMessage, Sender, render_mail
from aggregator.channels.mailbox import mailbox
from aggregator.channels.recipients import resolved
from aggregator.channels.smtp import Connections
from aggregator.channels.wording import clean
from aggregator.errors import DeliveryError
from aggregator.models import Delivery, Digest, Receipt, SmtpServer
from aggregator.ports import Message

TIMEOUT = 60.0
"""Seconds for the whole conversation."""
_NO_MAILBOX = re.compile(r"5\.(?:1\.(?:1|2|3|6|10)|2\.1)\b")
"""Enhanced codes that say the address itself is no good (RFC 3463): unknown mailbox or domain, bad syntax, moved, null MX, disabled."""
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")


def _no_mailbox(error: aiosmtplib.SMTPResponseException) -> bool:
    """Tell whether a refused recipient will never exist, by its enhanced code where there is one."""
    if _ENHANCED.match(error.message):
        return _NO_MAILBOX.match(error.message) is not None
    return error.code in (550, 551, 553)


def _no_link(delivery: Delivery) -> str | None:
    return None


def _no_secret(name: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class EmailChannel:
    """Send digests through one SMTP server.

    `sender` is ``Name <address>``; `secret` resolves recipients written ``env:NAME``; `tls_context` replaces the system's trust;
    `leave_link` gives the address under which a delivery's recipient unsubscribes, `verdict_link` where what it tells is judged.
    Raises `UsageError` for a sender that is no address.
    """

    server: SmtpServer
    sender: str
    public_url: str | None = None
    secret: Callable[[str], str | None] = _no_secret
    timeout: float = TIMEOUT
    tls_context: ssl.SSLContext | None = None
    leave_link: Callable[[Delivery], str | None] = _no_link
    verdict_link: Callable[[Delivery], str | None] = _no_link
    _from: Sender = field(init=False)
    _connections: Connections = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_from", Sender.read(self.sender))
        object.__setattr__(self, "_connections", Connections(self.server, self.timeout, self.tls_context))

    def session(self) -> AbstractAsyncContextManager[None]:
        """Keep connections open for the next mail as long as the session lasts."""
        return self._connections.session()

    def render(self, digest: Digest, delivery: Delivery) -> MailMessage:
        """Render the mail; an address that is none stays out of its headers, and `send` refuses it."""
        to = mailbox(resolved(delivery.recipient, self.secret) or "")
        return render_mail(digest, delivery, self._from, to, Links(self.public_url, self.leave_link(delivery), self.verdict_link(delivery)))

    async def send(self, delivery: Delivery, message: Message) -> Receipt:
        """Hand the mail over; the receipt keeps the server's reply."""
        recipient = self._recipient(delivery)
        with self._explained():
            async with asyncio.timeout(self.timeout):
                reply = await self._connections.hand_over(self._from.address, recipient, message.parts[".eml"])
        return Receipt(detail=f"{self.server.host} answered: {clean(reply, 200)}")

    async def greet(self) -> str:
        """Try the server without a mail: connection, TLS, login; gives its words, raises `DeliveryError`."""
        with self._explained():
            async with asyncio.timeout(self.timeout):
                return clean(await self._connections.greet(), 200)

    def _recipient(self, delivery: Delivery) -> str:
        """Give the address to send to; one that is not set yet may be set soon, one that is none never becomes one."""
        whom = f"The recipient {clean(delivery.recipient, 80)!r} of {clean(delivery.subscription, 80)}"
        text = resolved(delivery.recipient, self.secret)
        if not text:
            raise DeliveryError(f"{whom} is not set; put an address there and restart.")
        recipient = mailbox(text)
        if recipient is None:
            raise DeliveryError(f"{whom} is no e-mail address; correct it in feeds.yaml.", permanent=True)
        return recipient

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn every way in which SMTP fails into one error with a plain sentence."""
        server = f"The mail server {self.server.host}:{self.server.port}"
        try:
            yield
        except aiosmtplib.SMTPRecipientRefused as error:
            words, permanent = f"{server} refused the recipient: {self._reply(error)}", error.code >= 500
            raise DeliveryError(words, permanent=permanent, closes=permanent and _no_mailbox(error)) from None
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError) as error:
            raise DeliveryError(f"{server} refused the message: {self._reply(error)}", permanent=error.code >= 500) from None
        except aiosmtplib.SMTPAuthenticationError as error:
            raise DeliveryError(f"{server} refused the login; check the user name and the password: {self._reply(error)}") from None
        except aiosmtplib.SMTPResponseException as error:
            raise DeliveryError(f"{server} is not ready for mail: {self._reply(error)}") from None
        except TimeoutError:
            raise DeliveryError(f"{server} did not answer within {self.timeout:g} seconds.") from None
        except ssl.SSLError as error:
            raise DeliveryError(f"{server} offered no trustworthy TLS connection ({error.reason or 'handshake failed'}).") from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise DeliveryError(f"{server} could not be used: {self._scrubbed(str(error))}") from None

    def _reply(self, error: aiosmtplib.SMTPResponseException) -> str:
        return self._scrubbed(f"{error.code} {error.message}")

    def _scrubbed(self, text: str) -> str:
        """Take our own login out of what the other side says."""
        for secret in filter(None, (self.server.password, self.server.username)):
            text = text.replace(secret, "***")
        return clean(text, 300)
