from datetime import UTC, datetime

import pytest

from aggregator.core.ledger import conflicts
from aggregator.models import Fact
from aggregator.records import LedgerLine


def line(article: int, low: float, high: float | None = None, unit: str = "person", story: int | None = 1) -> LedgerLine:
    high = low if high is None else high
    value = f"{low:g}" if low == high else f"{low:g}-{high:g}"
    fact = Fact(kind="figure", concept=f"{unit}:{value}", field="text", start=0, end=3, quote="200", low=low, high=high, unit=unit)
    return LedgerLine(
        fact=fact, place=None, date=None, article_id=article, story_id=story, outlet=f"Outlet {article}", title="t", url="u",
        published_at=datetime(2024, 7, 10, tzinfo=UTC),
    )  # fmt: skip


CASES = [
    ([line(1, 200), line(2, 2000)], ["200 people (Outlet 1) / 2,000 people (Outlet 2)"]),
    ([line(1, 200), line(2, 200)], []),
    ([line(1, 150, 250), line(2, 200)], []),
    ([line(1, 200), line(1, 2000)], []),
    ([line(1, 200), line(2, 2000, story=2)], []),
    ([line(1, 200, unit="percent"), line(2, 20, unit="percent")], []),
    ([line(1, 200), line(2, 300, unit="visa")], []),
    ([line(1, 200, story=None), line(2, 300, story=None)], []),
]


@pytest.mark.parametrize(("lines", "expected"), CASES)
def test_articles_of_a_story_that_disagree_are_shown_side_by_side(lines: list[LedgerLine], expected: list[str]) -> None:
    assert [conflict.sides for conflict in conflicts(lines)] == expected
