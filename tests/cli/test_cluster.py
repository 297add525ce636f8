"""`aggregator cluster` and `aggregator stories` as people run them."""

import json
import math
import subprocess
import sys
from contextlib import closing
from getpass import getuser
from pathlib import Path

import pytest

from aggregator.core.likeness import JOIN
from aggregator.sources.rows import read_rows
from aggregator.store import open_store
from tests.store.samples import FEED, NOW, intake, joined, matched, open_story, take_in
from tests.stories.gold import FOLDER

PROJECT = Path(__file__).parents[2]


def run(*arguments: str, data: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "AGGREGATOR_DATA_DIR": str(data), "AGGREGATOR_SEMANTIC": "off"}
    command = [sys.executable, "-m", "aggregator", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, env=environment, check=False, timeout=60)


def test_a_file_is_sorted_into_stories_row_by_row(tmp_path: Path) -> None:
    done = run("cluster", str(FOLDER / "helong.jsonl"), "--json", data=tmp_path)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [row["id"] for row in found] == [f"helong-{number}" for number in range(1, 10)]
    assert {row["story"] for row in found} == {1}
    assert [row["role"] for row in found] == ["origin", *["echo"] * 7, "official"]


def test_a_bad_line_is_named_and_loses_no_good_one(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    lines = ['{"id": 1, "title": "One", "published": "yesterday"}', "{", '["x"]', '{"id": 2, "title": "Two"}', ""]
    rows.write_text("\n".join(lines), encoding="utf-8")
    done = run("cluster", str(rows), "--json", data=tmp_path)
    assert done.returncode == 1
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [1, 2]
    assert all(f"rows.jsonl:{number}" in done.stderr for number in (1, 2, 3))


def test_rows_of_one_page_are_one_article_and_an_id_that_stands_twice_is_told(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    said = [
        {"id": 7, "text": "Police in Khabarovsk closed a hostel for builders.", "url": "https://a.example/1?utm_source=x"},
        {"id": "7", "title": "Something else", "url": "https://a.example/1", "published": "2024-05-06T00:00:00Z"},
        {"id": 7, "title": "Third", "url": "https://a.example/2"},
        {"id": "x"},
    ]
    rows.write_text("\n".join(map(json.dumps, said)), encoding="utf-8")
    done = run("cluster", str(rows), "--json", data=tmp_path)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["id"], row["story"], row["role"]) for row in found] == [(7, 1, "unknown"), ("7", 1, "copy")]
    assert done.returncode == 1
    assert "the id 7 stands in line 1 already" in done.stderr


def test_undated_rows_are_of_their_neighbours_time(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    days = [None, "2024-05-06T00:00:00Z", None, "2024-06-06T00:00:00Z", None]
    rows.write_text(
        "\n".join(json.dumps({"id": number, "title": "One", "published": day}) for number, day in enumerate(days)), encoding="utf-8"
    )
    assert [row.published_at.month for row in read_rows(rows)[0]] == [5, 5, 5, 6, 6]


def test_wrong_numbers_are_told_in_a_sentence(tmp_path: Path) -> None:
    done = run("stories", "merge", "1", "2", data=tmp_path)
    assert (done.returncode, "there is no story 1" in done.stderr) == (2, True)
    assert run("stories", "list", "--json", data=tmp_path).stdout == ""
    assert run("cluster", str(tmp_path / "none.jsonl"), data=tmp_path).returncode == 2


def told(data: Path) -> int:
    """Keep a story of two articles, and give its number."""
    with closing(open_store(f"sqlite:///{data}/aggregator.db")) as store:
        store.upgrade()
        store.sync_feeds((FEED,), NOW)
        story = open_story(store, "one")
        store.record_judged(matched(take_in(store, intake("two"))[-1], joined(story)))
    return story


def test_a_pair_is_explained_part_by_part(tmp_path: Path) -> None:
    story = told(tmp_path)
    done = run("stories", "show", str(story), "--why", "1", "2", "--json", data=tmp_path)
    said = json.loads(done.stdout)
    assert (said["decided"], said["copy"], said["joins_from"]) == ("", False, JOIN)
    assert [part["part"] for part in said["parts"]][:1] == ["at the start"]
    assert said["probability"] == pytest.approx(1 / (1 + math.exp(-sum(part["adds"] for part in said["parts"]))), abs=0.02)
    shown = run("stories", "show", str(story), "--why", "1", "2", data=tmp_path)
    assert "that articles 1 and 2 tell one event" in shown.stdout
    strange = run("stories", "show", str(story), "--why", "1", "99", data=tmp_path)
    assert (strange.returncode, "has no article 99" in strange.stderr) == (2, True)


def test_who_decides_is_kept_with_the_decision(tmp_path: Path) -> None:
    story = told(tmp_path)
    assert run("stories", "apart", "1", "2", "--by", "Han", data=tmp_path).returncode == 0
    assert run("stories", "merge", "1", "2", data=tmp_path).returncode == 0
    audit = json.loads(run("stories", "show", str(story), "--json", data=tmp_path).stdout)["audit"]
    assert [line["by"] for line in audit] == ["Han", getuser()]
    assert all(line["decided_at"] for line in audit)
