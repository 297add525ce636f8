"""A month of feeds over real HTTP on loopback, each with a rhythm and a fate of its own, polled on a clock that runs by itself.

The server answers by the clock: windows of items, ETags, outages, redirects, a feed that is gone, one that somebody else took
over, one that falls silent, one that bursts. It writes down what it was asked and what it served, and polling is held against that.
"""

import asyncio
import itertools
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from aggregator.http_client import HttpClient, Limits
from aggregator.models import FeedSpec
from aggregator.poll import Polling, poll_due
from aggregator.ports import FeedReader, Store
from aggregator.records import Alarm

START = datetime(2026, 6, 1, tzinfo=UTC)  # a Monday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STEP = timedelta(minutes=30)
FATES = ("steady", "weekdays", "weekly", "hiccup", "outage", "moved", "gone", "taken", "silent", "burst")
EXPECTED = {
    "outage": ("failing", "gap"),
    "moved": ("moved",),
    "gone": ("gone",),
    "taken": ("takeover",),
    "silent": ("silence",),
    "burst": ("flood",),
}


@dataclass
class Fate:
    """Hold one feed: its items by date, its window, and when what happens to it."""

    name: str
    kind: str
    window: int
    published: list[tuple[datetime, str]]
    days: int

    @classmethod
    def drawn(cls, number: int, days: int) -> "Fate":
        """Draw a feed: the fate by its number, the rhythm by chance."""
        kind, chance = FATES[number % len(FATES)], random.Random(number)
        per_day = {"weekly": 0.5, "outage": 24.0, "silent": 6.0, "weekdays": 5.0}.get(kind, chance.choice((4.0, 8.0, 12.0)))
        window = {"outage": 20, "burst": 200}.get(kind, 40)
        fate = cls(f"{kind}-{number}", kind, window, [], days)
        fate.published = [(moment, f"{fate.name}:{place}") for place, moment in enumerate(fate._moments(per_day, chance))]
        if kind == "burst":
            moment = fate.turning + 13 * timedelta(minutes=1)
            fate.published = sorted([*fate.published, *((moment, f"{fate.name}:burst{place}") for place in range(150))])
        return fate

    def _moments(self, per_day: float, chance: random.Random) -> Iterator[datetime]:
        moment, end = START - 14 * DAY, START + self.days * DAY
        while (moment := moment + DAY / per_day * chance.uniform(0.5, 1.5)) < end:
            asleep = self.kind == "silent" and self.turning <= moment < self.turning + 6 * DAY
            if not asleep and not (self.kind == "weekdays" and moment.weekday() > 4):
                yield moment.replace(microsecond=0)

    @property
    def turning(self) -> datetime:
        """Give the moment at which its fate comes."""
        return START + self.days * DAY * 0.4

    def is_out(self, now: datetime) -> bool:
        """Tell whether the feed cannot be had."""
        lasts = {"hiccup": 1.5 * HOUR, "outage": 2.5 * DAY}.get(self.kind)
        return lasts is not None and self.turning <= now < self.turning + lasts

    def items(self, now: datetime) -> list[tuple[datetime, str]]:
        """Give the items of its window, newest first."""
        taken = self.kind == "taken" and now >= self.turning
        items = [(moment, f"casino:{name}" if taken else name) for moment, name in self.published if moment <= now]
        return items[: -self.window - 1 : -1]

    def document(self, now: datetime) -> bytes:
        """Render the window."""
        site = "casino.example" if self.kind == "taken" and now >= self.turning else f"{self.kind}.example"
        rows = "".join(
            f"<item><title>{name}</title><link>https://{site}/{name}</link><guid isPermaLink='false'>{name}</guid>"
            f"<pubDate>{format_datetime(moment)}</pubDate></item>"
            for moment, name in self.items(now)
        )
        return f"<rss version='2.0'><channel><title>{self.name}</title>{rows}</channel></rss>".encode()

    def spec(self, port: int) -> FeedSpec:
        """Give its configuration; every feed has a host of its own."""
        expects = {"weekdays": "weekdays", "weekly": "weekly"}.get(self.kind, "daily")
        number = int(self.name.rpartition("-")[2])
        return FeedSpec(
            id=self.name,
            name=self.name,
            url=f"http://127.0.1.{number + 1}:{port}/{self.name}.xml",
            publisher=self.name,
            family=self.name,
            min_interval=HOUR,
            max_interval=6 * HOUR,
            expects=expects,
        )


