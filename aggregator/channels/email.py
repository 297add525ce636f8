"""E-mail: one digest, one recipient, one SMTP envelope.

A refusal of one recipient therefore never delays another. What the server says before it looks at this mail (greeting, TLS, login)
may be put right by waiting or by the operator: temporary. A 5xx to the sender, the recipient or the data is the server's last word
on this mail: permanent. After a time-out the mail may have arrived; the retry carries the same Message-ID and the same bytes.
"""

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import aiosmtplib

from aggregator.channels.mail import MailMessage, Sender, mailbox, render_mail
from aggregator.channels.recipients import resolved
from aggregator.channels.wording import clean
from aggregator.errors import DeliveryError
from aggregator.models import Delivery, Digest, Receipt, SmtpServer
from aggregator.ports import Message

TIMEOUT = 60.0
"""Seconds for the whole conversation."""


def _no_secret(name: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class EmailChannel:
    """Send digests through one SMTP server.

    `sender` is ``Name <address>``; `secret` resolves recipients written ``env:NAME``; `tls_context` replaces the system's trust.
    Raises `UsageError` for a sender that is no address.
    """

    server: SmtpServer
    sender: str
    public_url: str | None = None
    secret: Callable[[str], str | None] = _no_secret
    timeout: float = TIMEOUT
    tls_context: ssl.SSLContext | None = None
    _from: Sender = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_from", Sender.read(self.sender))

    def render(self, digest: Digest, delivery: Delivery) -> MailMessage:
        """Render the mail; an address that is none stays out of its headers, and `send` refuses it."""
        return render_mail(digest, delivery, self._from, mailbox(resolved(delivery.recipient, self.secret) or ""), self.public_url)

    async def send(self, delivery: Delivery, message: Message) -> Receipt:
        """Hand the mail over; the receipt keeps the server's reply."""
        recipient = self._recipient(delivery)
        with self._explained():
            async with asyncio.timeout(self.timeout):
                _, reply = await aiosmtplib.send(
                    message.parts[".eml"],
                    sender=self._from.address,
                    recipients=[recipient],
                    hostname=self.server.host,
                    port=self.server.port,
                    username=self.server.username,
                    password=self.server.password,
                    timeout=self.timeout,
                    use_tls=self.server.tls == "implicit",
                    start_tls=self.server.tls == "starttls",
                    tls_context=self.tls_context,
                )
        return Receipt(detail=f"{self.server.host} answered: {clean(reply, 200)}")

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
        except aiosmtplib.SMTPRecipientsRefused as error:
            refusal = error.recipients[0]
            raise DeliveryError(f"{server} refused the recipient: {self._reply(refusal)}", permanent=refusal.code >= 500) from None
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
