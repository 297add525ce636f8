"""`aggregator check` names every mistake by file, line and key, and ends with 2 where there is any."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.configuration.test_broken_files import BROKEN, SEVERAL, expected_of

SHIPPED = Path(__file__).parents[2] / "feeds.yaml"


def test_the_file_that_ships_is_sound_and_judges_its_examples_as_they_say(command: Command) -> None:
    done = command("check", str(SHIPPED), "--json")
    (report,) = done.records
    assert (done.code, report["ok"], report["wrong_examples"], done.err) == (0, True, [], "")
    assert report["topics"] == ["labour", "sanctions"]
    assert report["examples"] >= 50


def test_a_sound_file_is_told_line_by_line(command: Command, feeds_file: Path) -> None:
    done = command("check")
    assert done.code == 0
    assert "2 enabled, 1 disabled with a reason" in done.out
    assert "labour: 2 of 2 examples judged as they say" in done.out
    assert "email: file:outbox" in done.out
    assert "sleeps, no recipient is configured" in done.out


def test_a_recipient_of_the_environment_is_shown_and_a_webhook_is_not(
    command: Command, feeds_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGGREGATOR_SMTP_URL", "smtp://desk:hunter2@mail.example")
    monkeypatch.setenv("AGGREGATOR_MAIL_FROM", "watch@example.org")
    monkeypatch.setenv("AGGREGATOR_DIGEST_TO", "a@example.org, b@example.org")
    monkeypatch.setenv("TEST_WEBHOOK", "https://hooks.slack.com/services/T0/B0/hidden")
    done = command("check", "--json")
    (report,) = done.records
    assert [check["goes_to"] for check in report["subscriptions"]] == [
        ["email:a@example.org", "email:b@example.org"],
        ["slack:env:TEST_WEBHOOK"],
    ]
    assert "hidden" not in done.out
    assert "hunter2" not in done.out


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[North Korean workers in Dandong told to pack up]", "[Rain in Seoul]", "should match: 'Rain in Seoul'"),
        ("[Rain over the harbour]", "[North Korean workers in Dandong]", "must not match: 'North Korean workers in Dandong'"),
    ],
)
def test_an_example_that_its_topic_judges_otherwise_is_a_mistake(
    command: Command, feeds_file: Path, old: str, new: str, words: str
) -> None:
    feeds_file.write_text(feeds_file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    done = command("check")
    assert done.code == 2
    assert words in done.out
    (report,) = command("check", "--json").records
    assert (report["ok"], len(report["wrong_examples"])) == (False, 1)


@pytest.mark.parametrize("path", [*BROKEN, *SEVERAL], ids=lambda path: path.stem)
def test_every_mistake_in_a_broken_file_is_one_line_with_place_and_key(command: Command, path: Path) -> None:
    done = command("check", str(path))
    assert (done.code, done.out) == (2, "")
    said = done.err.splitlines()
    for line, key, _ in expected_of(path):
        assert any(text.startswith(f"{path}:{line}:") and f": {key}: " in text for text in said), said
    assert len(said) >= len(expected_of(path))


def test_mistakes_are_one_json_object_for_machines(command: Command) -> None:
    path = BROKEN[0].parent / "url_scheme.yaml"
    done = command("check", str(path), "--json")
    (report,) = done.records
    assert (done.code, done.err, report["ok"]) == (2, "", False)
    (problem,) = report["problems"]
    assert set(problem) == {"file", "line", "column", "key", "message", "allowed"}
    assert (problem["file"], problem["line"], problem["key"]) == (str(path), 7, "feeds[0].url")


@pytest.mark.parametrize("arguments", [(), ("--json",)], ids=["plain", "json"])
def test_a_mistake_in_the_environment_is_told_like_any_other(
    command: Command, feeds_file: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("AGGREGATOR_LISTEN", "everywhere")
    done = command("check", *arguments)
    assert done.code == 2
    assert "AGGREGATOR_LISTEN" in (done.out if arguments else done.err)
    assert not arguments or done.records[0]["problems"][0]["key"] == "AGGREGATOR_LISTEN"


def test_a_file_that_is_not_there_is_told(command: Command) -> None:
    done = command("check", "nowhere.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("nowhere.yaml: ")
