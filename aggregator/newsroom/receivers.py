"""Take over what the watch sends: a mail server, and a chat webhook that answers like the real one.

Both hand everything to the ledger and make the faults it orders. The mail server needs aiosmtpd, which only the demonstration
installs, so it is imported when a server is made.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from aggregator.errors import UsageError
from aggregator.newsroom.ledger import Ledger
from aggregator.newsroom.payloads import fault_in

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session

SLACK_PATH = "/services/T0NEWSROOM/B0NEWSROOM/inventedtokeninventedtok"
_MAIL_HOST = "mail.newsroom.example"
_TEXTS = {
    421: "4.3.2 Service shutting down",
    450: "4.2.1 Mailbox busy",
    451: "4.3.0 Try again later",
    452: "4.2.2 Mailbox full",
    550: "5.1.1 No such user here",
    552: "5.3.4 Message too big",
    554: "5.7.1 Message refused",
}
_COMPLAINTS = {403: "invalid_token", 404: "no_service", 410: "channel_is_archived", 429: "rate_limited"}


class Postbox:
    """Answer the SMTP dialogue for `aiosmtpd`; a fault for one recipient is made at RCPT, any other after DATA."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def take_recipient(self, server: "SMTP", session: "Session", envelope: "Envelope", address: str, options: list[str]) -> str:
        """Take or refuse one recipient."""
        if fault := self._ledger.next_fault("smtp", address):
            return self._refuse(fault.status)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def take_message(self, server: "SMTP", session: "Session", envelope: "Envelope") -> str:
        """Take or refuse one message."""
        fault = self._ledger.next_fault("smtp")
        if fault is None or fault.keep:
            self._ledger.keep_mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), bytes(envelope.original_content or b""))
        return self._refuse(fault.status) if fault else "250 2.0.0 Taken over"

    def _refuse(self, status: int) -> str:
        answer = f"{status} {_TEXTS.get(status, 'Refused')}"
        self._ledger.keep_refusal("smtp", status, answer)
        return answer


def mail_server(ledger: Ledger, bound: socket.socket) -> Callable[[], Awaitable[asyncio.Server]]:
    """Give a starter for a mail server on a bound socket, to be called inside the running loop.

    Raises:
        UsageError: aiosmtpd is not installed.
    """
    try:
        from aiosmtpd.smtp import SMTP
    except ImportError as error:
        raise UsageError("the demonstration's mail server needs aiosmtpd: install it with pip install 'aggregator[demo]'") from error

    async def start() -> asyncio.Server:
        loop, postbox = asyncio.get_running_loop(), Postbox(ledger)
        hooks = SimpleNamespace(handle_RCPT=postbox.take_recipient, handle_DATA=postbox.take_message)
        return await loop.create_server(
            lambda: SMTP(hooks, hostname=_MAIL_HOST, ident="newsroom", enable_SMTPUTF8=True, loop=loop), sock=bound
        )

    return start


def webhook(ledger: Ledger) -> Starlette:
    """Make the chat webhook: 200 ``ok`` for a sound payload, the service's own complaint for any other."""

    async def receive(request: Request) -> Response:
        complaint, payload = fault_in(await request.body())
        fault = ledger.next_fault("slack")
        if complaint is None and (fault is None or fault.keep):
            ledger.keep_alert(dict(request.headers), payload)
        if fault:
            headers = {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
            return _refuse(ledger, fault.status, _COMPLAINTS.get(fault.status, "rollup_error"), headers)
        return _refuse(ledger, 400, complaint) if complaint else PlainTextResponse("ok")

    async def unknown(request: Request) -> Response:
        return _refuse(ledger, 404, "no_service")

    return Starlette(
        routes=[
            Route(SLACK_PATH, receive, methods=["POST"]),
            Route("/{path:path}", unknown, methods=["POST", "GET"]),
        ]
    )


def _refuse(ledger: Ledger, status: int, answer: str, headers: dict[str, str] | None = None) -> Response:
    ledger.keep_refusal("slack", status, answer)
    return PlainTextResponse(answer, status_code=status, headers=headers)
