"""Print what the shipped topics make of the labelled items: ``python bench/relevance.py [--errors PART]``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.matching.relevance import measure, verdicts

PARTS = ("open", "held", "second", "third", "plain", "plain-held")
LANGUAGES = ("en", "ko", "zh", "ja", "ru", "")


def main() -> None:
    """Print the tables, and the errors of one part where asked."""
    for part in PARTS:
        print(f"\n| {part} | found | false alarms | missed | rightly left | precision | recall |\n|---|---|---|---|---|---|---|")
        for language in LANGUAGES:
            one = measure(part, language)
            counts = f"{one.found} | {one.false_alarms} | {one.missed} | {one.left}"
            print(f"| {language or 'all'} | {counts} | {one.precision:.2f} | {one.recall:.2f} |")
    for verdict in verdicts() if "--errors" in sys.argv else ():
        if verdict.part == sys.argv[-1] and verdict.kind in ("missed", "false alarm"):
            print(f"{verdict.kind} {verdict.id} {verdict.title}\n    {verdict.why}")


if __name__ == "__main__":
    main()
