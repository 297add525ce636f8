"""Evidence bundles: one ZIP file that proves what a story was made of, and opens without the service.

Inside: `index.html` for people, `evidence.json` with every link, the chain from the first of them to its head, the responses and texts
as files, and `verify.py`, which hashes all of it again with nothing but Python. `SHA256SUMS` lists every file; its own hash is the root,
which is told where the bundle is made. Where only excerpts are kept, or may be passed on, no file holds more than an excerpt. Times
inside the archive are fixed, so that the same story gives the same bytes until the chain grows.
"""

import html
import json
import os
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from aggregator.errors import StoreError, UsageError
from aggregator.store.engine import PRIVATE_FILE
from aggregator.store.links import EXCERPT, hashed, holds_excerpts, reduced, version_of
from aggregator.store.proofs import Proof, chain, story_proofs

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Evidence of story {story}</title>
<style>body{{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}}code{{word-break:break-all}}
pre{{white-space:pre-wrap;background:#f4f4f4;padding:1em}}</style>
<h1>Evidence of story {story}</h1><p>{count} texts. Head of the chain: <code>{head}</code></p>
<p>To check the hashes: <code>python3 verify.py</code>; <a href="README.txt">README.txt</a> says what they prove.</p>{articles}</html>
"""
_ARTICLE = """<h2>{title}</h2><p><a rel="noreferrer" href="{address}">{address}</a><br>Feed {feed}, seen {observed_at}, sealed {sealed_at},
link {number}</p><p>{files}</p><pre>{text}</pre><p>Link <code>{hash}</code></p>
"""
_README = """Evidence of story {story}

To read it: open index.html. To check it: python3 verify.py ROOT, with the root that was told when this bundle was made.
Without this script: sha256sum -c SHA256SUMS, and sha256sum SHA256SUMS gives the root.

What the check proves: every file is listed in SHA256SUMS and unchanged; texts, entries and responses have the hashes that were
sealed; each link follows from the one before, up to the head.

What a bundle cannot prove alone: that it was not made anew as a whole, this script included. So
1. compare the root with the one that was told on another way, or
2. let the service say whether it knows the head: aggregator db verify --head HEAD
   It names the link with that hash and checks the whole chain; the head stays known when the chain grows.
A link tells what the service saw and when; its times are those of the service's clock.

Head: {head}
{limits}"""
_LIMITS = "\nThis bundle holds excerpts: hashes of whole texts and entries, and of each not more than its first characters.\n"
_CHECK = Path(__file__).with_name("bundle_check.py")
_STAMP = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Tell of a bundle that was written; `root` is the SHA-256 of its list of files."""

    links: int
    root: str
    head: str


def write_bundle(url: str, story_id: int, path: Path, mode: str = "full") -> Bundle:
    """Write the bundle of a story; with the mode "excerpts" no file holds more than an excerpt, however much is kept.

    Raises:
        UsageError: there is no evidence for such a story, or a file at `path` already.
        StoreError: the file cannot be written, or the evidence not be read.
    """
    try:
        proofs = story_proofs(url, story_id)
        if not proofs:
            raise UsageError(f"there is no evidence for story {story_id}: aggregator digest show lists stories by number")
        links = _followed(chain(url, proofs[0].number - 1))
        files = _files({"story": story_id, "mode": mode, "head": links[-1][2], "chain": links}, proofs)
    except (ValueError, TypeError, AttributeError, KeyError, zlib.error) as error:
        raise StoreError("the evidence was changed and cannot be read: aggregator db verify names what differs") from error
    sums = "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in files.items()).encode()
    try:
        with open(path, "xb", opener=_private) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in {**files, "SHA256SUMS": sums}.items():
                archive.writestr(zipfile.ZipInfo(name, _STAMP), content, zipfile.ZIP_DEFLATED)
    except FileExistsError:
        raise UsageError(f"{path} exists: a bundle overwrites nothing, name another file") from None
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error
    return Bundle(links=len(proofs), root=sha256(sums).hexdigest(), head=links[-1][2])


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE_FILE)


def _followed(links: Sequence[tuple[int, str, str]]) -> list[tuple[int, str, str]]:
    """Give for each link what its hash was made of; of others' articles that is a hash, but for links of the first version."""
    return [(number, content if version_of(content) == 1 else hashed(content), own) for number, content, own in links]


def _files(book: dict[str, Any], proofs: Sequence[Proof]) -> dict[str, bytes]:
    told = {name: book[name] for name in ("story", "head")}
    parts = [_parts(proof, book["mode"]) for proof in proofs]
    limits = _LIMITS if any(_is_limited(proof, book["mode"]) for proof in proofs) else ""
    articles = "".join(_article(proof, files) for proof, files in zip(proofs, parts, strict=True))
    listed = [{name: getattr(proof, name) for name in ("number", "content", "previous", "hash")} for proof in proofs]
    files = {
        "README.txt": _README.format(**told, limits=limits).encode(),
        "index.html": _PAGE.format(**told, count=len(proofs), articles=articles).encode(),
        "evidence.json": json.dumps({**book, "proofs": listed}, ensure_ascii=False, indent=1).encode(),
        "verify.py": _CHECK.read_bytes(),
    }
    for one in parts:
        files |= one
    return files


def _is_limited(proof: Proof, mode: str) -> bool:
    return mode != "full" or holds_excerpts(json.loads(proof.content))


def _parts(proof: Proof, mode: str) -> dict[str, bytes]:
    """Give the files of one link by name."""
    limited, response = _is_limited(proof, mode), json.loads(proof.content)["response"]
    kept, entry = (proof.kept[:EXCERPT], reduced(proof.entry)) if limited else (proof.kept, proof.entry)
    files = {f"texts/{proof.number}.txt": kept.encode(), f"entries/{proof.number}.json": entry.encode()}
    if response and proof.body is not None and not limited:
        # A name that no browser opens as a page: the bytes are hostile.
        files[f"responses/{response['body_sha256']}.bin"] = proof.body
    return files


def _article(proof: Proof, files: Mapping[str, bytes]) -> str:
    said = json.loads(proof.content)
    linked = " · ".join(f'<a href="{name}">{name}</a>' for name in files)
    address = said["article"] if str(said["article"]).startswith(("http://", "https://")) else ""
    names = ("title", "feed", "observed_at", "sealed_at")
    shown = {name: html.escape(str(said[name])) for name in names}
    parts = {"address": html.escape(address), "number": proof.number, "files": linked, "hash": proof.hash}
    text = next(iter(files.values())).decode()
    return _ARTICLE.format(**shown, **parts, text=html.escape(text))
