"""Send one digest of 50 stories to 10,000 recipients over one SMTP server, and compare with what the server takes at most.

The server is a process of its own that speaks SMTP and throws everything away, each of its answers late by so many milliseconds. First
a bare client, which does nothing but write the same bytes and read the answers, pushes mails into it on as many connections as the
program uses; then the digest goes the whole way: ledger, claims, rendering for each recipient, receipts. On a busy machine the time
of the processor a mail says more than the rates. ``python bench/delivery.py [recipients] [stories] [milliseconds]`` prints rates,
their ratio, and the memory at its highest.
"""

import asyncio
import json
import logging
import multiprocessing
import resource
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from multiprocessing.connection import Connection
from pathlib import Path

import structlog

from aggregator.channels import EmailChannel
from aggregator.deliver import Delivering, send_due
from aggregator.models import Coverage, Delivery, Digest, Item, Outlet, Role, Schedule, SmtpServer, SubscriptionSpec
from aggregator.records import Address
from aggregator.store import open_store

NOW = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
PARALLEL = 8


def digest_of(stories: int) -> Digest:
    """Make a digest as long as they come."""
    outlet = Outlet(name="Yonhap", role=Role.ORIGIN, title="북한 노동자", url="https://example.org/0", language="ko", published_at=NOW)
    echo = replace(outlet, name="Daily NK", role=Role.ECHO, echo_of="Yonhap", url="https://example.org/1")
    item = Item(
        story_id=1,
        version=1,
        kind="new",
        topics=("labour",),
        headline="중국 단둥의 북한 노동자 2천여 명이 귀국을 요구하고 있다",
        url=outlet.url,
        language="ko",
        outlets=(outlet, echo),
        why=("Labour abroad: dispatched workers (“북한 노동자”), repatriation (“귀국”)",),
        score=5.0,
        excerpt="중국 랴오닝성 단둥에 파견된 북한 노동자 2천여 명이 비자 만료로 귀국을 요구하고 있다고 소식통이 전했다. " * 4,
        excerpt_marks=((12, 18),),
        facts=("2천여 명 (2,000 people)",),
        published_at=NOW,
        first_seen_at=NOW,
    )
    items = tuple(replace(item, story_id=number, url=f"https://example.org/{number}") for number in range(1, stories + 1))
    coverage = Coverage(seen=stories, unmatched=0, matched=stories, folded=0, told=stories)
    return Digest(
        subscription="bench",
        name="Morning digest",
        kind="digest",
        after_seq=0,
        through_seq=0,
        decided_at=NOW,
        time_zone="Asia/Seoul",
        language="en",
        topic_names={"labour": "Labour abroad"},
        items=items,
        coverage=coverage,
    )


def swallow(pipe: Connection, late: float) -> None:
    """Take every mail and forget it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if late and verb in (b"DATA", b"EHLO"):
                await asyncio.sleep(late)
            if verb == b"DATA":
                writer.write(b"354 go\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                await asyncio.sleep(late)
            writer.write({b"EHLO": b"250-mx\r\n250-PIPELINING\r\n250 SIZE 9999999\r\n", b"QUIT": b"221 bye\r\n"}.get(verb, b"250 ok\r\n"))
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=4_000_000)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


async def flood(server: SmtpServer, message: bytes, mails: int) -> float:
    """Push the same bytes as fast as the server takes them, and give the mails a second."""
    left, whole = iter(range(mails)), message.replace(b"\r\n.", b"\r\n..") + b".\r\n"

    async def push() -> None:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        await reader.readline()
        for _ in left:
            writer.write(b"MAIL FROM:<watch@example.org>\r\nRCPT TO:<reader@example.org>\r\nDATA\r\n")
            for _ in range(3):
                await reader.readline()
            writer.write(whole)
            await writer.drain()
            await reader.readline()
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(push() for _ in range(PARALLEL)))
    return mails / (time.perf_counter() - started)


async def deliver(folder: Path, server: SmtpServer, recipients: int, stories: int) -> dict[str, float]:
    """Send the whole way, and give mails a second and what deciding took."""
    store = open_store(f"sqlite:///{folder}/bench.db")
    store.upgrade()
    schedule = Schedule(every="day", at=time_of_day(7, 30))
    spec = SubscriptionSpec(id="bench", name="Bench", channel="email", recipients=("env:X",), topics=("labour",), schedule=schedule)
    store.sync_subscriptions([spec], {"bench": NOW}, NOW)
    people = [Address(channel="email", recipient=f"reader{number}@example.org") for number in range(recipients)]
    started = time.perf_counter()
    digest_id = store.record_digest(replace(digest_of(stories), items=()), people, NOW + timedelta(days=1), NOW)
    decided = time.perf_counter() - started
    assert digest_id is not None
    store._digests[digest_id] = digest_of(stories)  # the stories of the bench are in no table; the ledger's keys are
    channel = EmailChannel(
        server, "watch@example.org", leave_link=lambda delivery: f"https://watch.example.org/leave/{delivery.key}.{'x' * 20}"
    )
    use = Delivering(
        store=store,
        channels={"email": channel},
        subscriptions={"bench": spec},
        topics=(),
        addresses=lambda subscription: people,
        label=lambda concept, language: concept,
        clock=lambda: NOW,
        parallel=PARALLEL,
        session=channel.session,
    )
    started, worked = time.perf_counter(), time.process_time()
    sent = await send_due(use)
    took, worked = time.perf_counter() - started, time.process_time() - worked
    assert len(sent) == recipients
    assert not any(one.error for one in sent)
    store.close()
    return {
        "decide_seconds": round(decided, 2),
        "mails_per_second": round(recipients / took, 1),
        "cpu_ms_a_mail": round(worked * 1000 / recipients, 2),
    }


async def main(recipients: int, stories: int, milliseconds: int = 0) -> None:
    """Measure, and print one line of JSON."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=swallow, args=(theirs, milliseconds / 1000), daemon=True)
    process.start()
    server = SmtpServer(host="127.0.0.1", port=ours.recv(), tls="none")
    async with AsyncExitStack() as stack:
        stack.callback(process.terminate)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        digest = digest_of(stories)
        channel = EmailChannel(server, "watch@example.org")
        probe = Delivery(id=1, digest_id=1, subscription="bench", channel="email", recipient="a@example.org", key="1-x", attempts=1)
        message = channel.render(digest, probe).parts[".eml"]
        most = await flood(server, message, max(recipients // 5, 200))
        found = await deliver(folder, server, recipients, stories)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {
                "recipients": recipients,
                "stories": stories,
                "server_answers_after_ms": milliseconds,
                "mail_bytes": len(message),
                "server_takes_per_second": round(most, 1),
                **found,
                "share_of_the_servers_speed": round(found["mails_per_second"] / most, 2),
                "peak_memory_mb": round(peak),
            }
        )
    )


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    numbers = [int(argument) for argument in sys.argv[1:4]]
    asyncio.run(main(*(numbers or [10_000, 50])))
