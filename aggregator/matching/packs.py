"""Hold term packs and read them from YAML, with every mistake named by file, line and key.

A pack is one theme. Its concepts are shared by the languages; each has a label, strong and weak terms by language,
and may say ``unless`` (guards: concepts of the theme ``guards`` that make its terms count for nothing in the same
sentence) and ``beside_country`` (its weak terms count as strong close to the country's name). ``exclude`` holds words
that are blanked for this theme only: they never veto the rest of the text. Of overlapping terms of one theme the longest
stays, or all of them where the pack says ``keep_all``.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import yaml

from aggregator.errors import ConfigurationError, Problem
from aggregator.matching.terms import Form, TermError, read_expression, read_term

LANGUAGES = ("en", "ko", "zh", "ja", "ru")
GUARDS = "guards"
QUERY = "query"
"""The theme of terms that a query brings along; none of them hides another."""
_LARGEST_PACK = 1_000_000
_PACK_KEYS = ("theme", "label", "notes", "keep_all", "sets", "exclude", "concepts")
_CONCEPT_KEYS = ("label", "notes", "unless", "beside_country", "strong", "weak")


@dataclass(frozen=True, slots=True)
class Term:
    """Hold one term as its author wrote it, with the forms to look for."""

    notation: str
    language: str
    strength: str
    forms: tuple[Form, ...]


@dataclass(frozen=True, slots=True)
class Concept:
    """Hold what several terms in several languages mean; `id` is ``theme/name``."""

    id: str
    label: Mapping[str, str]
    terms: tuple[Term, ...]
    unless: tuple[str, ...] = ()
    beside_country: bool = False


@dataclass(frozen=True, slots=True)
class Pack:
    """Hold the concepts and exclusions of one theme."""

    theme: str
    label: Mapping[str, str]
    concepts: Mapping[str, Concept]
    exclusions: tuple[Term, ...]
    digest: str
    references: tuple[tuple[str, Problem], ...] = field(default=(), repr=False)
    keep_all: bool = False


@dataclass(frozen=True, eq=False)
class Packs:
    """Hold all packs by theme; what is derived from them is made once."""

    themes: Mapping[str, Pack]

    def concept(self, concept: str) -> Concept | None:
        """Give a concept by its id ``theme/name``, or None."""
        theme, _, name = concept.partition("/")
        return self.themes[theme].concepts.get(name) if theme in self.themes else None

    def label(self, concept: str, language: str = "en") -> str:
        """Give the label of a concept or theme in a language, else in English, else its id."""
        known = self.concept(concept)
        labels = known.label if known else self.themes[concept].label if concept in self.themes else {}
        return labels.get(language) or labels.get("en") or concept

    @cached_property
    def digest(self) -> str:
        """Give a hash over the content of all packs."""
        return hashlib.sha256("".join(sorted(pack.digest for pack in self.themes.values())).encode()).hexdigest()

    @cached_property
    def unless(self) -> Mapping[str, tuple[str, ...]]:
        """Give the guards of each concept that has some."""
        return {concept.id: concept.unless for pack in self.themes.values() for concept in pack.concepts.values() if concept.unless}

    @cached_property
    def beside_country(self) -> frozenset[str]:
        """Give the concepts whose weak terms count as strong beside the country's name."""
        return frozenset(concept.id for pack in self.themes.values() for concept in pack.concepts.values() if concept.beside_country)


def assemble(packs: Sequence[Pack]) -> Packs:
    """Join packs; raises `ConfigurationError` where they do not fit each other."""
    themes = {pack.theme: pack for pack in packs}
    guards = set(themes[GUARDS].concepts) if GUARDS in themes else set()
    problems = [problem for pack in packs for guard, problem in pack.references if guard not in guards]
    if problems:
        raise ConfigurationError(problems)
    return Packs(MappingProxyType(themes))


def read_pack(file: str, text: str) -> Pack:
    """Read one pack; raises `ConfigurationError` with every problem found in it."""
    reader = _Reader(file)
    root = reader.compose(text)
    pack = reader.pack(root, text) if root is not None else None
    if reader.problems or pack is None:
        raise ConfigurationError(reader.problems)
    return pack


