"""Turn a served entry into the article that the enrichment steps work on.

The title loses what is no part of it: the marks of its newsroom and the outlet's name that search feeds put behind it. Nothing else
of the entry is judged here.
"""

import re

from aggregator.enrich.language import primary
from aggregator.enrich.plaintext import one_line, plain_text
from aggregator.models import Article, Entry, FeedSpec

TITLE_SUFFIX = "title_suffix"
"""The feed option that says what a title ends in: ``outlet`` where every title ends in " - Outlet"."""

_MARK_WORDS = (
    r"(?:\d{1,2}(?:st|nd|rd|th) )?(?:LD|LEAD)(?:-[A-Z]{1,12})?|URGENT|UPDATED?(?: \d{1,2})?|CORRECT(?:ED|ION)?|EXCLUSIVE|BREAKING(?: NEWS)?"
    r"|Exclusive|Breaking|Urgent|Updated?|Correction|Photos?|Videos?|News (?:Focus|Analysis)|(?:Yonhap|Video) (?:Feature|Interview)"
    r"|단독|속보|긴급|정정|\d보|(?:\w{1,6} )?종합(?: ?\d?보)?|사진|영상|포토|速報|独自|詳報|続報|訂正|更新|写真|動画"
    r"|快[讯訊]|[独獨]家|突[发發]|更正|視頻|视频|СРОЧНО|Срочно|МОЛНИЯ|Молния|ОБНОВЛЕНО|Обновлено|ЭКСКЛЮЗИВ|Эксклюзив"
)
_BRACKETED = re.compile(rf"[(\[【〔（［〈<] ?(?:{_MARK_WORDS}) ?[)\]】〕）］〉>]")
_LEADING = re.compile(rf"^(?:{_MARK_WORDS}) ?[:：|｜] ?")
_LONGEST_TITLE, _LONGEST_HEAD = 120, 4_000
_SENTENCE = re.compile(r".{20,}?(?:[.!?](?= )|[。！？])")
_SUFFIX = re.compile(r" [-–—|] ([^-–—|]{2,60})$")


def article_of(entry: Entry, feed: FeedSpec) -> Article:
    """Make the article of an entry: clean title, the richer of its two bodies, the language and outlet it declares."""
    title, outlet = _title_and_outlet(entry, feed)
    html = _richer(entry.content, entry.summary)
    return Article(
        # A feed without titles still needs something to be told by.
        title=title or _first_words(html) or entry.url or "",
        text="",
        feed=feed,
        html=html,
        language=primary(entry.language or feed.language) or None,
        published_at=entry.published_at or entry.updated_at,
        outlet=outlet,
    )


def _title_and_outlet(entry: Entry, feed: FeedSpec) -> tuple[str, str | None]:
    title, outlet = one_line(entry.title), one_line(entry.outlet or "") or None
    suffix = _SUFFIX.search(title)
    if outlet is None and suffix and feed.options.get(TITLE_SUFFIX) == "outlet":
        outlet = suffix.group(1).strip()
    if outlet:
        title = _without_outlet(title, outlet)
    return _without_marks(title, entry.marks), outlet


def _without_outlet(title: str, outlet: str) -> str:
    """Take " - Outlet" off the end of a title, unless nothing else would be left."""
    for dash in (" - ", " – ", " — ", " | "):
        shorter = title.removesuffix(dash + outlet)
        if shorter != title and shorter.strip():
            return shorter.strip()
    return title


def _without_marks(title: str, marks: tuple[str, ...]) -> str:
    bare = _LEADING.sub("", _BRACKETED.sub(" ", title))
    for mark in marks:
        bare = bare.removeprefix(mark).removesuffix(mark).strip()
    return " ".join(bare.split()) or title


def _first_words(html: str) -> str:
    """Give the first sentence of a body, cut at a word where it is long."""
    line = plain_text(html[:_LONGEST_HEAD]).partition("\n")[0]
    sentence = _SENTENCE.match(line)
    words = sentence[0] if sentence else line
    return words if len(words) <= _LONGEST_TITLE else words[:_LONGEST_TITLE].rsplit(" ", 1)[0] + "…"


def _richer(content: str, summary: str) -> str:
    """Choose the body that shows more text; markup does not count."""
    if not content.strip() or not summary.strip():
        return content if content.strip() else summary
    return content if len(plain_text(content)) >= len(plain_text(summary)) else summary
