"""Robots exclusion by RFC 9309: may this program ask for this path?

The groups of the most specific matching product token apply, joined where there are several; without one those of ``*`` (section
2.2.1). The longest matching rule decides, and of equal ones the allowing (2.2.2). ``*`` stands for anything, ``$`` for the end. Lines
that nobody understands are ignored; at most 500 KiB are read (2.5).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes, urlsplit

MAX_ROBOTS = 512_000
_LINE = re.compile(r"\s*([A-Za-z-]{1,20})\s*:\s*([^#\r\n]{0,2000})")
_KEPT = "/?&=+,;:@!'()~._-*$%"


@dataclass(frozen=True, slots=True)
class _Rule:
    """Hold one allow or disallow line."""

    allows: bool
    path: str


def allowed(robots: str, product: str, url: str) -> bool:
    """Tell whether a robots.txt lets a product token ask for a URL; the file itself may always be asked for."""
    path = _normal(_path(url))
    if path == "/robots.txt":
        return True
    matching = [rule for rule in _rules(robots[:MAX_ROBOTS], product) if rule.path and _matches(rule.path, path)]
    best = max(matching, key=lambda rule: (len(rule.path), rule.allows), default=None)
    return best is None or best.allows


def robots_url(url: str) -> str:
    """Give the address of the robots.txt that speaks for a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/robots.txt"


def _rules(robots: str, product: str) -> list[_Rule]:
    own: list[_Rule] = []
    general: list[_Rule] = []
    named = False
    for agents, rules in _groups(robots):
        if product.lower() in agents:
            named = True
            own += rules
        elif "*" in agents:
            general += rules
    return own if named else general


def _groups(robots: str) -> Iterator[tuple[Sequence[str], Sequence[_Rule]]]:
    """Give the groups: lines of user agents, then the rules for all of them."""
    agents: list[str] = []
    rules: list[_Rule] = []
    open_for_agents = True
    for line in robots.removeprefix("\ufeff").splitlines():
        match = _LINE.match(line)
        if not match:
            continue
        key, value = match.group(1).lower(), match.group(2).strip()
        if key == "user-agent":
            if not open_for_agents:
                yield agents, rules
                agents, rules = [], []
            open_for_agents = True
            agents.append(_token(value))
        elif key in ("allow", "disallow"):
            open_for_agents = False
            rules.append(_Rule(key == "allow", _normal(value) if value else ""))
    yield agents, rules


def _token(agent: str) -> str:
    """Give the product token of a user-agent line, without version."""
    match = re.match(r"[A-Za-z_*-]+", agent)
    return match.group().lower() if match else ""


def _path(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _normal(path: str) -> str:
    """Bring escapes of a path to one form (section 2.2.2): what needs none has none, what needs one has one."""
    pieces = re.split(r"(%2[Ff]|%24|%2[Aa])", path)
    return "".join(
        piece.upper() if piece.startswith("%") and len(piece) == 3 else quote(unquote_to_bytes(piece), safe=_KEPT.replace("%", ""))
        for piece in pieces
    )


def _matches(rule: str, path: str) -> bool:
    """Match a rule's path by its pieces between the stars, so that no rule can cost more than its length times the path's."""
    anchored = rule.endswith("$")
    first, *rest = (rule[:-1] if anchored else rule).split("*")
    if not path.startswith(first):
        return False
    position = len(first)
    if not rest:
        return not anchored or position == len(path)
    for piece in rest[:-1]:
        found = path.find(piece, position)
        if found < 0:
            return False
        position = found + len(piece)
    if anchored:
        return path.endswith(rest[-1]) and len(path) - len(rest[-1]) >= position
    return path.find(rest[-1], position) >= 0
