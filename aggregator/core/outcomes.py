"""Outcomes: the one final reason code that every stored revision gets, so that the books balance.

seen = unmatched + matched; matched = told + folded.
"""

from typing import Final

NO_COUNTRY: Final = "no_country"
NO_THEME: Final = "no_theme"
BELOW_THRESHOLD: Final = "below_threshold"
EXCLUDED: Final = "excluded"
NOT_READ: Final = "not_read"
"""The rules broke on this text; it is stored, counted in every coverage statement, and the log says what broke."""
UNMATCHED: Final = frozenset({NO_COUNTRY, NO_THEME, BELOW_THRESHOLD, EXCLUDED, NOT_READ})

NEW_STORY: Final = "new_story"
"""Opened a story."""
MATERIAL_REVISION: Final = "material_revision"
"""Changed a fact of a told story: the story gets a new version."""
TOLD: Final = frozenset({NEW_STORY, MATERIAL_REVISION})

SAME_STORY: Final = "same_story"
"""An independent report of a story that stands already."""
ECHO: Final = "echo"
"""Repeats another outlet of the story."""
COPY: Final = "copy"
"""The same words under another URL."""
SAME_ARTICLE: Final = "same_article"
"""The same page, seen through another feed."""
COSMETIC_REVISION: Final = "cosmetic_revision"
"""Changed words, but no figure, place, name or negation."""
HELD: Final = "held"
"""Matched, but part of a feed's backlog, of a flood or of a takeover: stored and found, told to nobody."""
FOLDED: Final = frozenset({SAME_STORY, ECHO, COPY, SAME_ARTICLE, COSMETIC_REVISION, HELD})

EXPLAINED: Final = {
    NO_COUNTRY: "North Korea is not named",
    NO_THEME: "no word of the topics",
    BELOW_THRESHOLD: "too weak: a topic's threshold is not reached",
    EXCLUDED: "only words that mean something else",
    NOT_READ: "could not be read, see the log",
    NEW_STORY: "opened a story",
    MATERIAL_REVISION: "changed a fact of a story",
    SAME_STORY: "another report of a story",
    ECHO: "repeats another outlet of the story",
    COPY: "the same words elsewhere",
    SAME_ARTICLE: "the same page through another feed",
    COSMETIC_REVISION: "reworded, no fact changed",
    HELD: "held: older than the watch, or too much at once",
}
