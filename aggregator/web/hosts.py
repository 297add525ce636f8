"""Which names are this site's: a foreign name that points here (DNS rebinding) is not answered."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from aggregator.web.checks import HEADERS

FOR_ANY_NAME = ("/healthz", "/readyz")
"""What every name reaches: probes ask for the address of a container."""


class UnderOurNames:
    """Be an application that a name not among `hosts` reaches at `FOR_ANY_NAME` and the `keyed` paths only."""

    def __init__(self, app: ASGIApp, hosts: Collection[str], keyed: Collection[str] = ()) -> None:
        self._app, self._hosts, self._open = app, hosts, {*FOR_ANY_NAME, *keyed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or turn it away."""
        asked = scope["type"] == "http" and scope["path"] not in self._open
        await (turned_away() if asked and not is_ours(scope, self._hosts) else self._app)(scope, receive, send)


def is_ours(scope: Scope, hosts: Collection[str]) -> bool:
    """Tell whether the Host header of a request names this site; without `hosts` every name does."""
    return not hosts or _host(Headers(scope=scope).get("host", "")) in hosts


def turned_away() -> PlainTextResponse:
    """Answer who asked for another name."""
    words = "This name is not this site's: set AGGREGATOR_PUBLIC_URL to the address readers use.\n"
    return PlainTextResponse(words, status_code=421, headers=HEADERS)


def _host(header: str) -> str:
    try:
        return (urlsplit(f"//{header}").hostname or "").lower()
    except ValueError:
        return ""
