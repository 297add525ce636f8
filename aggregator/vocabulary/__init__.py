"""Hold the words the product looks for, as data, and load the term packs among them.

One YAML file a theme, five languages (notation: `aggregator.matching.terms`). A file is a term pack where it has a
top-level key ``theme`` or ``concepts``; other files of the folder (places, organisations, cues) have other readers.
"""

import re
from functools import cache
from pathlib import Path

from aggregator.errors import ConfigurationError, Problem
from aggregator.matching.packs import Pack, Packs, assemble, read_pack

FOLDER = Path(__file__).parent
_THEME = re.compile(r"^theme:\s*(\w+)", re.MULTILINE)
_CONCEPT = re.compile(r"^  (\w+):", re.MULTILINE)
_NEXT_KEY = re.compile(r"^\w", re.MULTILINE)
_IS_PACK = re.compile(r"^(?:theme|concepts)\s*:", re.MULTILINE)


def load_packs(folder: Path | None = None) -> Packs:
    """Read every term pack of a folder, by default the product's own, which are read once for the process.

    Raises `ConfigurationError` with the problems of all files at once.
    """
    return _load(folder) if folder else _own_packs()


@cache
def theme_names() -> frozenset[str]:
    """Name every theme and concept of the product's own packs, without reading their terms, which takes long."""
    names: set[str] = set()
    for text in (path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yaml"))):
        theme = _THEME.search(text)
        if theme and _IS_PACK.search(text):
            _, _, concepts = text.partition("\nconcepts:\n")
            end = _NEXT_KEY.search(concepts)
            names |= {theme.group(1), *(f"{theme.group(1)}/{name}" for name in _CONCEPT.findall(concepts[: end.start() if end else None]))}
    return frozenset(names)


@cache
def _own_packs() -> Packs:
    return _load(FOLDER)


def _load(folder: Path) -> Packs:
    packs: list[Pack] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            packs += _read(path, {pack.theme for pack in packs})
        except ConfigurationError as error:
            problems += error.problems
    if not packs and not problems:
        problems.append(Problem(str(folder), 1, 1, "file", "the folder holds no term pack"))
    if problems:
        raise ConfigurationError(problems)
    return assemble(packs)


def _read(path: Path, known: set[str]) -> list[Pack]:
    """Read one file; give nothing where it is no term pack."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([Problem(str(path), 1, 1, "file", f"cannot be read: {error}")]) from error
    if not _IS_PACK.search(text):
        return []
    pack = read_pack(str(path), text)
    if pack.theme in known:
        raise ConfigurationError([Problem(str(path), 1, 1, "theme", f"another file holds the theme {pack.theme!r} too")])
    return [pack]
