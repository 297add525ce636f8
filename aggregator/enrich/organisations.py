"""Find the organisations and spokespersons of the subject, once per concept in title and text.

A name that means other things too ("Office 39", "RGB") counts only in an article that names North Korea, and an office with a
floor behind it is an address.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from aggregator.enrich.gazetteer import load_gazetteer
from aggregator.enrich.places import first_of_each
from aggregator.models import Article, Fact

_NORTH = frozenset(("place/north-korea", "anchor/north-korea", "place/pyongyang"))

_ADDRESS = re.compile(r",? (?:[0-9]{1,2}(?:st|nd|rd|th)|[a-z]{3,8}) floor\b|, [0-9]+ [A-Z]")


async def find_organisations(article: Article) -> Article:
    """Add the organisations and persons that title and text name."""
    return replace(article, facts=(*article.facts, *_found(article)))


def _found(article: Article) -> Iterator[Fact]:
    gazetteer = load_gazetteer()
    fields = (("title", article.title), ("text", article.text))
    anchored = article.feed.assume_country or any(mention.concept in _NORTH for _, text in fields for mention in gazetteer.find(text))
    for field, text in fields:
        for kind in ("organisation", "actor", "person"):
            mentions = (
                mention
                for mention in gazetteer.find(text)
                if mention.concept.startswith(f"{kind}/")
                and (not mention.ambiguous or (anchored and not _ADDRESS.match(text, mention.end)))
            )
            yield from first_of_each(kind, field, text, mentions)
