"""Teasers: texts that break off, in the middle of a sentence or with an invitation to read on."""

import re

_CUT = re.compile(
    r"(?:\.\.\.|…|\[…\]|\[\.\.\.\]|\[&#8230;\]|(?:read|continue reading|read the full|더 ?보기|続きを読む|阅读全文|閱讀全文"
    r"|читать далее).{0,30})$",
    re.IGNORECASE,
)
_ENDED = re.compile(r"[.!?。！？…:;)\]」』”\"'’›»*—-]$|[다요]$|[A-Z]{2,}$|\d$")


def is_teaser(text: str) -> bool:
    """Tell whether a text breaks off: in the middle of a sentence, or with "…" and "read more"."""
    last = text.rstrip().rpartition("\n")[2]
    if _CUT.search(last[-200:]):
        return True
    return bool(last) and len(last) > 60 and not _ENDED.search(last) and last[-1].isalpha() and last[-1].islower() and len(text) < 800
