"""Read the project's own files, from the checkout that the tests lie in."""

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def text_of(name: str) -> str:
    """Give a file of the checkout as text."""
    return (ROOT / name).read_text(encoding="utf-8")


def project() -> dict[str, Any]:
    """Give pyproject.toml as it is."""
    return tomllib.loads(text_of("pyproject.toml"))


def requirement_name(requirement: str) -> str:
    """Give the normalised name of a requirement, without extras, versions and markers (PEP 503)."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found.group()).lower()
