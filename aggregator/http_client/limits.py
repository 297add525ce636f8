"""What one fetch may cost at most."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bound one fetch: times in seconds, sizes in bytes.

    `deadline` covers the whole fetch with all its redirects; `max_wire` counts what the network brought, `max_body` what it unpacks to;
    `max_reply` is where the answer to a POST is cut.
    """

    connect_timeout: float = 10.0
    read_timeout: float = 20.0
    deadline: float = 60.0
    max_body: int = 10_000_000
    max_wire: int = 10_000_000
    max_reply: int = 65_536
    max_headers: int = 65_536
    max_redirects: int = 5
