"""`aggregator feeds`: what is watched, how each source does, and what an address turns out to be."""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment
from aggregator.errors import UsageError
from aggregator.explore import Look
from aggregator.logs import without_secrets
from aggregator.models import FeedSpec

feeds = typer.Typer(help="List, show, test and discover sources.", no_args_is_help=True)
_KINDS = ("syndication", "jsonfeed", "sitemap", "listing")
_KIND = typer.Option("--kind", help="How to read it: syndication, jsonfeed, sitemap, listing.")
_SELECTORS = typer.Option("--option", help="A setting of its kind, such as item=.views-row; several times.")


@feeds.command("list")
def list_feeds(json: Annotated[bool, typer.Option("--json", help="Print one JSON object per feed.")] = False) -> None:
    """List every configured source with its state, its entries and when it is asked next.

    Example: aggregator feeds list
    """
    from aggregator.app.configured import read_configuration
    from aggregator.app.stores import open_installed_store

    settings = settings_from_environment(quiet=True)
    configuration = read_configuration(settings)
    with open_installed_store(settings) as store:
        health = {line.feed_id: line for line in store.feed_health()}
    if json:
        for feed in configuration.feeds:
            screen.print_json({"id": feed.id, "name": feed.name, "url": feed.url, "enabled": feed.enabled, "health": health.get(feed.id)})
        return
    rows = []
    for feed in configuration.feeds:
        line = health.get(feed.id)
        state = "disabled" if not feed.enabled else line.status if line else "never"
        what = feed.disabled_reason if not feed.enabled else line.error if line else None
        due = line.next_due_at if line and feed.enabled else None
        rows.append((feed.id, state, feed.kind, line.entries if line else 0, line.last_success_at if line else None, due, what))
    columns = ("feed", "state", "kind", "entries", "last success", "next poll", "what is wrong")
    screen.print_table("Sources", columns, rows, numbers=("entries",))


