"""`aggregator explain`, `backtest` and `topics`: why a text matches, and what a change of the rules does."""

import io
import json
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.store import open_store
from tests.cli.conftest import Command, lines

TEXT = "North Korean workers in Dandong told to pack up\n\nA plant sends 300 workers home, 北한 said."


def test_a_text_is_explained_for_people(command: Command, feeds_file: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    done = command("explain", "a.txt")
    assert (done.code, done.err) == (0, "")
    assert "labour: matches, score" in done.out
    assert "needed 1" in done.out
    assert "North Korean workers in Dandong told to pack up" in done.out
    assert "(strong: North Korean workers)" in done.out


def test_a_miss_names_what_is_missing(command: Command, feeds_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Workers of the harbour\nKim Jong Un came."))
    done = command("explain", "-", "--json")
    (record,) = done.records
    (reason,) = record["topics"]["labour"]["reasons"]
    assert (record["relevant"], reason["code"]) == (False, "below_threshold")
    assert reason["detail"] == "one weak term short: Workers without country in the sentence"
    assert {evidence["quote"] for evidence in record["topics"]["labour"]["evidence"]} >= {"Kim Jong Un", "Workers"}


def test_a_page_is_fetched_and_explained(command: Command, feeds_file: Path, site: str) -> None:
    done = command("explain", f"{site}/paper.xml", "--json")
    assert done.code == 0
    assert done.records[0]["relevant"]
    missing = command("explain", f"{site}/none.html")
    assert missing.code == 2
    assert "none.html cannot be read" in missing.err


def test_rows_are_answered_one_by_one_and_a_broken_one_costs_only_itself(command: Command, feeds_file: Path, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"id": "a", "title": "북한 노동자 3천명 러시아행", "summary": "", "lang": "ko"},
        {"id": 7, "title": "Workers sent abroad", "text": "They pay.", "source": "Paper"},
    ]
    written = [json.dumps(rows[0]), "{broken", json.dumps({"id": "x"}), json.dumps(rows[1]), "[1]"]
    (tmp_path / "rows.jsonl").write_text("\n".join(written), encoding="utf-8")
    done = command("explain", "--jsonl", "rows.jsonl")
    assert done.code == 1
    assert [(row["id"], row["relevant"], row["language"]) for row in done.records] == [("a", True, "ko"), (7, False, "en")]
    verdict = done.records[0]["topics"]["labour"]
    assert set(verdict) == {"matched", "score", "evidence", "reasons"}
    title = str(rows[0]["title"])
    assert all(title[one["start"] : one["end"]] == one["quote"] for one in verdict["evidence"])
    assert [line.split(": ")[1].split(" is")[0].split(" has")[0] for line in lines(done.err)] == ["line 2", "the row x", "line 5"]


def test_wrong_use_is_told(command: Command, feeds_file: Path) -> None:
    assert command("explain").code == 2
    assert "cannot be read" in command("explain", "none.txt").err


def changed(feeds_file: Path, old: str, new: str) -> str:
    path = feeds_file.with_name("changed.yaml")
    path.write_text(feeds_file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return path.name


WIDER = ("themes: {overseas_workers: 1.0}", "query: rain OR @overseas_workers")
NARROWER = ("themes: {overseas_workers: 1.0}", "query: title:lumberjack")


def test_backtest_shows_what_a_change_gains(command: Command, feeds_file: Path) -> None:
    command("poll", "paper")
    anchor = ("    anchor: country_anchor\n", "")
    name = changed(feeds_file, *anchor)
    Path(name).write_text(Path(name).read_text(encoding="utf-8").replace(*WIDER), encoding="utf-8")
    done = command("backtest", "--new", name, "--json")
    assert (done.code, done.err) == (0, "")
    (record,) = done.records
    assert record["articles"] == 2
    assert [(one["kind"], one["title"], one["source"]) for one in record["changes"] if one["kind"] != "rescored"] == [
        ("gained", "Rain over the harbour", "paper")
    ]
    assert record["alerts_per_day"]["new"] > record["alerts_per_day"]["old"]
    assert "gained" in command("backtest", "--new", name).out


def test_backtest_fails_where_a_labelled_article_is_lost(command: Command, feeds_file: Path, tmp_path: Path) -> None:
    command("poll", "paper")
    labels = [
        {"url": "https://paper.example/1", "topics": ["labour"]},
        {"title": "DPRK loggers flee camp", "text": "North Korean workers left.", "label_labour": 1},
        {"title": "Rain", "text": "It rains.", "relevant": 0},
    ]
    (tmp_path / "labels.jsonl").write_text("\n".join(map(json.dumps, labels)), encoding="utf-8")
    name = changed(feeds_file, "    anchor: country_anchor\n", "")
    Path(name).write_text(Path(name).read_text(encoding="utf-8").replace(*NARROWER), encoding="utf-8")
    done = command("backtest", "--new", name, "--labels", "labels.jsonl")
    assert done.code == 1
    assert "lost although labelled: labour: DPRK loggers flee camp" in done.err
    assert "0.000" in done.out
    same = command("backtest", "--new", "feeds.yaml", "--labels", "labels.jsonl", "--json")
    assert same.code == 0
    assert same.records[0]["labels"]["relevant"]["new"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert command("backtest", "--new", name, "--since", "yesterday").code == 2


def test_topics_are_listed_and_the_archive_is_judged_again(command: Command, feeds_file: Path) -> None:
    command("poll", "paper")
    assert "2 of 2 articles are judged by them" in command("topics", "list").out
    text = feeds_file.read_text(encoding="utf-8").replace("    anchor: country_anchor\n", "").replace(*WIDER)
    feeds_file.write_text(text, encoding="utf-8")
    assert "0 of 2 articles" in command("topics", "list").out
    assert command("topics", "reapply").out == "2 articles judged again: 1 match now, 0 match no more\n"
    assert command("topics", "reapply", "--json").records == [{"judged": 0, "gained": 0, "lost": 0}]
    assert command("topics", "misses").code == 0


def test_the_archive_is_grouped_again(command: Command, feeds_file: Path, tmp_path: Path) -> None:
    command("poll", "paper")
    assert "the present rules have grouped all there is" in command("stories", "regroup").out
    assert "rules" not in command("stories", "list").out
    with sqlite3.connect(next(tmp_path.rglob("*.db"))) as connection:
        matched = connection.execute("UPDATE story_articles SET grouped_by = 'others'").rowcount
    connection.close()
    assert f"other ones grouped {matched} of {matched} articles" in command("stories", "list").out
    nothing = {"articles": matched, "merged": 0, "split": 0, "moved": 0, "news": 0}
    assert command("stories", "regroup", "--dry-run", "--json").records == [{**nothing, "dry_run": True}]
    done = command("stories", "regroup")
    assert (
        done.out
        == f"{matched} articles grouped again: 0 stories merged, 0 split, 0 articles moved; 0 of these changes are news to somebody\n"
    )
    assert command("stories", "regroup", "--since", "2020-01-01", "--all").code == 0
    assert command("stories", "regroup", "--since", "yesterday").code == 2


def test_a_killed_run_is_told_of_and_given_up(command: Command, feeds_file: Path, tmp_path: Path) -> None:
    command("poll", "paper")
    with closing(open_store(f"sqlite:///{next(tmp_path.rglob('*.db'))}")) as store:
        store.start_regrouping("1-others", None, datetime(2026, 11, 1, tzinfo=UTC), carries_out=True)
    assert "instead of 1-others, --give-up ends it" in command("stories", "list").out
    refused = command("stories", "regroup", "--dry-run")
    assert (refused.code, "regroup --give-up" in refused.err) == (2, True)
    assert command("stories", "regroup", "--give-up", "--all").code == 2
    assert "what was changed stays" in command("stories", "regroup", "--give-up").out
    assert command("stories", "regroup", "--give-up", "--json").records == [{"given_up": False}]
    assert command("stories", "regroup", "--dry-run", "--all").code == 0
