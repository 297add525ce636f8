"""`aggregator worker`: one of many."""

import sys
from typing import Annotated

import typer

from aggregator.cli.environment import settings_from_environment


def worker(
    queues: Annotated[str, typer.Option("--queues", help="What to work on, with commas between.")] = "poll,judge,deliver,upkeep",
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, max=500, help="Jobs at a time.")] = 16,
) -> None:
    """Work on what `aggregator run` queues, on this or any other machine, until stopped. Needs PostgreSQL.

    Example: aggregator worker --queues poll,judge --concurrency 32
    """
    settings = settings_from_environment()
    from aggregator.app.configured import reading_apart

    with reading_apart(settings) as read:
        from aggregator.cluster import work

        sys.dont_write_bytecode = True  # on a full disk half a module would be kept, and refused ever after
        names = tuple(name.strip() for name in queues.split(",") if name.strip())
        work(settings, read, names, concurrency)
