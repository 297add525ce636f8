"""`aggregator db`: bring the database up to date, look after it, move it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment

if TYPE_CHECKING:
    from aggregator.store.backup import Backup
    from aggregator.store.copying import Progress

db = typer.Typer(help="Upgrade, check, back up, restore, prune, verify and copy the database.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
KEEP_POLLS = timedelta(days=90)


@db.command()
def upgrade() -> None:
    """Bring the database's tables to this release. `aggregator run` does it by itself.

    Example: aggregator db upgrade
    """
    from aggregator.app.stores import open_installed_store

    with open_installed_store(settings_from_environment(quiet=True)):
        screen.out.print("The database is up to date.")


@db.command()
def check(json: Json = False) -> None:
    """Look at the schema's version, the file's pages and references, and whether the books balance. Exit code 1 where not.

    Example: aggregator db check
    """
    from aggregator.store.soundness import check_database

    found = check_database(settings_from_environment(quiet=True).database_url)
    if json:
        screen.print_json({"ok": all(one.ok for one in found), "findings": [asdict(one) for one in found]})
    else:
        screen.print_table("Database", ("what", "state", "do"), ((one.what, one.state, one.advice) for one in found))
    if not all(one.ok for one in found):
        raise typer.Exit(1)


@db.command()
def backup(
    to: Annotated[Path | None, typer.Argument(help="The file to write; without, one named by the time in the data folder.")] = None,
    json: Json = False,
) -> None:
    """Write a consistent copy while the service runs: one SQLite file, and a manifest with counts and hashes.

    Example: aggregator db backup /backups/monday.db
    """
    from aggregator.store.backup import back_up

    settings, now = settings_from_environment(quiet=True), datetime.now(UTC)
    path = to or settings.data_dir / "backups" / f"{now:%Y-%m-%dT%H%M%SZ}.db"
    with _shown() as progress:
        made = back_up(settings.database_url, path, now, progress)
    _tell(made, "Backed up", json=json)


@db.command()
def restore(
    backup: Annotated[Path, typer.Argument(help="The file that `aggregator db backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of what is there; an SQLite file is kept.")] = False,
    json: Json = False,
) -> None:
    """Check a backup by its counts and hashes, put it in the database's place, and check what arrived. Stop the service first.

    Example: aggregator db restore /backups/monday.db --replace
    """
    from aggregator.store.backup import restore

    settings = settings_from_environment(quiet=True)
    with _shown() as progress:
        restored = restore(backup, settings.database_url, replace=replace, progress=progress)
    _tell(restored, "Restored", json=json)


@db.command()
def prune(
    days: Annotated[int | None, typer.Option("--days", min=1, help="Days to keep; AGGREGATOR_KEEP_UNMATCHED_DAYS without.")] = None,
    json: Json = False,
) -> None:
    """Forget the words of old entries that matched nothing, and old poll history. What matched is kept for ever.

    Example: aggregator db prune --days 180
    """
    from aggregator.store.retention import Pruned, prune

    settings, now = settings_from_environment(quiet=True), datetime.now(UTC)
    kept = days or settings.keep_unmatched_days
    before = now - timedelta(days=kept) if kept else datetime.min.replace(tzinfo=UTC)
    done: Pruned = prune(settings.database_url, before, now - KEEP_POLLS)
    if json:
        screen.print_json(asdict(done))
    else:
        screen.out.print(f"{done.entries} unmatched entries emptied, {done.polls} lines of poll history deleted.")


@db.command()
def verify(
    backup: Annotated[Path | None, typer.Argument(help="A backup to hold against its manifest; the database without.")] = None,
    head: Annotated[str | None, typer.Option("--head", help="The hash of a link that was the last one, as noted elsewhere.")] = None,
    json: Json = False,
) -> None:
    """Hash the evidence of every match again and name what was changed; or check a backup against its manifest.

    Note the head that is printed where nobody with the database can reach it. Exit code 1 where anything differs.

    Example: aggregator db verify
    """
    if backup is not None:
        from aggregator.store.backup import read_backup

        _tell(read_backup(backup), "Unchanged:", json=json)
        return
    from aggregator.store.verifying import verify

    found = verify(settings_from_environment(quiet=True).database_url, head)
    faults = [*found.faults, *([f"the head is {found.head}, and no link has the hash {head}"] if head and found.noted is None else [])]
    told: dict[str, object] = {"links": found.links, "head": found.head}
    told |= {"noted link": found.noted} if found.noted is not None else {}
    told |= {"matched before there was a chain": found.older} if found.older else {}
    if json:
        screen.print_json({"ok": not faults, **{name.replace(" ", "_"): value for name, value in told.items()}, "faults": faults})
    else:
        screen.print_table("Evidence", ("what", "found"), [*told.items(), *(("fault", one) for one in faults)])
    if faults:
        raise typer.Exit(1)


@db.command()
def copy(
    source: Annotated[str, typer.Argument(help="Where from, such as sqlite:///data/aggregator.db.")],
    target: Annotated[str, typer.Argument(help="Where to, such as postgresql://user@host/name.")],
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted copy.")] = False,
    json: Json = False,
) -> None:
    """Move an installation to another database, and compare counts and hashes of every table. Stop the service first.

    A password belongs into the file that PGPASSFILE names, not onto the command line, which others can read.

    Example: aggregator db copy sqlite:///data/aggregator.db postgresql://news@db.internal/news
    """
    from aggregator.store.copying import copy_database

    settings_from_environment(quiet=True)
    with _shown() as progress:
        accounts = copy_database(source, target, resume=resume, progress=progress)
    if json:
        screen.print_json({"ok": True, "tables": {one.shape.name: {"rows": one.rows, "sha256": one.sha256} for one in accounts}})
    else:
        rows = ((one.shape.name, one.rows, one.sha256[:16]) for one in accounts)
        screen.print_table("Copied, counts and hashes equal", ("table", "rows", "sha256"), rows, numbers=("rows",))


def _tell(made: "Backup", did: str, *, json: bool) -> None:
    if json:
        told = {"path": str(made.path), "size": made.size, "sha256": made.sha256, "rows": made.rows, "schema": made.schema}
        screen.print_json({**told, "tables": {one.shape.name: one.rows for one in made.tables}})
    else:
        screen.out.print(f"{did} {made.path}: {made.rows:,} rows, {made.size:,} bytes, SHA-256 {made.sha256}.")


@contextmanager
def _shown() -> "Iterator[Progress]":
    """Show how many rows each step has done, at a terminal."""
    with screen.progress() as display:
        begin = cache(lambda step, table: display.add_task(f"{step} {table}", total=None))

        def advance(step: str, table: str, rows: int) -> None:
            display.advance(begin(step, table), rows)

        yield advance
