"""Check this bundle: python3 verify.py [ROOT], inside the unpacked folder. Needs nothing but Python 3.

ROOT is what `aggregator export` printed, the SHA-256 of SHA256SUMS. The file names are taken from what was sealed, never from what the
bundle says of itself. README.txt says what a bundle cannot prove alone.
"""

import hashlib
import html
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ALWAYS = {"README.txt", "index.html", "evidence.json", "verify.py"}
LIST = "SHA256SUMS"


def sha(content: bytes) -> str:
    """Hash some bytes."""
    return hashlib.sha256(content).hexdigest()


def is_limited(book: dict[str, Any], said: dict[str, Any]) -> bool:
    """Tell whether a link's texts are excerpts: it was sealed so, or is exported so."""
    if "mode" in said:
        return bool(book["mode"] != "full" or said["mode"] != "full")
    cut = said["kept_sha256"] != said["text_sha256"] or (said["response"] is not None and not said["body_kept"])
    return bool(book["mode"] != "full" or cut)


def proven_files(book: dict[str, Any], proof: dict[str, Any]) -> dict[str, set[str]]:
    """Give the files of a link with the hashes that its sealed content allows; none where only the list of files holds one."""
    said, limited = json.loads(proof["content"]), is_limited(book, json.loads(proof["content"]))
    whole = {said["kept_sha256"]} if not limited or said["kept_sha256"] != said["text_sha256"] else set()
    excerpt = {said["excerpt_sha256"]} if limited and "excerpt_sha256" in said else set()
    entry = {said["reduced_sha256"]} if limited and "reduced_sha256" in said else set() if limited else {said["entry_sha256"]}
    files = {f"texts/{proof['number']}.txt": whole | excerpt, f"entries/{proof['number']}.json": entry}
    if said["body_kept"] and not limited:
        files[f"responses/{said['response']['body_sha256']}.bin"] = {said["response"]["body_sha256"]}
    return files


def chain_faults(book: dict[str, Any]) -> Iterator[str]:
    """Follow the chain from the first text of the story to its head."""
    first = book["proofs"][0]
    previous, expected, links = first["previous"], first["number"], {}
    for number, value, own in book["chain"]:
        if (number, own) != (expected, sha(f"{previous}\n{value}".encode())):
            yield f"link {number}: the chain is broken here"
        links[number] = (previous, value, own)
        previous, expected = own, number + 1
    if book["head"] != previous:
        yield "the head is not the end of the chain"
    for proof in book["proofs"]:
        version = json.loads(proof["content"]).get("version", 1)
        value = proof["content"] if version == 1 else sha(proof["content"].encode())
        if links.get(proof["number"]) != (proof["previous"], value, proof["hash"]):
            yield f"link {proof['number']}: its content was changed"


def page_faults(book: dict[str, Any], page: str) -> Iterator[str]:
    """Hold the page for people against the links."""
    if page.count("<h2>") != len(book["proofs"]) or f"<code>{book['head']}</code>" not in page:
        yield "index.html shows other texts or another head"
    for proof in book["proofs"]:
        title = html.escape(json.loads(proof["content"])["title"])
        if f"<h2>{title}</h2>" not in page or f"<code>{proof['hash']}</code>" not in page:
            yield f"index.html does not show link {proof['number']} as it was sealed"


def list_faults(here: Path, expected: set[str]) -> Iterator[str]:
    """Hold every file that is there against the list, and both against what the links ask for."""
    lines = (here / LIST).read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    present = {path.relative_to(here).as_posix() for path in here.rglob("*") if path.is_file()} - {LIST}
    for name in sorted(set(listed) | present | expected):
        if name not in present:
            yield f"{name} is missing"
        elif name not in listed or name not in expected:
            yield f"{name} does not belong here"
        elif sha((here / name).read_bytes()) != listed[name]:
            yield f"{name} was changed"


def faults_of(here: Path, book: dict[str, Any], root: str | None) -> Iterator[str]:
    """Give everything that is wrong with a bundle."""
    if root is not None and root != sha((here / LIST).read_bytes()):
        yield f"the root is not {root}: this is another bundle, or somebody changed it"
    if not book["proofs"]:
        yield "there is no link in it"
        return
    files = {name: hashes for proof in book["proofs"] for name, hashes in proven_files(book, proof).items()}
    yield from list_faults(here, ALWAYS | set(files))
    yield from chain_faults(book)
    yield from page_faults(book, (here / "index.html").read_text(encoding="utf-8"))
    for name, hashes in files.items():
        if hashes and sha((here / name).read_bytes()) not in hashes:
            yield f"{name} was changed: it is not what was sealed"


def main(here: Path, arguments: Sequence[str]) -> int:
    """Check a bundle, say what was found, and give the exit code."""
    book: dict[str, Any] = {"proofs": ()}
    try:
        book = json.loads((here / "evidence.json").read_text(encoding="utf-8"))
        faults = list(faults_of(here, book, arguments[0] if arguments else None))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        faults = [f"it cannot be read: {error!r}"]
    if faults:
        sys.stdout.write("\n".join(faults) + "\n")
        return 1
    numbers = ", ".join(str(proof["number"]) for proof in book["proofs"])
    loose = [name for proof in book["proofs"] for name, hashes in proven_files(book, proof).items() if not hashes]
    sys.stdout.write(f"{len(book['proofs'])} links of story {book['story']} are as they were sealed: {numbers}\n")
    sys.stdout.write(f"root {sha((here / LIST).read_bytes())}\nhead {book['head']}\n")
    sys.stdout.write("".join(f"{name} is held by {LIST} only\n" for name in loose))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent, sys.argv[1:]))
