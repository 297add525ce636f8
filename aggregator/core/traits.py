"""Traits: what of a telling is compared, weighed by how rare it is in the archive, and the keys under which others find it.

An index answers "who else says this?" only for keys that few articles have: a key is a fact or a word, the rarest of a telling are
kept as rows. So the search for candidates costs the same in an archive of ten thousand articles and in one of a million.
"""

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from heapq import nlargest

from aggregator.core.acts import acts_of
from aggregator.core.answers import answer_cues
from aggregator.core.cues import cues_of
from aggregator.core.likeness import FULL, FULL_TEXT, LONG, LONG_TEXT, quantised
from aggregator.core.rarity import Rarity
from aggregator.core.terms import LEAD, own_words, terms_of
from aggregator.models import Article
from aggregator.records import Traits

MOST_KEYS = 16
RARE = 0.35
"""Weight a fact has at least to be a key: one of every tenth article finds too many."""
_LEAST_WORDS = 6
"""Facts are keys before words are, but some words always are, for texts of one language with no fact in common."""
Embed = Callable[[str, str], tuple[tuple[float, ...], ...]]
"""Turn title and lead into unit vectors; empty where no embeddings are installed."""


def no_meaning(title: str, lead: str) -> tuple[tuple[float, ...], ...]:
    """Embed nothing."""
    return ()


def countable(article: Article, concepts: Iterable[str]) -> frozenset[str]:
    """Give all terms and concepts of an article that the archive counts."""
    return frozenset((*lead_terms(article), *concepts))


def lead_terms(article: Article) -> tuple[str, ...]:
    """Give the terms of headline and first paragraphs."""
    return terms_of(f"{article.title}\n{own_words(article.title, article.text)[:LEAD]}")


def traits_of(article: Article, concepts: Iterable[str], rarity: Rarity, embed: Embed = no_meaning) -> Traits:
    """Weigh an article by the archive's counts, which include the article itself."""
    concepts = frozenset(concepts)
    return Traits(
        title=rarity.words(terms_of(article.title)),
        lead=rarity.words(lead_terms(article)),
        facts={concept: round(rarity.fact(concept), 4) for concept in concepts},
        headline=frozenset(fact.concept for fact in article.facts if fact.field == "title"),
        cues=cues_of(article.title, article.text) | answer_cues(article, concepts) | acts_of(article.title) | _lengths(article.text),
        doubt=round(rarity.doubt, 4),
        letters=len(article.text),
        meaning=quantised(embed(article.title, article.text[:LEAD])),
    )


def keys_of(traits: Traits, language: str) -> tuple[int, ...]:
    """Give the keys a telling is found by, rarest first, as signed 64-bit integers; words carry their language, facts have none."""
    facts = {concept: weight for concept, weight in traits.facts.items() if weight >= RARE and not concept.startswith("outlet/")}
    words = {term: weight * (1 + (term in traits.title)) for term, weight in {**traits.lead, **traits.title}.items()}
    chosen = _rarest(facts, MOST_KEYS - _LEAST_WORDS)
    said = [f"{language[:2]} {term}" for term in _rarest(words, MOST_KEYS - len(chosen))]
    return tuple(_key(name) for name in (*chosen, *said))


def _lengths(text: str) -> frozenset[str]:
    return frozenset(cue for cue, least in ((FULL, FULL_TEXT), (LONG, LONG_TEXT)) if len(text) >= least)


def _rarest(weights: Mapping[str, float], most: int) -> list[str]:
    return nlargest(most, weights, key=lambda key: (weights[key], key))


def _key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)
