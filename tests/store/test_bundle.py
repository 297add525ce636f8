"""A bundle proves itself without the program, and holds no more than may be passed on."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from aggregator.bundle import write_bundle
from aggregator.errors import StoreError, UsageError
from aggregator.ports import Store
from aggregator.store import SqlStore, open_store
from aggregator.store.verifying import verify
from tests.store.samples import entry, intake, joined, matched, opened, take_in
from tests.store.test_evidence import BODY, LONG, damage, fill
from tests.store.unpacking import check, unpack, unpacked

WHOLE = "<p>whole " + "x" * 2000 + "</p>"


def rewrite(bundle: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what the bundle says of itself."""
    path = bundle / "evidence.json"
    book = json.loads(path.read_text(encoding="utf-8"))
    change(book)
    path.write_text(json.dumps(book), encoding="utf-8")


def list_again(bundle: Path) -> None:
    """Make a list of files that fits what is there, as a forger would."""
    names = [path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file() and path.name != "SHA256SUMS"]
    lines = [f"{sha256((bundle / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (bundle / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def drop_response(bundle: Path) -> None:
    for path in (bundle / "responses").iterdir():
        path.unlink()


def retitle(bundle: Path) -> None:
    page = bundle / "index.html"
    page.write_text(page.read_text(encoding="utf-8").replace("Workers one", "Workers two"), encoding="utf-8")


FORGERIES: dict[str, Callable[[Path], None]] = {
    "another head": lambda bundle: rewrite(bundle, lambda book: book.update(head="0" * 64)),
    "a link after the last": lambda bundle: rewrite(bundle, lambda book: book["chain"].append([3, "0" * 64, "1" * 64])),
    "no links": lambda bundle: rewrite(bundle, lambda book: book["proofs"].clear()),
    "one link less": lambda bundle: rewrite(bundle, lambda book: book["proofs"].pop()),
    "a hidden response": drop_response,
    "another headline": retitle,
    "a file beside": lambda bundle: (bundle / "more.txt").touch(),
}


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("name", FORGERIES)
def test_what_a_forger_changes_is_found_by_the_script_of_the_bundle(
    store: Store, url: str, name: str, listed: bool, tmp_path: Path
) -> None:
    bundle = unpack(url, fill(store), tmp_path)
    FORGERIES[name](bundle)
    if listed:
        list_again(bundle)
    assert check(bundle).returncode == 1


def test_a_bundle_that_was_made_anew_has_another_root_and_a_head_that_the_service_does_not_know(
    store: Store, url: str, tmp_path: Path
) -> None:
    made, bundle = unpacked(url, fill(store), tmp_path)
    assert (check(bundle, made.root).returncode, verify(url, made.head).noted) == (0, 2)
    assert "aggregator db verify --head" in (bundle / "README.txt").read_text(encoding="utf-8")
    (bundle / "README.txt").write_text("forged", encoding="utf-8")
    list_again(bundle)
    done = check(bundle, made.root)
    assert (done.returncode, done.stdout[:15]) == (1, "the root is not")


@pytest.mark.parametrize("sealed", ["full", "excerpts"])
def test_a_bundle_of_excerpts_holds_no_whole_text_and_proves_itself(store: Store, url: str, sealed: str, tmp_path: Path) -> None:
    store.close()
    sealing = open_store(url, sealed)
    (revision,) = take_in(sealing, intake("long", served=entry("long", content=WHOLE, summary="s" * 2000)))
    story = sealing.record_judged(matched(revision, opened(), text=LONG))
    sealing.close()
    assert story
    made, bundle = unpacked(url, story, tmp_path, "excerpts")
    done = check(bundle, made.root)
    assert (done.returncode, "only" in done.stdout) == (0, False), done.stdout
    said = json.loads((bundle / "entries/1.json").read_text(encoding="utf-8"))
    assert (said["content"], len(said["summary"]), len((bundle / "texts/1.txt").read_text(encoding="utf-8"))) == ("", 300, 300)
    everything = b"".join(path.read_bytes() for path in bundle.rglob("*") if path.is_file())
    assert b"x" * 301 not in everything
    assert LONG[:301].encode() not in everything
    assert b"s" * 301 not in everything


def test_a_link_that_was_sealed_as_an_excerpt_is_never_passed_on_whole(store: Store, url: str, tmp_path: Path) -> None:
    story = fill(store)
    careful = open_store(url, "excerpts")
    (revision,) = take_in(careful, intake("long", served=entry("long", content=WHOLE)))
    careful.record_judged(matched(revision, joined(story), text=LONG))
    careful.close()
    bundle = unpack(url, story, tmp_path)
    assert check(bundle).returncode == 0
    assert "x" * 301 not in (bundle / "entries/3.json").read_text(encoding="utf-8")


def test_a_bundle_opens_and_proves_itself_without_the_program(store: Store, url: str, tmp_path: Path) -> None:
    story = fill(store)
    bundle = unpack(url, story, tmp_path)
    done = check(bundle)
    assert done.stdout.splitlines()[0::2] == [f"2 links of story {story} are as they were sealed: 1, 2", f"head {verify(url).head}"]
    assert done.returncode == 0
    page = (bundle / "index.html").read_text(encoding="utf-8")
    assert "노동자" in page
    assert "<script>" not in page
    assert [path.read_bytes() for path in (bundle / "responses").iterdir()] == [BODY]


@pytest.mark.parametrize("name", ["texts/1.txt", "entries/2.json", "evidence.json", "responses"])
def test_a_changed_file_in_a_bundle_is_found_by_its_own_script(store: Store, url: str, name: str, tmp_path: Path) -> None:
    bundle = unpack(url, fill(store), tmp_path)
    path = next((bundle / name).iterdir()) if name == "responses" else bundle / name
    path.write_bytes(path.read_bytes().replace(b"Workers one", b"Workers two").replace(b"2,000", b"3,000"))
    assert "was changed" in check(bundle).stdout


def test_a_story_that_is_not_there_has_no_bundle(store: Store, url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="story 7"):
        write_bundle(url, 7, tmp_path / "story.zip")
    assert not (tmp_path / "story.zip").exists()


def test_evidence_that_cannot_be_read_makes_no_bundle(sql_store: SqlStore, store: Store, url: str, tmp_path: Path) -> None:
    story = fill(store)
    damage(sql_store, "UPDATE evidence SET content = '{' WHERE number = 1")
    with pytest.raises(StoreError, match="aggregator db verify"):
        write_bundle(url, story, tmp_path / "story.zip")
