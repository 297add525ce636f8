"""The site: `/` for people, `/healthz` for "is it alive", `/readyz` for "is it doing its job".

Pages are rendered on the server, autoescaped, work without script, and load nothing from another host. Text of feeds (names, error
sentences) is hostile; the headers allow no script at all.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, select_autoescape

from aggregator.errors import AggregatorError
from aggregator.models import FeedHealth
from aggregator.records import Alarm, DeliveryRow, Overview
from aggregator.web.readers import ReaderDesk, reader_pages

log = structlog.get_logger(__name__)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
PAGES_MAY_SET = ("Content-Security-Policy", "Cache-Control")
"""What a page may say otherwise: that it has a form, that a feed may be kept for a while."""
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
    desk: ReaderDesk | None = None,
) -> FastAPI:
    """Make the site; `service` is entered while the site is up, `status` is asked for each page, `desk` serves readers."""
    pages = Environment(loader=FileSystemLoader(_FOLDER / "templates"), autoescape=select_autoescape(default=True))
    pages.filters["moment"] = moment
    pages.filters["ago"] = ago

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service():
            yield

    site = FastAPI(title="aggregator", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    site.mount("/static", StaticFiles(directory=_FOLDER / "static"), name="static")
    site.middleware("http")(_with_headers)
    site.exception_handler(Exception)(_explain_failure)

    if desk is not None:
        site.include_router(reader_pages(desk, pages))

    @site.get("/", response_class=HTMLResponse)
    async def show_status() -> str:
        return pages.get_template("status.html").render(status=await status())

    @site.get("/healthz")
    async def tell_alive() -> JSONResponse:
        try:
            current = await status()
        except AggregatorError as error:  # being alive must not depend on the database: a restart would not bring it back
            return JSONResponse({"alive": True, "working": False, "troubles": [str(error)], "late": []})
        told = {"version": current.version, "late": list(current.late), "troubles": list(current.troubles), "leads": current.leads}
        return JSONResponse({"alive": True, "working": current.working, **told})

    @site.get("/readyz")
    async def tell_ready() -> JSONResponse:
        current = await status()
        said: dict[str, object] = {"ready": current.working, "late": list(current.late)}
        told = {"troubles": list(current.troubles)} if current.troubles else {}
        return JSONResponse(said | told, status_code=200 if current.working else 503)

    return site


def moment(at: datetime | None) -> str:
    """Write a moment for people, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if at else "never"


def ago(at: datetime | None, now: datetime) -> str:
    """Write how long ago, or how soon, a moment is."""
    if at is None:
        return "never"
    seconds = int((now - at).total_seconds())
    words = next(
        f"{abs(seconds) // size} {name}"
        for size, name in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
        if abs(seconds) >= size or size == 1
    )
    return f"in {words}" if seconds < 0 else f"{words} ago"


async def _with_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    own = {name: response.headers[name] for name in PAGES_MAY_SET if name in response.headers}
    response.headers.update(HEADERS | own)
    return response


async def _explain_failure(request: Request, error: Exception) -> Response:
    log.error("a page failed", path=request.url.path, error=f"{type(error).__name__}: {error}")
    return Response("The page could not be made; the log says why.\n", status_code=500, media_type="text/plain", headers=HEADERS)
