from tests.enrich.scoring import KINDS, LANGUAGES, Score, score, sentences, traps

FOUND = {"text": "200 workers", "start": 6, "end": 17, "low": 200, "high": 200, "unit": "person"}


def test_every_language_has_sixty_sentences_half_of_them_traps_and_a_third_set_aside() -> None:
    rows = sentences()
    assert len(rows) >= 300
    for language in LANGUAGES:
        own = [row for row in rows if row["lang"] == language]
        assert len(own) >= 60
        assert traps(own)[language] >= 0.45 * len(own)
        assert 0.3 < sum(row["part"] == "held" for row in own) / len(own) < 0.36


def test_every_label_gives_back_its_words() -> None:
    for row in sentences():
        assert set(row["facts"]) <= set(KINDS)
        for facts in row["facts"].values():
            assert all(row["text"][fact["start"] : fact["end"]] == fact["text"] for fact in facts), row["id"]


def test_scorer_counts_right_wrong_and_missing() -> None:
    other = {**FOUND, "start": 40, "end": 51}
    assert _counts(score("figures", [FOUND], [FOUND])) == (1, 0, 0)
    assert _counts(score("figures", [FOUND], [{**FOUND, "unit": "ton"}])) == (0, 1, 1)
    assert _counts(score("figures", [FOUND, other], [FOUND])) == (1, 0, 1)
    assert _counts(score("figures", [], [FOUND])) == (0, 1, 0)


def _counts(one: Score) -> tuple[int, int, int]:
    return one.right, one.wrong, one.missing