@dataclass
class Month:
    """Hold the world and its clock; `asked` and `served` are the truth."""

    fates: dict[str, Fate]
    now: datetime = START
    port: int = 0
    asked: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    served: dict[str, list[frozenset[str]]] = field(default_factory=lambda: defaultdict(list))

    def clock(self) -> datetime:
        """Tell the time."""
        return self.now

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        path = head.split(" ", 2)[1]
        status, headers, body = self.respond(path, head)
        lines = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "Content-Length": str(len(body))}.items())
        writer.write(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + body)
        await writer.drain()
        writer.close()

    def respond(self, path: str, head: str) -> tuple[int, dict[str, str], bytes]:
        """Give status, headers and body of a request, and write down what was asked."""
        fate = self.fates[path.removeprefix("/new").strip("/").removesuffix(".xml")]
        if not path.startswith("/new"):
            self.asked[fate.name].append(self.now)
            if fate.kind == "moved" and self.now >= fate.turning:
                return 301, {"Location": f"/new{path}"}, b""
        elif self.asked[fate.name][-1] != self.now:
            self.asked[fate.name].append(self.now)
        if fate.is_out(self.now):
            return 503, {}, b""
        if fate.kind == "gone" and self.now >= fate.turning:
            return 410, {}, b""
        body = fate.document(self.now)
        self.served[fate.name].append(frozenset(name for _, name in fate.items(self.now)))
        tag = f'"{hash(body)}"'
        return (304, {"ETag": tag}, b"") if tag in head else (200, {"ETag": tag, "Content-Type": "application/rss+xml"}, body)

    def gaps(self, name: str) -> int:
        """Count how often two windows that were served one after the other had nothing in common."""
        windows = self.served[name]
        taken = self.fates[name].kind == "taken"
        return sum(before.isdisjoint(after) for before, after in itertools.pairwise(windows)) - taken


@asynccontextmanager
async def running(month: Month) -> Any:
    """Serve the month while the block lasts."""
    server = await asyncio.start_server(month.answer, "0.0.0.0", 0, backlog=512)
    month.port = server.sockets[0].getsockname()[1]
    async with server:
        yield


async def live(month: Month, store: Store, reader: FeedReader, days: int) -> Sequence[Alarm]:
    """Poll whatever is due, half hour by half hour, and give every alarm of the time."""
    async with running(month):
        specs = [fate.spec(month.port) for fate in month.fates.values()]
        store.sync_feeds(specs, month.now)
        http = HttpClient(Limits(), allow=("127.0.0.0/8",))
        polling = Polling(store=store, fetcher=http, reader=reader, feeds={spec.id: spec for spec in specs}, clock=month.clock, spacing=0.0)
        while month.now < START + days * DAY:
            await poll_due(polling)
            month.now += STEP
        await http.aclose()
    return store.alarms(since=START, limit=1000)


def made(feeds: int, days: int) -> Month:
    """Make a month of so many feeds; every tenth has the same fate."""
    fates = [Fate.drawn(number, days) for number in range(feeds)]
    return Month({fate.name: fate for fate in fates})


def findings(month: Month, store: Store, alarms: Sequence[Alarm]) -> list[str]:
    """Name everything that is not as it should be; empty where all is well."""
    stored: dict[str, set[str]] = defaultdict(set)
    for outcome in store.outcomes():
        stored[outcome.feed_id].add(outcome.title)
    raised: dict[str, list[str]] = defaultdict(list)
    for alarm in alarms:
        raised[alarm.feed_id].append(alarm.kind)
    problems: list[str] = []
    for name, fate in month.fates.items():
        served = frozenset().union(*month.served[name])
        if stored[name] != served:
            problems.append(f"{name}: served {len(served)}, stored {len(stored[name])}")
        if raised[name].count("gap") != month.gaps(name):
            problems.append(f"{name}: {month.gaps(name)} gaps, {raised[name].count('gap')} reported")
        if sorted(raised[name]) != sorted(EXPECTED.get(fate.kind, ())):
            problems.append(f"{name}: alarms {sorted(raised[name])}, expected {sorted(EXPECTED.get(fate.kind, ()))}")
        asked = month.asked[name]
        if any(after - before < HOUR for before, after in itertools.pairwise(asked)):
            problems.append(f"{name}: asked twice within an hour")
        if fate.kind != "gone" and any(after - before > 13.5 * HOUR for before, after in itertools.pairwise(asked)):
            problems.append(f"{name}: not asked for more than half a day")
        if fate.kind == "gone" and asked[-1] > fate.turning + 8 * HOUR:
            problems.append(f"{name}: asked although it is gone")
    return problems
