from itertools import combinations

import pytest

from aggregator.core.likeness import likeness, probability
from tests.stories.clustering import read
from tests.stories.gold import rows


@pytest.mark.parametrize("semantic", ["off", "on"])
def test_the_explanation_adds_up_to_the_probability(semantic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGGREGATOR_SEMANTIC", semantic)
    for one, other in combinations(read(rows("held")[:24]), 2):
        assert likeness(one, other, 0.6).probability == pytest.approx(probability(one, other, 0.6))
        assert probability(one, other) == pytest.approx(probability(other, one))
