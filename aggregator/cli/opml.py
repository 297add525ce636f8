"""`aggregator opml`: take sources over from another reader, and give them away."""

from pathlib import Path
from typing import Annotated

import typer

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment

opml = typer.Typer(help="Import and export lists of feeds as OPML.", no_args_is_help=True)


@opml.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(help="An OPML file, or a list in RDF; most are malformed, and are read all the same.")],
    write: Annotated[bool, typer.Option("--write", help="Add the sources to feeds.yaml instead of printing them.")] = False,
) -> None:
    """Turn an OPML list into entries of feeds.yaml; those that stand there already are left out.

    Exit code 1 where an entry has no web address; the others are taken.

    Example: aggregator opml import subscriptions.opml --write
    """
    from aggregator.app.sourcelists import import_feeds

    settings = settings_from_environment(quiet=True)
    imported = import_feeds(settings, file, write=write)
    if not write:
        screen.out.print(imported.text, end="", soft_wrap=True)
    names = f"{len(imported.feeds)} new, {imported.known} known already"
    screen.err.print(screen.plain(f"{file}: {names}" + (f"; written to {settings.feeds_file}" if write and imported.feeds else "")))
    for address in imported.elsewhere:
        screen.err.print(screen.plain(f"{file}: names no feed here, try `aggregator feeds discover`: {address[:200]}"))
    for address in imported.refused:
        screen.err.print(screen.plain(f"{file}: not a web address: {address[:200]}"), style="red")
    if imported.refused:
        raise typer.Exit(1)


@opml.command("export")
def export_list(
    every: Annotated[bool, typer.Option("--all", help="Disabled sources too.")] = False,
) -> None:
    """Print the configured sources as OPML 2.0.

    Example: aggregator opml export > sources.opml
    """
    from aggregator.app.sourcelists import export_feeds

    screen.out.print(export_feeds(settings_from_environment(quiet=True), every=every), end="", soft_wrap=True)
