"""What a post gives."""

import asyncio

import pytest

from aggregator.http_client import Limits
from aggregator.models import Failed, FailureKind, Posted
from tests.http_client.conftest import Exchange, Network, always, drop, response


@pytest.mark.parametrize("status", [200, 302, 404, 429, 500])
async def test_every_status_is_an_answer(network: Network, status: int) -> None:
    server = await network.server(always(response(status, b"ok", Location="/elsewhere", Retry_After="5")))
    outcome = await network.client("127.0.0.1").post(server.url("/hook"), b'{"text": "x"}', {"Content-Type": "application/json"})
    assert isinstance(outcome, Posted)
    assert (outcome.status, outcome.body, outcome.headers["retry-after"]) == (status, b"ok", "5")
    assert [exchange.path for exchange in server.requests] == ["/hook"]
    assert server.requests[0].header("content-type") == "application/json"
    assert server.requests[0].header("content-length") == "13"


async def test_long_reply_is_cut(network: Network) -> None:
    server = await network.server(always(response(body=b"x" * 500_000)))
    outcome = await network.client("127.0.0.1", limits=Limits(max_reply=100)).post(server.url(), b"", {})
    assert isinstance(outcome, Posted)
    assert outcome.body == b"x" * 100


async def test_post_is_never_tried_twice(network: Network) -> None:
    server = await network.server(drop)
    outcome = await network.client("127.0.0.1").post(server.url("/services/secret"), b"{}", {})
    assert outcome == Failed(kind=FailureKind.TEMPORARY, message="127.0.0.1 broke the connection off")
    assert len(server.requests) == 1


async def test_silent_receiver_meets_the_deadline(network: Network) -> None:
    async def silence(exchange: Exchange) -> None:
        await asyncio.sleep(5)

    server = await network.server(silence)
    outcome = await network.client("127.0.0.1", limits=Limits(deadline=0.1)).post(server.url("/services/secret"), b"{}", {})
    assert outcome == Failed(kind=FailureKind.TEMPORARY, message="127.0.0.1 did not answer in time")


async def test_private_receiver_is_refused(network: Network) -> None:
    server = await network.server(always(response()))
    outcome = await network.client().post(server.url(), b"{}", {})
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.PERMANENT
    assert not server.requests


async def test_header_that_cannot_be_sent_is_a_failure(network: Network) -> None:
    server = await network.server(always(response()))
    outcome = await network.client("127.0.0.1").post(server.url(), b"{}", {"X": "a\r\nb: c"})
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.PERMANENT
    assert not server.requests
