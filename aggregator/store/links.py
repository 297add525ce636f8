"""Links: what one link of the chain states, and how it is hashed.

The content is a JSON object. Version 1 was hashed with the text of its content; version 2 with the SHA-256 of its content, so that the
chain can be followed by somebody who may not read the links of others. An old link stays as it was and holds what it held.
"""

import json
import zlib
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

VERSION = 2
EXCERPT = 300
"""Characters of a text that are kept where only hashes and excerpts are."""
FIRST = "0" * 64


def link(previous: str, content: str) -> str:
    """Hash one link of the chain."""
    return hashed(f"{previous}\n{content if version_of(content) == 1 else hashed(content)}")


def version_of(content: str) -> int:
    """Tell by which rules a link was made; what cannot be read is taken for the first."""
    try:
        return int(json.loads(content).get("version", 1))
    except (ValueError, TypeError, AttributeError):
        return 1


def spelled(parts: dict[str, Any]) -> str:
    """Write JSON that is the same for the same content."""
    return json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def hashed(text: str) -> str:
    """Hash a text, also one that cannot be encoded."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def unpacked_hash(packed: bytes) -> str:
    """Hash what was compressed; empty where it cannot be unpacked."""
    try:
        return sha256(zlib.decompress(packed)).hexdigest()
    except zlib.error:
        return ""


def moment(stored: datetime | str) -> str:
    """Spell a moment, as the column type or the bare column gives it.

    Raises:
        ValueError: SQLite holds something there that nobody wrote with this program.
    """
    if isinstance(stored, datetime):
        return stored.astimezone(UTC).isoformat()
    read = datetime.fromisoformat(stored)
    if read.isoformat(" ", "microseconds") != stored:
        raise ValueError(f"no moment is spelled {stored!r}")
    return read.replace(tzinfo=UTC).isoformat()


def told(row: Any, version: int) -> dict[str, Any]:
    """Give what a link says of the response that a row holds; its columns are named as `RESPONSE` says."""
    said = {
        "url": row.url,
        "status": row.status,
        "headers": json.loads(row.headers),
        "body_sha256": row.body_sha256,
        "fetched_at": moment(row.fetched_at),
    }
    return said if version == 1 else {**said, "feed": row.response_feed, "first_seq": row.first_seq, "last_seq": row.last_seq}


def origin(row: Any) -> dict[str, Any]:
    """Give what a link says of where and when its entry and its article were first seen."""
    return {
        "entry_id": row.entry_id,
        "identity": row.identity,
        "raw_hash": row.raw_hash,
        "entry_first_seen_at": moment(row.entry_first_seen_at),
        "article_id": row.article_id,
        "article_first_seen_at": moment(row.article_first_seen_at),
        "sealed_after": row.sealed_after,
    }


def reduced(entry: str) -> str:
    """Give an entry without its text: no content, and of the summary as much as an excerpt holds."""
    said = json.loads(entry)
    return spelled({**said, "content": "", "summary": str(said.get("summary", ""))[:EXCERPT]})


def holds_excerpts(stated: dict[str, Any]) -> bool:
    """Tell whether a link was sealed where only hashes and excerpts are kept."""
    if "mode" in stated:
        return bool(stated["mode"] != "full")
    return stated["kept_sha256"] != stated["text_sha256"] or (stated["response"] is not None and not stated["body_kept"])
