"""Every word that is known to mislead, in both directions: left alone where it misleads, and no veto where the thing itself is meant."""

from pathlib import Path

import pytest

from tests.matching.topics import judge

LINES = Path(__file__).with_name("false_friends.txt").read_text(encoding="utf-8").splitlines()
WORDS = [tuple(line.split("|")) for line in LINES if line and not line.startswith("#")]


@pytest.mark.parametrize(("word", "misleading", "meant"), WORDS, ids=[word for word, *_ in WORDS])
def test_word_misleads_nobody_and_vetoes_nothing(word: str, misleading: str, meant: str) -> None:
    wrong = [judgement.reason for judgement in judge(misleading) if judgement.matched]
    assert not wrong, misleading
    assert any(judgement.matched for judgement in judge(meant)), [judgement.reason for judgement in judge(meant)]
