"""Judge texts by queries over the term packs: normalise, scan once for all terms, evaluate each query, and say why.

Pure: told everything, reads nothing. The packs come from `aggregator.vocabulary.load_packs`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aggregator.matching.checking import check as check_query
    from aggregator.matching.judge import Judge, as_query, compile_query, compile_topics
    from aggregator.matching.mistakes import QueryError
    from aggregator.matching.packs import Packs

__all__ = ["Judge", "Packs", "QueryError", "as_query", "check_query", "compile_query", "compile_topics"]

# Loaded when asked for: much of the program folds text (`aggregator.matching.text`) and judges none.
_HOMES = {
    "check_query": ("checking", "check"),
    "QueryError": ("mistakes", "QueryError"),
    "Packs": ("packs", "Packs"),
    **{name: ("judge", name) for name in ("Judge", "as_query", "compile_query", "compile_topics")},
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    module, inside = _HOMES[name]
    return getattr(import_module(f"{__name__}.{module}"), inside)