class _Reader:
    """Walk the nodes of one file and collect problems on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.sets: dict[str, list[str]] = {}
        self.references: list[tuple[str, Problem]] = []

    def compose(self, text: str) -> yaml.Node | None:
        if len(text) > _LARGEST_PACK:
            self.problems.append(Problem(self.file, 1, 1, "file", "the pack is larger than a megabyte"))
            return None
        try:
            root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except (yaml.YAMLError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            self.problems.append(Problem(self.file, line, column, "file", f"not YAML: {getattr(error, 'problem', None) or error}"))
            return None
        if root is None:
            self.problems.append(Problem(self.file, 1, 1, "file", "the file is empty"))
        return root

    def problem(self, node: yaml.Node, key: str, message: str, allowed: str = "") -> Problem:
        mark = node.start_mark
        return Problem(self.file, mark.line + 1, mark.column + 1, key, message, allowed)

    def wrong(self, node: yaml.Node, key: str, message: str, allowed: str = "") -> None:
        self.problems.append(self.problem(node, key, message, allowed))

    # --- shapes -------------------------------------------------------------------------------------------------

    def mapping(self, node: yaml.Node, key: str, allowed: Sequence[str] = ()) -> dict[str, yaml.Node]:
        """Give the children of a mapping by key; unknown and repeated keys are problems."""
        found: dict[str, yaml.Node] = {}
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, key, "must be a mapping")
            return found
        for name_node, value in node.value:
            name = str(name_node.value)
            if allowed and name not in allowed:
                self.wrong(name_node, f"{key}.{name}".lstrip("."), "unknown key", ", ".join(allowed))
            elif name in found:
                self.wrong(name_node, f"{key}.{name}".lstrip("."), "this key stands twice")
            else:
                found[name] = value
        return found

    def items(self, node: yaml.Node, key: str) -> Iterator[tuple[str, yaml.Node]]:
        """Give the members of a list with their keys."""
        if isinstance(node, yaml.SequenceNode):
            yield from ((f"{key}[{index}]", item) for index, item in enumerate(node.value))
        else:
            self.wrong(node, key, "must be a list")

    def scalar(self, node: yaml.Node, key: str) -> str:
        if isinstance(node, yaml.ScalarNode) and str(node.value).strip():
            return str(node.value)
        self.wrong(node, key, "must be a text")
        return ""

    # --- the pack -----------------------------------------------------------------------------------------------

    def pack(self, root: yaml.Node, text: str) -> Pack | None:
        fields = self.mapping(root, "", _PACK_KEYS)
        for required in ("theme", "concepts"):
            if required not in fields:
                self.wrong(root, required, "is missing")
        if self.problems:
            return None
        theme = self.scalar(fields["theme"], "theme")
        for name, node in self.mapping(fields["sets"], "sets").items() if "sets" in fields else ():
            self.sets[name] = [self.scalar(item, key) for key, item in self.items(node, f"sets.{name}")]
        exclusions = self.terms(fields["exclude"], "exclude", "exclude") if "exclude" in fields else ()
        concepts = {
            name: self.concept(node, f"concepts.{name}", f"{theme}/{name}")
            for name, node in self.mapping(fields["concepts"], "concepts").items()
        }
        label = self.labels(fields.get("label"), root, "label")
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        keep_all = self.flag(fields["keep_all"], "keep_all") if "keep_all" in fields else False
        return Pack(theme, label, MappingProxyType(concepts), exclusions, digest, tuple(self.references), keep_all)

    def concept(self, node: yaml.Node, key: str, concept: str) -> Concept:
        fields = self.mapping(node, key, _CONCEPT_KEYS)
        strong = self.terms(fields["strong"], f"{key}.strong", "strong") if "strong" in fields else ()
        weak = self.terms(fields["weak"], f"{key}.weak", "weak") if "weak" in fields else ()
        if not strong and not weak:
            self.wrong(node, key, "has neither strong nor weak terms")
        unless = tuple(self.guards(fields["unless"], f"{key}.unless")) if "unless" in fields else ()
        beside = self.flag(fields["beside_country"], f"{key}.beside_country") if "beside_country" in fields else False
        return Concept(concept, self.labels(fields.get("label"), node, f"{key}.label"), (*strong, *weak), unless, beside)

    def labels(self, node: yaml.Node | None, parent: yaml.Node, key: str) -> Mapping[str, str]:
        fields = self.mapping(node, key, LANGUAGES) if node is not None else {}
        if "en" not in fields:
            self.wrong(node or parent, key, "needs an English label, as {en: ...}")
        return MappingProxyType({language: self.scalar(value, f"{key}.{language}") for language, value in fields.items()})

    def guards(self, node: yaml.Node, key: str) -> Iterator[str]:
        for place, item in self.items(node, key):
            guard = self.scalar(item, place)
            self.references.append((guard, self.problem(item, place, f"there is no guard {guard!r} in the theme {GUARDS}")))
            yield guard

    def flag(self, node: yaml.Node, key: str) -> bool:
        value = str(node.value).lower()
        if value not in ("true", "false"):
            self.wrong(node, key, "must be true or false")
        return value == "true"

    def terms(self, node: yaml.Node, key: str, strength: str) -> tuple[Term, ...]:
        found: list[Term] = []
        for language, listed in self.mapping(node, key, LANGUAGES).items():
            for place, item in self.items(listed, f"{key}.{language}"):
                term = self.term(item, place, language, strength)
                found += [term] if term else []
        return tuple(found)

    def term(self, node: yaml.Node, key: str, language: str, strength: str) -> Term | None:
        try:
            if isinstance(node, yaml.MappingNode):
                fields = self.mapping(node, key, ("re", "at"))
                if len(fields) < 2:
                    raise TermError("an expression needs both keys: re, at")
                notation = self.scalar(fields["re"], f"{key}.re")
                forms: tuple[Form, ...] = (read_expression(notation, self.scalar(fields["at"], f"{key}.at")),)
            else:
                notation = self.scalar(node, key)
                forms = read_term(notation, self.sets) if notation else ()
        except TermError as error:
            self.wrong(node, key, str(error))
            return None
        return Term(notation, language, strength, forms)
