"""Apprise itself posts here, to a real server of this machine."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from aggregator.channels.apprise import AppriseChannel
from aggregator.errors import DeliveryError
from tests.channels.samples import DELIVERY as MAIL
from tests.channels.samples import DIGEST

pytest.importorskip("apprise", reason="apprise is not installed: pip install 'aggregator[apprise]'")
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # a plugin of the library imports it
DELIVERY = replace(MAIL, channel="apprise", recipient="env:DESK_APPRISE")


class Receiver(HTTPServer):
    """Keep what is posted, and answer as told."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, str]] = []
        self.status = 200
        super().__init__(("127.0.0.1", 0), Answer)


class Answer(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(self.server.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_digest_goes_out_as_title_and_text(receiver: Receiver) -> None:
    channel = AppriseChannel({"DESK_APPRISE": f"json://127.0.0.1:{receiver.server_port}/t0k3n"}.get)
    receipt = await channel.send(DELIVERY, channel.render(DIGEST, DELIVERY))
    assert receipt.detail == "Apprise handed it over"
    (body,) = receiver.bodies
    assert body["title"] == "2 new, 1 update - North Korean labour watch - 21 Nov 2026"
    assert "No news is not no events" in body["message"]


async def test_a_refusal_is_tried_again_and_says_nothing_secret(receiver: Receiver) -> None:
    receiver.status = 500
    channel = AppriseChannel({"DESK_APPRISE": f"json://127.0.0.1:{receiver.server_port}/t0k3n"}.get)
    with pytest.raises(DeliveryError, match="behind DESK_APPRISE did not take") as caught:
        await channel.send(DELIVERY, channel.render(DIGEST, DELIVERY))
    assert not caught.value.permanent
    assert "t0k3n" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "recipient", "permanent"),
    [(None, "env:DESK_APPRISE", False), ("nonsense://t0k3n", "env:DESK_APPRISE", True), ("x", "tgram://t0k3n/1", True)],
)
async def test_an_address_that_is_missing_or_unknown_is_named_without_its_value(value: str | None, recipient: str, permanent: bool) -> None:
    channel = AppriseChannel({"DESK_APPRISE": value}.get)
    with pytest.raises(DeliveryError) as caught:
        await channel.send(replace(DELIVERY, recipient=recipient), channel.render(DIGEST, DELIVERY))
    assert caught.value.permanent is permanent
    assert "t0k3n" not in str(caught.value)
