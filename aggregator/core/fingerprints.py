"""Fingerprints: what makes two served entries, or two texts, the same.

The raw hash tells whether a feed said anything different; the text hash tells whether two pages carry the same words.
Both are 128-bit BLAKE2b in hexadecimal.
"""

import re
import unicodedata
from hashlib import blake2b

from aggregator.models import Entry

_WORDS = re.compile(r"[^\W_]+")
_NO_WORDS = bytes(code for code in range(128) if not chr(code).isalnum())


def digest_of(*parts: str) -> str:
    """Hash the parts in order; a separator keeps ("ab", "c") and ("a", "bc") apart."""
    return blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def body_hash(body: bytes) -> str:
    """Hash a response body as it came."""
    return blake2b(body, digest_size=16).hexdigest()


def raw_hash(entry: Entry) -> str:
    """Hash all that an entry says, except its dates: some systems stamp every entry anew whenever they build the feed."""
    return digest_of(entry.title, entry.url or "", entry.summary, entry.content)


def words_of(text: str) -> str:
    """Reduce a text to its letters and digits, folded, so that layout, case, quotes and marks do not count."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    # Blanks and stops go first and at once, so that the pattern meets a few long runs instead of every single word.
    joined = folded.encode("utf-8", "surrogatepass").translate(None, _NO_WORDS).decode("utf-8", "surrogatepass")
    return joined if joined.isascii() else "".join(_WORDS.findall(joined))


def text_hash(title: str, text: str) -> str:
    """Hash the words of an article; its headline counts only where there is hardly any text, as outlets rewrite headlines."""
    words = words_of(text)
    return digest_of(words if len(words) >= SHORT else words_of(title) + words)


def tells_enough(title: str, text: str) -> bool:
    """Tell whether equal words prove one report: "Photo" over an empty text proves none."""
    return len(words_of(title + text).encode("utf-8", "surrogatepass")) >= _PROVES


_PROVES = 30
"""Bytes of letters that equal texts, or headlines over empty ones, have at least; letters of dense scripts weigh three."""
SHORT = 80
"""Below this many letters a body proves nothing alone (a photo line, "read more"), so the headline joins it."""
