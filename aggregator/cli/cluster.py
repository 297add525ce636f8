"""`aggregator cluster`: sort a file of articles into stories, without network and without store."""

import asyncio
from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment

if TYPE_CHECKING:
    from aggregator.grouping import Clustered


def cluster(
    file: Annotated[Path, typer.Argument(help="One JSON object a line: id, url, source, title, text or summary, published, lang.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per row: id, story, role.")] = False,
) -> None:
    """Sort articles into stories as the service would, in the order of the file, and say what each is to its story.

    Rows that cannot be read are listed on standard error; the others are sorted all the same, and the exit code is 1.

    Example: aggregator cluster articles.jsonl --json
    """
    from aggregator.app.grouped import cluster_file

    clustered, problems = asyncio.run(cluster_file(settings_from_environment(quiet=True), file))
    if json:
        for row, _ in clustered:
            screen.print_json({"id": row.id, "story": row.story, "role": row.role.value})
    else:
        screen.print_table("Stories", ("story", "role", "id", "title"), _ordered(clustered), numbers=("story",))
    for problem in problems:
        screen.err.print(problem)
    if problems:
        raise typer.Exit(1)


def _ordered(clustered: "Sequence[tuple[Clustered, str]]") -> list[tuple[int, str, str, str]]:
    return sorted(((row.story, row.role.value, str(row.id), title) for row, title in clustered), key=itemgetter(0))
