"""SMTP connections: opened, kept for the next message while a session lasts, and never trusted for longer than they deserve.

One envelope holds one recipient. A connection that was kept may have died meanwhile: as long as its message has not begun (DATA), the
envelope is opened once more on a new connection, and nothing can arrive twice by that. From DATA on nothing is repeated here. Once
the server said 250 to the message, it has it: whatever fails afterwards (QUIT, a broken connection) changes nothing.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import aiosmtplib

from aggregator.models import SmtpServer

MOST_MESSAGES = 200
"""Messages on one connection; many servers end it there themselves."""
_SERVICE_NOT_AVAILABLE = 421
_GONE = (aiosmtplib.SMTPServerDisconnected, ConnectionError)


@dataclass(slots=True)
class _Line:
    """Hold one connection and how many messages it carried."""

    client: aiosmtplib.SMTP
    carried: int = 0


@dataclass(slots=True)
class Connections:
    """Hand messages to one server; inside `session` connections are kept for the next message."""

    server: SmtpServer
    timeout: float
    tls_context: ssl.SSLContext | None = None
    _sessions: int = 0
    _idle: list[_Line] = field(default_factory=list)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[None]:
        """Keep connections until the last session ends."""
        self._sessions += 1
        try:
            yield
        finally:
            self._sessions -= 1
            while not self._sessions and self._idle:
                await _leave(self._idle.pop())

    async def hand_over(self, sender: str, recipient: str, message: bytes) -> str:
        """Send one message to one recipient and give the server's reply; raises what aiosmtplib raises."""
        line = await self._with_envelope(sender, recipient, len(message))
        try:
            reply = await line.client.data(message)
        except aiosmtplib.SMTPResponseException as error:
            await self._after_refusal(line, error)
            raise
        except BaseException:
            line.client.close()
            raise
        line.carried += 1
        await self._put_back(line)
        return reply.message

    async def greet(self) -> str:
        """Open a connection, log in, and leave again: does the server take us?"""
        line = await self._open()
        try:
            return (await line.client.noop()).message
        finally:
            await _leave(line)

    async def _with_envelope(self, sender: str, recipient: str, size: int) -> _Line:
        while self._idle:
            line = self._idle.pop()
            try:
                await self._envelope(line, sender, recipient, size)
            except _GONE:
                line.client.close()
            except aiosmtplib.SMTPResponseException as error:
                if error.code != _SERVICE_NOT_AVAILABLE:
                    raise
                line.client.close()
            else:
                return line
        line = await self._open()
        await self._envelope(line, sender, recipient, size)
        return line

    async def _envelope(self, line: _Line, sender: str, recipient: str, size: int) -> None:
        client = line.client
        try:
            options = [f"size={size}"] if client.supports_extension("size") else []
            await client.mail(sender, options=options)
            await client.rcpt(recipient)
        except aiosmtplib.SMTPResponseException as error:
            await self._after_refusal(line, error)
            raise
        except BaseException:
            client.close()
            raise

    async def _open(self) -> _Line:
        client = aiosmtplib.SMTP(
            hostname=self.server.host,
            port=self.server.port,
            username=self.server.username,
            password=self.server.password,
            timeout=self.timeout,
            use_tls=self.server.tls == "implicit",
            start_tls=self.server.tls == "starttls",
            tls_context=self.tls_context,
        )
        await client.connect()
        try:
            await _introduce(client)
        except BaseException:
            client.close()
            raise
        return _Line(client)

    async def _after_refusal(self, line: _Line, error: aiosmtplib.SMTPResponseException) -> None:
        """Go back to the beginning of a conversation in which one message was refused, or end it."""
        if error.code == _SERVICE_NOT_AVAILABLE or not self._sessions:
            await _leave(line)
            return
        try:
            await line.client.rset()
        except (aiosmtplib.SMTPException, OSError):
            line.client.close()
        else:
            await self._put_back(line)

    async def _put_back(self, line: _Line) -> None:
        if self._sessions and line.carried < MOST_MESSAGES and line.client.is_connected:
            self._idle.append(line)
        else:
            await _leave(line)


async def _introduce(client: aiosmtplib.SMTP) -> None:
    """Say EHLO where login and TLS did not already, or HELO to a server of the old days."""
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except aiosmtplib.SMTPHeloError:
            await client.helo()


async def _leave(line: _Line) -> None:
    """Say goodbye where somebody listens; what the server did before stays done."""
    with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        async with asyncio.timeout(2):
            await line.client.quit()
    line.client.close()
