"""One SMTP conversation, from where connection, TLS and login are done: envelopes, messages, goodbye (RFC 5321).

Where the server takes commands in one piece (PIPELINING, RFC 2920), an envelope costs one round trip; the message itself is sent only
after the server has agreed to all of it, so a connection that fails before has delivered nothing. An answer that fits no question ends
the conversation: what follows could be read as the answer to something else.
"""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import aiosmtplib
from aiosmtplib import SMTPDataError, SMTPRecipientRefused, SMTPResponseException, SMTPSenderRefused, SMTPServerDisconnected

LONGEST_REPLY = 100
"""Lines."""
GO_AHEAD = 354
SERVICE_NOT_AVAILABLE = 421
_INVALID = -1
_REPLY = re.compile(rb"([2-5]\d\d)([ -]?)(.*)\r?\n", re.DOTALL)
_ADDRESS = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]*")
"""Printable ASCII without spaces and angle brackets."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Hold a server's answer."""

    code: int
    text: str

    @property
    def fine(self) -> bool:
        """Tell an answer that lets the conversation go on (2xx)."""
        return 200 <= self.code < 300


@dataclass(slots=True)
class Conversation:
    """Speak with one server; `carried` counts the messages it took. Raises aiosmtplib's exceptions and `OSError`.

    `refused` says that the last envelope or message was: the next one begins with RSET, so a refusal is told without waiting for that.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    pipelining: bool = False
    sizes: bool = False
    carried: int = 0
    refused: bool = False

    @classmethod
    def taken_over(cls, client: aiosmtplib.SMTP) -> "Conversation":
        """Go on where a client has connected, said EHLO and logged in."""
        transport = client.transport
        if not isinstance(transport, asyncio.Transport):
            raise SMTPServerDisconnected("Connection lost")
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        writer = asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())
        return cls(reader, writer, client.supports_extension("pipelining"), client.supports_extension("size"))

    @property
    def alive(self) -> bool:
        """Tell a connection that neither side has ended."""
        return not self.writer.is_closing() and not self.reader.at_eof()

    async def envelope(self, sender: str, recipient: str, size: int) -> None:
        """Name sender and recipient, and have the server wait for the message; a refusal is raised by what was refused."""
        mail = f"MAIL FROM:<{_plain(sender)}>" + (f" SIZE={size}" if self.sizes else "")
        commands = [mail, f"RCPT TO:<{_plain(recipient)}>", "DATA"]
        replies = await self._asked(["RSET", *commands] if self.refused else commands)
        if self.refused and not replies.pop(0).fine:
            raise SMTPServerDisconnected("The server does not begin anew")
        refusal = _refusal(replies, sender, recipient)
        self.refused = refusal is not None
        if refusal is not None:
            if replies[-1].code == GO_AHEAD:
                await self.command(".")  # it waits for a message to nobody: there is none (RFC 2920 section 3.1)
            raise refusal

    async def message(self, message: bytes) -> Reply:
        """Send the message that the server waits for; raises `SMTPDataError` where the server refuses it."""
        self.writer.write(stuffed(message))
        await self.writer.drain()
        reply = await self.reply()
        if not reply.fine:
            self.refused = True
            raise SMTPDataError(reply.code, reply.text)
        self.carried += 1
        return reply

    async def command(self, command: str) -> Reply:
        """Say one line and read the answer."""
        self.writer.write(command.encode("ascii") + b"\r\n")
        return await self.reply()

    async def reply(self) -> Reply:
        """Read an answer of one line or more."""
        lines: list[str] = []
        for _ in range(LONGEST_REPLY):
            code, last, text = _read(await self._line())
            lines.append(text)
            if last:
                return Reply(code, "\n".join(lines))
        raise SMTPResponseException(_INVALID, "Response too long")

    async def leave(self) -> None:
        """Say goodbye where somebody listens; what the server did before stays done."""
        try:
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(2):
                    await self.command("QUIT")
        finally:
            self.end()

    def end(self) -> None:
        """Break the connection off."""
        self.writer.transport.abort()

    async def _line(self) -> bytes:
        try:
            line = await self.reader.readline()
        except ValueError:
            raise SMTPResponseException(_INVALID, "Response too long") from None
        if not line.endswith(b"\n"):
            raise SMTPServerDisconnected("Connection lost")
        return line

    async def _asked(self, commands: Sequence[str]) -> list[Reply]:
        """Give the answers, in one round trip where the server can; without it, up to the first refusal."""
        replies: list[Reply] = []
        if self.pipelining:
            self.writer.write("".join(f"{command}\r\n" for command in commands).encode("ascii"))
        for command in commands:
            replies.append(await (self.reply() if self.pipelining else self.command(command)))
            if replies[-1].code == SERVICE_NOT_AVAILABLE or not (self.pipelining or replies[-1].fine):
                break
        return replies


def stuffed(message: bytes) -> bytes:
    """Give a message as DATA carries it: lines end in CRLF, a leading dot is doubled, a lone dot ends it."""
    if message.count(b"\n") != message.count(b"\r\n"):
        message = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    message = message.replace(b"\r\n.", b"\r\n..")
    start = b"." if message.startswith(b".") else b""
    end = b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n"
    return b"".join((start, message, end))


def _refusal(replies: list[Reply], sender: str, recipient: str) -> SMTPResponseException | None:
    """Give the first refusal among the answers to an envelope."""
    mail, recipient_reply, data = (*replies, None, None)[:3]
    if mail is not None and not mail.fine:
        return SMTPSenderRefused(mail.code, mail.text, sender)
    if recipient_reply is not None and not recipient_reply.fine:
        return SMTPRecipientRefused(recipient_reply.code, recipient_reply.text, recipient)
    if data is not None and data.code != GO_AHEAD:
        return SMTPDataError(data.code, data.text)
    return None


def _read(line: bytes) -> tuple[int, bool, str]:
    """Read one line of an answer: its code, whether it is the last, its words."""
    found = _REPLY.fullmatch(line)
    if found is None:
        raise SMTPResponseException(_INVALID, f"Malformed SMTP response line: {line[:200].decode(errors='replace')}")
    return int(found[1]), found[2] != b"-", found[3].strip().decode(errors="replace")


def _plain(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise ValueError("an address holds a character that SMTP does not allow")
    return address
