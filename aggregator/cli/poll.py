"""`aggregator poll`: fetch and judge now, and say what came of each feed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from aggregator.records import Poll
    from aggregator.settings import Settings


def poll(
    feeds: Annotated[list[str] | None, typer.Argument(help="Ids of feeds to poll at once; all that are due without.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per feed.")] = False,
) -> None:
    """Poll feeds now: fetch, store and judge, and list what each brought. Nothing is sent.

    Exit code 1 where a feed failed, or is just being polled by the service.

    Example: aggregator poll dailynk-en yonhap-en
    """
    polls = asyncio.run(_poll(settings_from_environment(quiet=True), feeds or []))
    busy = sorted(set(feeds or []) - {line.feed_id for line in polls})
    if json:
        for line in polls:
            screen.print_json(line)
    elif polls or not busy:
        _show(polls)
    for feed in busy:
        screen.err.print(f"{feed}: another process is polling this feed; try again later")
    if busy or any(line.outcome == "failed" for line in polls):
        raise typer.Exit(1)


async def _poll(settings: Settings, only: Sequence[str]) -> Sequence[Poll]:
    from aggregator.app.configured import read_configuration
    from aggregator.app.gathering import at_work, declare_all, free_leases, open_gathering
    from aggregator.judge import judge_pending
    from aggregator.poll import poll_due

    configuration = read_configuration(settings)
    unknown = set(only) - {feed.id for feed in configuration.feeds if feed.enabled}
    if unknown:
        raise UsageError(f"no enabled feed has the id {', '.join(sorted(unknown))}; {settings.feeds_file} lists them")
    async with open_gathering(settings, configuration) as app:
        free_leases(settings, app.store)
        with at_work(settings):
            declare_all(settings, configuration, app.store, app.polling.clock())
            enabled = sum(feed.enabled for feed in configuration.feeds)
            with screen.progress() as bars:
                bar = bars.add_task("polling", total=len(only) or enabled)
                polls = await poll_due(app.polling, only=only or None, limit=enabled, progress=lambda _: bars.advance(bar))
                judged = bars.add_task("judging", total=sum(line.new + line.revised for line in polls))
                await judge_pending(app.judging, lambda done: bars.update(judged, completed=done))
    return polls


def _show(polls: Sequence[Poll]) -> None:
    if not polls:
        screen.out.print("No feed is due. Name feeds to poll them at once.")
        return
    rows = [_row(lines) for lines in _alike(sorted(polls, key=_worst_first))]
    columns = ("feed", "outcome", "entries", "new", "revised", "what happened")
    screen.print_table("Polled", columns, rows, numbers=("entries", "new", "revised"))
    counts = Counter(line.outcome for line in polls)
    screen.out.print(", ".join(f"{count} {outcome}" for outcome, count in counts.most_common()))
    if len(polls) > 1 and counts["failed"] == len(polls):
        screen.out.print("Nothing could be fetched: aggregator doctor says what is wrong.")


def _alike(polls: Iterable[Poll]) -> Iterable[Sequence[Poll]]:
    """Gather the feeds that failed for one and the same reason, which is their host's."""
    gathered: dict[str, list[Poll]] = {}
    for line in polls:
        gathered.setdefault(line.message or line.feed_id if line.outcome == "failed" else line.feed_id, []).append(line)
    return gathered.values()


def _row(lines: Sequence[Poll]) -> tuple[str | int | None, ...]:
    first = lines[0]
    names = first.feed_id if len(lines) == 1 else f"{first.feed_id} and {len(lines) - 1} more"
    return (names, first.outcome, first.entries, first.new, first.revised, first.message)


def _worst_first(poll: Poll) -> tuple[bool, str]:
    return poll.outcome != "failed", poll.feed_id
