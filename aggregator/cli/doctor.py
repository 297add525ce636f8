"""`aggregator doctor`: what is not well, and what to do about it."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment

if TYPE_CHECKING:
    from aggregator.doctor import Diagnosis


def doctor(
    feeds: Annotated[bool, typer.Option("--feeds/--no-feeds", help="Ask every feed once.")] = True,
    test_mail: Annotated[bool, typer.Option("--test-mail", help="Send a test message to the configured recipients.")] = False,
    test_slack: Annotated[bool, typer.Option("--test-slack", help="Post a test message to the configured webhooks.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Examine configuration, disk, database, names, mail, Slack, each feed and the clock, and say what to do.

    Nothing is changed, and nothing is sent without being asked for. Exit code 1 where something is bad.

    Example: aggregator doctor --no-feeds
    """
    from aggregator.doctor import Request, examine

    settings = settings_from_environment(quiet=True)
    request = Request(feeds=feeds, test_mail=test_mail, test_slack=test_slack)

    async def consult() -> "list[Diagnosis]":
        found = []
        async for diagnosis in examine(settings, request, lambda: datetime.now(UTC)):
            found.append(diagnosis)
            if json:
                screen.print_json(asdict(diagnosis))
        return found

    found = asyncio.run(consult())
    if not json:
        order = ("bad", "look", "ok")
        rows = sorted(found, key=lambda one: order.index(one.state))
        screen.print_table("Doctor", ("state", "what", "found", "do"), ((one.state, one.what, one.found, one.advice) for one in rows))
    if any(one.state == "bad" for one in found):
        raise typer.Exit(1)
