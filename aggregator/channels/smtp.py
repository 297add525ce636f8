"""SMTP connections: opened, kept for the next message while a session lasts, and never trusted for longer than they deserve.

One envelope holds one recipient. A connection that was kept may have died meanwhile: as long as its message has not begun, the envelope
is opened once more on a new connection, and nothing can arrive twice by that. From the message's first byte on nothing is repeated
here. Once the server said 250 to the message, it has it: whatever fails afterwards (QUIT, a broken connection) changes nothing.

Several connections carry messages side by side, up to what the server takes: one that refuses a further connection while others are
open is not asked for it again in that session; the message waits for one of those that are open.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiosmtplib

from aggregator.channels.conversation import SERVICE_NOT_AVAILABLE, Conversation
from aggregator.models import SmtpServer

MOST_MESSAGES = 200
"""Messages on one connection; many servers end it there themselves."""
MOST_CONNECTIONS = 8
"""Connections at once, where the server takes so many."""
_GONE = (aiosmtplib.SMTPServerDisconnected, ConnectionError)


@dataclass(slots=True)
class _Session:
    """Hold what is open while messages go out: lines that wait for a message, how many there are, how many there may be."""

    users: int = 0
    idle: list[Conversation] = field(default_factory=list)
    open: int = 0
    most: int = MOST_CONNECTIONS
    freed: asyncio.Condition = field(default_factory=asyncio.Condition)


@dataclass(slots=True)
class Connections:
    """Hand messages to one server; inside `session` connections are kept for the next message."""

    server: SmtpServer
    timeout: float
    tls_context: ssl.SSLContext | None = None
    _session: _Session | None = None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[None]:
        """Keep connections until the last session ends."""
        session = self._session = self._session or _Session()
        session.users += 1
        try:
            yield
        finally:
            session.users -= 1
            if not session.users:
                self._session = None
                await asyncio.gather(*(line.leave() for line in session.idle))

    async def hand_over(self, sender: str, recipient: str, message: bytes) -> str:
        """Send one message to one recipient and give the server's reply; raises aiosmtplib's exceptions and `OSError`."""
        line = await self._with_envelope(sender, recipient, len(message))
        try:
            reply = await line.message(message)
        except aiosmtplib.SMTPResponseException as error:
            await self._after_refusal(line, error)
            raise
        except BaseException:
            await self._lose(line)
            raise
        await self._put_back(line)
        return reply.text

    async def greet(self) -> str:
        """Open a connection, log in, and leave again: does the server take us?"""
        line = await self._connected()
        try:
            return (await line.command("NOOP")).text
        finally:
            await line.leave()

    async def _with_envelope(self, sender: str, recipient: str, size: int) -> Conversation:
        while True:
            line, fresh = await self._line()
            try:
                await line.envelope(sender, recipient, size)
            except aiosmtplib.SMTPResponseException as error:
                await self._after_refusal(line, error)
                if fresh or error.code != SERVICE_NOT_AVAILABLE:
                    raise
            except _GONE:
                await self._lose(line)
                if fresh:
                    raise
            except BaseException:
                await self._lose(line)
                raise
            else:
                return line

    async def _line(self) -> tuple[Conversation, bool]:
        """Give a line that waits, or a fresh one; at the most that there may be, wait for one."""
        session = self._session
        if session is None:
            return await self._connected(), True
        while True:
            async with session.freed:
                await session.freed.wait_for(lambda: session.idle or session.open < session.most)
                if session.idle:
                    return session.idle.pop(), False
                session.open += 1
            line = await self._another(session)
            if line is not None:
                return line, True

    async def _another(self, session: _Session) -> Conversation | None:
        """Open a further line; None where the server takes no more than are open."""
        try:
            return await self._connected()
        except (aiosmtplib.SMTPException, OSError) as error:
            await self._closed(session)
            if not session.open or isinstance(error, aiosmtplib.SMTPAuthenticationError | ssl.SSLError):
                raise
            session.most = max(session.open, 1)
            return None
        except BaseException:
            await self._closed(session)
            raise

    async def _connected(self) -> Conversation:
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
            return Conversation.taken_over(client)
        except BaseException:
            client.close()
            raise

    async def _after_refusal(self, line: Conversation, error: aiosmtplib.SMTPResponseException) -> None:
        """Keep a conversation in which one message was refused, or end one that makes no sense any more."""
        if 400 <= error.code < 600 and error.code != SERVICE_NOT_AVAILABLE:
            await self._put_back(line)
        else:
            await self._lose(line)

    async def _put_back(self, line: Conversation) -> None:
        session = self._session
        if session is not None and line.carried < MOST_MESSAGES and line.alive:
            async with session.freed:
                session.idle.append(line)
                session.freed.notify()
            return
        await line.leave()
        if session is not None:
            await self._closed(session)

    async def _lose(self, line: Conversation) -> None:
        line.end()
        if self._session is not None:
            await self._closed(self._session)

    async def _closed(self, session: _Session) -> None:
        async with session.freed:
            session.open -= 1
            session.freed.notify()


async def _introduce(client: aiosmtplib.SMTP) -> None:
    """Say EHLO where login and TLS did not already, or HELO to a server of the old days."""
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except aiosmtplib.SMTPHeloError:
            await client.helo()
