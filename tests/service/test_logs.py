"""No secret reaches the log, and feed text cannot forge a line of it."""

import json
import logging
from datetime import timedelta

import pytest
import structlog

from aggregator.logs import configure_logs, without_secrets


@pytest.fixture(autouse=True)
def _restored() -> "object":
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cannot reach smtp://desk:hunter2@mail.example:587", "cannot reach smtp://***@mail.example:587"),
        ("posted to https://hooks.slack.com/services/T0/B0/xyz today", "posted to https://hooks.slack.com/*** today"),
        ("https://example.org/a?b=c", "https://example.org/a?b=c"),
    ],
)
def test_credentials_in_urls_are_blanked(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


def test_a_log_line_is_one_json_object_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", "info")
    structlog.get_logger().warning("feed\nfailed", smtp_password="hunter2", title="\x1b[31mred\u202e", feed="wire")
    (line,) = capsys.readouterr().err.splitlines()
    event = json.loads(line)
    assert event["event"] == "feed\\x0afailed"
    assert event["smtp_password"] == "***"
    assert event["title"] == "\\x1b[31mred\\x202e"
    assert (event["feed"], event["level"]) == ("wire", "warning")


def test_values_inside_values_are_cleaned_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", "info")
    posted = {"url": "https://hooks.slack.com/services/T0/B0/xyz", "token": "abc"}
    structlog.get_logger().info("posted", items=["smtp://u:PW@host"], posted=posted, at=timedelta(seconds=1))
    event = json.loads(capsys.readouterr().err)
    assert event["items"] == ["smtp://***@host"]
    assert event["posted"] == {"url": "https://hooks.slack.com/***", "token": "***"}


def test_an_exception_is_told_without_its_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", "info")
    try:
        raise RuntimeError("smtp://desk:hunter2@mail.example")
    except RuntimeError:
        structlog.get_logger().exception("it failed")
    assert "hunter2" not in capsys.readouterr().err


def test_a_library_is_told_in_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", "info")
    logging.getLogger("urllib3").warning("cannot reach %s", "smtp://desk:hunter2@mail.example")
    logging.getLogger("urllib3").info("chatter")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "cannot reach smtp://***@mail.example"


def test_debug_lines_stay_away_unless_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("console", "info")
    structlog.get_logger().debug("quiet")
    assert capsys.readouterr().err == ""
