"""The operator is told of every alarm once, by the same ledger as readers, over a real mail server and a real web server."""

from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.alarms import GRACE, Watchman
from aggregator.app.operator import operator_addresses, operator_spec
from aggregator.channels import EmailChannel, SlackChannel
from aggregator.core.notices import GATHER, OPERATOR
from aggregator.deliver import Delivering, decide_due, decide_now, send_due
from aggregator.errors import ConfigurationError, DeliveryError
from aggregator.http_client import HttpClient
from aggregator.models import SmtpServer
from aggregator.records import Address
from aggregator.records import Alarm as FeedAlarm
from aggregator.settings import load_settings
from aggregator.store import SqlStore
from tests.conftest import Clock
from tests.deliver.misbehaving import BrokenMailServer, BrokenWebServer, Fault
from tests.deliver.outbox import DIGEST, HERE, THERE, RecordingChannel, delivering, failing, tell
from tests.store.samples import FEED, poll

OPS = Address(channel="email", recipient="ops@example.org")


def watched(store: SqlStore, clock: Clock, *to: Address) -> Delivering:
    """Give what delivers to readers who are written to files, and to the operator."""
    use = delivering(store, clock, RecordingChannel(), to=to or (HERE,), operator=(OPS,))
    store.sync_subscriptions([DIGEST, operator_spec()], {}, clock())
    return use


def oversleep(store: SqlStore, clock: Clock) -> None:
    """Let the time come and pass at which the digest was due."""
    state = store.subscription_state(DIGEST.id)
    assert state is not None
    assert state.next_due_at is not None
    clock.now = state.next_due_at + GRACE + timedelta(minutes=1)


def told(store: SqlStore) -> list[list[str]]:
    """Give what each message to the operator says, oldest first."""
    return [[notice.text for notice in digest.notices] for _, digest in reversed(store.digests(OPERATOR))]


def by_mail(use: Delivering, server: SmtpServer) -> Delivering:
    return replace(use, channels={"email": EmailChannel(server, "News watch <watch@example.org>", timeout=5)})


async def test_a_digest_that_was_due_and_did_not_go_reaches_the_operator_by_mail_once(sqlite_store: SqlStore, clock: Clock) -> None:
    mails, use = BrokenMailServer(), watched(sqlite_store, clock)
    oversleep(sqlite_store, clock)
    async with mails.listening() as server:
        watchmen = Watchman(), Watchman()  # a restart, or a second process
        for watchman in (*watchmen, *watchmen):
            watchman.watch(use)
            await send_due(by_mail(use, server))
            clock.now += GATHER
    assert mails.recipients == ["ops@example.org"]
    ((mail,),) = mails.taken.values()
    assert b"Subject: 1 alarm - News watch operator" in mail
    assert [[text[:25] for text in texts] for texts in told(sqlite_store)] == [["morning: a digest was due"]]


async def test_alarms_of_a_while_go_in_one_message_and_each_once(sqlite_store: SqlStore, clock: Clock) -> None:
    use, watchman = watched(sqlite_store, clock), Watchman()
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    use = replace(use, channels={"email": failing(DeliveryError("554 spam", permanent=True), HERE.recipient)})
    await send_due(use)
    watchman.watch(use)
    for kind in ("silence", "takeover"):
        alarm = FeedAlarm(kind=kind, feed_id=FEED.id, message=f"the {kind}", raised_at=clock())
        sqlite_store.record_polls([poll(at=clock(), alarms=(alarm,))])
        watchman.watch(use)
    assert [len(texts) for texts in told(sqlite_store)] == [1]
    clock.now += GATHER
    watchman.watch(use)
    watchman.watch(use)
    (first, second) = told(sqlite_store)
    assert "email to a@example.org was given up: 554 spam" in first[0]
    assert sorted(second) == [f"feed {FEED.id}: the silence", f"feed {FEED.id}: the takeover"]


async def test_a_closed_recipient_is_told_and_trouble_with_the_operators_own_mail_is_not(sqlite_store: SqlStore, clock: Clock) -> None:
    gone = DeliveryError("550 5.1.1 no such user", permanent=True, closes=True)
    use, watchman = watched(sqlite_store, clock, HERE, THERE), Watchman()
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    use = replace(use, channels={"email": failing(gone, THERE.recipient, OPS.recipient)})
    for _ in range(3):
        await send_due(use)
        watchman.watch(use)
        clock.now += GATHER
    assert told(sqlite_store) == [["morning: email to b@example.org is closed: 550 5.1.1 no such user"]]


async def test_a_message_to_the_operator_is_tried_again_like_any_other_and_reaches_slack_too(sqlite_store: SqlStore, clock: Clock) -> None:
    mails, posts = BrokenMailServer([Fault("DATA", "drop")]), BrokenWebServer()
    async with mails.listening() as server, posts.listening() as url:
        http = HttpClient(allow=("127.0.0.1",), user_agent="test")
        slack = SlackChannel(http, {"OPS_SLACK": url}.get, ("127.0.0.1",))
        use = replace(watched(sqlite_store, clock), operator=(OPS, Address(channel="slack", recipient="env:OPS_SLACK")))
        use = replace(use, channels={"email": EmailChannel(server, "watch@example.org", timeout=5), "slack": slack})
        oversleep(sqlite_store, clock)
        Watchman().watch(use)
        for _ in range(2):
            await send_due(use)
            clock.now += timedelta(minutes=1)
        await http.aclose()
    assert (mails.mails(), posts.posts()) == (1, 1)
    assert b"a digest was due" in next(iter(posts.kept.values()))[0]


def test_without_an_operator_nothing_is_decided(sqlite_store: SqlStore, clock: Clock) -> None:
    use = replace(watched(sqlite_store, clock), operator=())
    oversleep(sqlite_store, clock)
    Watchman().watch(use)
    assert told(sqlite_store) == []


def test_news_never_makes_a_message_to_the_operator_due(sqlite_store: SqlStore, clock: Clock) -> None:
    use = watched(sqlite_store, clock)
    tell(sqlite_store, clock, "one")
    clock.pass_by(days=1)
    decide_due(use)
    assert sqlite_store.digests(OPERATOR) == []


MAIL = {"AGGREGATOR_SMTP_URL": "smtp://mx:25?tls=none", "AGGREGATOR_MAIL_FROM": "watch@example.org"}


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, []),
        ({"AGGREGATOR_OPERATOR": "ops@example.org"}, []),  # no mail server: nobody could be told
        ({"AGGREGATOR_OPERATOR": "ops@example.org, env:OPS", **MAIL}, [("email", "ops@example.org")]),
        ({"AGGREGATOR_OPERATOR": "env:OPS,b@example.org", "OPS": "https://x", **MAIL}, [("email", "b@example.org"), ("slack", "env:OPS")]),
    ],
)
def test_who_the_operator_is_stands_in_the_environment(environment: dict[str, str], found: list[tuple[str, str]]) -> None:
    assert [(one.channel, one.recipient) for one in operator_addresses(load_settings(environment))] == found


def test_an_operator_that_is_neither_an_address_nor_a_variable_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="names nobody who can be told"):
        load_settings({"AGGREGATOR_OPERATOR": "https://hooks.slack.com/services/T0/B0/s3cr3t"})
