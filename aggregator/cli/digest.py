"""`aggregator digest`: see, decide, send and look up digests."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from aggregator.app.installation import App
    from aggregator.deliver import Sent
    from aggregator.models import Digest, SubscriptionSpec
    from aggregator.records import DeliveryRow

digest = typer.Typer(help="Preview, send and list digests.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The id of a subscription in feeds.yaml.")]
MOST = 100_000
"""Deliveries of one digest that are counted."""
YEARS = range(1970, 9000)
"""Years that a preview can be of."""
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Form(StrEnum):
    """Name a form in which a digest can be seen."""

    TEXT = "txt"
    HTML = "html"
    MAIL = "eml"


@digest.command()
def preview(
    name: Name,
    json: Json = False,
    form: Annotated[Form, typer.Option("--as", help="The form to print.")] = Form.TEXT,
    at: Annotated[str | None, typer.Option("--at", help="As of this moment, such as 2026-11-21T07:30 (in its zone).")] = None,
) -> None:
    """Show exactly what would go out now, or at a given moment; nothing is stored or sent.

    Example: aggregator digest preview morning-digest --as html > digest.html
    """
    from aggregator.app.configured import read_configuration
    from aggregator.app.installation import declare, open_app
    from aggregator.app.sending import draft
    from aggregator.deliver import preview as compose_preview

    settings = settings_from_environment(quiet=True)

    async def work() -> tuple[Digest, bytes]:
        configuration = read_configuration(settings)
        async with open_app(settings, configuration) as app:
            subscription = _subscription(app, name)
            declare(app)
            moment = _moment(at, subscription) if at else None
            composed = compose_preview(app.delivering, subscription, moment)
            return composed, draft(settings, composed)[f".{form.value}"]

    composed, page = asyncio.run(work())
    if json:
        screen.print_json(composed)
    else:
        typer.echo(page, nl=False)


@digest.command()
def send(name: Name, json: Json = False) -> None:
    """Decide a subscription's digest now, and send everything that is due. What was sent once is not sent again.

    Exit code 1 where a message was not taken; it is tried again by date.

    Example: aggregator digest send morning-digest
    """
    from aggregator.app.configured import read_configuration
    from aggregator.app.installation import at_work, declare, open_app
    from aggregator.deliver import decide_now, send_due

    settings = settings_from_environment(quiet=True)

    async def work() -> tuple[int | None, Sequence[Sent]]:
        async with open_app(settings, read_configuration(settings)) as app:
            _require_recipient(app, _subscription(app, name))
            declare(app)
            digest_id = await asyncio.to_thread(decide_now, app.delivering, name)
            return digest_id, await send_due(app.delivering)

    with at_work(settings):
        digest_id, results = asyncio.run(work())
    _show(digest_id, results, json=json)
    if any(sent.error for sent in results):
        raise typer.Exit(1)


@digest.command("list")
def list_digests(
    json: Json = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 20,
    dead: Annotated[bool, typer.Option("--dead", help="List the dead letters and the closed addresses instead.")] = False,
) -> None:
    """List the digests decided so far, newest first, with their deliveries; or the dead letters.

    Example: aggregator digest list --dead
    """
    from aggregator.app.stores import open_installed_store

    if dead:
        _list_dead(limit, json=json)
        return

    with open_installed_store(settings_from_environment(quiet=True)) as store:
        digests = store.digests(limit=limit)
        deliveries = {} if json else {digest_id: _counted(store.deliveries(digest_id=digest_id, limit=MOST)) for digest_id, _ in digests}
    if json:
        for digest_id, composed in digests:
            screen.print_json({"id": digest_id, "digest": composed})
        return
    rows = [
        (
            digest_id,
            composed.subscription,
            composed.decided_at,
            len(composed.items),
            deliveries[digest_id],
        )
        for digest_id, composed in digests
    ]
    screen.print_table("Digests", ("id", "subscription", "decided (UTC)", "stories", "deliveries"), rows, numbers=("id", "stories"))


@digest.command()
def resend(
    delivery_ids: Annotated[list[int] | None, typer.Argument(min=1, max=2**31 - 1, help="Dead letters, see `digest list --dead`.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every dead letter.")] = False,
    json: Json = False,
) -> None:
    """Put dead letters back, due now, under the keys they always had; the service or the next `digest send` sends them.

    An address that its receiver refused is opened again; who unsubscribed gets nothing. Exit code 1 where one could not be put back.

    Example: aggregator digest resend 17 18
    """
    from aggregator.app.configured import utc_now
    from aggregator.app.stores import open_installed_store

    if bool(delivery_ids) == every:
        raise UsageError("name the deliveries to send again, or say --all; `aggregator digest list --dead` shows them")
    with open_installed_store(settings_from_environment(quiet=True)) as store:
        chosen = [row.delivery.id for row in store.deliveries(status="dead", limit=MOST)] if every else list(delivery_ids or ())
        put_back = store.resend(chosen, utc_now())
    if json:
        screen.print_json({"chosen": len(chosen), "put_back": put_back})
    else:
        screen.out.print(f"{put_back} of {len(chosen)} put back.")
    if put_back < len(chosen):
        raise typer.Exit(1)


@digest.command()
def show(
    digest_id: Annotated[int, typer.Argument(min=1, max=2**31 - 1, help="The digest's number, see `aggregator digest list`.")],
    json: Json = False,
    form: Annotated[Form, typer.Option("--as", help="The form to print.")] = Form.TEXT,
    delivery: Annotated[int | None, typer.Option("--delivery", help="Exactly what this delivery handed over.")] = None,
) -> None:
    """Show a past digest as it went out; with --delivery to the byte, as its channel sent it.

    Example: aggregator digest show 3 --as eml
    """
    from aggregator.app.sending import draft
    from aggregator.app.stores import open_installed_store

    if delivery is not None:
        _show_delivery(digest_id, delivery)
        return
    settings = settings_from_environment(quiet=True)
    with open_installed_store(settings) as store:
        composed = store.digest(digest_id)
    if composed is None:
        raise UsageError(f"there is no digest {digest_id}; `aggregator digest list` shows which there are")
    if json:
        screen.print_json(composed)
    else:
        typer.echo(draft(settings, composed)[f".{form.value}"], nl=False)


def _counted(rows: Sequence[DeliveryRow]) -> str:
    """Count deliveries by channel and state: ``email 9,998 sent, email 2 retry``."""
    counts = Counter((row.delivery.channel, row.status) for row in rows)
    return ", ".join(f"{channel} {count:,} {status}" for (channel, status), count in counts.most_common())


def _show_delivery(digest_id: int, delivery_id: int) -> None:
    """Print what a delivery handed over, rendered again; say so where this release or its settings render it otherwise."""
    from aggregator.app.configured import read_configuration
    from aggregator.app.installation import open_app
    from aggregator.deliver import render_again

    settings = settings_from_environment(quiet=True)

    async def work() -> tuple[bytes, bool | None]:
        async with open_app(settings, read_configuration(settings)) as app:
            return render_again(app.delivering, digest_id, delivery_id)

    body, same = asyncio.run(work())
    typer.echo(body, nl=False)
    if same is False:
        screen.err.print("This is not to the byte what was sent: the program or its settings changed since.")


def _list_dead(limit: int, *, json: bool) -> None:
    from aggregator.app.stores import open_installed_store

    with open_installed_store(settings_from_environment(quiet=True)) as store:
        dead, closed = store.deliveries(status="dead", limit=limit), store.closures()
    if json:
        for row in dead:
            screen.print_json({"dead": row})
        for closure in closed:
            screen.print_json({"closed": closure})
        return
    rows = [
        (row.delivery.id, row.delivery.digest_id, row.delivery.subscription, row.delivery.channel, row.delivery.recipient, row.detail or "")
        for row in dead
    ]
    screen.print_table("Dead letters", ("id", "digest", "subscription", "channel", "to", "why"), rows, numbers=("id", "digest"))
    if closed:
        lines = [(one.subscription, one.address.channel, one.address.recipient, one.cause, one.detail) for one in closed]
        screen.print_table("Closed addresses", ("subscription", "channel", "recipient", "cause", "detail"), lines)


def _moment(text: str, subscription: SubscriptionSpec) -> datetime:
    """Read a moment; one without a zone is on the clocks of the subscription's zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no moment; write it such as 2026-11-21T07:30 or 2026-11-21T07:30+09:00") from None
    if moment.year not in YEARS:  # at either end of the calendar, sums with dates overflow
        raise UsageError(f"{text!r} is no moment that news could be of; its year must be from {YEARS[0]} to {YEARS[-1]}")
    return (moment if moment.tzinfo else moment.replace(tzinfo=subscription.schedule.time_zone)).astimezone(UTC)


