"""Read a variable, or the file that it names: ``NAME_FILE`` holds the path of a file with the value (Docker and systemd secrets)."""

import os
from collections.abc import Mapping
from pathlib import Path

from aggregator.errors import Problem

PREFIX = "AGGREGATOR_"
MAX_SECRET_BYTES = 65_536


def from_file_or_variable(name: str, environ: Mapping[str, str]) -> tuple[str | None, list[Problem]]:
    """Give a variable's value, from the file that NAME_FILE names where it is set, and what is wrong with either."""
    in_file = f"{name}_FILE"
    if not (path := environ.get(in_file)):
        return environ.get(name) or None, []
    if environ.get(name):
        return None, [problem(in_file, f"both {name} and {in_file} are set", "one of them")]
    try:
        with Path(path).open("rb") as file:
            body = file.read(MAX_SECRET_BYTES + 1)
        if len(body) <= MAX_SECRET_BYTES:
            return body.decode("utf-8").strip("\r\n") or None, []
        return None, [problem(in_file, "the file is too large for a secret", f"at most {MAX_SECRET_BYTES:,} bytes")]
    except PermissionError:
        return None, [problem(in_file, f"the file may not be read by user {os.geteuid()}", "a file that this user may read")]
    except (OSError, ValueError):
        return None, [problem(in_file, "the file cannot be read as UTF-8 text", "the path of a readable file that holds the value")]


def variable(field: str) -> str:
    """Name the variable of a field."""
    return PREFIX + field.upper()


def problem(variable: str, message: str, allowed: str = "") -> Problem:
    """Report a variable."""
    return Problem("environment", 0, 0, variable, message, allowed)
