"""Turn hostile HTML into plain text with paragraphs, in one pass and linear time.

An HTML5 tokenizer feeds the text to a collector; no tree is built, so depth costs nothing. Paragraphs are divided by one blank line.
Text without any tag is taken as it stands: its blank lines are its paragraphs.
"""

import html as entities
import re
import threading
from collections.abc import Mapping
from dataclasses import replace

from lxml import etree

from aggregator.enrich.folding import compose
from aggregator.models import Article

MAX_HTML = 1_000_000
MAX_TEXT = 200_000
MAX_LINE = 1_000
MAX_DEPTH = 1_000
_CHUNK = 16_384
_ANY_TAG = re.compile(r"<[a-zA-Z/!?][^<>]{0,1000}>")
_TAG = re.compile(r"<(?:[a-zA-Z/!?])")
_BLOCKS = (
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5"
    " h6 header hr html legend li main menu nav ol p pre section summary table tbody tfoot thead tr ul"
)
_DIVIDERS = {**dict.fromkeys(_BLOCKS.split(), "\x02"), "br": "\x01", **dict.fromkeys(("td", "th", "option"), " ")}
_UNSEEN = (
    "applet audio button canvas embed head iframe math noembed noframes noscript object script select style svg template textarea title"
    " video"
)
_DROPPED = frozenset(_UNSEEN.split())
_BREAK, _PARAGRAPH = "\n", "\n\n"
_BLANKS = re.compile(r"[^\S\n]+")
_UNEVEN = re.compile(r"[^\S\n ]|  ")
_GAPS = re.compile(r"\n{2,}")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\u200b\ud800-\udfff]")
# How WordPress signs a feed's entry, in the languages it speaks: (start, middle) of the last paragraph.
_SIGNATURES = (
    ("The post ", " appeared first on "),
    ("글 ", "에 처음 등장했습니다"),
    ("投稿 ", "に最初に表示されました"),
    ("文章", "最先出现在"),
    ("〈", "最早發佈於"),
    ("Сообщение ", " появились сначала на "),
    ("Запись ", " впервые появилась "),
)


async def extract_text(article: Article) -> Article:
    """Fill the article's text from its HTML; a text that is already there stays."""
    return article if article.text else replace(article, text=plain_text(article.html))


def plain_text(html: str) -> str:
    """Give what a reader would see of a piece of HTML, NFC, without scripts, styles and the signature of WordPress.

    Reads at most `MAX_HTML` characters and gives at most `MAX_TEXT`, cut after a paragraph where there is one.
    """
    html = html[:MAX_HTML].replace("\r\n", "\n").replace("\r", "\n")
    text = _without_tags(html) if _TAG.search(html) else entities.unescape(html)
    return _bounded(_unsigned(_tidy(text)))


def one_line(text: str) -> str:
    """Bring a headline into one line of at most `MAX_LINE` characters: NFC, single spaces, no control characters."""
    return " ".join(compose(_CONTROLS.sub("", text[: 4 * MAX_LINE])).split())[:MAX_LINE].strip()


class _TooDeepError(Exception):
    """Stop the tokenizer: with thousands of open elements every stray end tag makes it search them all."""


class _Collector:
    """Collect the visible text while the tokenizer reports tags; `dropped` counts the open elements nobody sees."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget everything, for the next document."""
        self.parts: list[str] = []
        self.dropped = 0
        self.depth = 0
        self.blocks = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooDeepError
        if tag in _DROPPED:
            self.dropped += 1
        elif not self.dropped and (divider := _DIVIDERS.get(tag)):
            # body and html are the tokenizer's own additions to every fragment
            self.blocks = self.blocks or (divider != " " and tag not in ("body", "html"))
            self.parts.append(divider)

    def end(self, tag: str) -> None:
        self.depth -= 1
        if tag in _DROPPED:
            self.dropped = max(0, self.dropped - 1)
        elif not self.dropped and tag != "br" and (divider := _DIVIDERS.get(tag)):
            self.blocks = self.blocks or (divider != " " and tag not in ("body", "html"))
            self.parts.append(divider)

    def data(self, text: str) -> None:
        if not self.dropped:
            self.parts.append(text)

    def close(self) -> None:
        """Finish; the tokenizer demands the method."""


class _Tokenizer(threading.local):
    """Hold the tokenizer of a thread, which serves for one document after the other: it costs as much to make as a page to read."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Take a new tokenizer, since the old one broke off in the middle of a document."""
        self.collector = _Collector()
        self.parser = etree.HTMLParser(
            target=self.collector, huge_tree=True, recover=True, encoding="utf-8", remove_comments=True, remove_pis=True
        )


_TOKENIZER = _Tokenizer()


def _without_tags(html: str) -> str:
    """Give the text between the tags; where no tag divides it, its own line feeds do."""
    collector = _TOKENIZER.collector
    collector.begin()
    try:
        _feed(_TOKENIZER.parser, _CONTROLS.sub("", html).encode("utf-8"))
    except _TooDeepError:
        _TOKENIZER.renew()
        return entities.unescape(_ANY_TAG.sub(_PARAGRAPH, html))
    except etree.LxmlError:
        _TOKENIZER.renew()
        return ""  # nothing but comments and the like
    text = "".join(collector.parts)
    if collector.blocks:
        text = text.replace("\n", " ")
    return text.replace("\x01", _BREAK).replace("\x02", _PARAGRAPH)


def _feed(parser: etree.HTMLParser, source: bytes) -> None:
    for start in range(0, len(source), _CHUNK):  # an exception of the collector stops the tokenizer between two chunks
        parser.feed(source[start : start + _CHUNK])
    parser.close()


def _tidy(text: str) -> str:
    text = compose(_CONTROLS.sub("", text))
    if _UNEVEN.search(text):
        text = _BLANKS.sub(" ", text)
    # Without a blank beside a line feed, several line feeds stand side by side.
    return _GAPS.sub(_PARAGRAPH, text.replace(" \n", _BREAK).replace("\n ", _BREAK)).strip()


def _unsigned(text: str) -> str:
    body, _, last = text.rpartition(_PARAGRAPH)
    signed = any(last.startswith(start) and middle in last for start, middle in _SIGNATURES)
    return body if signed and len(last) < 1000 else text


def _bounded(text: str) -> str:
    if len(text) <= MAX_TEXT:
        return text
    paragraphs = text[:MAX_TEXT].rfind(_PARAGRAPH)
    return text[: paragraphs if paragraphs > MAX_TEXT // 2 else MAX_TEXT].rstrip()
