"""What a fetch gives for what a server answers."""

import asyncio
import logging
from datetime import timedelta

import pytest

from aggregator.http_client import Limits
from aggregator.models import Failed, FailureKind, Fetched, FetchRequest, NotModified
from tests.http_client.conftest import Exchange, Network, always, by_path, drop, response


async def test_200_carries_body_headers_and_validators(network: Network) -> None:
    server = await network.server(always(response(body=b"<rss/>", ETag='W/"a b"', Last_Modified="yesterday", X_Y="1")))
    outcome = await network.client("127.0.0.1").fetch(FetchRequest(url=server.url("/feed#part"), accept="text/xml"))
    assert isinstance(outcome, Fetched)
    assert (outcome.url, outcome.status, outcome.body, outcome.moved_to) == (server.url("/feed"), 200, b"<rss/>", None)
    assert (outcome.etag, outcome.last_modified, outcome.headers["x-y"]) == ('W/"a b"', "yesterday", "1")


async def test_request_says_who_asks_and_nothing_else(network: Network) -> None:
    server = await network.server(always(response(Set_Cookie="id=1")))
    client = network.client("127.0.0.1")
    for _ in range(2):
        await client.fetch(FetchRequest(url=server.url("/feed?a=1"), accept="text/xml"))
    names = {line.split(b":")[0].lower() for line in server.requests[1].request.split(b"\r\n")[1:] if line}
    assert names == {b"host", b"accept", b"accept-encoding", b"connection", b"user-agent"}
    assert server.requests[1].header("user-agent") == "test/1"
    assert server.requests[1].path == "/feed?a=1"


async def test_validators_go_out_as_they_came_and_304_is_not_modified(network: Network) -> None:
    server = await network.server(always(response(304, ETag='"new"', Cache_Control="max-age=60")))
    request = FetchRequest(url=server.url(), etag='W/"\xe9 x"', last_modified="not a date")
    outcome = await network.client("127.0.0.1").fetch(request)
    assert isinstance(outcome, NotModified)
    assert (outcome.etag, outcome.headers["cache-control"]) == ('"new"', "max-age=60")
    assert server.requests[0].header("if-none-match") == 'W/"\xe9 x"'
    assert server.requests[0].header("if-modified-since") == "not a date"


async def test_validator_that_would_break_the_header_is_left_out(network: Network) -> None:
    server = await network.server(always(response()))
    await network.client("127.0.0.1").fetch(FetchRequest(url=server.url(), etag="a\r\nX-Evil: 1", last_modified="한국"))
    assert server.requests[0].header("if-none-match") is None
    assert server.requests[0].header("x-evil") is None


async def test_304_without_a_condition_is_a_failure(network: Network) -> None:
    server = await network.server(always(response(304)))
    outcome = await network.client("127.0.0.1").fetch(FetchRequest(url=server.url()))
    assert isinstance(outcome, Failed)
    assert outcome.message == "127.0.0.1 answered 304 Not Modified"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, FailureKind.SOFT),
        (401, FailureKind.SOFT),
        (403, FailureKind.TEMPORARY),
        (404, FailureKind.SOFT),
        (410, FailureKind.PERMANENT),
        (429, FailureKind.TEMPORARY),
        (500, FailureKind.TEMPORARY),
        (503, FailureKind.TEMPORARY),
        (599, FailureKind.TEMPORARY),
        (204, FailureKind.SOFT),
        (206, FailureKind.SOFT),
        (300, FailureKind.SOFT),
    ],
)
async def test_status_decides_the_kind_of_failure(network: Network, status: int, kind: FailureKind) -> None:
    server = await network.server(always(response(status, b"" if status == 204 else b"<script>")))
    outcome = await network.client("127.0.0.1").fetch(FetchRequest(url=server.url()))
    assert isinstance(outcome, Failed)
    assert (outcome.kind, outcome.status) == (kind, status)
    assert "script" not in outcome.message
    assert "Whatever" not in outcome.message


async def test_retry_after_is_kept(network: Network) -> None:
    server = await network.server(always(response(429, Retry_After="120")))
    outcome = await network.client("127.0.0.1").fetch(FetchRequest(url=server.url()))
    assert isinstance(outcome, Failed)
    assert outcome.retry_after == timedelta(seconds=120)


@pytest.mark.parametrize(
    ("statuses", "moved"), [((301,), True), ((308, 301), True), ((302,), False), ((301, 307), False), ((303, 301), False)]
)
async def test_only_permanent_redirects_are_remembered(network: Network, statuses: tuple[int, ...], moved: bool) -> None:
    answers = {f"/{hop}": response(status, Location=f"{hop + 1}#x") for hop, status in enumerate(statuses)}
    server = await network.server(by_path({**answers, f"/{len(statuses)}": response(body=b"end")}))
    outcome = await network.client("127.0.0.1").fetch(FetchRequest(url=server.url("/0")))
    assert isinstance(outcome, Fetched)
    assert outcome.body == b"end"
    assert outcome.url == server.url(f"/{len(statuses)}")
    assert outcome.moved_to == (outcome.url if moved else None)


async def test_redirect_circle_is_seen(network: Network) -> None:
    server = await network.server(by_path({"/a": response(301, Location="/b"), "/b": response(301, Location="/a")}))
    outcome = await network.client("127.0.0.1").fetch(FetchRequest(url=server.url("/a")))
    assert isinstance(outcome, Failed)
    assert (outcome.kind, outcome.message) == (FailureKind.SOFT, "127.0.0.1 redirects in a circle")
    assert len(server.requests) == 2


