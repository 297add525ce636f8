"""Judge texts by queries over the term packs: normalise, scan once for all terms, evaluate each query, and say why.

Pure: told everything, reads nothing. The packs come from `aggregator.vocabulary.load_packs`.
"""

from aggregator.matching.checking import check as check_query
from aggregator.matching.judge import Judge, as_query, compile_query, compile_topics
from aggregator.matching.mistakes import QueryError
from aggregator.matching.packs import Packs

__all__ = ["Judge", "Packs", "QueryError", "as_query", "check_query", "compile_query", "compile_topics"]
