import pytest

from aggregator.core.measures import in_words
from aggregator.models import Fact


def figure(unit: str | None, low: float | None, high: float | None = None) -> Fact:
    high = low if high is None else high
    return Fact(kind="figure", concept="", field="text", start=0, end=0, quote="x", low=low, high=high, unit=unit)


@pytest.mark.parametrize(
    ("fact", "language", "words"),
    [
        (figure("person", 2000), "en", "2,000 people"),
        (figure("person", 2000), "ko", "2,000명"),
        (figure("person", 50_000, 100_000), "ru", "50,000–100,000 человек"),
        (figure("USD", 3_000_000), "ja", "USD 3,000,000"),
        (figure("percent", 12.5), "en", "12.5 percent"),
        (figure("vessel", 40), "zh-Hans", "40艘"),
        (figure("parsec", 3), "en", None),
        (figure(None, 3), "en", None),
        (figure("person", None), "en", None),
        (figure("person", 3), "fr", None),
    ],
)
def test_a_figure_reads_in_each_language(fact: Fact, language: str, words: str | None) -> None:
    assert in_words(fact, language) == words
