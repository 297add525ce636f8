"""`aggregator stories regroup`: group the archive again by the present rules, or tell what that would change."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment

if TYPE_CHECKING:
    from aggregator.app.installation import App
    from aggregator.ports import Store
    from aggregator.records import Regrouped, Regrouping
    from aggregator.regroup import Step

_LISTED = 10
"""Articles of a change that a line names."""


def regroup(
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only stories with an article told on this day (UTC) or later.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also where the present rules have grouped all there is.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change no story; say which would merge and split.")] = False,
    give_up: Annotated[bool, typer.Option("--give-up", help="End a run that is not finished where it is; what it changed stays.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Group again what other rules grouped. Safe to stop and to repeat: nothing told is told again, and what people decided holds.

    With AGGREGATOR_RUNNER=queue the workers do it, a batch at a time, behind all that is new. What would change is always worked out here.

    Example: aggregator stories regroup --since 2026-10-01 --dry-run
    """
    if give_up:
        if since or everything or dry_run:
            raise typer.BadParameter("it goes with --json only", param_hint="--give-up")
        _give_up(json=json)
        return
    told = _Told(json=json, dry_run=dry_run)
    asyncio.run(_regroup(told, since.replace(tzinfo=UTC) if since else None, everything=everything))
    told.end()


def grouping_state(store: "Store") -> Sequence[str]:
    """Say how much of the archive other rules grouped, and how far a run is."""
    from aggregator.core.stories import GROUPING

    run = store.regrouping()
    if run is not None:
        drafted, visited, about = store.count_drafted(run)
        doing = "grouping the archive again" if run.carries_out else "working out what grouping the archive again would change"
        does = "goes on with it" if run.rules == GROUPING else f"begins it anew by the rules {GROUPING} instead of {run.rules}"
        return [f"{doing}: {drafted} of {about} articles drafted, {visited} compared; aggregator stories regroup {does}, --give-up ends it"]
    outdated, total = store.share_grouped(GROUPING)
    if outdated:
        return [
            f"rules {GROUPING}; other ones grouped {outdated} of {total} articles: aggregator stories regroup groups them again, "
            "--dry-run tells what would change"
        ]
    return []


def _give_up(*, json: bool) -> None:
    from aggregator.app.configured import utc_now
    from aggregator.app.stores import open_installed_store

    with open_installed_store(settings_from_environment(quiet=True)) as store:
        given_up = store.give_up_regrouping(utc_now())
        state = grouping_state(store)
    if json:
        screen.print_json({"given_up": given_up})
        return
    screen.out.print("given up: what was changed stays, the rest is as it was" if given_up else "no run stands that could be given up")
    for line in state:
        screen.out.print(line)


class _Told:
    """Tell changes as they come, and count them."""

    def __init__(self, *, json: bool, dry_run: bool) -> None:
        self.json, self.dry_run = json, dry_run
        self.queued = self.idle = False
        self._counted: Counter[str] = Counter()

    def step(self, step: "Step") -> None:
        """Tell what a batch changed."""
        self._counted["articles"] += step.visited
        for change in step.changes:
            self._counted[change.kind] += 1
            self._counted["moved"] += len(change.articles)
            self._counted["news"] += bool(change.news_to)
            if self.json:
                screen.print_json(change)
            elif self.dry_run:
                screen.out.print(_sentence(change))

    def end(self) -> None:
        """Sum up."""
        summary = {"articles": self._counted["articles"], "merged": self._counted["merge"], "split": self._counted["split"]}
        summary |= {"moved": self._counted["moved"], "news": self._counted["news"]}
        if self.json:
            screen.print_json({"queued": True} if self.queued else {**summary, "dry_run": self.dry_run})
        elif self.queued:
            screen.out.print("queued: the workers group the archive again, behind all that is new; aggregator stories list tells how far")
        elif self.idle:
            screen.out.print("the present rules have grouped all there is; --all groups it again")
        else:
            would = "would be " if self.dry_run else ""
            screen.out.print(
                f"{summary['articles']} articles grouped again: {summary['merged']} stories {would}merged, "
                f"{summary['split']} {would}split, {summary['moved']} articles {would}moved; "
                f"{summary['news']} of these changes are news to somebody"
            )


def _sentence(change: "Regrouped") -> str:
    listed = ", ".join(map(str, change.articles[:_LISTED])) + (", …" if len(change.articles) > _LISTED else "")
    target, news = change.other_id or "a new story", f"; news to {', '.join(change.news_to)}" if change.news_to else ""
    if change.kind == "merge":
        return f"story {change.story_id} would merge into {target} (articles {listed}){news}"
    return f"articles {listed} would leave story {change.story_id} for {target}{news}"


async def _regroup(told: _Told, since: datetime | None, *, everything: bool) -> None:
    from aggregator.app.configured import read_configuration
    from aggregator.app.installation import at_work, declare, open_app
    from aggregator.regroup import start

    settings = settings_from_environment(quiet=True)
    with at_work(settings):
        async with open_app(settings, read_configuration(settings)) as app:
            declare(app)
            run = await asyncio.to_thread(start, app.judging, since, everything=everything, carries_out=not told.dry_run)
            told.idle = run is None
            if run is not None and settings.runner == "queue" and run.carries_out:
                from aggregator.cluster import queue_archive

                await queue_archive(settings, "regroup")
                told.queued = True
            elif run is not None:
                await _with_progress(app, run, told)


async def _with_progress(app: "App", run: "Regrouping", told: _Told) -> None:
    from aggregator.regroup import regroup as work

    drafted, visited, total = await asyncio.to_thread(app.store.count_drafted, run)
    with screen.progress() as bars:
        drafts = bars.add_task("reading", total=total, completed=drafted)
        visits = bars.add_task("comparing", total=total, completed=visited)

        def tell(step: "Step") -> None:
            bars.advance(drafts, step.drafted)
            bars.advance(visits, step.visited)
            told.step(step)

        await work(app.judging, run, tell)
