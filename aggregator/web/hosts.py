"""Which names are this site's: a foreign name that points here (DNS rebinding) is not answered."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Scope

from aggregator.web.checks import HEADERS


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
