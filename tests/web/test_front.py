"""The front answers machines itself, and opens the site once, for whoever comes first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import cast

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from aggregator.reload import Live
from aggregator.service import Watchman, make_site
from aggregator.settings import Settings
from aggregator.web import Front, Metrics, Status, check_routes, metrics_route
from tests.web.test_site import STATUS

LOCAL = ("127.0.0.1", 4711)


async def status() -> Status:
    return STATUS


class Behind:
    """Stand behind the front, and count how often it was made; it breaks as often as it is told to."""

    def __init__(self, breaks: int = 0) -> None:
        self.made, self.breaks, self.up = 0, breaks, False
        routes = (*check_routes(status), metrics_route(Metrics(), status, None))
        self.front = Front(routes, self.service, self.make, hosts=("watch.example.org",))

    @asynccontextmanager
    async def service(self) -> AsyncIterator[None]:
        self.up = True
        yield
        self.up = False

    def make(self) -> ASGIApp:
        self.made += 1
        if self.made <= self.breaks:
            raise MemoryError("no room for pages")

        async def shown(request: Request) -> PlainTextResponse:
            return PlainTextResponse(f"page {request.url.path}")

        return Starlette(routes=[Route("/{path:path}", shown)])

    def client(self, host: str = "watch.example.org") -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.front, client=LOCAL), base_url=f"http://{host}")


async def test_checks_and_metrics_open_no_site() -> None:
    behind = Behind()
    async with behind.client() as client:
        answers = [await client.get(path) for path in ("/healthz", "/readyz", "/metrics")]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert all(answer.headers["X-Content-Type-Options"] == "nosniff" for answer in answers)
    assert behind.made == 0


async def test_many_who_ask_at_once_share_one_site() -> None:
    behind = Behind()
    async with behind.client() as client:
        answers = await asyncio.gather(*(client.get(f"/{number}") for number in range(5)))
    assert [answer.text for answer in answers] == [f"page /{number}" for number in range(5)]
    assert behind.made == 1


async def test_a_site_that_could_not_be_made_is_tried_again() -> None:
    behind = Behind(breaks=1)
    async with behind.client() as client:
        with pytest.raises(MemoryError):
            await client.get("/")
        assert (await client.get("/")).text == "page /"


@pytest.mark.parametrize(("path", "code"), [("/healthz", 200), ("/readyz", 200), ("/metrics", 421)])
async def test_a_foreign_name_reaches_the_health_checks_only(path: str, code: int) -> None:
    async with Behind().client("evil.example.net") as client:
        assert (await client.get(path)).status_code == code


@pytest.mark.parametrize(
    ("token", "sent", "code"),
    [("open sesame", "open sesame", 200), ("open sesame", "guessed", 403), ("open sesame", "", 403), (None, "", 421)],
)
@pytest.mark.parametrize("host", ["leader:8080", "10.42.0.7:8080", "[fd00::7]:8080"])
async def test_a_prometheus_with_the_token_asks_for_the_metrics_by_any_name(token: str | None, sent: str, code: int, host: str) -> None:
    settings = Settings(public_url="https://watch.example.org", metrics_token=SecretStr(token) if token else None)
    live = cast(Live, SimpleNamespace(app=SimpleNamespace(settings=settings)))
    front = make_site(cast(Watchman, SimpleNamespace(status=status)), Metrics(), live, Behind().service)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(front, client=LOCAL), base_url=f"http://{host}") as client:
        answer = await client.get("/metrics", headers={"Authorization": f"Bearer {sent}"} if sent else {})
    assert answer.status_code == code


async def test_every_answer_says_when_it_was_made() -> None:
    async with Behind().client() as client:
        for path in ("/healthz", "/anything"):
            assert parsedate_to_datetime((await client.get(path)).headers["Date"])


async def test_the_service_works_while_the_application_is_up() -> None:
    behind = Behind()
    to_app: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    told: asyncio.Queue[str] = asyncio.Queue()

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        await told.put(message["type"])

    running = asyncio.create_task(behind.front({"type": "lifespan"}, to_app.get, send))
    await to_app.put({"type": "lifespan.startup"})
    assert await told.get() == "lifespan.startup.complete"
    assert behind.up
    await to_app.put({"type": "lifespan.shutdown"})
    await running
    assert not behind.up
