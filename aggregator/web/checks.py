"""What machines ask: `/healthz` for "is it alive", `/readyz` for "is it doing its job".

They need nothing of what pages need, so that a service that nobody looks at is small.
"""

from collections.abc import Awaitable, Callable, Sequence

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aggregator.errors import AggregatorError
from aggregator.web.status import Health, Status

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
"""What every answer of the site carries."""


def check_routes(status: Callable[[], Awaitable[Status | Health]]) -> list[Route]:
    """Make the two checks; `status` is asked for each answer."""

    async def tell_alive(_: Request) -> JSONResponse:
        try:
            current = await status()
        except AggregatorError as error:  # being alive must not depend on the database: a restart would not bring it back
            return _answer({"alive": True, "working": False, "troubles": [str(error)], "late": []})
        told = {"version": current.version, "late": list(current.late), "troubles": list(current.troubles), "leads": current.leads}
        return _answer({"alive": True, "working": current.working, **told})

    async def tell_ready(_: Request) -> JSONResponse:
        try:
            current = await status()
        except AggregatorError as error:
            return _answer({"ready": False, "late": [], "troubles": [str(error)]}, 503)
        said: dict[str, object] = {"ready": current.working, "late": list(current.late)}
        told = {"troubles": list(current.troubles)} if current.troubles else {}
        return _answer(said | told, 200 if current.working else 503)

    return [Route("/healthz", tell_alive), Route("/readyz", tell_ready)]


def checks_alone(routes: Sequence[Route]) -> Starlette:
    """Make a site of these routes and nothing else, for a process that shows no pages."""
    return Starlette(routes=routes, exception_handlers={404: _nothing_here, Exception: explain_failure})


async def _nothing_here(_: Request, __: Exception) -> Response:
    return Response("Nothing is here.\n", status_code=404, media_type="text/plain", headers=HEADERS)


def _answer(told: object, status: int = 200) -> JSONResponse:
    return JSONResponse(told, status_code=status, headers=HEADERS)


async def explain_failure(request: Request, error: Exception) -> Response:
    """Answer for a page that could not be made."""
    log.error("a page failed", path=request.url.path, error=f"{type(error).__name__}: {error}")
    return Response("The page could not be made; the log says why.\n", status_code=500, media_type="text/plain", headers=HEADERS)
