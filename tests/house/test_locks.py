"""The pins: everything with hashes, nothing with an address, and the container's part agrees with the whole."""

import re

import pytest

from tests.house.reading import project, requirement_name, text_of

LOCKS = ("requirements.lock", "requirements-run.lock")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


def blocks(name: str) -> dict[str, str]:
    lines = [line for line in text_of(name).splitlines() if line.strip() and not line.lstrip().startswith("#")]
    requirements = re.split(r"\n(?=\S)", "\n".join(lines))
    return {requirement_name(block): block for block in requirements}


def wanted(extras: tuple[str, ...] = ()) -> set[str]:
    declared = project()["project"]
    groups = [declared["dependencies"], *(declared["optional-dependencies"][extra] for extra in extras)]
    names = {requirement_name(requirement) for group in groups for requirement in group}
    return (names | {"setuptools"}) - {declared["name"]}


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_hashes(name: str) -> None:
    loose = [block for block in blocks(name).values() if not re.match(r"\S+==\S+", block) or not HASH.search(block)]
    assert not loose


@pytest.mark.parametrize("name", LOCKS)
def test_no_address_of_a_registry_is_named(name: str) -> None:
    assert not re.findall(r"https?:|file:|--(?:extra-)?index-url|--find-links|\s@\s", text_of(name))


def test_the_whole_lock_covers_every_extra() -> None:
    extras = tuple(project()["project"]["optional-dependencies"])
    assert wanted(extras) <= blocks("requirements.lock").keys()


def test_the_run_lock_covers_what_runs_and_no_tool() -> None:
    pinned = blocks("requirements-run.lock").keys()
    assert wanted() <= pinned
    assert not pinned & {"aiosmtpd", "import-linter", "mypy", "pip", "playwright", "pytest", "ruff"}


def test_the_run_lock_is_a_part_of_the_whole_lock() -> None:
    whole = blocks("requirements.lock")
    assert {name: whole[name] for name in blocks("requirements-run.lock")} == blocks("requirements-run.lock")
