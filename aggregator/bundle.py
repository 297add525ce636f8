"""Evidence bundles: one ZIP file that proves what a story was made of, and opens without the service.

Inside: `index.html` for people, `evidence.json` with every link, the chain from the first of them to its head, the responses and texts
as files, and `verify.py`, which hashes all of it again with nothing but Python. Times inside the archive are fixed, so that the same
story gives the same bytes until its evidence grows.
"""

import html
import json
import zipfile
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from aggregator.errors import StoreError, UsageError
from aggregator.store.evidence import Proof, chain, story_proofs

_VERIFY = '''"""Hash this bundle again: python3 verify.py, inside the unpacked folder. Needs nothing but Python 3."""
import hashlib
import json
import pathlib
import sys

here = pathlib.Path(__file__).resolve().parent
book = json.loads((here / "evidence.json").read_text(encoding="utf-8"))
sha = lambda data: hashlib.sha256(data).hexdigest()
faults, chain = [], {number: (content, own) for number, content, own in book["chain"]}

def expect(true, sentence):
    if not true:
        faults.append(sentence)

for proof in book["proofs"]:
    name, said = "link %d" % proof["number"], json.loads(proof["content"])
    expect(sha((proof["previous"] + "\\n" + proof["content"]).encode()) == proof["hash"], name + ": its content was changed")
    expect(chain.get(proof["number"]) == (sha(proof["content"].encode()), proof["hash"]), name + ": the chain holds another one")
    for key, stated in (("text_file", said["kept_sha256"]), ("entry_file", said["entry_sha256"])):
        expect(sha((here / proof[key]).read_bytes()) == stated, name + ": " + proof[key] + " was changed")
    if proof["response_file"]:
        expect(sha((here / proof["response_file"]).read_bytes()) == said["response"]["body_sha256"], name + ": the response was changed")

print("\\n".join(faults) or "%d links are as they were sealed; head %s" % (len(book["proofs"]), book["head"]))
sys.exit(bool(faults))
'''
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Evidence of story {story}</title>
<style>body{{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}}code{{word-break:break-all}}
pre{{white-space:pre-wrap;background:#f4f4f4;padding:1em}}</style>
<h1>Evidence of story {story}</h1><p>{count} texts. Head of the chain: <code>{head}</code></p>
<p>To check the hashes: <code>python3 verify.py</code></p>{articles}</html>
"""
_ARTICLE = """<h2>{title}</h2><p><a rel="noreferrer" href="{address}">{address}</a><br>Feed {feed}, seen {observed_at}, sealed {sealed_at},
link {number}</p><p>{files}</p><pre>{text}</pre><p>Link <code>{hash}</code></p>
"""
_STAMP = (1980, 1, 1, 0, 0, 0)


def write_bundle(url: str, story_id: int, path: Path) -> int:
    """Write the bundle of a story and give the number of its links.

    Raises:
        UsageError: there is no evidence for such a story, or a file at `path` already.
        StoreError: the file cannot be written.
    """
    proofs = story_proofs(url, story_id)
    if not proofs:
        raise UsageError(f"there is no evidence for story {story_id}: aggregator digest show lists stories by number")
    try:
        with path.open("xb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in _files(story_id, proofs, _hashed(chain(url, proofs[0].number - 1))):
                archive.writestr(zipfile.ZipInfo(name, _STAMP), content, zipfile.ZIP_DEFLATED)
    except FileExistsError:
        raise UsageError(f"{path} exists: a bundle overwrites nothing, name another file") from None
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error
    return len(proofs)


def _hashed(links: Sequence[tuple[int, str, str]]) -> list[tuple[int, str, str]]:
    return [(number, sha256(content.encode()).hexdigest(), own) for number, content, own in links]


def _files(story_id: int, proofs: Sequence[Proof], links: Sequence[tuple[int, str, str]]) -> Iterator[tuple[str, bytes]]:
    head = links[-1][2]
    book = {"story": story_id, "head": head, "proofs": [_listed(proof) for proof in proofs], "chain": links}
    articles = "".join(_article(proof) for proof in proofs)
    yield "index.html", _PAGE.format(story=story_id, count=len(proofs), head=head, articles=articles).encode()
    yield "evidence.json", json.dumps(book, ensure_ascii=False, indent=1).encode()
    yield "verify.py", _VERIFY.encode()
    written: set[str] = set()
    for proof in proofs:
        listed = _listed(proof)
        yield listed["text_file"], proof.kept.encode()
        yield listed["entry_file"], proof.entry.encode()
        name = listed["response_file"]
        if name and proof.body is not None and name not in written:
            written.add(name)
            yield name, proof.body


def _listed(proof: Proof) -> dict[str, Any]:
    said = json.loads(proof.content)
    response = said["response"] if proof.body is not None else None
    return {
        "number": proof.number,
        "content": proof.content,
        "previous": proof.previous,
        "hash": proof.hash,
        "text_file": f"texts/{proof.number}.txt",
        "entry_file": f"entries/{proof.number}.json",
        # A name that no browser opens as a page: the bytes are hostile.
        "response_file": f"responses/{response['body_sha256']}.bin" if response else "",
    }


def _article(proof: Proof) -> str:
    said, listed = json.loads(proof.content), _listed(proof)
    present = [name for name in (listed["text_file"], listed["entry_file"], listed["response_file"]) if name]
    files = " · ".join(f'<a href="{name}">{name}</a>' for name in present)
    address = said["article"] if str(said["article"]).startswith(("http://", "https://")) else ""
    names = ("title", "feed", "observed_at", "sealed_at")
    shown = {name: html.escape(str(said[name])) for name in names}
    parts = {"address": html.escape(address), "number": proof.number, "files": files, "hash": proof.hash}
    return _ARTICLE.format(**shown, **parts, text=html.escape(proof.kept))
