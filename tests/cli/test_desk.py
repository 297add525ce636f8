"""Search, export, reindex, users and tokens on the command line."""

import csv
import io
import json
from pathlib import Path

import pytest

from aggregator.store import open_store
from tests.cli.conftest import Command


@pytest.fixture
def polled(command: Command, feeds_file: Path) -> Command:
    assert command("poll").code in (0, 1)
    return command


def test_search_finds_words_of_every_script(polled: Command) -> None:
    for query in ("북한", "노동자", "worker*", '"told to pack up"', "workers NEAR/5 Dandong"):
        found = [json.loads(line) for line in polled("search", query, "--json").out.splitlines()]
        assert [one["hit"]["title"] for one in found] == ["North Korean workers in Dandong told to pack up"], query
    assert polled("search", "harbour", "--topic", "labour", "--json").out == ""
    assert "Dandong" in polled("search", "북한").out
    shown = polled("search", "북한").out
    assert shown.index("text") < shown.index("address")
    nothing = polled("search", "--", "-북한")
    assert nothing.code != 0
    assert "at least one word" in nothing.err


def test_export_writes_each_form(polled: Command) -> None:
    rows = list(csv.DictReader(io.StringIO(polled("export", "workers OR harbour").out)))
    assert {row["title"] for row in rows} == {"North Korean workers in Dandong told to pack up", "Rain over the harbour"}
    told = [json.loads(line) for line in polled("export", "북한", "--as", "jsonl").out.splitlines()]
    assert len(told) == 1
    assert "<entry>" in polled("export", "북한", "--as", "atom").out
    assert json.loads(polled("export", "북한", "--as", "jsonfeed").out)["version"].startswith("https://jsonfeed.org/")
    assert polled("export", "북한", "--as", "xlsx").code == 2


def test_reindex_brings_the_index_back(polled: Command) -> None:
    assert "2 articles indexed" in polled("reindex").out
    assert polled("search", "북한", "--json").out.count("\n") == 1


def test_users_are_added_listed_and_removed(polled: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    assert "may log in as editor" in polled("user", "add", "ann", "--role", "editor", "--password-stdin").out
    assert "ann" in polled("user", "list").out
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    short = polled("user", "add", "bo", "--password-stdin")
    assert short.code != 0
    assert "12 to" in short.err
    assert "short" not in polled("user", "list").out
    assert polled("user", "remove", "ann").code == 0
    gone = polled("user", "remove", "ann")
    assert gone.code != 0
    assert "aggregator user list" in gone.err


def test_a_token_is_shown_once_and_kept_as_a_hash(polled: Command, tmp_path: Path) -> None:
    made = polled("token", "add", "screen", "--scope", "write").out.strip()
    assert len(made) >= 40
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert made.encode() not in kept
    assert polled("token", "remove", "screen").code == 0
    assert polled("token", "remove", "screen").code != 0


def test_what_readers_marked_is_a_label_for_backtest(polled: Command, feeds_file: Path, tmp_path: Path) -> None:
    (path,) = tmp_path.rglob("*.db")
    store = open_store(f"sqlite:///{path}")
    article = next(one for one in store.archived(0, 10) if "workers" in one.title)
    assert store.record_verdict(article.revision.article_id, "labour", "relevant", "ann", article.revision.observed_at)
    assert store.marks() == [(article.revision.seq, "labour", True)]
    store.close()
    changed = tmp_path / "changed.yaml"
    changed.write_text(feeds_file.read_text(encoding="utf-8").replace("overseas_workers: 1.0", "sanctions_regimes: 1.0"), encoding="utf-8")
    done = polled("backtest", "--new", str(changed), "--marked", "--json")
    assert done.code == 1
    told = json.loads(done.out)
    assert told["labels"]["labour"]["old"]["recall"] == 1.0
    assert told["labels"]["labour"]["new"]["recall"] == 0.0
