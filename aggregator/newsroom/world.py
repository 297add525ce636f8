"""Open the whole outside world of a demonstration or an end-to-end test, and close it without a trace.

Everything listens on the loopback. `ports` may fix some of them by name: ``control``, ``slack``, ``smtp``, and the outlets of
`data/feeds.yaml`; all others are free ones.
"""

import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, NamedTuple

from aggregator.errors import UsageError
from aggregator.newsroom import configuration
from aggregator.newsroom.content import ROUNDS
from aggregator.newsroom.control import control
from aggregator.newsroom.edition import Edition
from aggregator.newsroom.ledger import Alert, Fault, Ledger, Mail, Refusal, Request
from aggregator.newsroom.outlets import Outlet
from aggregator.newsroom.receivers import SLACK_PATH, mail_server, webhook
from aggregator.newsroom.server import HOST, Loopback, bind, port_of

_SERVICES = ("control", "slack", "smtp")


class SmtpAddress(NamedTuple):
    """Say where the mail server listens."""

    host: str
    port: int


class World:
    """Hold the running newsroom; make one with `World.open` and leave it as a context manager or with `close`."""

    def __init__(self, edition: Edition, ledger: Ledger, sockets: Mapping[str, socket.socket]) -> None:
        self._ledger = ledger
        self._ports = {name: port_of(bound) for name, bound in sockets.items()}
        self._closing = threading.Event()
        self.edition = edition.at({outlet: self._origin(outlet) for outlet in edition.outlets})
        outlets = [(sockets[name], Outlet(name, self.edition, ledger, self._closing).application()) for name in edition.outlets]
        services = [(sockets["slack"], webhook(ledger)), (sockets["control"], control(ledger, self.describe))]
        self._server = Loopback([*outlets, *services], [mail_server(ledger, sockets["smtp"])])

    @classmethod
    def open(cls, folder: Path | None = None, ports: Mapping[str, int] | None = None) -> "World":
        """Start everything; with a folder, all that is received is also written there.

        Raises:
            UsageError: a port is taken or unknown, or aiosmtpd is not installed.
        """
        edition, fixed = Edition.load(), dict(ports or {})
        names = (*edition.outlets, *_SERVICES)
        if unknown := fixed.keys() - set(names):
            raise UsageError(f"nothing of the newsroom is called {', '.join(sorted(unknown))} (allowed: {', '.join(names)})")
        sockets: dict[str, socket.socket] = {}
        try:
            for name in names:
                sockets[name] = bind(fixed.get(name, 0))
            world = cls(edition, Ledger(folder), sockets)
            world._server.start()
        except UsageError:
            for bound in sockets.values():
                bound.close()
            raise
        return world

    def __enter__(self) -> "World":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stop all servers and free their ports."""
        self._closing.set()
        self._server.stop()

    @property
    def control_url(self) -> str:
        """Give the address of the remote control."""
        return self._origin("control")

    @property
    def feed_urls(self) -> Mapping[str, str]:
        """Map every feed's id to its address."""
        return {feed_id: self.edition.url(feed_id) for feed_id in self.edition.feeds}

    @property
    def smtp(self) -> SmtpAddress:
        """Give where mail is received."""
        return SmtpAddress(HOST, self._ports["smtp"])

    @property
    def slack_url(self) -> str:
        """Give the secret address of the chat webhook."""
        return self._origin("slack") + SLACK_PATH

    @property
    def mails(self) -> tuple[Mail, ...]:
        """Give all mails taken over, in order of arrival."""
        return self._ledger.mails

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Give all alerts taken over, in order of arrival."""
        return self._ledger.alerts

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Give all attempts to deliver that were refused."""
        return self._ledger.refusals

    @property
    def requests(self) -> tuple[Request, ...]:
        """Give all requests for feeds."""
        return self._ledger.requests

    @property
    def round(self) -> int:
        """Give the round that is told now."""
        return self._ledger.round

    def set_round(self, number: int) -> None:
        """Tell another round from now on.

        Raises:
            ValueError: there is no such round.
        """
        self._ledger.turn_to(number)

    def when_something_arrives(self, call: Callable[[], None]) -> None:
        """Have something called whenever a message was taken over, before its sender is told so."""
        self._ledger.on_arrival = call

    def fail(self, fault: Fault) -> None:
        """Order a receiver to make a fault."""
        self._ledger.order(fault)

    def reset(self) -> None:
        """Forget what was received and tell the first round again; files already written stay."""
        self._ledger.reset()

    def describe(self) -> Mapping[str, object]:
        """Give the round and all addresses as plain data."""
        return {
            "round": self.round,
            "rounds": list(ROUNDS),
            "control": self.control_url,
            "feeds": dict(self.feed_urls),
            "smtp": self.smtp._asdict(),
            "slack": self.slack_url,
        }

    def _origin(self, name: str) -> str:
        return f"http://{HOST}:{self._ports[name]}"


def feeds_yaml(world: World, topics: str, every: Literal["immediate", "day"] = "immediate") -> str:
    """Write a feeds.yaml for the feeds of a running newsroom; see `configuration.feeds_yaml`."""
    return configuration.feeds_yaml(world.edition, topics, every)
