"""No answer, however large, however packed, is more than its limit."""

import gzip
import tracemalloc
import zlib
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.http_client import Limits
from aggregator.http_client.decoding import decode
from aggregator.http_client.failures import FetchError, parse_retry_after
from aggregator.models import Failed, FailureKind, Fetched, FetchRequest
from tests.http_client.conftest import Exchange, Network, always, response

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TEXT = b"<rss>" + b"text " * 100 + b"</rss>"


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=1, mtime=0)


def _size(value: object) -> str | None:
    return f"{len(value)}_bytes" if isinstance(value, bytes) else None


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", _gzip(TEXT)),
        ("X-GZIP", _gzip(TEXT)),
        ("identity, gzip", _gzip(TEXT)),
        ("gzip", _gzip(TEXT[:50]) + _gzip(TEXT[50:])),
        ("gzip", _gzip(TEXT) + b"trailing"),
        ("gzip", TEXT),
        ("", _gzip(TEXT)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", _raw_deflate(TEXT)),
    ],
    ids=_size,
)
async def test_coding_is_undone(network: Network, coding: str, packed: bytes) -> None:
    server = await network.server(always(response(body=packed, Content_Encoding=coding)))
    outcome = await network.client("127.0.0.1").fetch(FetchRequest(url=server.url()))
    assert isinstance(outcome, Fetched)
    assert outcome.body == TEXT


@pytest.mark.parametrize(
    ("coding", "body", "sentence"),
    [
        ("gzip, gzip", _gzip(_gzip(TEXT)), "packed 2 times over"),
        ("gzip, deflate, br", TEXT, "packed 3 times over"),
        ("br", TEXT, "'br', which was not asked for"),
        ("zstd", TEXT, "'zstd', which was not asked for"),
        ("<script>", TEXT, "something unknown"),
        ("gzip", _gzip(TEXT)[:-12], "ends too early"),
        ("gzip", _gzip(TEXT)[:10] + b"\xff" * 40, "is damaged"),
        ("deflate", b"\xff" * 40, "is damaged"),
        ("gzip", _gzip(b"") * 100, "gzip members"),
        ("gzip", _gzip(b"0" * 2_000_000), "larger than 1 MB"),
        ("deflate", zlib.compress(b"0" * 2_000_000), "larger than 1 MB"),
        ("", b"0" * 1_000_001, "larger than 1 MB"),
    ],
    ids=_size,
)
def test_body_that_is_refused(coding: str, body: bytes, sentence: str) -> None:
    with pytest.raises(FetchError, match=sentence):
        decode(body, coding, 1_000_000)


def test_body_as_large_as_its_limit_passes() -> None:
    assert len(decode(_gzip(b"0" * 1_000_000), "gzip", 1_000_000)) == 1_000_000


def test_bomb_takes_no_more_memory_than_its_limit() -> None:
    bomb = _gzip(b"\0" * 200_000_000)
    tracemalloc.start()
    with pytest.raises(FetchError):
        decode(bomb, "gzip", 3_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n"], ids=_size)
async def test_endless_body_is_stopped_at_the_limit(network: Network, head: bytes) -> None:
    sent = 0

    async def endless(exchange: Exchange) -> None:
        nonlocal sent
        await exchange.send(head)
        while True:
            await exchange.send(b"x" * 10_000)
            sent += 10_000

    server = await network.server(endless)
    outcome = await network.client("127.0.0.1", limits=Limits(max_wire=100_000)).fetch(FetchRequest(url=server.url()))
    assert outcome == Failed(kind=FailureKind.SOFT, message="the body is larger than 0.1 MB")
    assert sent < 50_000_000


async def test_body_in_countless_pieces_is_refused(network: Network) -> None:
    server = await network.server(always(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 60_000))
    outcome = await network.client("127.0.0.1").fetch(FetchRequest(url=server.url()))
    assert isinstance(outcome, Failed)
    assert "pieces" in outcome.message


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000,
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(20_000)),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"e" * 200_000,
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1_000,
        b"\x00\x01\x02\x03 not HTTP\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ],
    ids=_size,
)
async def test_improper_http_is_refused(network: Network, head: bytes) -> None:
    server = await network.server(always(head))
    outcome = await network.client("127.0.0.1").fetch(FetchRequest(url=server.url()))
    assert outcome == Failed(kind=FailureKind.TEMPORARY, message="127.0.0.1 did not answer in proper HTTP")


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        (None, None),
        ("", None),
        ("120", timedelta(seconds=120)),
        (" 120 ", timedelta(seconds=120)),
        ("0", timedelta(seconds=60)),
        ("59", timedelta(seconds=60)),
        ("86401", timedelta(hours=24)),
        ("99999999999", timedelta(hours=24)),
        ("9" * 5_000, timedelta(hours=24)),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("Sat, 21 Nov 2026 13:00:00 GMT", timedelta(hours=1)),
        ("Sat, 21 Nov 2026 12:00:01 GMT", timedelta(seconds=60)),
        ("Sat, 21 Nov 2026 14:00:00 +0100", timedelta(hours=1)),
        ("Sun, 21 Nov 2027 12:00:00 GMT", timedelta(hours=24)),
        ("Sat, 21 Nov 2026 11:00:00 GMT", None),
        ("Sat, 99 Nov 2026 11:00:00 GMT", None),
    ],
)
def test_retry_after_is_bounded(value: str | None, wait: timedelta | None) -> None:
    assert parse_retry_after(value, NOW) == wait
