"""The command line: commands only, no logic.

Exit codes: 0 done, 1 done with failures that were listed, 2 wrong use or configuration. An expected error is a sentence on standard
error, never a traceback. A command is loaded when it is called, and what it needs when it runs, so that ``--help`` stays quick. Output
is UTF-8 whatever the locale says; what UTF-8 cannot spell, such as half a file name, is written as an escape that JSON reads as well.
"""

import io
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from aggregator.cli.listing import ABOUT, COMMANDS, whole_help

if TYPE_CHECKING:
    import typer

WRONG_USE = 2
FAILED = 1


def program(names: Iterable[str] = COMMANDS) -> "typer.Typer":
    """Put the commands together, or only some of them."""
    from importlib import import_module

    import typer

    cli = typer.Typer(
        name="aggregator",
        help=ABOUT,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain help loads twice as fast
    )
    cli.callback()(_whole)
    for name in names:
        command = getattr(import_module(f"aggregator.cli.{COMMANDS[name][0]}"), name)
        if isinstance(command, typer.Typer):
            cli.add_typer(command, name=name)
        else:
            cli.command()(command)
    return cli


def _whole() -> None:
    """Stand for the options before a command; there are none that need one."""


def main() -> None:
    """Run one command and turn expected errors into a sentence and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    first = sys.argv[1] if len(sys.argv) > 1 else ""
    if first in ("", "--help"):
        sys.stdout.write(whole_help())
        sys.exit(0 if first else WRONG_USE)
    if first == "--version":
        from aggregator import __version__

        sys.stdout.write(f"aggregator {__version__}\n")
        sys.exit(0)
    _run(_service if sys.argv[1:] == ["run"] else lambda: program([first] if first in COMMANDS else COMMANDS)(prog_name="aggregator"))


def _service() -> None:
    """Run the service without what reads options: there are none, and it would be carried along for months."""
    from aggregator.cli.run import run

    run()


def _run(command: Callable[[], object]) -> None:
    from aggregator.errors import AggregatorError, ConfigurationError, UsageError

    try:
        command()
    except AggregatorError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(WRONG_USE if isinstance(error, ConfigurationError | UsageError) else FAILED)
