"""The operator's commands, as they are called."""

from pathlib import Path

import pytest

from aggregator.store.engine import connect, database_url
from aggregator.store.unfinished import Move, begin
from tests.cli.conftest import Command


def test_a_database_is_made_checked_backed_up_and_restored(command: Command, feeds_file: Path, tmp_path: Path) -> None:
    assert command("db", "upgrade").code == 0
    assert command("poll", "--json").code == 1  # one of the feeds is gone
    (checked,) = command("db", "check", "--json").records
    assert checked["ok"]
    (made,) = command("db", "backup", "backups/monday.db", "--json").records
    assert made["tables"]["entries"] == 2
    refused = command("db", "restore", "backups/monday.db")
    assert (refused.code, "--replace" in refused.err) == (2, True)
    (restored,) = command("db", "restore", "backups/monday.db", "--replace", "--json").records
    assert restored["sha256"] == made["sha256"]
    (copied,) = command("db", "copy", "sqlite:///data/aggregator.db", "sqlite:///moved.db", "--json").records
    assert copied["tables"]["entries"]["rows"] == 2
    assert "0 unmatched entries emptied" in command("db", "prune").out


def test_a_flipped_byte_in_a_backup_is_an_exit_code_and_a_sentence(command: Command, feeds_file: Path, tmp_path: Path) -> None:
    command("db", "upgrade")
    command("db", "backup", "monday.db")
    content = bytearray(Path("monday.db").read_bytes())
    content[5000] ^= 1
    Path("monday.db").write_bytes(content)
    done = command("db", "restore", "monday.db", "--replace")
    assert (done.code, done.out) == (1, "")
    assert "SHA-256 differs" in done.err


def test_the_doctor_says_what_to_do(command: Command, feeds_file: Path) -> None:
    command("db", "upgrade")
    done = command("doctor", "--json")
    found = {one["what"]: one for one in done.records}
    assert done.code == 0
    assert {what: one["state"] for what, one in found.items()} == {
        "configuration": "ok",
        "disk": found["disk"]["state"],
        "database": "ok",
        "subscription morning": "look",
        "subscription alerts": "look",
        "mail": "look",
        "names": "ok",
        "feed paper": "ok",
        "feed gone": "look",
        "clock": "ok",
    }
    assert found["subscription alerts"]["advice"] == "set TEST_WEBHOOK"
    assert "disable the feed" in found["feed gone"]["advice"]


def test_the_doctor_finds_a_dead_mail_server_and_a_broken_file(
    command: Command, feeds_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AGGREGATOR_SMTP_URL", "smtp://127.0.0.1:9?tls=none")
    monkeypatch.setenv("AGGREGATOR_MAIL_FROM", "watch@example.org")
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data" / "aggregator.db").write_bytes(b"this is no database at all" * 100)
    done = command("doctor", "--no-feeds")
    assert done.code == 1
    assert "127.0.0.1:9" in done.out
    assert "database" in done.out


def test_a_clock_that_nothing_was_compared_with_is_not_called_right(command: Command, feeds_file: Path, site: str) -> None:
    feeds_file.write_text(feeds_file.read_text(encoding="utf-8").replace(site, "http://127.0.0.1:9"), encoding="utf-8")
    command("db", "upgrade")
    (clock,) = [one for one in command("doctor", "--json").records if one["what"] == "clock"]
    assert (clock["state"], clock["found"]) == ("look", "no server told its time")


def test_the_doctor_knows_a_file_that_is_no_database(command: Command, feeds_file: Path) -> None:
    command("db", "upgrade")
    database = next(Path(".").rglob("aggregator.db"))
    database.write_bytes(b"no database" * 1000)
    for left in database.parent.glob("aggregator.db-*"):
        left.unlink()
    found = {one["what"]: one for one in command("doctor", "--json").records}
    assert (found["database"]["state"], "restore the last backup" in found["database"]["advice"]) == ("bad", True)


def test_a_host_without_an_address_is_told_once_and_its_feeds_are_not_asked(command: Command, feeds_file: Path) -> None:
    text = feeds_file.read_text(encoding="utf-8")
    feeds_file.write_text(text.replace("http://127.0.0.1:9/gone.xml", "http://nowhere.invalid/gone.xml"), encoding="utf-8")
    command("db", "upgrade")
    found = {one["what"]: one for one in command("doctor", "--json").records}
    assert found["name nowhere.invalid"]["found"] == "does not resolve: gone cannot be polled"
    assert "feed gone" not in found
    assert found["feed paper"]["state"] == "ok"


def test_a_machine_without_a_name_server_gets_one_sentence(command: Command, feeds_file: Path, site: str) -> None:
    text = feeds_file.read_text(encoding="utf-8").replace(site, "http://a.invalid").replace("http://127.0.0.1:9", "http://b.invalid")
    feeds_file.write_text(text, encoding="utf-8")
    command("db", "upgrade")
    found = {one["what"]: one for one in command("doctor", "--json").records}
    assert found["names"]["found"] == "none of 2 hosts resolves, so none of 2 feeds can be polled"
    assert [what for what in found if what.startswith(("feed ", "name "))] == []


def test_on_half_an_installation_no_command_starts_and_each_says_how_to_go_on(command: Command, feeds_file: Path) -> None:
    command("db", "upgrade")
    engine = connect(database_url("sqlite:///data/aggregator.db"))
    begin(engine, Move(kind="restore", source="/backups/monday.db"))
    engine.dispose()
    for words in (["run"], ["poll"], ["digest", "send", "morning"], ["db", "upgrade"]):
        done = command(*words)
        assert (done.code, "restore again: aggregator db restore /backups/monday.db --replace" in done.err) == (2, True), words
    assert command("db", "check").code == 1
    (found,) = [one for one in command("doctor", "--json").records if one["what"].startswith("database")]
    assert (found["state"], found["what"]) == ("bad", "database: installation")


def test_a_copy_from_a_mistyped_path_makes_nothing(command: Command, feeds_file: Path) -> None:
    done = command("db", "copy", "sqlite:///mistyped.db", "sqlite:///new.db")
    assert (done.code, "there is no database at mistyped.db" in done.err) == (2, True)
    assert not list(Path().glob("*.db*"))
