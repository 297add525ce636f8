"""The front: it answers what machines ask, keeps the service up, and opens the site behind it to whoever comes first.

The site with its pages and its API is most of what a service would load, and many a service is looked at by nobody for weeks.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from email.utils import formatdate

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aggregator.web.checks import explain_failure
from aggregator.web.hosts import UnderOurNames


class Front:
    """Be the application: `routes` are answered here, all else by the site that `make_site` makes when it is first asked for.

    `service` is entered while the application is up. A name that is not among `hosts` reaches the health checks only, and those `keyed`
    paths that ask each caller for a key, which no foreign page can send; without `hosts` every name is ours.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        service: Callable[[], AbstractAsyncContextManager[None]],
        make_site: Callable[[], ASGIApp],
        hosts: Collection[str] = (),
        keyed: Collection[str] = (),
    ) -> None:
        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            async with service():
                yield

        own = Starlette(routes=routes, lifespan=lifespan, exception_handlers={Exception: explain_failure})
        self._own = UnderOurNames(own, hosts, keyed)
        self._paths = {route.path for route in routes}
        self._make_site = make_site
        self._site: ASGIApp | None = None
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or start and end with the server."""
        own = scope["type"] == "lifespan" or scope["path"] in self._paths
        app = self._own if own else self._site or await self._opened()
        await app(scope, receive, _dated(send) if scope["type"] == "http" else send)

    async def _opened(self) -> ASGIApp:
        """Make the site beside the loop, once, however many ask at once; where that fails, the next one tries again."""
        async with self._making:
            if self._site is None:
                self._site = await asyncio.to_thread(self._make_site)
            return self._site


def _dated(send: Send) -> Send:
    """Say in an answer when it was made (RFC 9110 section 6.6.1); a server that does so itself has to wake each second for it."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"date", formatdate(usegmt=True).encode())]
        await send(message)

    return sent
