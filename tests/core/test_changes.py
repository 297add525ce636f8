from itertools import pairwise

import pytest

from aggregator.core.changes import change_words
from aggregator.core.revisions import material_changes
from tests.core.test_stories import telling

LABELS = {("place/dandong", "ko"): "단둥", ("place/dandong", "ru"): "Даньдун"}
SENTENCES = [
    ("2,000 → 200 people", "2,000 → 200명", "2,000 → 200人", "2,000 → 200 человек"),
    ("now also 30 vessels", "추가: 30척", "追加：30隻", "теперь также 30 судов"),
    ("now also 50,000-100,000 USD", "추가: 50,000-100,000 USD", "追加：50,000-100,000 USD", "теперь также 50,000-100,000 USD"),
    ("place: Dandong → Hunchun", "장소: 단둥 → Hunchun", "場所：Dandong → Hunchun", "место: Даньдун → Hunchun"),
    ("the headline's claim was reversed", "제목의 주장이 뒤집힘", "見出しの主張が覆された", "утверждение в заголовке опровергнуто"),
    ("something else", "something else", "something else", "something else"),
]


def label(concept: str, language: str) -> str:
    return LABELS.get((concept, language), "")


@pytest.mark.parametrize(("english", "korean", "japanese", "russian"), SENTENCES)
def test_a_change_is_told_in_the_readers_language(english: str, korean: str, japanese: str, russian: str) -> None:
    told = [change_words(english, language, label) for language in ("en", "ko", "ja", "ru")]
    assert told == [english, korean, japanese, russian]


def test_every_sentence_that_is_judged_can_be_told_in_every_language() -> None:
    versions = [
        telling(1, "wire", "person:2000", "place/dandong", title="North Korea recalls workers"),
        telling(1, "wire", "person:200", "place/dandong", title="North Korea recalls workers"),
        telling(1, "wire", "person:200", "vessel:3", "place/hunchun", title="North Korea does not recall workers"),
    ]
    changes = [change for before, after in pairwise(versions) for change in material_changes(before, after)]
    assert len(changes) == 4
    for language in ("ko", "zh", "ja", "ru"):
        assert not set(changes) & {change_words(change, language, label) for change in changes}
