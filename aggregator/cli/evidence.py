"""`aggregator export --evidence`: what proves a story, as one file."""

from pathlib import Path
from typing import Annotated

import typer

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment


def export(
    evidence: Annotated[int, typer.Option("--evidence", metavar="STORY", help="The number of the story.")],
    to: Annotated[Path | None, typer.Option("--to", help="The file to write; evidence-STORY.zip without.")] = None,
) -> None:
    """Write a ZIP file with the texts, entries and responses of a story and their hashes. It opens without the service.

    Example: aggregator export --evidence 12 --to story-12.zip
    """
    from aggregator.bundle import write_bundle

    path = to or Path(f"evidence-{evidence}.zip")
    links = write_bundle(settings_from_environment(quiet=True).database_url, evidence, path)
    screen.out.print(f"{path} holds {links} texts with their evidence; python3 verify.py inside it checks the hashes.")
