"""`aggregator extract` and `aggregator facts`: pages and rows become text and facts; a bad one loses no other."""

import csv
import gzip
import io
import json
import unicodedata
from pathlib import Path

import pytest

from tests.cli.conftest import Command, served

TEXT = "About 200 North Korean workers left Dandong on the 9th, according to Yonhap."
PARAGRAPHS = "".join(f"<p>{TEXT} They were number {number} of many.</p>" for number in range(5))
PAGE = f"<html lang='en'><title>Workers leave</title><body><article>{PARAGRAPHS}</article></body></html>"


def test_a_page_is_one_json_object_with_its_facts(command: Command, tmp_path: Path) -> None:
    (tmp_path / "page.html.gz").write_bytes(gzip.compress(PAGE.encode()))
    done = command("extract", "page.html.gz", "--url", "https://paper.example/1", "--json")
    (report,) = done.records
    assert (done.code, done.err) == (0, "")
    fields = ["file", "url", "title", "text", "authors", "published", "modified", "language", "partial", "removed", "facts"]
    assert set(fields) <= set(report)
    assert (report["file"], report["url"], report["title"], report["partial"]) == (
        "page.html.gz",
        "https://paper.example/1",
        "Workers leave",
        None,
    )
    for facts in report["facts"].values():
        assert all(report["text"][fact["start"] : fact["end"]] == fact["text"] for fact in facts)


def test_a_row_gives_its_facts_with_offsets_into_its_text(command: Command, tmp_path: Path) -> None:
    rows = [json.dumps({"id": "a", "text": TEXT, "lang": "en", "published": "2024-07-10"}), "{broken", json.dumps({"id": "c", "text": ""})]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows), encoding="utf-8")
    done = command("extract", "--jsonl", "rows.jsonl", "--json")
    first, broken, empty = done.records
    assert done.code == 1
    assert (first["id"], broken["error"].startswith("line 2:"), empty["id"]) == ("a", True, "c")
    (figure,) = first["facts"]["figures"]
    assert (figure["low"], figure["high"], figure["unit"], figure["qualifier"]) == (200, 200, "person", "about")
    assert TEXT[figure["start"] : figure["end"]] == figure["text"]
    assert [date["value"] for date in first["facts"]["dates"]] == ["2024-07-09"]
    assert [(one["kind"], one["name"]) for one in first["facts"]["attributions"]] == [("other_outlet", "yonhap")]


def test_a_missing_page_says_why_and_loses_no_other(command: Command, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    done = command("extract", "nowhere.html", "page.html", "--json")
    assert done.code == 1
    assert [bool(report.get("error")) for report in done.records] == [True, False]


def test_pages_and_rows_at_once_are_refused(command: Command) -> None:
    assert command("extract", "page.html", "--jsonl", "rows.jsonl").code == 2
    assert command("extract").code == 2


def test_the_ledger_is_a_table_with_a_head(command: Command) -> None:
    done = command("facts", "--since", "2024-01-01", "--csv")
    (head,) = csv.reader(io.StringIO(done.out))
    assert head[:2] == ["value", "unit"]
    assert {"period", "place", "date", "article", "quote"} <= set(head)
    assert command("facts", "--since", "yesterday").code == 2


def test_an_address_is_asked_for_as_politely_as_a_service_asks(command: Command, tmp_path: Path) -> None:
    (tmp_path / "robots.txt").write_text("User-agent: *\nDisallow: /private", encoding="utf-8")
    for name in ("open.html", "private.html"):
        (tmp_path / name).write_text(PAGE, encoding="utf-8")
    with served(tmp_path) as site:
        done = command("extract", f"{site}/private.html", f"{site}/open.html", f"{site}/none.html", "--json")
    forbidden, read, missing = done.records
    assert done.code == 1
    assert "robots.txt forbids this page" in forbidden["error"]
    assert (read["title"], read["partial"]) == ("Workers leave", None)
    assert "404" in missing["error"]


def test_an_address_that_the_guard_refuses_is_not_asked(command: Command) -> None:
    (refused,) = command("extract", "http://169.254.169.254/latest/meta-data", "--json").records
    assert "169.254.169.254" in refused["error"]


def test_decomposed_text_gives_facts_that_quote_it(command: Command, tmp_path: Path) -> None:
    text = unicodedata.normalize("NFD", "북한 노동자 300명이 단둥을 떠났다")
    (tmp_path / "rows.jsonl").write_text(json.dumps({"id": "a", "text": text, "lang": "ko"}), encoding="utf-8")
    (row,) = command("extract", "--jsonl", "rows.jsonl", "--json").records
    (figure,) = row["facts"]["figures"]
    assert (figure["low"], text[figure["start"] : figure["end"]]) == (300, unicodedata.normalize("NFD", "300명"))
    assert all(text[fact["start"] : fact["end"]] == fact["text"] for facts in row["facts"].values() for fact in facts)


def test_a_gz_that_is_not_packed_is_an_error(command: Command, tmp_path: Path) -> None:
    (tmp_path / "page.html.gz").write_text(PAGE, encoding="utf-8")
    done = command("extract", "page.html.gz", "--json")
    assert (done.code, "not packed with gzip" in done.records[0]["error"]) == (1, True)


@pytest.mark.parametrize("address", ["HTTP://127.0.0.1:9/page", "ftp://127.0.0.1/page"])
def test_an_address_is_known_by_its_scheme(command: Command, address: str) -> None:
    (report,) = command("extract", address, "--json").records
    assert "No such file" not in report["error"]
    assert ("ftp" in report["error"]) is address.startswith("ftp")


@pytest.mark.parametrize(("body", "said"), [(b"", "it is empty"), (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj", "it is a PDF")])
def test_a_file_that_is_no_page_is_an_error_that_says_what_it_is(command: Command, tmp_path: Path, body: bytes, said: str) -> None:
    (tmp_path / "page.html").write_bytes(body)
    done = command("extract", "page.html", "--json")
    assert (done.code, said in done.records[0]["error"]) == (1, True)


def test_an_empty_folder_is_an_error(command: Command, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    done = command("extract", "pages")
    assert (done.code, "holds no files" in done.err) == (2, True)


def test_every_field_that_is_printed_is_documented(command: Command, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    (report,) = command("extract", "page.html", "--json").records
    told = (Path(__file__).parents[2] / "docs" / "extract.md").read_text(encoding="utf-8")
    fields = {*report, *report["facts"], *(name for facts in report["facts"].values() for fact in facts for name in fact)}
    assert [name for name in sorted(fields) if f"`{name}`" not in told] == []
