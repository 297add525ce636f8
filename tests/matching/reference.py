"""A slow and obvious reading of the topic language, to hold the real evaluator against.

A text is a list of words, each with its field, paragraph and sentence. A mention is the pair of its first and last word; a scope is
the set of words it may begin with. Every operator does literally what the documentation says, by trying everything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from aggregator.matching.language import parse
from aggregator.matching.query import (
    And,
    AtLeast,
    Except,
    Guarded,
    Has,
    Named,
    Near,
    Node,
    Not,
    Or,
    Score,
    Within,
    Word,
    Zone,
)

Mention = tuple[int, int]
Scope = frozenset[int]
TITLE = -1
"""The place of the title in a scope, with or without words."""
SETS = {
    "work/people": (["worker*", "crew"], ["staff"]),
    "work/pay": (["wages", "loyalty fund"], []),
    "land/north": (["korea*", "노동"], []),
}


@dataclass(frozen=True)
class Token:
    word: str
    field: str
    paragraph: int
    sentence: int


@dataclass(frozen=True)
class Text:
    """Hold a title and paragraphs of sentences of words, and how they are written."""

    title: tuple[str, ...]
    paragraphs: tuple[tuple[tuple[str, ...], ...], ...]

    def tokens(self) -> list[Token]:
        found = [Token(word, "title", 0, 0) for word in self.title]
        sentence = 0
        for number, paragraph in enumerate(self.paragraphs, 1):
            for words in paragraph:
                sentence += 1
                found += [Token(word, "text", number, sentence) for word in words]
        return found

    def written(self) -> tuple[str, str]:
        return " ".join(self.title), "\n\n".join(" ".join(" ".join(words) + "." for words in part) for part in self.paragraphs)

    def units(self, unit: str) -> int:
        return sum(len(part) for part in self.paragraphs) if unit == "sentence" else len(self.paragraphs)


class Reference:
    """Evaluate queries over one text."""

    def __init__(self, text: Text, language: str) -> None:
        self.text, self.tokens, self.language = text, text.tokens(), language
        self.everything: Scope = frozenset(range(TITLE, len(self.tokens)))

    def matches(self, query: str) -> bool:
        return self.holds(parse(query), self.everything, ())

    def holds(self, node: Node, scope: Scope, blanks: tuple[Node, ...]) -> bool:
        match node:
            case And(parts=parts):
                return all(self.holds(part, scope, blanks) for part in parts)
            case Or(parts=parts):
                return any(self.holds(part, scope, blanks) for part in parts)
            case Not(part=part):
                return not self.holds(part, scope, blanks)
            case Except(part=part, words=words):
                return self.holds(part, scope, (*blanks, words))
            case Within(unit=unit, part=part):
                return any(self.holds(part, inner, blanks) for inner in self.inner(unit, scope))
            case Zone(words=words, part=part):
                return self.holds(part, scope & self.first(words), blanks)
            case AtLeast(count=count, part=part):
                found = self.mentions(part, scope, blanks)
                return any(self.apart(chosen) for chosen in combinations(found, count))
            case Has(value=value):
                return self.language == value
            case Score(parts=parts, threshold=threshold):
                return sum(part.weight * self.share(part.node, blanks) for part in parts) >= threshold
            case _:
                return bool(self.mentions(node, scope, blanks))

    def share(self, node: Node, blanks: tuple[Node, ...]) -> float:
        if isinstance(node, Named):
            strong = self.mentions(node, self.everything, blanks)
            return 1.0 if strong else 0.5 if self.mentions(Named(node.name, True), self.everything, blanks) else 0.0
        return float(self.holds(node, self.everything, blanks))

    def mentions(self, node: Node, scope: Scope, blanks: tuple[Node, ...]) -> list[Mention]:
        match node:
            case Word(notation=notation):
                return self.unblanked(self.term(notation), scope, blanks)
            case Named(name=name, weak=weak):
                strong, soft = SETS[name]
                terms = [*strong, *(soft if weak else [])]
                return self.unblanked(sorted({one for term in terms for one in self.term(term)}), scope, blanks)
            case Or(parts=parts):
                return sorted({one for part in parts for one in self.mentions(part, scope, blanks)})
            case Except(part=part, words=words):
                return self.mentions(part, scope, (*blanks, words))
            case Near(left=left, right=right, words=words):
                first, second = self.mentions(left, scope, blanks), self.mentions(right, scope, blanks)
                pairs = [(one, other) for one in first for other in second if self.near(one, other, words)]
                return sorted({one for pair in pairs for one in pair})
            case Guarded(part=part, condition=condition, unit=unit, negated=negated):
                found = self.mentions(part, scope, blanks)
                return [one for one in found if self.holds(condition, self.around(one, unit) & scope, blanks) is not negated]
            case Zone(words=words, part=part):
                return self.mentions(part, scope & self.first(words), blanks)
            case _:
                raise AssertionError(node)

    def term(self, notation: str) -> list[Mention]:
        wanted = notation.split()
        starts = range(len(self.tokens) - len(wanted) + 1)
        return [(at, at + len(wanted) - 1) for at in starts if self.fits(self.tokens[at : at + len(wanted)], wanted)]

    def fits(self, tokens: list[Token], wanted: list[str]) -> bool:
        together = len({(token.field, token.sentence) for token in tokens}) == 1
        ends = (
            token.word.startswith(want.removesuffix("*")) if want.endswith("*") else token.word == want
            for token, want in zip(tokens, wanted, strict=True)
        )
        return together and all(ends)

    def unblanked(self, found: list[Mention], scope: Scope, blanks: tuple[Node, ...]) -> list[Mention]:
        covers = [cover for blank in blanks for cover in self.covers(blank)]
        return [one for one in found if one[0] in scope and not any(not self.apart((one, cover)) for cover in covers)]

    def covers(self, words: Node) -> list[Mention]:
        if isinstance(words, Named):
            words = Named(words.name, True)
        if isinstance(words, Or):
            return [one for part in words.parts for one in self.covers(part)]
        return self.mentions(words, self.everything, ())

    def apart(self, mentions: tuple[Mention, ...]) -> bool:
        return all(one[1] < other[0] or other[1] < one[0] for one, other in combinations(mentions, 2))

    def near(self, one: Mention, other: Mention, words: int) -> bool:
        same = self.tokens[one[0]].field == self.tokens[other[0]].field
        return same and max(other[0] - one[1], one[0] - other[1]) - 1 <= words

    def around(self, one: Mention, unit: str) -> Scope:
        return self.unit(getattr(self.tokens[one[0]], unit), unit)

    def unit(self, number: int, unit: str) -> Scope:
        words = {at for at, token in enumerate(self.tokens) if getattr(token, unit) == number}
        return frozenset(words | ({TITLE} if number == 0 else set()))

    def inner(self, unit: str, scope: Scope) -> Iterator[Scope]:
        for number in range(self.text.units(unit) + 1):
            if inner := self.unit(number, unit) & scope:
                yield inner

    def first(self, words: int | None) -> Scope:
        text = [at for at, token in enumerate(self.tokens) if token.field == "text"]
        return self.everything - frozenset(text if words is None else text[words:])
