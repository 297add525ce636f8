"""What lies where, what is shipped, and that the documents keep up with it."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.house.reading import ROOT, project, requirement_name, text_of

TOP = [
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Dockerfile",
    "LICENSE",
    "Makefile",
    "README.md",
    "aggregator/__init__.py",
    "compose.yaml",
    "docs/decisions.md",
    "docs/operating.md",
    "pyproject.toml",
    "requirements-run.lock",
    "requirements.lock",
    ".ci/run",
    ".pre-commit-config.yaml",
]
SETTINGS = [
    "DATABASE_URL",
    "FEEDS_FILE",
    "DATA_DIR",
    "LISTEN",
    "SMTP_URL",
    "MAIL_FROM",
    "HTTP_ALLOW",
    "FULL_TEXT",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "PUBLIC_URL",
    "RUNNER",
    "KEEP_UNMATCHED_DAYS",
    "EVIDENCE",
    "METRICS_TOKEN",
    "HEARTBEAT_URL",
]


def data_files() -> list[Path]:
    found = (path for folder in ("aggregator", "migrations") for path in (ROOT / folder).rglob("*"))
    return sorted(path.relative_to(ROOT) for path in found if path.is_file() and path.suffix not in {".py", ".pyc"})


def is_shipped(path: Path) -> bool:
    patterns: dict[str, list[str]] = project()["tool"]["setuptools"]["package-data"]
    folders = {package: Path(*package.split(".")) for package in patterns}
    return any(
        path.is_relative_to(folder)
        and len(inner := path.relative_to(folder).parts) == pattern.count("/") + 1
        and fnmatch("/".join(inner), pattern)
        for package, folder in folders.items()
        for pattern in patterns[package]
    )


@pytest.mark.parametrize("name", TOP)
def test_file_has_its_place_and_content(name: str) -> None:
    assert (ROOT / name).stat().st_size > 0


def test_licence_is_the_whole_apache_licence() -> None:
    licence = text_of("LICENSE")
    assert "Version 2.0, January 2004" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
    assert project()["project"]["license"] == "Apache-2.0"


def test_every_data_file_is_part_of_the_package() -> None:
    assert not [str(path) for path in data_files() if not is_shipped(path)]


def test_every_dependency_has_a_reason() -> None:
    declared = project()["project"]
    groups = [declared["dependencies"], *declared["optional-dependencies"].values()]
    names = {requirement_name(requirement) for group in groups for requirement in group} - {declared["name"]}
    explained = set(re.findall(r"`([a-z0-9-]+)`", text_of("docs/decisions.md")))
    assert not names - explained


@pytest.mark.parametrize("name", SETTINGS)
def test_setting_is_described_for_operators(name: str) -> None:
    assert f"| `AGGREGATOR_{name}` |" in text_of("docs/operating.md")


def test_changelog_names_the_version() -> None:
    version = re.search(r'__version__ = "([^"]+)"', text_of("aggregator/__init__.py"))
    assert version
    assert f"## [{version.group(1)}]" in text_of("CHANGELOG.md")
