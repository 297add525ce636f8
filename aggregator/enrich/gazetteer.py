"""Load the names the enrichment knows: places, organisations, spokespersons, outlets.

The files are ours and stand in `aggregator/vocabulary`; their notation is explained at the head of each.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

from aggregator.enrich.folding import fold
from aggregator.enrich.names import Mention, Name, NameIndex, parse_name

LANGUAGES = ("en", "ko", "zh", "ja", "ru")
ANCHOR = "anchor/"


@dataclass(frozen=True, slots=True)
class Place:
    """Hold what is known of a place: its English name, its level, the ISO code of its country, and where it lies (degrees)."""

    concept: str
    level: str
    country: str
    name: str
    latitude: float
    longitude: float


class Gazetteer:
    """Find names in texts, and tell what is known of the concepts they stand for."""

    def __init__(self, places: Iterable[Place], names: Iterable[Name]) -> None:
        self._places = {place.concept: place for place in places}
        names = tuple(names)
        self._outlets = _outlet_keys(name for name in names if name.concept.startswith("outlet/"))
        self._index = NameIndex(names)
        self.find: Callable[[str], tuple[Mention, ...]] = lru_cache(maxsize=8)(self._index.find)

    @property
    def places(self) -> Mapping[str, Place]:
        """Give the places by concept."""
        return self._places

    def level(self, concept: str) -> str:
        """Give a place's level, "country", "capital", "region", "city" or "site"; empty for what is no known place."""
        place = self._places.get(concept)
        return place.level if place else ""

    def outlet(self, publisher: str) -> str | None:
        """Give the concept of an outlet by its id or any of its names, also where more words follow ("Yonhap (English)")."""
        known = self._outlets.get(_key(publisher))
        named = (mention.concept for mention in self.find(publisher) if mention.concept.startswith("outlet/"))
        return known or next(named, None)


@cache
def load_gazetteer() -> Gazetteer:
    """Read the vocabulary's names, once for the process."""
    places, outlets = _read("places.yaml"), _read("outlets.yaml")
    organisations = _read("organisations.yaml")
    known = [Place(f"place/{place['id']}", place["level"], place["country"], place["en"][0], *place["at"]) for place in places["places"]]
    names = (
        *_in_languages("place", places["places"]),
        *_anchors(places["places"]),
        *(Name("", decoy) for decoy in places["decoys"]),
        *_in_languages("organisation", organisations["organisations"]),
        *_in_languages("actor", organisations["actors"]),
        *_in_languages("person", organisations["persons"]),
        *(parse_name(f"outlet/{outlet['id']}", name) for outlet in outlets["outlets"] for name in outlet["names"]),
    )
    return Gazetteer(known, names)


def located() -> Mapping[str, tuple[str, float, float]]:
    """Give name, latitude and longitude of every known place, by concept."""
    return {concept: (place.name, place.latitude, place.longitude) for concept, place in load_gazetteer().places.items()}


def outlet_concept(publisher: str) -> str | None:
    """Give the concept of an outlet named as a feed's publisher or family names it, or None."""
    return load_gazetteer().outlet(publisher)


@cache
def read_cues() -> Mapping[str, Any]:
    """Read the words around facts; the readers of its parts are the steps that use them."""
    return _read("cues.yaml")


@cache
def read_claims() -> Mapping[str, Any]:
    """Read the phrases in which texts credit sources, and officials answer."""
    return _read("claims.yaml")


@cache
def read_persons() -> Mapping[str, Any]:
    """Read how people's names are made, by language."""
    return _read("persons.yaml")


@cache
def read_outlet_patterns() -> Mapping[str, str]:
    """Read how outlets that no list knows are named."""
    patterns: Mapping[str, str] = _read("outlets.yaml")["patterns"]
    return patterns


@cache
def read_bodies() -> Mapping[str, Any]:
    """Read how bodies that no list knows are named."""
    return _read("bodies.yaml")


def _read(file: str) -> Mapping[str, Any]:
    text = files("aggregator").joinpath("vocabulary", file).read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)  # the C one is ten times as fast, where it was built
    try:
        loaded: Mapping[str, Any] = loader.get_single_data()
    finally:
        loader.dispose()
    return loaded


def _in_languages(kind: str, entries: Iterable[Mapping[str, Any]]) -> Iterator[Name]:
    for entry in entries:
        written = dict.fromkeys(name for language in LANGUAGES for name in entry.get(language, ()))
        yield from (parse_name(f"{kind}/{entry['id']}", name) for name in written)


def _anchors(places: Iterable[Mapping[str, Any]]) -> Iterator[Name]:
    for place in places:
        yield from (parse_name(ANCHOR + place["id"], name) for name in place.get("adjectives", ()))


def _outlet_keys(names: Iterable[Name]) -> dict[str, str]:
    keys: dict[str, str] = {}
    for name in names:
        keys.setdefault(_key(name.written), name.concept)
        keys.setdefault(_key(name.concept.removeprefix("outlet/")), name.concept)
    return keys


def _key(name: str) -> str:
    return "".join(letter for letter in fold(name) if letter.isalnum())
