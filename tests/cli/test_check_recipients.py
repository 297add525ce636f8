"""What can never be reached is told before the first message is lost."""

from pathlib import Path

import pytest

from aggregator.checks import check_configuration
from aggregator.settings import load_settings

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