def _subscription(app: App, name: str) -> SubscriptionSpec:
    known = app.delivering.subscriptions
    if name not in known:
        raise UsageError(f"feeds.yaml has no subscription {name!r}; it has {', '.join(sorted(known)) or 'none'}")
    return known[name]


def _require_recipient(app: App, subscription: SubscriptionSpec) -> None:
    """Refuse where nobody would get the digest; its window stays open until somebody would."""
    if not app.delivering.addresses(subscription):
        wanted = ", ".join(app.delivering.unset(subscription)) or "its recipients"
        raise UsageError(f"subscription {subscription.id} has nobody to write to: set {wanted} in the environment; its news waits")


def _show(digest_id: int | None, results: Sequence[Sent], *, json: bool) -> None:
    if json:
        for sent in results:
            screen.print_json({"digest": sent.claimed.delivery.digest_id, "delivery": sent.claimed.delivery, "error": sent.error})
        return
    if digest_id is None:
        screen.out.print("Nothing new to tell: no digest was made.")
    rows = [
        (sent.claimed.delivery.subscription, sent.claimed.delivery.channel, sent.claimed.delivery.recipient, sent.error or "sent")
        for sent in results
    ]
    if rows:
        screen.print_table("Deliveries", ("subscription", "channel", "recipient", "state"), rows)
