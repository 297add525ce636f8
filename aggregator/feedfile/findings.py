"""Collect mistakes, each at its place in the file.

* Every mistake found is reported, up to a limit that keeps a junk file from filling the screen.
* One mistake is reported once: what follows from a reported place (or lies inside it) stays silent.
* Text of the file is shown shortened and printable, because a configuration may be anything.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import NoReturn, TypeAlias

from aggregator.errors import ConfigurationError, Problem

MAX_PROBLEMS = 100

KeyPath: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """Point into a text; both count from 1."""

    line: int
    column: int


def dotted(path: KeyPath) -> str:
    """Write a path as people say it: ``feeds[3].url``."""
    if not path:
        return "(top level)"
    return "".join(f"[{step}]" if isinstance(step, int) else f".{shown(step)}" for step in path).removeprefix(".")


def shown(value: object) -> str:
    """Shorten a value of the file, escape what a terminal should not print, and hide what follows ``://``: it may be a secret."""
    whole = re.sub(r"://\S+", "://…", str(value))
    text = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in whole[:60])
    return text if len(whole) <= 60 else f"{text}…"


def nearest(word: object, words: Iterable[str]) -> str | None:
    """Find the word that a mistyped one was probably meant to be."""
    close = get_close_matches(str(word)[:100].casefold(), sorted(words), n=1, cutoff=0.7)
    return close[0] if close else None


def did_you_mean(word: object, words: Iterable[str]) -> str:
    """Offer the nearest word as the tail of a message, or nothing."""
    near = nearest(word, words)
    return f"; did you mean {near!r}?" if near else ""


@dataclass(slots=True)
class Findings:
    """Collect the problems of one file; `values` and `keys` tell where each value and each key stands."""

    file: str
    values: dict[KeyPath, Mark] = field(default_factory=dict)
    keys: dict[KeyPath, Mark] = field(default_factory=dict)
    sources: dict[KeyPath, str] = field(default_factory=dict)
    """Queries as they are written in the file, with quotes, indentation and line ends."""
    _found: list[tuple[Mark, Problem]] = field(default_factory=list)
    _settled: set[KeyPath] = field(default_factory=set)

    def add(self, path: KeyPath, message: str, allowed: str = "", *, mark: Mark | None = None) -> None:
        """Report a mistake at `path`, or at `mark`, unless something around the path was reported before."""
        if any(path[:length] in self._settled for length in range(len(path) + 1)):
            return
        place = mark or self._place(path)
        self._found.append((place, Problem(self.file, place.line, place.column, dotted(path), message, allowed)))

    def settle(self, path: KeyPath) -> None:
        """Keep silent from now on about everything at `path` and inside it."""
        self._settled.add(path)

    def at_key(self, path: KeyPath) -> Mark | None:
        """Tell where the last key of a path is written."""
        return self.keys.get(path)

    def stop(self, path: KeyPath, message: str, allowed: str = "", *, mark: Mark | None = None) -> NoReturn:
        """Report a mistake that ends the reading, with all that was found before it."""
        self.add(path, message, allowed, mark=mark)
        self.check()
        raise AssertionError("a stop always has something to report")

    def check(self) -> None:
        """Raise everything found so far, in the order of the file.

        Raises:
            ConfigurationError: something was found.
        """
        if self._found:
            self._found.sort(key=lambda found: found[0])
            raise ConfigurationError(self._within_limit([problem for _, problem in self._found]))

    def _within_limit(self, problems: list[Problem]) -> list[Problem]:
        rest = len(problems) - MAX_PROBLEMS
        if rest <= 0:
            return problems
        last = problems[MAX_PROBLEMS]
        more = Problem(self.file, last.line, last.column, last.key, f"and {rest} more mistakes from here on; mend those above first")
        return [*problems[:MAX_PROBLEMS], more]

    def _place(self, path: KeyPath) -> Mark:
        while path and path not in self.values and path not in self.keys:
            path = path[:-1]
        return self.values.get(path) or self.keys.get(path) or Mark(1, 1)
