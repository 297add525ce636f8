"""`aggregator parse` reads saved feeds; whatever a file holds, it gets its report, and hostile text stays text."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import PAPER, Command, lines

REAL = Path(__file__).parents[2].parent / "shared" / "corpora" / "real-feeds"
HOSTILE = "[/red] [link=x] :boom: \x1b[31m\u202e\u2028"


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    path = tmp_path / "paper.xml"
    path.write_text(PAPER, encoding="utf-8")
    return path


def test_a_feed_is_one_json_object_with_the_agreed_fields(command: Command, paper: Path) -> None:
    done = command("parse", "paper.xml", "--json")
    (report,) = done.records
    assert (done.code, done.err, list(report)) == (0, "", ["file", "error", "feed", "entries"])
    assert (report["file"], report["error"]) == ("paper.xml", None)
    agreed = {"title": "Paper", "url": "https://paper.example/", "language": None, "updated": None}
    assert {key: report["feed"][key] for key in agreed} == agreed
    first, second = report["entries"]
    fields = ["id", "url", "title", "summary", "content", "published", "updated", "authors", "categories", "enclosures"]
    assert list(first)[: len(fields)] == list(second)[: len(fields)] == fields
    assert (first["id"], first["published"], second["published"]) == ("1", "2026-03-01T07:00:00Z", None)
    assert "북한 노동자" in done.out


def test_a_file_is_read_as_if_served_from_an_address(command: Command, tmp_path: Path) -> None:
    feed = "<rss><channel><item><title>\ub178\ub3d9\uc790</title><link>/1</link></item></channel></rss>"
    (tmp_path / "korean.xml").write_bytes(feed.encode("euc-kr"))
    done = command("parse", "korean.xml", "--json", "--url", "https://a.example/feed", "--header", "Content-Type: text/xml; charset=euc-kr")
    (entry,) = done.records[0]["entries"]
    assert (entry["url"], entry["title"]) == ("https://a.example/1", "\ub178\ub3d9\uc790")
    assert "Name: value" in command("parse", "korean.xml", "--header", "nonsense").err


def test_for_people_a_feed_is_a_table_of_its_entries(command: Command, paper: Path) -> None:
    done = command("parse", "paper.xml")
    assert (done.code, done.err) == (0, "")
    assert "paper.xml: Paper, 2 entries" in done.out
    (row,) = [line for line in lines(done.out) if "Dandong" in line]
    assert row.split("  ")[0] == "2026-03-01T07:00:00Z"
    assert row.rstrip().endswith("https://paper.example/1")


@pytest.mark.parametrize("name", ["nowhere.xml", "note.txt", "empty.xml"])
def test_a_file_that_cannot_be_read_as_a_feed_says_why_and_loses_no_other(command: Command, paper: Path, name: str) -> None:
    (paper.parent / "note.txt").write_text("just words\n", encoding="utf-8")
    (paper.parent / "empty.xml").touch()
    done = command("parse", name, "paper.xml", "--json")
    bad, good = done.records
    assert done.code == 1
    assert (bad["file"], bad["entries"], bad["feed"]["title"]) == (name, [], None)
    assert bad["error"]
    assert (good["error"], len(good["entries"])) == (None, 2)
    said = command("parse", name)
    assert (said.code, said.out) == (1, "")
    assert lines(said.err) == [f"{name}: {bad['error']}"]


def test_of_a_folder_every_file_is_read(command: Command, paper: Path) -> None:
    folder = paper.parent / "saved"
    (folder / "deeper").mkdir(parents=True)
    (folder / "note.txt").write_text("just words", encoding="utf-8")
    paper.rename(folder / "paper.xml")
    done = command("parse", "saved", "--json")
    assert done.code == 1
    assert [(record["file"], len(record["entries"])) for record in done.records] == [("saved/note.txt", 0), ("saved/paper.xml", 2)]


def test_a_file_larger_than_the_network_may_bring_is_refused(command: Command, tmp_path: Path) -> None:
    (tmp_path / "large.xml").write_bytes(b" " * 10_000_001)
    done = command("parse", "large.xml", "--json")
    assert (done.code, done.records[0]["error"]) == (1, "the file is larger than 10,000,000 bytes")


def test_text_of_a_feed_is_neither_markup_nor_control(command: Command, tmp_path: Path) -> None:
    title = HOSTILE.replace("\x1b", "&#x1b;")
    feed = PAPER.replace("<title>Paper</title>", f"<title>{title}</title>").replace("Rain over", title)
    (tmp_path / "[bold]x.xml").write_text(feed, encoding="utf-8")
    (tmp_path / "[bold]y.xml").write_text("no feed", encoding="utf-8")
    done = command("parse", "[bold]x.xml", "[bold]y.xml")
    assert "[bold]x.xml: [/red] [link=x] :boom:" in done.out
    assert "[bold]y.xml: " in done.err
    assert not {"\x1b", "\u202e", "\u2028"} & set(done.out + done.err)


def test_output_is_utf_8_whatever_the_locale_says(paper: Path) -> None:
    odd = os.fsencode(paper.parent) + b"/odd\xff.xml"
    os.rename(os.fsencode(paper), odd)
    environment = {"PATH": os.environ["PATH"], "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run([sys.executable, "-m", "aggregator", "parse", "--json", odd], env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "북한 노동자" in done.stdout.decode("utf-8")
    assert b"odd\\udcff.xml" in done.stdout


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the collected feeds are not at {REAL}")
def test_every_real_feed_gives_its_entries(command: Command) -> None:
    files = sorted(str(path) for path in REAL.iterdir() if path.suffix in (".rss", ".atom", ".xml", ".json"))
    done = command("parse", "--json", *files)
    assert [record["file"] for record in done.records] == files
    assert done.code == 0, [(record["file"], record["error"]) for record in done.records if record["error"]]
    assert all(record["entries"] for record in done.records)
