"""Our own words in the reader's language, what continues, the chart of days, and late digests."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aggregator.channels.blocks import blocks_of
from aggregator.channels.letter import LONGEST_HTML, write
from aggregator.channels.page import CHART_HEIGHT, lay_out
from aggregator.channels.phrases import LANGUAGES, _phrases, say
from aggregator.models import Digest
from tests.channels.samples import DANDONG, DIGEST, EMPTY, crowded

CONTINUING = replace(DANDONG, kind="continues", excerpt="", excerpt_marks=(), changes=(), facts=(), why=())
FULL = replace(
    DIGEST,
    continuing=(CONTINUING,),
    due_at=datetime(2026, 11, 19, 23, 0, tzinfo=UTC),
    missed=2,
    days=(0, 0, 1, 0, 2, 3, 8, 0, 0, 1, 1, 0, 4, 2),
)
OURS = (
    "What was watched",
    "Changed",
    "Figures",
    "Why",
    "Also in",
    "No news is not no events",
    "published",
    "told here",
    "echo",
    "independent",
)


def test_every_phrase_has_every_language_and_the_same_blanks() -> None:
    for phrase, translations in _phrases().items():
        assert sorted(translations) == sorted(LANGUAGES)
        for words in translations.values():
            assert words.strip()
            assert sorted(re.findall(r"\{\w+\}", words)) == sorted(re.findall(r"\{\w+\}", phrase))


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_of_our_own_stays_english(language: str) -> None:
    letter = write(lay_out(replace(FULL, language=language)))
    for text in (letter.text, re.sub(r"<style.*?</style>|<[^>]*>", " ", letter.html, flags=re.DOTALL)):
        assert [words for words in OURS if re.search(rf"\b{words}\b", text)] == []
    assert f'<html lang="{language}"' in letter.html
    assert blocks_of(lay_out(replace(FULL, language=language)))


def test_dates_follow_the_language_and_the_zone() -> None:
    whens = [lay_out(replace(DIGEST, language=language)).when for language in ("en", *LANGUAGES)]
    assert whens == [
        "Sat 21 Nov 2026, 08:00",
        "2026년 11월 21일 (토) 08:00",
        "2026年11月21日 (六) 08:00",
        "2026年11月21日 (土) 08:00",
        "21.11.2026 (сб) 08:00",
    ]


def test_an_unknown_language_reads_english() -> None:
    assert say("fr", "What was watched") == "What was watched"
    assert '<html lang="en">' in write(lay_out(replace(DIGEST, language="fr"))).html


def test_what_continues_is_told_in_both_writings_and_is_no_news() -> None:
    letter = write(lay_out(FULL))
    for text in (letter.html, letter.text):
        assert "Continues" in text
        assert "told before, now also in" in text
    assert "Continues" not in write(lay_out(DIGEST)).text
    assert lay_out(FULL).summary == "2 new, 1 update"


def test_a_late_digest_says_when_it_was_due_and_what_it_makes_up_for() -> None:
    words = "This digest was due Fri 20 Nov 2026, 08:00 and goes out late. It also covers the digests missed since then: 2."
    letter = write(lay_out(FULL))
    assert words in " ".join(letter.text.split())
    assert words in letter.html
    assert words in str([block.to_dict() for block in blocks_of(lay_out(FULL))])


def test_the_chart_has_a_bar_a_day_with_its_number_for_those_who_do_not_see_it() -> None:
    page = lay_out(FULL)
    assert [bar.count for bar in page.days] == list(FULL.days)
    assert max(bar.height for bar in page.days) == CHART_HEIGHT
    assert all((bar.height >= 2) is bool(bar.count) for bar in page.days)
    assert page.sparkline == "▁▁▂▁▃▄█▁▁▂▂▁▅▃"
    letter = write(page)
    assert 'role="img"' in letter.html
    assert "0, 0, 1, 0, 2, 3, 8, 0, 0, 1, 1, 0, 4, 2" in letter.html
    assert page.sparkline in letter.text
    assert lay_out(replace(EMPTY, days=(0,) * 14)).days == ()


@pytest.mark.parametrize("digest", [FULL, replace(crowded(400, long=True), continuing=(CONTINUING,) * 12, days=(9,) * 14, language="ru")])
def test_the_html_stays_under_the_limit_with_all_of_it(digest: Digest) -> None:
    assert len(write(lay_out(digest)).html.encode()) <= LONGEST_HTML
