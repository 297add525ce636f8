"""The command line: commands only, no logic.

Exit codes: 0 done, 1 done with failures that were listed, 2 wrong use or configuration. An expected error is a sentence on standard
error, never a traceback. Modules behind a command are loaded when it runs, so that ``--help`` stays quick. Output is UTF-8 whatever
the locale says; what UTF-8 cannot spell, such as half a file name, is written as an escape that JSON reads as well.
"""

import io
import sys

import typer

from aggregator.cli.check import check
from aggregator.cli.cluster import cluster
from aggregator.cli.demo import demo
from aggregator.cli.digest import digest
from aggregator.cli.parse import parse
from aggregator.cli.poll import poll
from aggregator.cli.run import run
from aggregator.cli.stories import stories
from aggregator.errors import AggregatorError, ConfigurationError, UsageError

WRONG_USE = 2
FAILED = 1

cli = typer.Typer(
    name="aggregator",
    help="Watch news on North Korean labour abroad and sanctions: nothing missed, nothing repeated, everything explained.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for command in (run, poll, check, parse, cluster, demo):
    cli.command()(command)
cli.add_typer(digest, name="digest")
cli.add_typer(stories, name="stories")


def main() -> None:
    """Run one command and turn expected errors into a sentence and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        cli()
    except (ConfigurationError, UsageError) as error:
        sys.exit(_told(error, WRONG_USE))
    except AggregatorError as error:
        sys.exit(_told(error, FAILED))


def _told(error: AggregatorError, code: int) -> int:
    sys.stderr.write(f"{error}\n")
    return code
