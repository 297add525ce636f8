"""Leave out what a library takes along wherever it finds it, and what nothing here uses."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import cast


@contextmanager
def omitting(*names: str) -> Iterator[None]:
    """Let modules seem not to be installed while a library is loaded; what is loaded already stays.

    None in the place of a module says so to every import (Python Language Reference, 5.3.1, the module cache).
    """
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    hidden = [name for name in names if name not in modules]
    modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            del modules[name]
