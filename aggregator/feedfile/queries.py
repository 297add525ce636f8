"""Check the queries of feeds.yaml, and point at their mistakes in the file itself.

A query may stand in a block (``|``, ``>``), in quotes or plain; YAML takes away indentation, line ends, quotes and escapes. The place
of a mistake is found by walking value and source side by side: letters meet letters, what YAML took away is stepped over.
"""

from collections.abc import Collection, Iterator, Sequence

from aggregator.feedfile.findings import Findings, KeyPath, Mark
from aggregator.matching import QueryError, check_query


def check_queries(
    section: str, entries: Sequence[object], names: Collection[str] | None, sources: Collection[str], findings: Findings
) -> None:
    """Report each query of a section's entries that cannot be read, or that names a set or a source which is not there."""
    for index, entry in enumerate(entries):
        for path, query in _queries(entry, (section, index)):
            _check(query, path, names, findings, sources)


def _queries(entry: object, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Give an entry's own query and those of its combinations, each with its place."""
    if not isinstance(entry, dict):
        return
    if isinstance(query := entry.get("query"), str):
        yield (*path, "query"), query
    listed = entry.get("combinations")
    for number, combination in enumerate(listed if isinstance(listed, list) else ()):
        yield from _queries(combination, (*path, "combinations", number))


def _check(query: str, path: KeyPath, names: Collection[str] | None, findings: Findings, sources: Collection[str]) -> None:
    try:
        check_query(query, names, {source.casefold() for source in sources})
    except QueryError as error:
        offset = _offset(query, error.spot.line, error.spot.column)
        findings.add(path, error.message, error.expected, mark=place_in_source(findings, path, query, offset))


def place_in_source(findings: Findings, path: KeyPath, value: str, offset: int) -> Mark | None:
    """Give the place in the file of one character of a text value; None where the file was not kept."""
    source, start = findings.sources.get(path), findings.values.get(path)
    if source is None or start is None:
        return None
    place = _walk(source, value, offset)
    before = source[:place]
    lines = before.count("\n")
    column = place - before.rfind("\n") if lines else start.column + place
    return Mark(start.line + lines, column)


def _offset(text: str, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    return start + column - 1


def _walk(source: str, value: str, offset: int) -> int:
    """Walk through the source until `offset` letters of the value, gaps not counted, were met; give the place reached."""
    place = source.find("\n") + 1 if source[:1] in ("|", ">") else int(source[:1] in ("'", '"'))
    for char in value[:offset]:
        if char.isspace():
            continue
        found = source.find(char, place)
        place = found + 1 if found >= 0 else place + 1  # an escape that YAML resolved
    while (
        place < len(source) and (source[place].isspace() or source[place] == "\\") and offset < len(value) and not value[offset].isspace()
    ):
        place += 1
    return min(place, max(0, len(source.rstrip()) if offset >= len(value.rstrip()) else len(source)))
