"""`aggregator topics`: list what is watched for, judge the archive again, review near misses."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment

if TYPE_CHECKING:
    from aggregator.reapply import Reapplied

topics = typer.Typer(help="List topics, judge the archive again after a change, review near misses.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@topics.command("list")
def list_topics(json: Json = False) -> None:
    """List the topics with the version of their rules, and how much of the archive other rules judged.

    Example: aggregator topics list
    """
    from aggregator.app.configured import read_configuration
    from aggregator.app.stores import open_installed_store
    from aggregator.matching import as_query, compile_topics
    from aggregator.vocabulary import load_packs

    settings = settings_from_environment(quiet=True)
    configuration = read_configuration(settings)
    judge = compile_topics(configuration.topics, load_packs())
    with open_installed_store(settings) as store:
        total, outdated = store.count_archived(), store.count_archived(other_than=judge.rule_version)
    if json:
        for topic in configuration.topics:
            screen.print_json({"id": topic.id, "name": topic.name, "version": judge.versions[topic.id], "query": as_query(topic)})
        return
    examples = {topic.id: len(topic.must_match) + len(topic.must_not_match) for topic in configuration.topics}
    rows = [(topic.id, topic.name, judge.versions[topic.id], examples[topic.id]) for topic in configuration.topics]
    screen.print_table("Topics", ("id", "name", "version", "examples"), rows, numbers=("examples",))
    screen.out.print(f"rules {judge.rule_version}; {total - outdated} of {total} articles are judged by them")
    if outdated:
        screen.out.print("aggregator topics reapply judges the others again")


@topics.command()
def reapply(json: Json = False) -> None:
    """Judge again every article that other rules judged. Safe to stop and to repeat; nothing that was sent is sent again.

    With AGGREGATOR_RUNNER=queue the workers do it, a batch at a time, behind all that is new.

    Example: aggregator topics reapply
    """
    done = asyncio.run(_reapply())
    if json:
        screen.print_json(done or {"queued": True})
    elif done is None:
        screen.out.print(
            "queued: the workers judge the archive again, behind all that is new; aggregator topics list tells how many are left"
        )
    else:
        screen.out.print(f"{done.judged} articles judged again: {done.gained} match now, {done.lost} match no more")


async def _reapply() -> "Reapplied | None":
    from aggregator.app.configured import read_configuration
    from aggregator.app.installation import at_work, declare, open_app
    from aggregator.reapply import reapply as run

    settings = settings_from_environment(quiet=True)
    if settings.runner == "queue":
        from aggregator.cluster import queue_archive

        await queue_archive(settings, "reapply")
        return None
    with at_work(settings):
        async with open_app(settings, read_configuration(settings)) as app:
            declare(app)
            waiting = await asyncio.to_thread(app.store.count_archived, None, app.judging.topics.rule_version)
            with screen.progress() as bars:
                bar = bars.add_task("judging again", total=waiting)
                return await run(app.judging, lambda done: bars.update(bar, completed=done))


@topics.command()
def misses(
    week: Annotated[str | None, typer.Option(help="An ISO week such as 2026-W47; last week without.")] = None, json: Json = False
) -> None:
    """Show a week's sample of articles that a topic nearly matched, for review.

    Example: aggregator topics misses --week 2026-W47
    """
    from datetime import timedelta

    from aggregator.app.stores import open_installed_store
    from aggregator.reapply import sample_last_week, week_of

    now = datetime.now(UTC)
    with open_installed_store(settings_from_environment(quiet=True)) as store:
        sample_last_week(store, now)
        found = store.near_misses(week or week_of(now - timedelta(days=7)))
    if json:
        for miss in found:
            screen.print_json(miss)
        return
    rows = [(miss.topic, miss.title, miss.detail, miss.url) for miss in found]
    screen.print_table("Near misses", ("topic", "title", "nearest miss", "link"), rows)
