"""Where a client may go, and where nothing brings it."""

import ipaddress
from collections.abc import Sequence

import pytest

from aggregator.errors import UsageError
from aggregator.http_client.client import HttpClient
from aggregator.http_client.guard import Guard, is_public
from aggregator.models import Failed, FailureKind, Fetched, FetchRequest
from tests.http_client.conftest import Network, Server, always, response

NOT_PUBLIC = (
    "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 "
    "192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 "
    ":: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 "
    "2001:db8::1 2002:7f00:1:: 2002:a00:1::1 3fff::1 5f00::1 fc00::1 fd12::1 fe80::1 fec0::1 ff02::1 2001:0:7f00:1::"
)
PUBLIC = (
    "8.8.8.8 100.63.255.255 100.128.0.1 172.32.0.1 192.0.1.1 223.255.255.255 2606:4700::1 64:ff9b::808:808 ::ffff:8.8.8.8 2002:808:808::1"
)


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
def test_address_of_no_public_place_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC.split())
def test_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


SPELLINGS = [
    "http://127.0.0.1{port}/",
    "http://localhost{port}/",
    "http://LOCALHOST{port}/",
    "http://localhost.{port}/",
    "http://[::1]{port}/",
    "http://0.0.0.0{port}/",
    "http://0{port}/",
    "http://2130706433{port}/",
    "http://0x7f.1{port}/",
    "http://0177.0.0.1{port}/",
    "http://127.1{port}/",
    "http://127。0。0。1{port}/",
    "http://①②⑦.0.0.1{port}/",
    "http://[::ffff:127.0.0.1]{port}/",
    "http://[::ffff:7f00:1]{port}/",
    "http://[64:ff9b::7f00:1]{port}/",
    "http://[2002:7f00:1::]{port}/",
    "http://[fec0::1]{port}/",
    "http://[fe80::1%25lo]{port}/",
    "http://[fe80::1%lo]{port}/",
    "http://10.0.0.1{port}/",
    "http://169.254.169.254{port}/latest/meta-data/",
    "http://100.64.0.1{port}/",
    "http://192.0.0.1{port}/",
    "http://224.0.0.1{port}/",
    "http://example.com@127.0.0.1{port}/",
    "http://127.0.0.1\\@example.com{port}/",
    "http://169.254.169.254:8888\\@example.com/",
    "http://%31%32%37.0.0.1{port}/",
    "http:///127.0.0.1{port}/",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("port", [True, False])
async def test_private_place_is_refused_however_it_is_spelled(network: Network, spelling: str, port: bool) -> None:
    server = await network.server(always(response()))
    outcome = await network.client().fetch(FetchRequest(url=spelling.format(port=f":{server.port}" if port else "")))
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.PERMANENT or outcome.message.startswith("cannot resolve")
    assert not server.requests


async def test_fragment_hides_no_host(network: Network) -> None:
    names = {"example.com": ["8.8.8.8"]}
    outcome = await network.client(names=names).fetch(FetchRequest(url="http://example.com:25#@127.0.0.1/"))
    assert isinstance(outcome, Failed)
    assert outcome.message == "port 25 of example.com is no web port; add example.com:25 to the allowed addresses if it is meant"


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "FILE:/etc/passwd",
        " file:/etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1/",
        "data:text/html,x",
        "jar:http://127.0.0.1!/",
        "//127.0.0.1/",
        "127.0.0.1",
        "",
        "http://",
        "http://a..b/",
        "http://.example.com/",
        "http://exa mple.com/",
        "http://example.com:99999/",
        "http://example.com:0/",
        "http://example.com:x/",
        "http://example.com/\x00",
        "http://127.0.0.1%2f@/",
        "http://" + "a" * 64 + ".com/",
        "http://example.com/" + "a" * 100_000,
    ],
    ids=lambda url: ascii(url)[:40],
)
async def test_what_is_no_web_address_is_refused_for_good(network: Network, url: str) -> None:
    outcome = await network.client().fetch(FetchRequest(url=url))
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.PERMANENT
    assert len(outcome.message) < 100


@pytest.mark.parametrize("port", [22, 25, 6379, 9200])
async def test_port_that_is_no_web_port_is_refused(network: Network, port: int) -> None:
    outcome = await network.client(names={"news.example": ["8.8.8.8"]}).fetch(FetchRequest(url=f"http://news.example:{port}/"))
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.PERMANENT
    assert f"news.example:{port}" in outcome.message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "form", ["http://127.0.0.1:{port}/x", "//127.0.0.1:{port}/x", "http://2130706433:{port}/", "http:\\\\127.0.0.1:{port}/"]
)
async def test_redirect_to_a_private_place_is_refused_at_the_hop(network: Network, status: int, form: str) -> None:
    internal = await network.server(always(response(body=b"secret")))
    outside = await network.server(always(response(status, Location=form.format(port=internal.port))))
    client = network.client(f"news.example:{outside.port}", names=_Loopback())
    outcome = await client.fetch(FetchRequest(url=outside.url(host="news.example")))
    assert isinstance(outcome, Failed)
    assert outcome.kind is not FailureKind.TEMPORARY
    assert len(outside.requests) == 1
    assert not internal.requests


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://example.com/", "javascript:alert(1)", "http://[", "http://a b/"])
async def test_redirect_out_of_the_web_is_refused(network: Network, location: str) -> None:
    server = await network.server(always(response(302, Location=location)))
    outcome = await network.client("127.0.0.1").fetch(FetchRequest(url=server.url()))
    assert isinstance(outcome, Failed)
    assert len(server.requests) == 1


