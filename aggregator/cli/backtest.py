"""`aggregator backtest`: what would a change of the topics have done?"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from aggregator.backtest import Compared, Rules
    from aggregator.settings import Settings

_MOST_LINES = 40


def backtest(
    new: Annotated[Path, typer.Option(help="The file with the changed topics.")],
    old: Annotated[Path | None, typer.Option(help="The file to compare with; the configured feeds.yaml without.")] = None,
    labels: Annotated[
        Path | None, typer.Option(help="JSON rows with url or title and text, and topics, relevant or label_<topic>.")
    ] = None,
    marked: Annotated[bool, typer.Option("--marked", help="Take what readers marked in the desk as labels too.")] = False,
    since: Annotated[str | None, typer.Option(help="Only articles stored since a day, 2026-11-01, or in the last days, 30d.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Judge the stored archive by two sets of topics: articles gained, lost and re-scored, alerts a day, and how labels are met.

    Nothing is stored or sent. Exit code 1 where a labelled article is lost that the old topics found.

    Example: aggregator backtest --new changed.yaml --labels labels.jsonl --since 30d
    """
    from aggregator.app.stores import open_installed_store
    from aggregator.backtest import compare, read_archive

    settings = settings_from_environment(quiet=True)
    start = _moment(since) if since else None
    rows = _labels(labels) if labels else ()
    before, after = _rules(settings, old or settings.feeds_file), _rules(settings, new)
    with open_installed_store(settings) as store:
        marks = [{"seq": seq, f"label_{topic}": relevant} for seq, topic, relevant in store.marks()] if marked else []
        result = compare(before, after, read_archive(store, start), _joined([*rows, *marks]))
    if json:
        screen.print_json(_as_json(result))
    else:
        _show(result)
    if result.lost_labels:
        raise typer.Exit(1)


def _rules(settings: "Settings", path: Path) -> "Rules":
    from aggregator.app.configured import read_configuration
    from aggregator.backtest import Rules
    from aggregator.explain import Explainer
    from aggregator.vocabulary import load_packs

    configuration = read_configuration(settings.model_copy(update={"feeds_file": path}))
    return Rules(Explainer(configuration, load_packs()), {feed.id: feed for feed in configuration.feeds})


def _moment(since: str) -> datetime:
    try:
        if since.endswith("d") and since[:-1].isdigit():
            return datetime.now(UTC) - timedelta(days=int(since[:-1]))
        return datetime.fromisoformat(since).replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--since {since} is no day: write 2026-11-01, or 30d for the last thirty days") from error


def _labels(path: Path) -> Sequence[Mapping[str, Any]]:
    from aggregator.backtest import check_labels
    from aggregator.explain import read_json

    try:
        with path.open(encoding="utf-8") as lines:
            return check_labels(read_json(lines))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}") from error


def _joined(rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Make one row of the marks on one article, since an article may be marked for several topics."""
    found: dict[object, Mapping[str, Any]] = {}
    for number, row in enumerate(rows):
        key = row["seq"] if row.keys() & {"seq"} else f"row {number}"
        found[key] = {**found.get(key, {}), **row}
    return list(found.values())


def _as_json(result: "Compared") -> Mapping[str, Any]:
    measures = {
        name: {
            key: dict(zip(("precision", "recall", "f1"), tally.scores, strict=True))
            for key, tally in zip(("old", "new"), pair, strict=True)
        }
        for name, pair in result.tallies.items()
    }
    return {
        "articles": result.articles,
        "alerts_per_day": {"old": result.alerts_before / max(1.0, result.days), "new": result.alerts_after / max(1.0, result.days)},
        "changes": result.changes,
        "labels": measures,
        "lost_labels": result.lost_labels,
    }


def _show(result: "Compared") -> None:
    kinds = ("gained", "lost", "rescored")
    rows = [
        (change.kind, change.topic, f"{change.before:g} → {change.after:g}", change.language, change.title, change.reason)
        for change in result.changes
    ]
    screen.print_table("Articles judged otherwise", ("change", "topic", "score", "language", "title", "why now"), rows[:_MOST_LINES])
    if len(rows) > _MOST_LINES:
        screen.out.print(f"and {len(rows) - _MOST_LINES} more; --json gives all")
    for key in ("language", "source"):
        counts = result.counts(key)
        table = [(name, *(counts.get((name, kind), 0) for kind in kinds)) for name in sorted({name for name, _ in counts})]
        screen.print_table(f"Per {key}", (key, *kinds), table, numbers=kinds)
    _show_labels(result)
    days = max(1.0, result.days)
    screen.out.print(f"{result.articles} articles in {days:.0f} days")
    screen.out.print(f"alerts a day: {result.alerts_before / days:.2f} before, {result.alerts_after / days:.2f} after")


def _show_labels(result: "Compared") -> None:
    columns = ("topic", "rules", "found", "false alarms", "missed", "precision", "recall", "F1")
    rows = [
        (name, rules, tally.hits, tally.false_alarms, tally.missed, *(f"{score:.3f}" for score in tally.scores))
        for name, pair in result.tallies.items()
        for rules, tally in zip(("old", "new"), pair, strict=True)
    ]
    if rows:
        screen.print_table("Against the labels", columns, rows, numbers=columns[2:])
    for title in result.lost_labels:
        screen.err.print(screen.plain(f"lost although labelled: {title}"), style="red")
