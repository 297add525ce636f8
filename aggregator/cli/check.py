"""`aggregator check`: is everything configured as it should be?"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment
from aggregator.errors import ConfigurationError


def check(
    feeds_file: Annotated[Path | None, typer.Argument(help="The file to check; feeds.yaml without.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check feeds.yaml and the environment, and run each topic's own examples. Nothing is fetched.

    Every mistake is one line with file, line, key, what is wrong and what is allowed. Exit code 2 where there is any.

    Example: aggregator check feeds.yaml
    """
    from aggregator.checks import check_configuration

    try:
        report = check_configuration(settings_from_environment(feeds_file, quiet=True))
    except ConfigurationError as error:
        if not json:
            raise
        screen.print_json({"ok": False, "problems": [asdict(problem) for problem in error.problems]})
        raise typer.Exit(2) from error
    if json:
        screen.print_json(report)
    else:
        screen.print_table("Configuration", ("what", "state"), report.lines())
    if not report.ok:
        raise typer.Exit(2)