async def test_meta_refresh_is_not_followed(network: Network) -> None:
    page = b'<meta http-equiv="refresh" content="0;url=/other">'
    server = await network.server(always(response(body=page)))
    outcome = await network.client("127.0.0.1").fetch(FetchRequest(url=server.url()))
    assert isinstance(outcome, Fetched)
    assert len(server.requests) == 1


class _Loopback(dict[str, Sequence[str]]):
    """Names that all point home; an address is its own name."""

    def __missing__(self, host: str) -> Sequence[str]:
        return [host] if host.startswith("127.") else ["127.0.0.1"]


async def _two_places(network: Network) -> tuple[Server, Server]:
    """Give an internal server, and a permitted one on the same port of another address."""
    internal = await network.server(always(response(body=b"internal")))
    return internal, await network.server(always(response(body=b"permitted")), "127.0.0.2", internal.port)


async def test_second_answer_of_a_rebinding_name_is_never_asked_for(network: Network) -> None:
    internal, permitted = await _two_places(network)
    answers = iter([["127.0.0.2"], ["127.0.0.1"]])

    async def rebind(host: str, port: int) -> Sequence[str]:
        return next(answers)

    client = HttpClient(allow=["127.0.0.2"], resolve=rebind)
    outcomes = [await client.fetch(FetchRequest(url=internal.url(host="news.example"))) for _ in range(2)]
    await client.aclose()
    assert isinstance(outcomes[0], Fetched)
    assert isinstance(outcomes[1], Failed)
    assert (len(permitted.requests), len(internal.requests)) == (1, 0)
    assert permitted.requests[0].header("host") == f"news.example:{permitted.port}"


async def test_name_with_both_addresses_leads_to_the_permitted_one_only(network: Network) -> None:
    internal, permitted = await _two_places(network)
    client = network.client("127.0.0.2", names={"news.example": ["127.0.0.1", "127.0.0.2"]})
    outcome = await client.fetch(FetchRequest(url=internal.url(host="news.example")))
    assert isinstance(outcome, Fetched)
    assert (len(permitted.requests), len(internal.requests)) == (1, 0)


async def test_dead_address_of_a_name_is_passed_over(network: Network) -> None:
    server = await network.server(always(response(body=b"ok")))
    client = network.client("127.0.0.0/8", names={"news.example": ["127.0.0.9", "127.0.0.1"]})
    assert isinstance(await client.fetch(FetchRequest(url=server.url(host="news.example"))), Fetched)


async def test_refusal_names_the_address_and_the_way_out(network: Network) -> None:
    client = network.client(names={"intra.example": ["192.168.7.7"]})
    outcome = await client.fetch(FetchRequest(url="http://u:secret@intra.example/?secret"))
    assert isinstance(outcome, Failed)
    assert outcome.message == (
        "intra.example is at the private address 192.168.7.7; add 192.168.7.7 or intra.example:80 to the allowed addresses if it is meant"
    )


async def test_the_way_out_for_an_ipv6_address_can_be_pasted(network: Network) -> None:
    outcome = await network.client().fetch(FetchRequest(url="http://[::1]:8080/"))
    assert isinstance(outcome, Failed)
    assert "add ::1 or [::1]:8080 to" in outcome.message
    server = await network.server(always(response(body=b"ok")), "::1")
    assert isinstance(await network.client(f"[::1]:{server.port}").fetch(FetchRequest(url=f"http://[::1]:{server.port}/")), Fetched)


@pytest.mark.parametrize(
    ("allow", "host", "port", "address", "permitted"),
    [
        ("127.0.0.1", "localhost", 9, "127.0.0.1", True),
        ("127.0.0.1", "localhost", 9, "::ffff:127.0.0.1", True),
        ("127.0.0.1", "localhost", 9, "127.0.0.2", False),
        ("10.0.0.0/8", "intra", 9, "10.9.8.7", True),
        ("10.1.2.3/8", "intra", 80, "10.9.8.7", True),
        ("::1", "localhost", 9, "::1", True),
        ("[::1]", "localhost", 9, "::1", True),
        ("[::1]:8000", "::1", 8000, "::1", True),
        ("Intra.Example.:8000", "intra.example", 8000, "10.0.0.1", True),
        ("intra.example:8000", "intra.example.", 8000, "10.0.0.1", True),
        ("intra.example:8000", "intra.example", 8001, "10.0.0.1", False),
        ("intra.example:8000", "other.example", 8000, "10.0.0.1", False),
        ("news.example:8000", "news.example", 8000, "8.8.8.8", True),
    ],
)
def test_allowed_is_what_is_named(allow: str, host: str, port: int, address: str, permitted: bool) -> None:
    guard = Guard([allow])
    if permitted:
        assert guard.permitted(host, port, [address]) == [address]
    else:
        with pytest.raises(Exception, match="private address"):
            guard.permitted(host, port, [address])


@pytest.mark.parametrize("entry", ["", "localhost", "10.0.0.0/99", "host:port", ":80"])
def test_allowed_address_that_is_none_is_a_usage_error(entry: str) -> None:
    with pytest.raises(UsageError, match="neither an address"):
        Guard([entry])
