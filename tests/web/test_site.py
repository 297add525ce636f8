"""The status page shows what is wrong, escaped, and the checks tell alive from ready."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from aggregator.errors import StoreError
from aggregator.models import Delivery, FeedHealth
from aggregator.records import DeliveryRow, Overview
from aggregator.web import Status, create_site
from aggregator.web.rendering import ago

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
STATUS = Status(
    version="1.2.3",
    now=NOW,
    started_at=NOW - timedelta(hours=2),
    overview=Overview(
        entries=120, revisions=130, unjudged=0, articles=110, stories=14, digests=2, deliveries_by_status={"sent": 2}, last_poll_at=NOW
    ),
    feeds=(
        FeedHealth(feed_id="wire", name="Wire", status="ok", last_success_at=NOW - timedelta(minutes=3), entries=40),
        FeedHealth(feed_id="evil", name="<script>alert(1)</script>", status="failing", error="<img src=x onerror=alert(1)>"),
    ),
    deliveries=(
        DeliveryRow(
            delivery=Delivery(id=1, digest_id=1, subscription="morning", channel="email", recipient="a@b", key="k", attempts=1),
            status="sent",
            due_at=None,
            sent_at=NOW,
            detail="250 ok",
        ),
    ),
    subscriptions=("morning",),
)


class Shown:
    """Hold what the site is to show; tests exchange it."""

    status = STATUS
    up = False
    broken = False
    away = False


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture
async def client(shown: Shown) -> AsyncIterator[httpx.AsyncClient]:
    @asynccontextmanager
    async def service() -> AsyncIterator[None]:
        shown.up = True
        yield
        shown.up = False

    async def status() -> Status:
        if shown.away:
            raise StoreError("the database does not answer")
        if shown.broken:
            raise RuntimeError("the database is away")
        return shown.status

    site = create_site(status, service)
    transport = httpx.ASGITransport(site, raise_app_exceptions=False)
    async with site.router.lifespan_context(site), httpx.AsyncClient(transport=transport, base_url="http://site") as client:
        assert shown.up
        yield client
    assert not shown.up


async def test_the_page_tells_figures_feeds_and_deliveries(client: httpx.AsyncClient) -> None:
    page = (await client.get("/")).text
    for words in ("Wire", "3 min ago", "120", "morning", "250 ok", "1.2.3"):
        assert words in page


async def test_hostile_text_is_escaped(client: httpx.AsyncClient) -> None:
    page = (await client.get("/")).text
    assert "<script>" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


async def test_every_answer_forbids_script_and_framing(client: httpx.AsyncClient) -> None:
    for path in ("/", "/healthz", "/nowhere", "/static/status.css"):
        headers = (await client.get(path)).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


async def test_ready_only_after_a_poll_and_while_nothing_is_late(client: httpx.AsyncClient, shown: Shown) -> None:
    assert (await client.get("/readyz")).status_code == 200
    shown.status = replace(STATUS, late=("poll",))
    assert (await client.get("/readyz")).json() == {"ready": False, "late": ["poll"]}
    assert (await client.get("/healthz")).json()["late"] == ["poll"]
    assert "Not doing its job: poll" in (await client.get("/")).text
    shown.status = replace(STATUS, overview=replace(STATUS.overview, last_poll_at=None))
    assert (await client.get("/readyz")).status_code == 503


async def test_without_its_database_it_is_alive_and_not_ready_and_says_why(client: httpx.AsyncClient, shown: Shown) -> None:
    shown.away = True
    alive, ready = await client.get("/healthz"), await client.get("/readyz")
    assert (alive.status_code, alive.json()["working"]) == (200, False)
    assert (ready.status_code, ready.json()["troubles"]) == (503, ["the database does not answer"])


async def test_a_new_installation_says_what_to_do(client: httpx.AsyncClient, shown: Shown) -> None:
    shown.status = replace(STATUS, feeds=(), deliveries=(), subscriptions=())
    page = (await client.get("/")).text
    assert "add one to feeds.yaml" in page
    assert "Nothing was sent yet" in page


async def test_a_failing_page_shows_no_traceback(client: httpx.AsyncClient, shown: Shown) -> None:
    shown.broken = True
    answer = await client.get("/")
    assert answer.status_code == 500
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (NOW - timedelta(seconds=5), "5 s ago"),
        (NOW + timedelta(minutes=5), "in 5 min"),
        (NOW - timedelta(days=3), "3 d ago"),
        (NOW, "0 s ago"),
        (None, "never"),
    ],
)
def test_moments_are_told_as_distances(at: datetime | None, words: str) -> None:
    assert ago(at, NOW) == words
