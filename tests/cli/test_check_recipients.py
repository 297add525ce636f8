"""What can never be reached, and who gets nothing, is told before the first message is lost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.checks import check_configuration
from aggregator.core.notices import compose_notices
from aggregator.models import Notice, Receipt
from aggregator.records import Address, SubscriptionState
from aggregator.settings import load_settings
from aggregator.store import open_store
from tests.cli.conftest import Command

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
PROJECT = Path(__file__).parents[2]


def problems(**environment: str) -> list[str]:
    mail = {"AGGREGATOR_SMTP_URL": "smtp://127.0.0.1:2525?tls=none", "AGGREGATOR_MAIL_FROM": "Watch <watch@example.org>"}
    settings = load_settings({"AGGREGATOR_FEEDS_FILE": str(PROJECT / "feeds.yaml"), **mail, **environment})
    report = check_configuration(settings)
    found = [problem for check in report.subscriptions for problem in check.problems]
    assert report.ok is not bool(found)
    return found


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"AGGREGATOR_DIGEST_TO": "not an address"}, "is no e-mail address"),
        ({"AGGREGATOR_SLACK_WEBHOOK": "hello"}, "env:AGGREGATOR_SLACK_WEBHOOK holds neither"),
    ],
)
def test_a_recipient_that_can_never_be_reached_is_a_mistake(environment: dict[str, str], words: str) -> None:
    (problem,) = problems(**environment)
    assert words in problem
    assert "hello" not in problem


def test_good_recipients_are_none() -> None:
    webhook = "https://hooks.slack.com/services/T000/B000/abc"
    assert problems(AGGREGATOR_DIGEST_TO="desk@example.org, Ann <ann@example.org>", AGGREGATOR_SLACK_WEBHOOK=webhook) == []


SEVERAL = """\
  - {{id: several, name: Several, channel: {channel}, recipients: ["env:HERE", "env:MISSING"], topics: [labour],
     schedule: {{every: immediate}}}}
"""


@pytest.mark.parametrize(("channel", "here"), [("email", "a@example.org"), ("slack", "C0123456789"), ("webhook", "https://e.org/")])
def test_check_and_doctor_name_the_variable_that_is_missing_beside_others(
    command: Command, feeds_file: Path, monkeypatch: pytest.MonkeyPatch, channel: str, here: str
) -> None:
    feeds_file.write_text(feeds_file.read_text(encoding="utf-8") + SEVERAL.format(channel=channel), encoding="utf-8")
    for name, value in (("HERE", here), ("AGGREGATOR_SMTP_URL", "smtp://127.0.0.1:9?tls=none"), ("AGGREGATOR_MAIL_FROM", "w@example.org")):
        monkeypatch.setenv(name, value)
    done = command("check", "--json")
    (report,) = done.records
    assert (done.code, report["ok"]) == (0, True)
    assert report["subscriptions"][-1]["warnings"] == ["warning: MISSING is not set: whom it names gets nothing"]
    assert "warning: MISSING is not set" in " ".join(command("check").out.split())
    found = {one["what"]: one for one in command("doctor", "--no-feeds", "--json").records}
    assert found["subscription several"]["advice"] == "set MISSING"


def test_the_doctor_and_sending_name_the_variable_that_was_lost(
    command: Command, feeds_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("digest", "preview", "morning")  # declares the subscriptions
    store = open_store(f"sqlite:///{feeds_file.parent}/data/aggregator.db")
    decided = compose_notices(
        [Notice(key="k", text="t", since=NOW)], (), SubscriptionState(subscription="morning", after_seq=0, next_due_at=None), NOW
    )
    assert decided
    store.record_digest(replace(decided, subscription="morning"), [Address(channel="email", recipient="a@example.org")], None, NOW)
    claimed = store.claim_delivery(NOW, timedelta(minutes=1))
    assert claimed
    store.record_sent(claimed, Receipt(detail="250 ok"), NOW)
    store.close()
    found = {one["what"]: one for one in command("doctor", "--no-feeds", "--json").records}
    assert (found["subscription morning"]["state"], "AGGREGATOR_SMTP_URL" in found["subscription morning"]["advice"]) == ("bad", True)
    sent = command("digest", "send", "morning")
    assert (sent.code, sent.out) == (2, "")
    assert "set AGGREGATOR_SMTP_URL, AGGREGATOR_DIGEST_TO in the environment; its news waits" in sent.err
    assert not (feeds_file.parent / "data" / "outbox").exists()
