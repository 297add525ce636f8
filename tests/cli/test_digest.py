"""`aggregator digest`: see it, send it once, look it up."""

import shutil
from email import message_from_bytes, message_from_string
from email.policy import default
from pathlib import Path

import pytest

from tests.cli.conftest import Command, lines

HEADLINE = "North Korean workers in Dandong told to pack up"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept") / "data"


@pytest.fixture
def polled(command: Command, feeds_file: Path, kept: Path) -> Path:
    """Give the outbox of an installation that knew its subscriptions before it polled one story; it is polled once and copied."""
    data = feeds_file.parent / "data"
    if not kept.exists():
        command("digest", "preview", "morning")
        assert command("poll", "paper", "--json").code == 0
        shutil.copytree(data, kept)
    shutil.copytree(kept, data, dirs_exist_ok=True)
    return data / "outbox"


def test_a_preview_shows_text_page_mail_or_record_and_keeps_nothing(command: Command, polled: Path) -> None:
    text = command("digest", "preview", "morning")
    assert (text.code, text.err) == (0, "")
    assert HEADLINE in text.out
    assert "<title>" in command("digest", "preview", "morning", "--as", "html").out
    mail = message_from_string(command("digest", "preview", "morning", "--as", "eml").out, policy=default)
    assert mail.is_multipart()
    assert mail["Message-ID"]
    (record,) = command("digest", "preview", "morning", "--json").records
    assert (record["subscription"], [item["headline"] for item in record["items"]]) == ("morning", [HEADLINE])
    assert command("digest", "list", "--json").records == []
    assert not polled.exists()


def test_a_digest_is_sent_once_as_it_was_shown(command: Command, polled: Path) -> None:
    (shown,) = command("digest", "preview", "morning", "--json").records
    done = command("digest", "send", "morning", "--json")
    assert (done.code, done.err) == (0, "")
    (sent,) = done.records
    assert set(sent) == {"digest", "delivery", "error"}
    assert (sent["error"], sent["delivery"]["channel"], sent["delivery"]["subscription"]) == (None, "file", "morning")
    (eml,) = polled.glob("*.eml")
    assert message_from_bytes(eml.read_bytes(), policy=default)["Subject"]
    (listed,) = command("digest", "list", "--json").records
    assert listed["id"] == sent["digest"] == sent["delivery"]["digest_id"]
    assert listed["digest"] == {**shown, "decided_at": listed["digest"]["decided_at"]}
    command("digest", "send", "morning")
    assert [len(record["digest"]["items"]) for record in command("digest", "list", "--json").records] == [0, 1]


def test_sending_and_listing_are_tables_for_people(command: Command, polled: Path) -> None:
    sent = command("digest", "send", "morning")
    assert lines(sent.out)[-1].split() == ["morning", "file", "outbox", "sent"]
    row = lines(command("digest", "list").out)[-1]
    assert row.split()[:2] == ["1", "morning"]
    assert row.rstrip().endswith("file 1 sent")


@pytest.mark.parametrize(("form", "words"), [("txt", HEADLINE), ("html", "</html>"), ("eml", "MIME-Version: 1.0")])
def test_a_past_digest_is_shown_in_every_form(command: Command, polled: Path, form: str, words: str) -> None:
    command("digest", "send", "morning")
    done = command("digest", "show", "1", "--as", form)
    assert (done.code, done.err) == (0, "")
    assert words in done.out


def test_a_past_digest_is_shown_as_a_record(command: Command, polled: Path) -> None:
    command("digest", "send", "morning")
    (record,) = command("digest", "show", "1", "--json").records
    assert (record["after_seq"], record["through_seq"], record["coverage"]["seen"]) == (0, 2, 2)


@pytest.mark.parametrize("verb", ["preview", "send"])
def test_an_unknown_subscription_is_wrong_use_and_the_known_ones_are_named(command: Command, feeds_file: Path, verb: str) -> None:
    done = command("digest", verb, "evening")
    assert (done.code, done.out) == (2, "")
    assert lines(done.err) == ["feeds.yaml has no subscription 'evening'; it has alerts, morning"]


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["plain", "json"])
def test_without_a_recipient_sending_is_refused_and_says_what_to_set(command: Command, polled: Path, more: tuple[str, ...]) -> None:
    done = command("digest", "send", "alerts", *more)
    assert (done.code, done.out) == (2, "")
    assert lines(done.err) == ["subscription alerts has nobody to write to: set TEST_WEBHOOK in the environment; its news waits"]
    assert command("digest", "list", "--json").records == []


def test_a_message_that_is_not_taken_ends_with_1_and_is_kept_for_later(
    command: Command, polled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGGREGATOR_SMTP_URL", "smtp://127.0.0.1:9?tls=none")
    monkeypatch.setenv("AGGREGATOR_MAIL_FROM", "watch@example.org")
    monkeypatch.setenv("AGGREGATOR_DIGEST_TO", "a@example.org")
    done = command("digest", "send", "morning", "--json")
    assert done.code == 1
    assert done.records[0]["error"]
    assert lines(command("digest", "list").out)[-1].rstrip().endswith("email 1 retry")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00", "1969-12-31", "yesterday"])
def test_a_preview_of_no_sensible_moment_is_wrong_use(command: Command, feeds_file: Path, moment: str) -> None:
    done = command("digest", "preview", "morning", "--at", moment)
    assert (done.code, done.out) == (2, "")
    assert f"{moment!r} is no moment" in lines(done.err)[0]


@pytest.mark.parametrize("moment", ["1970-01-01T00:00", "8999-12-31T23:59"])
def test_a_preview_of_a_far_moment_is_a_digest(command: Command, feeds_file: Path, moment: str) -> None:
    assert command("digest", "preview", "morning", "--at", moment).code == 0


@pytest.mark.parametrize("number", ["7", "0", "-1", "99999999999999999999999", "first"])
def test_a_digest_that_does_not_exist_is_wrong_use(command: Command, feeds_file: Path, number: str) -> None:
    done = command("digest", "show", "--", number)
    assert (done.code, done.out) == (2, "")
    assert done.err


def test_a_list_takes_a_limit_of_at_least_one(command: Command, polled: Path) -> None:
    command("digest", "send", "morning")
    command("digest", "send", "morning")
    assert len(command("digest", "list", "--json", "--limit", "1").records) == 1
    assert command("digest", "list", "--limit", "0").code == 2


def test_nothing_is_put_back_where_nothing_is_dead(command: Command, polled: Path) -> None:
    assert command("digest", "resend").code == 2
    done = command("digest", "resend", "--all", "--json")
    assert (done.code, done.records) == (0, [{"chosen": 0, "put_back": 0}])
    assert command("digest", "resend", "17", "--json").code == 1
