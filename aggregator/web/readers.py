"""Readers' pages: unsubscribe or judge a story by the address in a mail, and read a subscription as a feed.

GET changes nothing, since scanners follow every link of a mail: it shows a page with a button. POST does, without cookie and login; the
one that unsubscribes only with the body that the standard asks for (RFC 8058). Whatever is wrong with an address, the answer is the same
404.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from jinja2 import Environment

from aggregator.labelling import Told
from aggregator.web.outgoing import validated

_FORM_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
_MOST_BODY = 1_000
_ANSWERS = {"yes": "relevant", "no": "not_relevant"}
_FEEDS = {"atom": "application/atom+xml; charset=utf-8", "json": "application/feed+json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class ReaderDesk:
    """Hold what readers may do: find out what a token ends (its name, or None), end it, and get a subscription's feed.

    `told` gives what a mail told at a place, `judge` keeps what a reader says of it under a topic.
    """

    find: Callable[[str], Awaitable[str | None]]
    leave: Callable[[str], Awaitable[bool]]
    feed: Callable[[str, str], Awaitable[bytes | None]]
    told: Callable[[str, int], Awaitable[Told | None]]
    judge: Callable[[Told, str, str], Awaitable[None]]


def reader_pages(desk: ReaderDesk, pages: Environment) -> APIRouter:
    """Make the routes below ``/leave``, ``/verdict`` and ``/subscriptions``."""
    router = APIRouter(include_in_schema=False)
    _add_verdicts(router, desk, pages)

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
        return validated(request, body, _FEEDS[form], "max-age=300")

    return router


def _add_verdicts(router: APIRouter, desk: ReaderDesk, pages: Environment) -> None:
    @router.get("/verdict/{token}/{place}/{answer}")
    async def show(token: str, place: str, answer: str) -> Response:
        told = await desk.told(token, _place(place))
        if told is None or answer not in _ANSWERS:
            return _unknown()
        page = pages.get_template("verdict.html").render(told=told, likely=_ANSWERS[answer], done="")
        return HTMLResponse(page, headers={"Content-Security-Policy": _FORM_POLICY})

    @router.post("/verdict/{token}/{place}/{answer}")
    async def keep(token: str, place: str, answer: str, request: Request) -> Response:
        told = await desk.told(token, _place(place))
        if told is None or answer not in _ANSWERS:
            return _unknown()
        form = await _short_form(request)
        topic, verdict = form.get("topic", ""), form.get("verdict", "")
        if topic not in told.topics or verdict not in _ANSWERS.values():
            return PlainTextResponse("The body must name a topic of the story, and a verdict.\n", status_code=400)
        await desk.judge(told, topic, verdict)
        return HTMLResponse(pages.get_template("verdict.html").render(told=told, likely=verdict, done=verdict))


def _place(text: str) -> int:
    """Read where a story stands in a digest; -1 where the text is no such number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1


async def _is_one_click(request: Request) -> bool:
    return (await _short_form(request)).get("List-Unsubscribe") == "One-Click"


async def _short_form(request: Request) -> dict[str, str]:
    """Read a form of a few fields, each given once; what is too long is none."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_BODY:
            return {}
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items() if len(values) == 1}


def _unknown() -> Response:
    return PlainTextResponse("There is nothing here: the address is wrong, or it was used before.\n", status_code=404)
