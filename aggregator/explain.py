"""Explain how the topics judge a text: one from a file, a page or standard input, or thousands of rows.

A row is one JSON object a line, ``{"id", "title", "text" or "summary", "lang"?, "source"?}``; a source is the id, name or publisher of a
configured feed, which then is what the row came by (``assume_country`` and the class of its publisher count).
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aggregator.enrich import plain_text
from aggregator.enrich.language import language_of
from aggregator.enrich.plaintext import one_line
from aggregator.errors import ParseError
from aggregator.matching import Judge, Packs, compile_topics
from aggregator.models import Article, Configuration, Evidence, FeedSpec, Judgement

_UNKNOWN = FeedSpec(id="text", name="text", url="", publisher="text", family="text")
_HTML = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype html|html|head|body|div|p|article)\b", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>([^<]{0,2000})</title>", re.IGNORECASE)
_AROUND = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Hold what the topics say of one text."""

    id: str
    article: Article
    judgements: tuple[Judgement, ...]

    @property
    def relevant(self) -> bool:
        """Tell whether any topic matched."""
        return any(judgement.matched for judgement in self.judgements)


class Explainer:
    """Judge texts by the configured topics, thoroughly: what was found is quoted also where nothing matched."""

    def __init__(self, configuration: Configuration, packs: Packs) -> None:
        self.judge: Judge = compile_topics(configuration.topics, packs)
        self._packs = packs
        names = [(name.casefold(), feed) for feed in configuration.feeds for name in (feed.publisher, feed.name, feed.id)]
        self._feeds = dict(sorted(names, key=lambda named: named[1].enabled))

    def explain(self, title: str, text: str, source: str = "", language: str = "", key: str = "") -> Explained:
        """Judge one text; `source` names the feed it came by."""
        feed = self._feeds.get(source.casefold(), _UNKNOWN)
        title = one_line(title)
        article = Article(title=title, text=text, feed=feed, language=language_of(f"{title}\n{text[:20_000]}", language or feed.language))
        return Explained(id=key, article=article, judgements=self.judge.explain(article))

    def as_row(self, explained: Explained) -> Mapping[str, Any]:
        """Give the answer to a row: relevant or not, the language, and each topic with its evidence and reasons."""
        topics = {
            judgement.topic: {
                "matched": judgement.matched,
                "score": judgement.score,
                "evidence": [self._evidence(one) for one in judgement.evidence],
                "reasons": [{"code": judgement.reason.code, "detail": judgement.reason.detail}],
            }
            for judgement in explained.judgements
        }
        return {"id": explained.id, "relevant": explained.relevant, "language": explained.article.language, "topics": topics}

    def label(self, concept: str) -> str:
        """Name a concept for people."""
        return self._packs.label(concept)

    def _evidence(self, evidence: Evidence) -> Mapping[str, Any]:
        return {**asdict(evidence), "label": self.label(evidence.concept)}


def read_json(lines: Iterable[str]) -> Iterator[Mapping[str, Any] | ParseError]:
    """Read JSON objects, one a line; a line that is none becomes an error with its number, and the next lines are read all the same."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield ParseError(f"line {number} is no JSON: {str(error)[:100]}")
            continue
        if isinstance(row, dict):
            yield {**row, "id": row.get("id", number)}
        else:
            yield ParseError(f"line {number} is no JSON object: expected {{id, title, text or summary}}")


def read_rows(lines: Iterable[str]) -> Iterator[Mapping[str, Any] | ParseError]:
    """Read rows with a text to judge; one that has none becomes an error too."""
    for row in read_json(lines):
        if isinstance(row, ParseError) or any(isinstance(row.get(key), str) and row[key].strip() for key in ("title", "text", "summary")):
            yield row
        else:
            yield ParseError(f"the row {row['id']} has neither a title nor a text: expected {{id, title, text or summary}}")


def explain_row(explainer: Explainer, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Answer one row; its id is given back as it came."""
    told = {key: row[key] if isinstance(row.get(key), str) else "" for key in ("title", "text", "summary", "source", "lang")}
    text = told["text"] or told["summary"]
    explained = explainer.explain(told["title"], plain_text(text) if "<" in text else text, told["source"], told["lang"])
    return {**explainer.as_row(explained), "id": row["id"]}


def title_and_text(document: str) -> tuple[str, str]:
    """Divide a document: of a page its title and what a reader sees; of a plain text its first line and the rest."""
    if _HTML.match(document):
        title = _TITLE.search(document)
        return (one_line(plain_text(title.group(1))) if title else ""), plain_text(document)
    first, _, rest = document.strip().partition("\n")
    return (first.strip(), rest.strip()) if len(first) <= 300 else ("", document.strip())


def in_context(article: Article, evidence: Evidence) -> Sequence[str]:
    """Give a piece of evidence with some words around it: what stands before, the quote, what follows."""
    source = article.title if evidence.field == "title" else article.text
    before, after = source[max(0, evidence.start - _AROUND) : evidence.start], source[evidence.end : evidence.end + _AROUND]
    return before.rpartition("\n")[2], evidence.quote, after.partition("\n")[0]
