"""The site: the desk for people, the API for programs, and the checks.

Without a desk, `/` is the status page; with one it stands at `/status`.

Pages are rendered on the server, autoescaped, work without script, and load nothing from another host. Text of feeds (names, error
sentences) is hostile; the headers allow no script at all.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.exceptions import HTTPException as StarletteHTTPException

from aggregator.desk import Desk, named, topic_name
from aggregator.errors import UsageError
from aggregator.web.access import Door, guard
from aggregator.web.api import api_routes
from aggregator.web.checks import HEADERS, check_routes, explain_failure
from aggregator.web.pages import page_routes
from aggregator.web.readers import ReaderDesk, reader_pages
from aggregator.web.rendering import Pages, ago, moment
from aggregator.web.status import Status

_FOLDER = Path(__file__).parent


def create_site(
    status: Callable[[], Awaitable[Status]],
    service: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
    desk: tuple[Desk, Door] | None = None,
    readers: ReaderDesk | None = None,
) -> FastAPI:
    """Make the site; `service` is entered while the site is up by itself, `status` is asked for each page that shows it.

    `desk` adds the pages and the API, and lets in only whom its door admits; `readers` serves who got a mail.
    """
    pages = Environment(loader=FileSystemLoader(_FOLDER / "templates"), autoescape=select_autoescape(default=True))
    pages.filters["moment"] = moment
    pages.filters["ago"] = ago

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service():
            yield

    address = "/api/v1/openapi.json" if desk else None
    site = FastAPI(title="aggregator", version="1", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=address)
    site.mount("/static", StaticFiles(directory=_FOLDER / "static"), name="static")
    shown = _add_desk(site, *desk) if desk else None
    site.middleware("http")(_with_headers)
    site.exception_handler(Exception)(explain_failure)

    if readers is not None:
        site.include_router(reader_pages(readers, pages))

    @site.get("/status" if desk else "/", include_in_schema=False)
    async def show_status(request: Request) -> HTMLResponse:
        told = await status()
        if shown is not None:
            return shown.page(request, "status.html", told=told, frame="layout.html")
        return HTMLResponse(pages.get_template("status.html").render(told=told, frame="plain.html"))

    site.router.routes.extend(check_routes(status))
    return site


def _add_desk(site: FastAPI, desk: Desk, door: Door) -> Pages:
    pages = Pages(lambda topic: topic_name(desk, topic), lambda concept: named(desk, concept), desk.clock)
    site.include_router(page_routes(desk, door, pages))
    site.include_router(api_routes(desk))
    site.middleware("http")(guard(door))

    async def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, StarletteHTTPException) else 400
        words = str(error.detail) if isinstance(error, StarletteHTTPException) else str(error)
        if request.url.path.startswith("/api/"):
            return JSONResponse({"detail": words}, status_code=status)
        return pages.page(request, "error.html", status=status, heading="Not found" if status == 404 else "That did not work", words=words)

    async def misread(_: Request, error: Exception) -> Response:
        """Say what does not fit, without what was sent: that may be large, or no text at all."""
        found = error.errors() if isinstance(error, RequestValidationError) else []
        told = [{"loc": [_spoken(part) for part in one["loc"]], "msg": _spoken(one["msg"]), "type": one["type"]} for one in found]
        return JSONResponse({"detail": told}, status_code=422)

    site.exception_handler(RequestValidationError)(misread)
    site.exception_handler(StarletteHTTPException)(refused)
    site.exception_handler(UsageError)(refused)
    return pages


def _spoken(part: object) -> object:
    return part.encode("utf-8", "replace").decode()[:200] if isinstance(part, str) else part


async def _with_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
