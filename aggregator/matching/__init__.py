"""Judge texts by the term packs: normalise, scan once for all terms, score each topic, and say why.

Pure: told everything, reads nothing. The packs come from `aggregator.vocabulary.load_packs`.
"""

from aggregator.matching.judge import Judge, compile_topics
from aggregator.matching.packs import Packs

__all__ = ["Judge", "Packs", "compile_topics"]
