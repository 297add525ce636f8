"""A reader says by a link in the mail what was relevant: a real mail server, the site of the service, and labels for backtests."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import httpx
import pytest

from aggregator.app.installation import App, open_app
from aggregator.channels.letter import LONGEST_HTML, write
from aggregator.channels.page import lay_out
from aggregator.deliver import decide_now, send_due
from aggregator.deliver.rendering import render_again
from aggregator.labelling import label_token
from aggregator.models import Configuration
from aggregator.reload import Live
from aggregator.service import Watchman, make_site
from aggregator.settings import load_settings
from aggregator.web import Metrics
from tests.channels.samples import crowded
from tests.channels.test_email import Inbox, listening, taking
from tests.conftest import Clock
from tests.deliver.outbox import DIGEST, TOPIC, tell
from tests.store.samples import FEED, OTHER_FEED

PUBLIC = "https://watch.example.org"
LINK = re.compile(rf"{PUBLIC}(/verdict/[^/\s\"]+/\d+/(?:yes|no))")
READERS = replace(DIGEST, recipients=("a@example.org", "b@example.org"))
CONFIGURATION = Configuration(feeds=(FEED, OTHER_FEED), topics=(TOPIC,), subscriptions=(READERS,))


@dataclass(frozen=True)
class Desk:
    """Hold an installation, the mails it sent, and a browser without any cookie on its site."""

    app: App
    clock: Clock
    inbox: Inbox
    client: httpx.AsyncClient

    async def deliver(self, *names: str) -> str:
        """Tell stories by mail and give the text of the first mail."""
        tell(self.app.store, self.clock, *names)
        decide_now(self.app.delivering, READERS.id)
        await send_due(self.app.delivering)
        return parts_of(self.inbox.mails[0].content)["plain"]


def parts_of(content: object) -> Mapping[str, str]:
    assert isinstance(content, bytes)
    message = message_from_bytes(content, policy=default)
    return {part.get_content_subtype(): part.get_content() for part in message.iter_parts()}


@asynccontextmanager
async def installed(folder: Path, clock: Clock, public_url: str = PUBLIC) -> AsyncIterator[Desk]:
    inbox = Inbox()
    async with listening(taking(inbox)) as server:
        environment = {
            "AGGREGATOR_DATA_DIR": str(folder),
            "AGGREGATOR_FEEDS_FILE": str(folder / "feeds.yaml"),
            "AGGREGATOR_SMTP_URL": f"smtp://127.0.0.1:{server.port}?tls=none",
            "AGGREGATOR_MAIL_FROM": "News watch <watch@example.org>",
            "AGGREGATOR_PUBLIC_URL": public_url,
        }
        async with open_app(load_settings(environment), CONFIGURATION, clock) as app:
            app.store.sync_feeds(CONFIGURATION.feeds, clock())
            app.store.sync_subscriptions([READERS], {READERS.id: clock()}, clock())
            live = Live(app)
            site = make_site(Watchman(live, clock), Metrics(), live, nullcontext)
            transport = httpx.ASGITransport(site, raise_app_exceptions=False, client=("192.0.2.9", 5000))
            async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
                yield Desk(app, clock, inbox, client)


async def test_both_writings_of_the_mail_lead_to_a_page_that_asks_and_whose_button_keeps_the_label(tmp_path: Path, clock: Clock) -> None:
    async with installed(tmp_path, clock) as desk:
        text = await desk.deliver("one", "two")
        html = parts_of(desk.inbox.mails[0].content)["html"]
        links = LINK.findall(text)
        assert len(links) == 4
        assert LINK.findall(html) == links
        page = await desk.client.get(links[0])
        assert "Workers one" in page.text
        assert 'value="relevant"' in page.text
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "form-action 'self'" in page.headers["Content-Security-Policy"]
        for link, verdict in ((links[0], "relevant"), (links[3], "not_relevant")):
            answer = await desk.client.post(link, data={"topic": "workers", "verdict": verdict})
            assert "Thank you" in answer.text
            assert "set-cookie" not in answer.headers
        assert desk.app.readers.users() == []
        assert [(topic, relevant) for _, topic, relevant in desk.app.store.marks()] == [("workers", True), ("workers", False)]
        answer = await desk.client.post(links[3], data={"topic": "workers", "verdict": "relevant"})
        assert [relevant for _, _, relevant in desk.app.store.marks()] == [True, True]


async def test_a_scanner_that_opens_every_link_marks_nothing(tmp_path: Path, clock: Clock) -> None:
    async with installed(tmp_path, clock) as desk:
        for link in LINK.findall(await desk.deliver("one")):
            assert (await desk.client.get(link)).status_code == 200
            assert (await desk.client.head(link)).status_code == 405
            for body in ({}, {"topic": "workers"}, {"topic": "other", "verdict": "relevant"}, {"topic": "workers", "verdict": "x" * 2_000}):
                assert (await desk.client.post(link, data=body)).status_code == 400
        assert list(desk.app.store.marks()) == []


async def test_a_guessed_address_is_answered_like_one_that_never_was(tmp_path: Path, clock: Clock) -> None:
    async with installed(tmp_path, clock) as desk:
        link = LINK.findall(await desk.deliver("one"))[0]
        token = link.split("/")[2]
        number, _, signature = token.partition(".")
        tokens = (f"2.{signature}", f"{number}.{signature[:-1]}A", number, f"{number}.", label_token(b"other", 1), "9" * 500, "%00.%ff")
        guesses = [f"/verdict/{guess}/0/yes" for guess in tokens]
        guesses += [f"/verdict/{token}/{rest}" for rest in ("1/yes", "-1/yes", "x/yes", "9999999/no", "0/maybe")]
        asked = [await desk.client.get(guess) for guess in guesses]
        asked += [await desk.client.post(guess, data={"topic": "workers", "verdict": "relevant"}) for guess in guesses]
        assert {(answer.status_code, answer.text) for answer in asked} == {
            (404, "There is nothing here: the address is wrong, or it was used before.\n")
        }
        assert list(desk.app.store.marks()) == []


async def test_all_recipients_have_the_same_links_and_the_ledger_renders_the_same_bytes_again(tmp_path: Path, clock: Clock) -> None:
    async with installed(tmp_path, clock) as desk:
        await desk.deliver("one")
        written = [parts_of(mail.content)["plain"] for mail in desk.inbox.mails]
        assert len(written) == 2
        assert LINK.findall(written[0]) == LINK.findall(written[1])
        sent = {mail.rcpt_tos[0]: mail.content for mail in desk.inbox.mails}
    async with installed(tmp_path, clock) as later:
        for row in later.app.store.deliveries():
            again = render_again(later.app.delivering, row.delivery.digest_id, row.delivery.id)
            assert again == (sent[row.delivery.recipient], True)


async def test_without_an_address_for_readers_the_mail_has_no_such_link(tmp_path: Path, clock: Clock) -> None:
    async with installed(tmp_path, clock, public_url="") as desk:
        assert "verdict" not in await desk.deliver("one")
        assert "verdict" not in parts_of(desk.inbox.mails[0].content)["html"]


@pytest.mark.parametrize("count", [5, 60, 400])
def test_a_mail_of_many_stories_stays_within_its_size_with_all_its_links(count: int) -> None:
    digest = crowded(count)
    known = replace(digest, items=tuple(replace(item, article_id=at) for at, item in enumerate(digest.items)))
    letter = write(replace(lay_out(known, PUBLIC), leave=True, verdicts=f"{PUBLIC}/verdict/{label_token(b'key', 10**9)}"))
    assert len(letter.html.encode()) <= LONGEST_HTML
    assert len(LINK.findall(letter.html)) == len(LINK.findall(letter.text)) >= 10