async def test_redirects_are_counted(network: Network) -> None:
    async def onward(exchange: Exchange) -> None:
        await exchange.send(response(302, Location=exchange.path + "x"))

    server = await network.server(onward)
    outcome = await network.client("127.0.0.1").fetch(FetchRequest(url=server.url("/")))
    assert isinstance(outcome, Failed)
    assert outcome.message == "more than 5 redirects from 127.0.0.1"
    assert len(server.requests) == 6


async def test_broken_connection_is_tried_once_more(network: Network) -> None:
    answers = iter([drop, always(response(body=b"ok"))])

    async def second_time_lucky(exchange: Exchange) -> None:
        await next(answers)(exchange)

    server = await network.server(second_time_lucky)
    outcome = await network.client("127.0.0.1").fetch(FetchRequest(url=server.url()))
    assert isinstance(outcome, Fetched)
    assert len(server.requests) == 2


async def test_connection_that_keeps_breaking_is_a_temporary_failure(network: Network) -> None:
    server = await network.server(drop)
    outcome = await network.client("127.0.0.1").fetch(FetchRequest(url=server.url()))
    assert outcome == Failed(kind=FailureKind.TEMPORARY, message="127.0.0.1 broke the connection off")
    assert len(server.requests) == 2


async def test_body_cut_short_is_a_failure(network: Network) -> None:
    server = await network.server(always(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"))
    outcome = await network.client("127.0.0.1").fetch(FetchRequest(url=server.url()))
    assert outcome == Failed(kind=FailureKind.TEMPORARY, message="127.0.0.1 did not answer in proper HTTP")


async def test_closed_port_and_unknown_name_are_named(network: Network) -> None:
    client = network.client("127.0.0.1")
    refused = await client.fetch(FetchRequest(url="http://127.0.0.1:1/"))
    unknown = await client.fetch(FetchRequest(url="http://user:secret@nowhere.invalid/?key=secret"))
    assert refused == Failed(kind=FailureKind.TEMPORARY, message="127.0.0.1 refused the connection")
    assert unknown == Failed(kind=FailureKind.TEMPORARY, message="cannot resolve nowhere.invalid", unresolved=True)


async def test_silent_server_meets_the_read_time_out(network: Network) -> None:
    async def silence(exchange: Exchange) -> None:
        await asyncio.sleep(5)

    server = await network.server(silence)
    outcome = await network.client("127.0.0.1", limits=Limits(read_timeout=0.1)).fetch(FetchRequest(url=server.url()))
    assert outcome == Failed(kind=FailureKind.TEMPORARY, message="127.0.0.1 did not answer in time")


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "]
)
async def test_drip_meets_the_overall_deadline(network: Network, head: bytes) -> None:
    async def drip(exchange: Exchange) -> None:
        await exchange.send(head)
        while True:
            await exchange.send(b"1\r\nx\r\n" if b"chunked" in head else b"x")
            await asyncio.sleep(0.02)

    server = await network.server(drip)
    client = network.client("127.0.0.1", limits=Limits(deadline=0.3))
    outcome = await asyncio.wait_for(client.fetch(FetchRequest(url=server.url())), 2)
    assert outcome == Failed(kind=FailureKind.TEMPORARY, message="127.0.0.1 did not finish within 0.3 s")


async def test_webhook_and_feed_addresses_stay_out_of_the_log(network: Network, caplog: pytest.LogCaptureFixture) -> None:
    server = await network.server(always(response()))
    client = network.client("127.0.0.1")
    caplog.set_level(logging.INFO)
    await client.fetch(FetchRequest(url=server.url("/feed?token=secret")))
    await client.post(server.url("/services/secret"), b"{}", {})
    assert "secret" not in caplog.text


async def test_proxies_of_the_environment_are_ignored(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = await network.server(always(response(body=b"proxy")))
    server = await network.server(always(response(body=b"direct")))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url())
    outcome = await network.client("127.0.0.1").fetch(FetchRequest(url=server.url()))
    assert isinstance(outcome, Fetched)
    assert outcome.body == b"direct"
    assert not proxy.requests


async def test_credentials_in_the_url_are_sent_but_never_shown(network: Network) -> None:
    server = await network.server(always(response(404)))
    outcome = await network.client("127.0.0.1").fetch(FetchRequest(url=f"http://me:secret@127.0.0.1:{server.port}/"))
    assert isinstance(outcome, Failed)
    assert "secret" not in outcome.message
    assert str(server.requests[0].header("authorization")).startswith("Basic ")


async def test_name_and_password_of_an_address_are_sent_and_not_told(network: Network) -> None:
    server = await network.server(always(response()))
    address = server.url("/feed").replace("http://", "http://ki%40m:s%3Acret@")
    await network.client("127.0.0.1").fetch(FetchRequest(url=address))
    assert server.requests[0].header("authorization") == "Basic a2lAbTpzOmNyZXQ="
    assert server.requests[0].header("host") == f"{server.address}:{server.port}"


async def test_headers_of_one_name_are_joined(network: Network) -> None:
    head = b"HTTP/1.1 200 OK\r\nCache-Control: private\r\ncache-control: max-age=60\r\nX-Name: \xea\xb9\x80\r\nContent-Length: 1\r\n\r\nx"
    server = await network.server(always(head))
    outcome = await network.client("127.0.0.1").fetch(FetchRequest(url=server.url()))
    assert isinstance(outcome, Fetched)
    assert (outcome.headers["cache-control"], outcome.headers["x-name"]) == ("private, max-age=60", "김")