@feeds.command("show")
def show_feed(
    feed: Annotated[str, typer.Argument(help="The id of a feed.")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many polls of its history.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show one source: its configuration, its alarms, and the history of its polls with the reasons.

    Example: aggregator feeds show daily-nk-ko
    """
    from aggregator.app.configured import read_configuration, utc_now
    from aggregator.app.stores import open_installed_store

    settings = settings_from_environment(quiet=True)
    known = {one.id: one for one in read_configuration(settings).feeds}
    if feed not in known:
        raise UsageError(f"no feed has the id {feed}; {settings.feeds_file} lists them")
    spec = known[feed]
    with open_installed_store(settings) as store:
        polls = store.polls(feed, limit)
        alarms = store.alarms(since=utc_now() - timedelta(days=30), feed_id=feed)
    if json:
        screen.print_json({"feed": spec, "alarms": alarms, "polls": polls})
        return
    facts = ("url", "kind", "publisher", "publisher_class", "language", "min_interval", "max_interval", "expects", "disabled_reason")
    screen.print_table(spec.name, ("key", "value"), [(name, getattr(spec, name)) for name in facts])
    if alarms:
        rows = [(alarm.raised_at, alarm.kind, "stands" if alarm.cleared_at is None else "over", alarm.message) for alarm in alarms]
        screen.print_table("Alarms of the last 30 days", ("raised (UTC)", "kind", "state", "what"), rows)
    history = [(line.started_at, line.outcome, line.status, line.entries, line.new, line.revised, line.message) for line in polls]
    columns = ("polled (UTC)", "outcome", "status", "entries", "new", "revised", "what happened")
    screen.print_table("History", columns, history, numbers=("entries", "new", "revised"))


@feeds.command("release")
def release_feed(feed: Annotated[str, typer.Argument(help="The id of a feed.")]) -> None:
    """Tell what was held of a feed: the older part of its first backlog, or a flood. The next digests and alerts tell it.

    Example: aggregator feeds release daily-nk-ko
    """
    from aggregator.app.configured import read_configuration, utc_now
    from aggregator.app.stores import open_installed_store

    settings = settings_from_environment(quiet=True)
    if feed not in {one.id for one in read_configuration(settings).feeds}:
        raise UsageError(f"no feed has the id {feed}; {settings.feeds_file} lists them")
    with open_installed_store(settings) as store:
        released = store.release_held(feed, utc_now())
    screen.out.print(f"{feed}: {released} held entries are judged again and told" if released else f"{feed}: nothing is held")


@feeds.command("test")
def try_address(
    url: Annotated[str, typer.Argument(help="The address of a feed.")],
    kind: Annotated[str, _KIND] = "syndication",
    option: Annotated[list[str] | None, _SELECTORS] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Fetch an address once, read it, and say how it would be polled. Nothing is stored.

    Exit code 1 where it is no readable feed.

    Example: aggregator feeds test https://www.38north.org/feed/
    """
    if kind not in _KINDS:
        raise UsageError(f"there is no kind {kind}; it is one of {', '.join(_KINDS)}")
    if bad := [pair for pair in option or [] if not all(part.strip() for part in pair.partition("="))]:
        raise UsageError(f"--option takes NAME=VALUE, not {bad[0]!r}")
    options = dict(pair.partition("=")[::2] for pair in option or [])
    (look,) = asyncio.run(_explore(_spec(url, kind, options), discover_too=False))
    if json:
        screen.print_json(_told(look))
    else:
        _show(look)
    if look.problem:
        raise typer.Exit(1)


@feeds.command("discover")
def discover_feeds(
    url: Annotated[str, typer.Argument(help="The address of a site or a page.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per feed.")] = False,
) -> None:
    """Find the feeds of a site: those its page names, then the usual places, a few requests in all.

    Exit code 1 where none is found.

    Example: aggregator feeds discover https://www.38north.org/
    """
    looks = asyncio.run(_explore(_spec(url, "syndication", {}), discover_too=True))
    if looks[0].problem:
        screen.err.print(screen.plain(without_secrets(f"no feed was found at {url}: {looks[0].problem}")))
        raise typer.Exit(1)
    if json:
        for look in looks:
            screen.print_json(_told(look))
        return
    rows = [(look.url, look.parsed.title if look.parsed else None, _entries(look), _a_day(look)) for look in looks]
    screen.print_table("Feeds", ("address", "title", "entries", "a day"), rows, numbers=("entries", "a day"))


async def _explore(feed: FeedSpec, *, discover_too: bool) -> tuple[Look, ...]:
    from aggregator.app.stores import open_exploring
    from aggregator.explore import discover, look_at

    async with open_exploring(settings_from_environment(quiet=True)) as exploring:
        return await discover(exploring, feed) if discover_too else (await look_at(exploring, feed),)


def _spec(url: str, kind: str, options: dict[str, str]) -> FeedSpec:
    if not url.strip():
        raise UsageError("an address is needed, such as https://www.38north.org/feed/")
    return FeedSpec(id="test", name="test", url=url, publisher="test", family="test", kind=kind, options=options)


def _told(look: Look) -> dict[str, object]:
    """Give what an address turned out to be for a machine; entries as `aggregator parse` would count them, without their texts."""
    parsed = look.parsed
    return {
        "url": without_secrets(look.url),
        "problem": without_secrets(look.problem) if look.problem else None,
        "status": look.status,
        "size": look.size,
        "conditional": look.conditional,
        "moved_to": look.moved_to,
        "title": parsed.title if parsed else None,
        "language": parsed.language if parsed else None,
        "per_day": look.per_day,
        "every_seconds": look.every.total_seconds() if look.every else None,
        "notes": parsed.notes if parsed else (),
        "entries": [{"title": one.title, "url": one.url, "published": one.published_at} for one in parsed.entries] if parsed else [],
    }


def _entries(look: Look) -> int:
    return len(look.parsed.entries) if look.parsed else 0


def _a_day(look: Look) -> str | None:
    return f"{look.per_day:.1f}" if look.per_day else None


def _show(look: Look) -> None:
    if look.problem or look.parsed is None:
        screen.err.print(screen.plain(without_secrets(f"{look.url}: {look.problem}")), style="red")
        return
    parsed = look.parsed
    undated = sum(entry.published_at is None for entry in parsed.entries)
    facts = (
        ("title", parsed.title),
        ("language", parsed.language),
        ("entries", f"{len(parsed.entries)}, {undated} without a date"),
        ("entries a day", _a_day(look) or "unknown"),
        ("would be asked every", str(look.every).partition(".")[0]),
        ("answers 304", "yes" if look.conditional else "no, it names neither ETag nor Last-Modified"),
        ("moved for good to", look.moved_to),
        ("size", f"{look.size:,} bytes"),
        ("notes", ", ".join(parsed.notes) or None),
    )
    screen.print_table(without_secrets(look.url), ("what", "is"), [fact for fact in facts if fact[1] is not None])
    rows = [(entry.published_at, entry.title, entry.url, ", ".join(entry.notes)) for entry in parsed.entries[:10]]
    screen.print_table("Newest entries", ("published (UTC)", "title", "link", "notes"), rows)
