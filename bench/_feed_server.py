"""Serve the benchmark's feeds on loopback: pre-rendered bodies, gzip, ETag, 304, a latency, hosts that hang.

``python bench/_feed_server.py PORT FEEDS [ITEMS]``; ``/ctl/next`` advances a round, ``/ctl/set?latency=0.1&hang=0.02`` sets the weather.
"""

import asyncio
import gzip
import sys
import zlib
from urllib.parse import parse_qs, urlsplit

from _world import address_of, changes, document, kind_of, top_item

ITEMS = int(sys.argv[3]) if len(sys.argv) > 3 else 40


class World:
    """Hold every feed's answers of the current round."""

    def __init__(self, port: int, feeds: int) -> None:
        self.port, self.feeds, self.turn = port, feeds, 0
        self.latency, self.hang = 0.0, 0.0
        self.tags, self.full, self.packed = [b""] * feeds, [b""] * feeds, [b""] * feeds
        for feed in range(feeds):
            self.build(feed)

    def build(self, feed: int) -> None:
        """Render a feed as it is in this round."""
        body = document(feed, f"http://{address_of(feed)}:{self.port}", top_item(feed, self.feeds, self.turn, ITEMS), ITEMS)
        self.tags[feed] = f'"{zlib.crc32(body):08x}"'.encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/%s+xml; charset=utf-8\r\nETag: %s\r\n" % (
            kind_of(feed).encode(),
            self.tags[feed],
        )
        packed = gzip.compress(body, 6, mtime=0)
        self.full[feed] = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
        self.packed[feed] = head + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed

    def advance(self) -> None:
        """Give a twentieth of the feeds two new items."""
        self.turn += 1
        for feed in range(self.feeds):
            if changes(feed, self.feeds, self.turn):
                self.build(feed)

    def answer(self, feed: int, head: bytes) -> bytes | None:
        """Give the answer to one request, None where its host hangs."""
        if feed % 100 < 100 * self.hang:
            return None
        if self.tags[feed] in head:
            return b"HTTP/1.1 304 Not Modified\r\nETag: " + self.tags[feed] + b"\r\n\r\n"
        return self.packed[feed] if b"gzip" in head else self.full[feed]


class Connection(asyncio.Protocol):
    """Answer the requests of one connection."""

    def __init__(self, world: World) -> None:
        self.world, self.buffer = world, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head, self.buffer = self.buffer[:end], self.buffer[end + 4 :]
            self.request(head)

    def request(self, head: bytes) -> None:
        """Answer one request after the latency."""
        target, world = head.split(b" ", 2)[1].decode(), self.world
        close = b"connection: close" in head.lower()
        if target.startswith("/ctl/"):
            self.control(target)
            self.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", close)
            return
        answer = world.answer(int(target[3 : target.index(".")]), head)
        if answer is None:
            return
        if world.latency:
            asyncio.get_running_loop().call_later(world.latency, self.send, answer, close)
        else:
            self.send(answer, close)

    def send(self, answer: bytes, close: bool) -> None:
        """Write an answer."""
        if not self.transport.is_closing():
            self.transport.write(answer)
            if close:
                self.transport.close()

    def control(self, target: str) -> None:
        """Change the round or the weather."""
        if target == "/ctl/next":
            self.world.advance()
        for name, values in parse_qs(urlsplit(target).query).items():
            setattr(self.world, name, float(values[0]))


async def main(port: int, feeds: int) -> None:
    """Serve until killed, or an hour."""
    world = World(port, feeds)
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Connection(world), "0.0.0.0", port, backlog=4096)
    print("ready", flush=True)
    await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
