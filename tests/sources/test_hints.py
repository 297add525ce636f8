from datetime import timedelta

import pytest

from aggregator.models import FeedHints
from aggregator.sources.hints import read_hints


@pytest.mark.parametrize(
    ("head", "hints"),
    [
        ("<ttl>60</ttl>", FeedHints(least=timedelta(hours=1))),
        ("<ttl>0</ttl>", FeedHints()),
        ("<ttl>9999999</ttl>", FeedHints(least=timedelta(days=30))),
        ("<ttl>soon</ttl>", FeedHints()),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>", FeedHints()),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", FeedHints(least=timedelta(hours=12))),
        ("<sy:updatePeriod>weekly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", FeedHints(least=timedelta(days=7))),
        ("<skipHours><hour>1</hour><hour>24</hour><hour>99</hour></skipHours>", FeedHints(skip_hours=(0, 1))),
        ("<skipDays><day>Sunday</day><day>saturday</day><day>x</day></skipDays>", FeedHints(skip_days=(5, 6))),
        ("", FeedHints()),
    ],
)
def test_wishes_of_a_document(head: str, hints: FeedHints) -> None:
    assert read_hints(f"<rss><channel>{head}<item/></channel></rss>".encode()) == hints
