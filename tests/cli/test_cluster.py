"""`aggregator cluster` and `aggregator stories` as people run them."""

import json
import subprocess
import sys
from pathlib import Path

from aggregator.sources.rows import read_rows
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
