"""E3: a reader leaves by one click, without a login, and nobody by accident or by guessing."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import httpx
import pytest

from aggregator.channels import EmailChannel
from aggregator.channels.feed import atom, json_feed
from aggregator.deliver import decide_now, send_due
from aggregator.labelling import Told
from aggregator.leaving import find_reader, leave_subscription, leave_token
from aggregator.models import SmtpServer
from aggregator.store import SqlStore
from aggregator.web import ReaderDesk, Status, create_site
from tests.conftest import Clock
from tests.deliver.outbox import DIGEST, HERE, THERE, RecordingChannel, delivering, row, tell

SECRET = b"a secret of this test"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@asynccontextmanager
async def site(store: SqlStore, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    async def find(token: str) -> str | None:
        found = find_reader(store, SECRET, token)
        return found.delivery.subscription if found else None

    async def leave(token: str) -> bool:
        return leave_subscription(store, SECRET, token, clock())

    async def feed(subscription: str, form: str) -> bytes | None:
        digests = [digest for _, digest in store.digests(subscription)]
        return {"atom": atom, "json": json_feed}[form](digests, None) if digests else None

    @asynccontextmanager
    async def nothing() -> AsyncIterator[None]:
        yield

    async def status() -> Status:
        raise RuntimeError("no page of this test asks")

    async def told(token: str, place: int) -> None:
        return None

    async def judge(found: Told, topic: str, verdict: str) -> None:
        raise RuntimeError("no page of this test asks")

    desk = ReaderDesk(find=find, leave=leave, feed=feed, told=told, judge=judge)
    transport = httpx.ASGITransport(create_site(status, nothing, readers=desk))
    async with httpx.AsyncClient(transport=transport, base_url="https://watch.example.org") as client:
        yield client


@pytest.fixture
def decided(sqlite_store: SqlStore, clock: Clock) -> SqlStore:
    use = delivering(sqlite_store, clock, RecordingChannel(), DIGEST, replace(DIGEST, id="other", name="Other"), to=(HERE, THERE))
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    decide_now(use, "other")
    return sqlite_store


def token_of(store: SqlStore, subscription: str = "morning", recipient: str = "a@example.org") -> str:
    found = next(one for one in store.deliveries() if (one.delivery.subscription, one.delivery.recipient) == (subscription, recipient))
    return leave_token(SECRET, found.delivery.key)


async def test_one_click_ends_this_subscription_for_this_recipient_only(decided: SqlStore, clock: Clock) -> None:
    async with site(decided, clock) as client:
        answer = await client.post(f"/leave/{token_of(decided)}", data=ONE_CLICK, follow_redirects=False)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert [(one.subscription, one.address, one.cause) for one in decided.closures()] == [("morning", HERE, "unsubscribed")]


async def test_a_scanner_that_follows_the_link_unsubscribes_nobody(decided: SqlStore, clock: Clock) -> None:
    async with site(decided, clock) as client:
        page = await client.get(f"/leave/{token_of(decided)}")
        assert (await client.head(f"/leave/{token_of(decided)}")).status_code in (200, 405)
    assert page.status_code == 200
    assert '<button type="submit">' in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert decided.closures() == []


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "yes"}, {"other": "One-Click"}, {"List-Unsubscribe": "One-Click" * 200}])
async def test_another_body_unsubscribes_nobody(decided: SqlStore, clock: Clock, body: dict[str, str]) -> None:
    async with site(decided, clock) as client:
        assert (await client.post(f"/leave/{token_of(decided)}", data=body)).status_code == 400
    assert decided.closures() == []


async def test_a_wrong_used_or_guessed_address_gets_one_and_the_same_answer(decided: SqlStore, clock: Clock) -> None:
    token = token_of(decided)
    key, _, signature = token.rpartition(".")
    guesses = [key, f"{key}.", f"{key}.{signature[:-1]}A", f"x{token}", leave_token(b"another secret", key), "x" * 5_000, "%00.%ff"]
    async with site(decided, clock) as client:
        assert (await client.post(f"/leave/{token}", data=ONE_CLICK)).status_code == 200
        answers = [await client.post(f"/leave/{guess}", data=ONE_CLICK) for guess in [token, *guesses]]
        answers += [await client.get(f"/leave/{guess}") for guess in [token, *guesses]]
    assert {(answer.status_code, answer.text) for answer in answers} == {
        (404, "There is nothing here: the address is wrong, or it was used before.\n")
    }
    assert len(decided.closures()) == 1


async def test_the_mail_carries_the_address_in_header_and_text_and_it_works(sqlite_store: SqlStore, clock: Clock) -> None:
    channel = EmailChannel(
        SmtpServer(host="localhost", port=25),
        "watch@example.org",
        leave_link=lambda delivery: f"https://watch.example.org/leave/{leave_token(SECRET, delivery.key)}",
    )
    use = delivering(sqlite_store, clock, RecordingChannel(), to=(HERE, THERE))
    tell(sqlite_store, clock, "one")
    digest_id = decide_now(use, "morning")
    assert digest_id is not None
    digest = sqlite_store.digest(digest_id)
    assert digest is not None
    tokens = set()
    for recipient in ("a@example.org", "b@example.org"):
        message = channel.render(digest, row(sqlite_store, recipient).delivery)
        head = message.parts[".eml"].partition(b"\r\n\r\n")[0]
        assert b"=?" not in head
        link = message_from_bytes(message.parts[".eml"], policy=default)["List-Unsubscribe"].strip().strip("<>")
        assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in head
        assert link.encode() in message.parts[".html"]
        assert link.encode() in message.parts[".txt"]
        assert b"leave.invalid" not in message.parts[".html"] + message.parts[".txt"]
        tokens.add(re.sub(".*/", "", link))
    assert len(tokens) == 2
    async with site(sqlite_store, clock) as client:
        answers = [(await client.post(f"/leave/{token}", data=ONE_CLICK)).status_code for token in tokens]
    assert answers == [200, 200]
    await send_due(use)
    assert {one.status for one in sqlite_store.deliveries()} == {"dead"}


async def test_a_subscription_can_be_read_as_a_feed_and_is_not_sent_twice_to_who_has_it(decided: SqlStore, clock: Clock) -> None:
    async with site(decided, clock) as client:
        answer = await client.get("/subscriptions/morning/feed.atom")
        again = await client.get("/subscriptions/morning/feed.atom", headers={"If-None-Match": answer.headers["etag"]})
        assert (await client.get("/subscriptions/morning/feed.json")).headers["content-type"].startswith("application/feed+json")
        assert [(await client.get(f"/subscriptions/{name}")).status_code for name in ("unknown/feed.atom", "morning/feed.exe")] == [
            404,
            404,
        ]
    assert (answer.status_code, again.status_code, again.content) == (200, 304, b"")
    assert "Workers one" in answer.text
