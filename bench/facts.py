"""Measure the facts against our labelled sentences: ``python bench/facts.py [--misses] [open|held|second|last|blind|sealed|fresh|after]``.

Prints precision and recall by kind and by language, as Markdown; the sentences stand in `tests/data/facts`.
"""

import asyncio
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from aggregator.enrich import enrich, facts_report
from aggregator.models import Article, FeedSpec
from tests.enrich.scoring import LANGUAGES, LATER, Score, Told, sentences, sums, tally

FEED = FeedSpec(id="bench", name="Bench", url="https://bench.example/", publisher="Bench", family="bench", assume_country=True)


PARTS = ["open", "held", *LATER]


async def told(row: Told) -> Told:
    """Extract the facts of one sentence."""
    published = datetime.fromisoformat(row["published"]).replace(hour=12, tzinfo=UTC)
    article = await enrich(Article(title="", text=row["text"], feed=FEED, language=row["lang"], published_at=published))
    assert not article.missing, article.missing
    return facts_report(article)


def line(name: str, score: Score) -> str:
    """Write a row of the table."""
    expected = score.right + score.missing
    return f"| {name} | {expected} | {score.precision:.3f} | {score.recall:.3f} |"


def cell(one: Score) -> str:
    """Write precision and recall of one kind in one language."""
    return f"{one.precision:.2f} / {one.recall:.2f}" if one.right + one.wrong + one.missing else "–"


def cells(totals: Mapping[tuple[str, str], Score]) -> None:
    """Print precision / recall of each kind in each language."""
    kinds = dict.fromkeys(kind for _, kind in totals)
    print(f"\n| precision / recall | {' | '.join(LANGUAGES)} |\n|---|{'---|' * len(LANGUAGES)}")
    for kind in kinds:
        told = [cell(totals.get((language, kind), Score())) for language in LANGUAGES]
        print(f"| {kind} | {' | '.join(told)} |")
    print()


def main() -> None:
    """Score the parts asked for, by default both."""
    for part in [argument for argument in sys.argv[1:] if argument in PARTS] or PARTS:
        totals = tally((row, asyncio.run(told(row))) for row in sentences(part))
        print(f"\n{part}\n\n| | labelled | precision | recall |\n|---|---|---|---|")
        for position in (1, 0):
            for name, score in sums(totals, position).items():
                print(line(name, score))
        cells(totals)
        everything = Score()
        for score in totals.values():
            everything.add(score)
        print(line("all", everything))
        if "--misses" in sys.argv:
            print("\n".join(everything.misses))


if __name__ == "__main__":
    main()
