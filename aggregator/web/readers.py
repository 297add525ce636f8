"""Readers' pages: unsubscribe by the address in a mail, and read a subscription as a feed.

GET never unsubscribes, since scanners follow every link of a mail: it shows a page with a button. POST does, without cookie and login
(RFC 8058), and only with the body that the standard asks for. Whatever is wrong with an address, the answer is the same 404.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from jinja2 import Environment

_FORM_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
_MOST_BODY = 1_000
_FEEDS = {"atom": "application/atom+xml; charset=utf-8", "json": "application/feed+json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class ReaderDesk:
    """Hold what readers may do: find out what a token ends (its name, or None), end it, and get a subscription's feed."""

    find: Callable[[str], Awaitable[str | None]]
    leave: Callable[[str], Awaitable[bool]]
    feed: Callable[[str, str], Awaitable[bytes | None]]


def reader_pages(desk: ReaderDesk, pages: Environment) -> APIRouter:
    """Make the routes below ``/leave`` and ``/subscriptions``."""
    router = APIRouter()

    @router.get("/leave/{token}")
    async def ask(token: str) -> Response:
        name = await desk.find(token)
        if name is None:
            return _unknown()
        page = pages.get_template("leave.html").render(name=name, done=False)
        return HTMLResponse(page, headers={"Content-Security-Policy": _FORM_POLICY})

    @router.post("/leave/{token}")
    async def leave(token: str, request: Request) -> Response:
        if not await _is_one_click(request):
            return PlainTextResponse("The body must be List-Unsubscribe=One-Click (RFC 8058).\n", status_code=400)
        name = await desk.find(token)
        if name is None or not await desk.leave(token):
            return _unknown()
        return HTMLResponse(pages.get_template("leave.html").render(name=name, done=True))

    @router.get("/subscriptions/{name}/feed.{form}")
    async def feed(name: str, form: str, request: Request) -> Response:
        body = await desk.feed(name, form) if form in _FEEDS else None
        if body is None:
            return _unknown()
        etag = f'"{sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": etag, "Cache-Control": "max-age=300"}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=_FEEDS[form], headers=headers)

    return router


async def _is_one_click(request: Request) -> bool:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_BODY:
            return False
    return parse_qs(body.decode("ascii", "replace")).get("List-Unsubscribe") == ["One-Click"]


def _unknown() -> Response:
    return PlainTextResponse("There is nothing here: the address is wrong, or it was used before.\n", status_code=404)
