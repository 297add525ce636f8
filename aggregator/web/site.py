"""The site: the desk for people, the API for programs, `/healthz` for "is it alive", `/readyz` for "is it doing its job".

Without a desk, `/` is the status page; with one it stands at `/status`.

Pages are rendered on the server, autoescaped, work without script, and load nothing from another host. Text of feeds (names, error
sentences) is hostile; the headers allow no script at all.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.exceptions import HTTPException as StarletteHTTPException

from aggregator.desk import Desk, named, topic_name
from aggregator.errors import AggregatorError, UsageError
from aggregator.models import FeedHealth
from aggregator.records import Alarm, DeliveryRow, Overview
from aggregator.web.access import Door, guard
from aggregator.web.api import api_routes
from aggregator.web.pages import page_routes
from aggregator.web.readers import ReaderDesk, reader_pages
from aggregator.web.rendering import Pages, ago, moment

log = structlog.get_logger(__name__)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Hold what the status page shows; `late` names scheduled steps that did not come to their end in time.

    `troubles` says why the service does not do its job; `alarms` are those of feeds, `notices` those of deliveries.
    `leads` is False for a process that stands by while another one schedules.
    """

    version: str
    now: datetime
    started_at: datetime
    overview: Overview
    feeds: Sequence[FeedHealth]
    deliveries: Sequence[DeliveryRow]
    subscriptions: Sequence[str]
    late: Sequence[str] = ()
    alarms: Sequence[Alarm] = ()
    notices: Sequence[str] = ()
    troubles: Sequence[str] = ()
    leads: bool = True

    @property
    def working(self) -> bool:
        """Tell whether the service does its job; a standby does by standing by."""
        return not self.late and not self.troubles and (self.overview.last_poll_at is not None or not self.leads)


def create_site(
    status: Callable[[], Awaitable[Status]],
    service: Callable[[], AbstractAsyncContextManager[None]],
    desk: tuple[Desk, Door] | None = None,
    readers: ReaderDesk | None = None,
) -> FastAPI:
    """Make the site; `service` is entered while the site is up, `status` is asked for each page that shows it.

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
    site.exception_handler(Exception)(_explain_failure)

    if readers is not None:
        site.include_router(reader_pages(readers, pages))

    @site.get("/status" if desk else "/", include_in_schema=False)
    async def show_status(request: Request) -> HTMLResponse:
        told = await status()
        if shown is not None:
            return shown.page(request, "status.html", told=told, frame="layout.html")
        return HTMLResponse(pages.get_template("status.html").render(told=told, frame="plain.html"))

    _add_checks(site, status)
    return site


def _add_checks(site: FastAPI, status: Callable[[], Awaitable[Status]]) -> None:
    @site.get("/healthz", include_in_schema=False)
    async def tell_alive() -> JSONResponse:
        try:
            current = await status()
        except AggregatorError as error:  # being alive must not depend on the database: a restart would not bring it back
            return JSONResponse({"alive": True, "working": False, "troubles": [str(error)], "late": []})
        told = {"version": current.version, "late": list(current.late), "troubles": list(current.troubles), "leads": current.leads}
        return JSONResponse({"alive": True, "working": current.working, **told})

    @site.get("/readyz", include_in_schema=False)
    async def tell_ready() -> JSONResponse:
        try:
            current = await status()
        except AggregatorError as error:
            return JSONResponse({"ready": False, "late": [], "troubles": [str(error)]}, status_code=503)
        said: dict[str, object] = {"ready": current.working, "late": list(current.late)}
        told = {"troubles": list(current.troubles)} if current.troubles else {}
        return JSONResponse(said | told, status_code=200 if current.working else 503)


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


async def _explain_failure(request: Request, error: Exception) -> Response:
    log.error("a page failed", path=request.url.path, error=f"{type(error).__name__}: {error}")
    return Response("The page could not be made; the log says why.\n", status_code=500, media_type="text/plain", headers=HEADERS)
