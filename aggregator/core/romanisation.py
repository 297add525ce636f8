"""Romanisation: a Russian name as newspapers in English spell it, so that one minister is one person in both languages.

The letters follow the BGN/PCGN system of 1947 as newsrooms simplify it: no signs for the soft and the hard one, "-y" for final -ий
and -ый, "i" for й behind another vowel.
"""

import re

_CYRILLIC = re.compile(r"[а-яё]")
_FINAL = re.compile(r"[иы]й(?![а-яё])")
_LETTERS = str.maketrans(
    dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziiklmnoprstufye", strict=True))
    | {"ё": "yo", "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya", "ь": "", "ъ": ""}
)


def latin(name: str) -> str:
    """Spell a name in lower-case Cyrillic letters in Latin ones; any other is given back."""
    return _FINAL.sub("y", name).translate(_LETTERS) if _CYRILLIC.search(name) else name
