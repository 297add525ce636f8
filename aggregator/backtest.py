"""Backtest: what a change of the topics would have done to the archive, and to labelled articles.

Labels are JSON rows ``{"url" or "seq", "topics": [...]}`` or ``{..., "relevant": true}`` or ``{..., "label_<topic>": 1}``. A row that
brings its own ``title`` and ``text`` is judged as it is, so that a file of labels can guard a repository without any archive.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aggregator.errors import ParseError
from aggregator.explain import Explainer, explain_row
from aggregator.matching import Judge
from aggregator.models import Article, FeedSpec
from aggregator.ports import Store
from aggregator.records import Archived
from aggregator.trial import Tally

_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Hold one article that the two rules judge differently; `kind` is "gained", "lost" or "rescored"."""

    kind: str
    topic: str
    title: str
    url: str
    source: str
    language: str
    before: float
    after: float
    reason: str


@dataclass(slots=True, kw_only=True)
class Compared:
    """Hold the outcome of a comparison; `lost_labels` names labelled positives that only the old rules found."""

    articles: int = 0
    days: float = 0.0
    alerts_before: int = 0
    alerts_after: int = 0
    changes: list[Change] = field(default_factory=list)
    tallies: dict[str, tuple[Tally, Tally]] = field(default_factory=dict)
    lost_labels: list[str] = field(default_factory=list)

    def counts(self, key: str) -> Mapping[tuple[str, str], int]:
        """Count changes by an attribute ("language" or "source") and kind."""
        counted: dict[tuple[str, str], int] = {}
        for change in self.changes:
            place = (getattr(change, key), change.kind)
            counted[place] = counted.get(place, 0) + 1
        return counted


@dataclass(frozen=True, slots=True)
class Rules:
    """Hold one set of topics: its judge, and the explainer for labelled texts."""

    explainer: Explainer
    feeds: Mapping[str, FeedSpec]

    @property
    def judge(self) -> Judge:
        """Give the judge of these topics."""
        return self.explainer.judge


def compare(old: Rules, new: Rules, archive: Iterable[Archived], labels: Sequence[Mapping[str, Any]]) -> Compared:
    """Judge the archive by both rules, and hold both against the labels."""
    result, known = Compared(), {_key(row): row for row in labels if "title" not in row}
    moments: list[datetime] = []
    for archived in archive:
        result.articles += 1
        moments.append(archived.revision.observed_at)
        before, after = _verdicts(old, archived), _verdicts(new, archived)
        result.alerts_before += any(matched for matched, _, _ in before.values())
        result.alerts_after += any(matched for matched, _, _ in after.values())
        result.changes += _changes(archived, before, after)
        row = (
            known.get(archived.revision.article_key)
            or known.get(archived.revision.entry.url or "")
            or known.get(str(archived.revision.seq))
        )
        if row is not None:
            _hold(result, row, _matched(before), _matched(after), archived.title)
    result.days = max(1.0, (max(moments) - min(moments)).total_seconds() / 86400) if moments else 1.0
    for row in labels:
        if "title" in row:
            _hold(result, row, _matched_row(old, row), _matched_row(new, row), str(row["title"]))
    return result


def read_archive(store: Store, since: datetime | None) -> Iterator[Archived]:
    """Give the stored articles in order, a batch at a time."""
    after = 0
    while batch := store.archived(after, _BATCH, since):
        yield from batch
        after = batch[-1].revision.seq


def check_labels(rows: Iterable[Mapping[str, Any] | ParseError]) -> Sequence[Mapping[str, Any]]:
    """Refuse rows that label nothing; raises `ParseError`."""
    found: list[Mapping[str, Any]] = []
    for row in rows:
        if isinstance(row, ParseError):
            raise row
        if not {"topics", "relevant"} & row.keys() and not any(key.startswith("label_") for key in row):
            raise ParseError(f"the row of {row.get('url') or row.get('id')} has no label: topics, relevant or label_<topic>")
        if str(row.get("borderline", "")) not in ("True", "true", "1"):
            found.append(row)
    return found


# --- parts ------------------------------------------------------------------------------------------------------

Verdict = tuple[bool, float, str]


def _verdicts(rules: Rules, archived: Archived) -> Mapping[str, Verdict]:
    feed_id = archived.revision.feed_id
    feed = rules.feeds.get(feed_id) or FeedSpec(id=feed_id, name=feed_id, url="", publisher=feed_id, family=feed_id)
    article = Article(title=archived.title, text=archived.text, feed=feed, language=archived.language or None, outlet=archived.outlet)
    return {one.topic: (one.matched, one.score, one.reason.detail) for one in rules.judge.judge(article)}


def _changes(archived: Archived, before: Mapping[str, Verdict], after: Mapping[str, Verdict]) -> Iterator[Change]:
    for topic in {**before, **after}:
        was, now = before.get(topic, (False, 0.0, "no such topic")), after.get(topic, (False, 0.0, "no such topic"))
        kind = _kind(was, now)
        if kind:
            yield Change(
                kind=kind,
                topic=topic,
                title=archived.title,
                url=archived.revision.entry.url or "",
                source=archived.revision.feed_id,
                language=archived.language,
                before=was[1],
                after=now[1],
                reason=now[2],
            )


def _kind(was: Verdict, now: Verdict) -> str:
    if was[0] != now[0]:
        return "gained" if now[0] else "lost"
    return "rescored" if now[0] and was[1] != now[1] else ""


def _matched(verdicts: Mapping[str, Verdict]) -> set[str]:
    return {topic for topic, (matched, _, _) in verdicts.items() if matched}


def _matched_row(rules: Rules, row: Mapping[str, Any]) -> set[str]:
    topics = explain_row(rules.explainer, {"id": "", **row})["topics"]
    return {topic for topic, verdict in topics.items() if verdict["matched"]}


def _hold(result: Compared, row: Mapping[str, Any], before: set[str], after: set[str], title: str) -> None:
    """Hold both verdicts against a label, for all topics together and for each that is labelled."""
    for name, wanted in _wanted(row).items():
        old, new = result.tallies.setdefault(name, (Tally(), Tally()))
        had, has = (bool(before), bool(after)) if name == "relevant" else (name in before, name in after)
        old.add(wanted, had)
        new.add(wanted, has)
        if wanted and had and not has:
            result.lost_labels.append(f"{name}: {title}")


def _wanted(row: Mapping[str, Any]) -> Mapping[str, bool]:
    wanted = {key.removeprefix("label_"): _is_yes(value) for key, value in row.items() if key.startswith("label_")}
    wanted |= {str(topic): True for topic in row.get("topics", ())}
    return {"relevant": _is_yes(row.get("relevant", any(wanted.values()))), **wanted}


def _is_yes(value: object) -> bool:
    return str(value).casefold() in ("1", "true", "yes", "1.0")


def _key(row: Mapping[str, Any]) -> str:
    return str(row.get("url") or row.get("seq") or row.get("id"))
