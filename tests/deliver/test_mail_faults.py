"""The fault matrix of mail: whatever the server does, nothing is lost, and nothing comes twice but under the Message-ID it had."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import replace

import pytest
import trustme

from aggregator.channels import EmailChannel
from aggregator.deliver import Delivering, decide_now, send_due
from aggregator.models import SmtpServer
from aggregator.records import Address
from aggregator.store import SqlStore
from tests.conftest import Clock
from tests.deliver.misbehaving import BrokenMailServer, Fault
from tests.deliver.outbox import HERE, RecordingChannel, delivering, states, tell

VERBS = ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", ".")
PEOPLE = tuple(Address(channel="email", recipient=f"{name}@example.org") for name in "abcde")


def by_mail(use: Delivering, server: SmtpServer, timeout: float = 0.3) -> Delivering:
    channel = EmailChannel(server, "News watch <watch@example.org>", timeout=timeout)
    return replace(use, channels={"email": channel}, session=channel.session)


def decided(store: SqlStore, clock: Clock, to: tuple[Address, ...] = (HERE,)) -> Delivering:
    use = delivering(store, clock, RecordingChannel(), to=to, parallel=1)
    tell(store, clock, "one")
    decide_now(use, "morning")
    return use


async def send_until_sent(use: Delivering, clock: Clock, rounds: int = 12) -> int:
    """Send, and let the waits pass, until nothing is open; gives the number of attempts."""
    attempts = 0
    for _ in range(rounds):
        attempts += len(await send_due(use))
        clock.pass_by(hours=9)
    return attempts


def arrived(server: BrokenMailServer) -> dict[str, int]:
    return {recipient: server.recipients.count(recipient) for recipient in server.recipients}


@pytest.mark.parametrize("how", ["drop", "hang", "4xx", "421"])
@pytest.mark.parametrize("verb", VERBS)
async def test_broken_at_a_verb_the_mail_arrives_once(sqlite_store: SqlStore, clock: Clock, verb: str, how: str) -> None:
    answers = {"4xx": b"451 4.3.0 try again\r\n", "421": b"421 4.3.2 going down\r\n"}
    fault = Fault(verb, how if how in ("drop", "hang") else "say", answers.get(how, b""))
    broken, use = BrokenMailServer([fault]), decided(sqlite_store, clock)
    async with broken.listening() as server:
        # Only a server that hangs is waited for in vain; any other one is left the time of a busy machine.
        attempts = await send_until_sent(by_mail(use, server, 0.6 if how == "hang" else 10.0), clock)
    # After a HELO refused for now the client asks by the older HELO, so that fault may cost no attempt.
    assert attempts in ((1, 2) if verb == "EHLO" else (2,))
    assert arrived(broken) == {"a@example.org": 1}
    assert states(sqlite_store) == {"a@example.org": "sent"}


@pytest.mark.parametrize("how", ["drop", "hang"])
async def test_accepted_but_never_confirmed_it_comes_again_as_the_same_mail(sqlite_store: SqlStore, clock: Clock, how: str) -> None:
    broken, use = BrokenMailServer([Fault(".", how, keep=True)]), decided(sqlite_store, clock)
    async with broken.listening() as server:
        assert await send_until_sent(by_mail(use, server, 0.6 if how == "hang" else 10.0), clock) == 2
    ((first, second),) = broken.taken.values()
    assert first == second


@pytest.mark.parametrize("how", ["drop", "hang", "say"])
async def test_once_accepted_a_broken_goodbye_repeats_nothing(sqlite_store: SqlStore, clock: Clock, how: str) -> None:
    broken, use = BrokenMailServer([Fault("QUIT", how, b"500 what?\r\n")]), decided(sqlite_store, clock)
    async with broken.listening() as server:
        assert await send_until_sent(by_mail(use, server), clock) == 1
    assert arrived(broken) == {"a@example.org": 1}


async def test_a_slow_server_is_given_the_time_of_the_whole_conversation_and_no_more(sqlite_store: SqlStore, clock: Clock) -> None:
    broken, use = BrokenMailServer([Fault("EHLO", "drip")]), decided(sqlite_store, clock)
    async with broken.listening() as server:
        assert await send_until_sent(by_mail(use, server, 0.2), clock) == 2
    assert arrived(broken) == {"a@example.org": 1}


@pytest.mark.parametrize(
    ("verb", "answer"), [("MAIL", b"550 5.7.1 no\r\n"), (".", b"554 5.7.1 spam\r\n"), ("RCPT", b"550 5.7.1 policy\r\n")]
)
async def test_refused_for_good_is_a_dead_letter_and_closes_nobody(sqlite_store: SqlStore, clock: Clock, verb: str, answer: bytes) -> None:
    broken, use = BrokenMailServer([Fault(verb, "say", answer)]), decided(sqlite_store, clock)
    async with broken.listening() as server:
        assert await send_until_sent(by_mail(use, server), clock) == 1
        assert states(sqlite_store) == {"a@example.org": "dead"}
        assert sqlite_store.closures() == []
        sqlite_store.resend([1], clock())
        await send_due(by_mail(use, server))
    assert arrived(broken) == {"a@example.org": 1}


@pytest.mark.parametrize("answer", [b"550 5.1.1 no such user\r\n", b"550 no such user\r\n", b"553 5.1.3 bad address\r\n"])
async def test_one_bad_recipient_among_many_is_closed_and_the_others_get_it_once(
    sqlite_store: SqlStore, clock: Clock, answer: bytes
) -> None:
    broken = BrokenMailServer([Fault("RCPT", "say", answer, recipient="c@example.org", times=99)])
    use = decided(sqlite_store, clock, PEOPLE)
    async with broken.listening() as server:
        await send_until_sent(by_mail(use, server), clock, rounds=3)
    assert arrived(broken) == {f"{name}@example.org": 1 for name in "abde"}
    assert [closure.address.recipient for closure in sqlite_store.closures()] == ["c@example.org"]
    assert broken.connections == 1  # all of them on one connection, the refused one too


@pytest.mark.parametrize("how", ["drop", "4xx", "421"])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
async def test_broken_at_a_verb_of_an_envelope_in_one_piece_every_mail_arrives_once(
    sqlite_store: SqlStore, clock: Clock, verb: str, how: str
) -> None:
    answers = {"4xx": b"451 4.3.0 try again\r\n", "421": b"421 4.3.2 going down\r\n"}
    fault = Fault(verb, "drop" if how == "drop" else "say", answers.get(how, b""), recipient="" if verb == "MAIL" else "b@example.org")
    broken, use = BrokenMailServer([fault], pipelining=True), decided(sqlite_store, clock, PEOPLE)
    async with broken.listening() as server:
        await send_until_sent(by_mail(use, server, 2), clock, rounds=3)
    assert arrived(broken) == {address.recipient: 1 for address in PEOPLE}
    assert set(states(sqlite_store).values()) == {"sent"}


async def test_a_refused_recipient_in_an_envelope_in_one_piece_gets_no_message(sqlite_store: SqlStore, clock: Clock) -> None:
    """The server waits for a message all the same, as RFC 2920 allows; nothing of it may reach anybody."""
    refusal = Fault("RCPT", "say", b"550 5.1.1 no such user\r\n", recipient="b@example.org", times=9)
    broken, use = BrokenMailServer([refusal], pipelining=True), decided(sqlite_store, clock, PEOPLE)
    async with broken.listening() as server:
        await send_until_sent(by_mail(use, server, 2), clock, rounds=2)
    assert arrived(broken) == {f"{name}@example.org": 1 for name in "acde"}
    assert states(sqlite_store)["b@example.org"] == "dead"
    assert broken.connections == 1


async def test_a_server_that_takes_only_two_connections_gets_no_more_and_every_mail(sqlite_store: SqlStore, clock: Clock) -> None:
    broken, use = BrokenMailServer(most=2, pipelining=True), decided(sqlite_store, clock, PEOPLE)
    async with broken.listening() as server:
        results = await send_due(by_mail(replace(use, parallel=5), server, 5))
    assert [result.error for result in results] == [None] * 5
    assert arrived(broken) == {address.recipient: 1 for address in PEOPLE}
    assert broken.connections <= 2


async def test_many_mails_go_over_one_connection_and_survive_its_end(sqlite_store: SqlStore, clock: Clock) -> None:
    broken = BrokenMailServer([Fault("MAIL", "drop", times=0)])
    use = decided(sqlite_store, clock, PEOPLE)
    async with broken.listening() as server:
        channel = by_mail(use, server)
        sent = 0

        def end_the_connection(_: object) -> None:
            nonlocal sent
            sent += 1
            broken.faults[0].times = 1 if sent == 2 else 0

        results = await send_due(channel, end_the_connection)
    assert [result.error for result in results] == [None] * 5
    assert arrived(broken) == {f"{name}@example.org": 1 for name in "abcde"}
    assert broken.connections == 2


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
async def test_two_workers_and_a_server_that_drops_lose_and_repeat_nothing(
    sqlite_store: SqlStore, store_url: str, clock: Clock, verb: str
) -> None:
    from aggregator.store import open_store

    broken, other = BrokenMailServer([Fault(verb, "drop", times=3)]), open_store(store_url)
    use = decided(sqlite_store, clock, PEOPLE)
    async with broken.listening() as server:
        workers = [by_mail(use, server), by_mail(replace(use, store=other), server)]
        for _ in range(6):
            await asyncio.gather(*map(send_due, workers))
            clock.pass_by(hours=9)
    other.close()
    assert arrived(broken) == {f"{name}@example.org": 1 for name in "abcde"}
    assert set(states(sqlite_store).values()) == {"sent"}


@pytest.mark.parametrize("wrong", ["untrusted", "other name", "no tls at all"])
async def test_a_tls_failure_sends_nothing_and_is_tried_again(sqlite_store: SqlStore, clock: Clock, wrong: str) -> None:
    authority, use = trustme.CA(), decided(sqlite_store, clock)
    broken = BrokenMailServer()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("mx.example.org" if wrong == "other name" else "127.0.0.1").configure_cert(context)
    trust = ssl.create_default_context()
    if wrong != "untrusted":
        authority.configure_trust(trust)
    refuse: Callable[[], asyncio.Protocol] = asyncio.Protocol
    tls_server = await asyncio.get_running_loop().create_server(refuse, "127.0.0.1", 0, ssl=context)
    async with broken.listening() as plain:
        port = plain.port if wrong == "no tls at all" else tls_server.sockets[0].getsockname()[1]
        channel = EmailChannel(replace(plain, port=port, tls="implicit"), "watch@example.org", timeout=1, tls_context=trust)
        (sent,) = await send_due(replace(use, channels={"email": channel}))
        assert sent.error
        assert sent.retry_at
        clock.pass_by(hours=1)
        await send_due(by_mail(use, plain))
    tls_server.close()
    assert arrived(broken) == {"a@example.org": 1}
