"""Metrics tell figures without any feed's text, and only to whom they are for."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

import httpx
import pytest

from aggregator.errors import StoreError
from aggregator.listener import worker_names
from aggregator.records import Poll
from aggregator.settings import load_settings
from aggregator.web import Health, Metrics, Patient, Status, UnderOurNames, check_routes, checks_alone, create_site, metrics_route
from tests.web.test_site import NOW, STATUS

LOCAL, FAR = ("127.0.0.1", 4711), ("203.0.113.9", 4711)


async def status() -> Status:
    return STATUS


async def gone() -> Status:
    raise StoreError("the database refused: it is away")


@asynccontextmanager
async def nothing() -> AsyncIterator[None]:
    yield


def client(token: str | None, address: tuple[str, int], metrics: Metrics | None = None) -> httpx.AsyncClient:
    site = create_site(status, nothing)
    site.router.routes.append(metrics_route(metrics or Metrics(), status, token))
    return httpx.AsyncClient(transport=httpx.ASGITransport(site, client=address), base_url="http://site")


@pytest.mark.parametrize(
    ("token", "address", "headers", "code"),
    [
        (None, LOCAL, {}, 200),
        (None, ("::1", 1), {}, 200),
        (None, FAR, {}, 403),
        (None, LOCAL, {"X-Forwarded-For": "203.0.113.9"}, 403),
        (None, LOCAL, {"Forwarded": "for=203.0.113.9"}, 403),
        ("open sesame", FAR, {"Authorization": "Bearer open sesame"}, 200),
        ("open sesame", FAR, {"Authorization": "Bearer open"}, 403),
        ("open sesame", LOCAL, {}, 403),
    ],
)
async def test_metrics_are_told_to_whom_they_are_for(
    token: str | None, address: tuple[str, int], headers: Mapping[str, str], code: int
) -> None:
    async with client(token, address) as caller:
        assert (await caller.get("/metrics", headers=headers)).status_code == code


async def test_metrics_hold_the_stores_figures_and_this_process_counters() -> None:
    metrics = Metrics(("email",))
    metrics.count_poll(Poll(feed_id="wire", started_at=NOW, outcome="ok", status=200, entries=9, new=3, revised=1, message=None))
    metrics.count_judged(4)
    metrics.count_sent(taken=False, channel="email")
    metrics.count_sent(taken=True, channel="a channel of tomorrow")
    with suppress(ValueError), metrics.step("judge"):
        raise ValueError("no")
    async with client(None, LOCAL, metrics) as caller:
        page = (await caller.get("/metrics")).text
    for line in (
        "aggregator_entries 120.0",
        'aggregator_deliveries{status="sent"} 2.0',
        'aggregator_feeds{status="failing"} 1.0',
        'aggregator_polls_total{outcome="ok"} 1.0',
        'aggregator_stored_total{kind="new"} 3.0',
        "aggregator_judged_total 4.0",
        'aggregator_attempts_total{channel="email",result="failed"} 1.0',
        'aggregator_attempts_total{channel="other",result="taken"} 1.0',
        'aggregator_jobs_total{result="failed",step="judge"} 1.0',
        'aggregator_job_seconds_count{step="judge"} 1.0',
        'aggregator_deliveries{status="dead"} 0.0',
        'aggregator_queue_wait_seconds{queue="poll"} 0.0',
        "aggregator_working 1.0",
        "aggregator_worker_working 1.0",
    ):
        assert line in page.splitlines()
    assert "script" not in page


async def test_alive_does_not_depend_on_the_database() -> None:
    site = create_site(gone, nothing)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://site") as caller:
        answer = await caller.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"alive": True, "working": False, "troubles": ["the database refused: it is away"], "late": []}


async def test_metrics_say_that_nobody_works_while_the_store_is_away() -> None:
    away = False

    async def told() -> Status:
        return await gone() if away else STATUS

    site = create_site(told, nothing)
    site.router.routes.append(metrics_route(Metrics(), told, None))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(site, client=LOCAL), base_url="http://site") as caller:
        well = (await caller.get("/metrics")).text
        away = True
        answer = await caller.get("/metrics")
        away = False
        again = await caller.get("/metrics")
    assert answer.status_code == 200
    assert {"aggregator_working 1.0", "aggregator_leader 1.0"} <= set(well.splitlines())
    assert "aggregator_working 0.0" in answer.text
    assert "aggregator_leader 0.0" in answer.text  # the lock went with the connection, and another one may hold it
    assert "aggregator_entries" not in answer.text
    assert "aggregator_entries 120.0" in again.text


async def test_a_step_that_is_broken_off_is_no_failure() -> None:
    metrics = Metrics()
    with suppress(asyncio.CancelledError), metrics.step("poll"):
        raise asyncio.CancelledError
    assert 'aggregator_jobs_total{result="failed",step="poll"} 0.0' in metrics.silent().decode()
    assert metrics.ended_at is None


async def test_checks_answer_in_time_while_the_store_does_not_and_ask_it_once() -> None:
    asked, answer = 0, asyncio.Event()

    async def hanging() -> Health:
        nonlocal asked
        asked += 1
        await answer.wait()
        return Health(version="1", started_at=NOW)

    patient = Patient(hanging, 0.05)
    for failed in await asyncio.gather(*(patient() for _ in range(5)), return_exceptions=True):
        assert isinstance(failed, StoreError)
    assert asked == 1
    answer.set()
    assert (await patient()).working


async def test_a_worker_tells_of_itself_alone_and_serves_nothing_else() -> None:
    told: list[str] = ["no sign of life"]

    async def health() -> Health:
        return Health(version="1", started_at=NOW, troubles=tuple(told))

    site = checks_alone([*check_routes(health), metrics_route(Metrics(worker=True), health, "open sesame")])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(site, client=FAR), base_url="http://site") as caller:
        assert (await caller.get("/metrics")).status_code == 403
        page = (await caller.get("/metrics", headers={"Authorization": "Bearer open sesame"})).text
        assert "aggregator_worker_working 0.0" in page
        assert "aggregator_entries" not in page
        assert "aggregator_leader" not in page
        assert (await caller.get("/readyz")).status_code == 503
        alive = await caller.get("/healthz")
        assert (alive.status_code, alive.json()["working"]) == (200, False)
        told.clear()
        assert (await caller.get("/readyz")).status_code == 200
        assert [(await caller.get(path)).status_code for path in ("/", "/status", "/docs", "/openapi.json", "/static/style.css")] == [
            404
        ] * 5
        assert alive.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("keyed", "path", "host", "code"),
    [
        (False, "/metrics", "localhost:9100", 200),
        (False, "/metrics", "127.0.0.1:9100", 200),
        (False, "/metrics", "evil.example", 421),
        (True, "/metrics", "worker-3.cluster.local", 200),
        (False, "/readyz", "10.0.0.7:9100", 200),
    ],
)
async def test_a_foreign_name_reads_a_workers_metrics_with_the_token_alone(keyed: bool, path: str, host: str, code: int) -> None:
    token = "open sesame" if keyed else None

    async def health() -> Health:
        return Health(version="1", started_at=NOW)

    names = worker_names(load_settings({"AGGREGATOR_WORKER_LISTEN": "0.0.0.0:9100"}))
    site = checks_alone([*check_routes(health), metrics_route(Metrics(worker=True), health, token)])
    transport = httpx.ASGITransport(UnderOurNames(site, names, ("/metrics",) if keyed else ()), client=LOCAL)
    async with httpx.AsyncClient(transport=transport, base_url="http://site") as caller:
        given = {"Host": host, "Authorization": f"Bearer {token}"} if token else {"Host": host}
        assert (await caller.get(path, headers=given)).status_code == code
