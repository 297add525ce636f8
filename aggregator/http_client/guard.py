"""Which addresses may be connected to.

The *resolved* address is judged, never the spelling of a host: ``2130706433``, ``0x7f.1`` and a name that points home all resolve to
127.0.0.1. Addresses that carry an IPv4 address inside (mapped, NAT64, 6to4, Teredo) are judged by what they carry. Of IPv6 only global
unicast is public, so that unknown ranges are refused. The lists follow the IANA special-purpose registries (RFC 6890 and successors);
`ipaddress.is_global` differs between Python releases and lets NAT64, 6to4 and multicast pass.
"""

import ipaddress
import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import TypeAlias

import httpx

from aggregator.errors import UsageError
from aggregator.http_client.failures import FetchError
from aggregator.models import FailureKind

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

WEB_PORTS = frozenset({80, 443, 8080, 8443})
_MAX_URL = 8_192
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?\Z")
_DENIED_4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_DENIED_6 = tuple(ipaddress.IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "3fff::/20"))


def is_public(address: Address) -> bool:
    """Tell whether an address, and every address inside it, belongs to the public internet."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _DENIED_4)
    carried = _carried(address)
    if carried:
        return all(is_public(inner) for inner in carried)
    return address in _GLOBAL_UNICAST and not any(address in network for network in _DENIED_6)


def _carried(address: ipaddress.IPv6Address) -> tuple[ipaddress.IPv4Address, ...]:
    """Give the IPv4 addresses that an IPv6 address stands for."""
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    if address.sixtofour:
        return (address.sixtofour,)
    if address.teredo:
        return address.teredo
    return (ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF),) if address in _NAT64 else ()


class Guard:
    """Refuse every place but the public web and what `allow` names.

    An entry of `allow` is an address or a CIDR (any port), or a ``host:port`` (whatever its address).
    """

    def __init__(self, allow: Collection[str] = ()) -> None:
        self._networks: list[Network] = []
        self._places: set[tuple[str, int]] = set()
        for entry in allow:
            self._add(entry)

    def _add(self, entry: str) -> None:
        try:
            self._networks.append(ipaddress.ip_network(entry.strip().strip("[]"), strict=False))
        except ValueError:
            host, _, port = entry.strip().lower().rpartition(":")
            if not (host and port.isascii() and port.isdigit()):
                raise UsageError(f"allowed address '{entry}' is neither an address, nor a CIDR, nor a host:port") from None
            self._places.add((host.strip("[]").rstrip("."), int(port)))

    def permitted(self, host: str, port: int, addresses: Sequence[str]) -> list[str]:
        """Give the addresses that may be connected to, in their order.

        :raises FetchError: there is none.
        """
        found = [(text, ipaddress.ip_address(text.partition("%")[0])) for text in addresses]
        good = [text for text, address in found if self._permits(host, port, address)]
        if good:
            return good
        private = next((text for text, address in found if not is_public(address)), None)
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        meant = "to the allowed addresses if it is meant"
        if private is None:
            raise FetchError(FailureKind.PERMANENT, f"port {port} of {host} is no web port; add {place} {meant}")
        raise FetchError(FailureKind.PERMANENT, f"{host} is at the private address {private}; add {private} or {place} {meant}")

    def _permits(self, host: str, port: int, address: Address) -> bool:
        inner = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        if any((inner or address) in network for network in self._networks) or (host.rstrip("."), port) in self._places:
            return True
        return port in WEB_PORTS and is_public(address)


@lru_cache(maxsize=10_000)
def parse_url(text: str) -> httpx.URL:
    """Read an address with the one parser that also fetches it; its fragment is dropped.

    :raises FetchError: it is no http or https URL with a proper host.
    """
    try:
        # WHATWG readers take "\" for "/", RFC 3986 readers for a part of the user name: refuse what parsers disagree about.
        url = httpx.URL(text if "\\" not in text and len(text) <= _MAX_URL else "").copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError):
        raise FetchError(FailureKind.PERMANENT, "the address is not a valid URL") from None
    if url.scheme not in ("http", "https"):
        raise FetchError(FailureKind.PERMANENT, "the address is not an http or https URL")
    host = url.raw_host.decode("ascii")
    if not (_HOST.match(host) or is_address(host)) or not 0 < port_of(url) < 65_536:
        raise FetchError(FailureKind.PERMANENT, "the address holds no valid host name and port")
    return url


def is_address(text: str) -> bool:
    """Tell whether a host is written as an address, which needs no name server."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def port_of(url: httpx.URL) -> int:
    """Give the port that a URL names or its scheme implies."""
    return url.port if url.port is not None else 443 if url.scheme == "https" else 80
