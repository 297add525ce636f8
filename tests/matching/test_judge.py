from dataclasses import replace
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import ConfigurationError
from aggregator.matching import compile_topics
from aggregator.models import Judgement
from tests.matching.topics import FEED, JUDGE, LABOUR, PACKS, SANCTIONS, article, judge

FILLER = "Nothing of note happened in the village that day. " * 20


def labour(title: str, text: str = "") -> Judgement:
    return judge(title, text)[0]


def sanctions(title: str, text: str = "") -> Judgement:
    return judge(title, text)[1]


def test_judgements_come_in_the_order_of_the_topics() -> None:
    assert [judgement.topic for judgement in JUDGE.judge(article(""))] == ["labour", "sanctions"]


def test_evidence_points_into_the_original_words() -> None:
    text = "It’s said that “North\u00a0Korean” ＷＯＲＫＥＲＳ left.\n\n북한\u200b노동자들도."
    found = set()
    for evidence in labour("北 노동자…", text).evidence:
        source = "北 노동자…" if evidence.field == "title" else text
        assert source[evidence.start : evidence.end] == evidence.quote
        found.add(evidence.quote)
    assert {"北 노동자", "North\u00a0Korean” ＷＯＲＫＥＲＳ", "북한\u200b노동자"} <= found


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "North Korean",
                "workers",
                "북한",
                "노동자",
                "制裁",
                "朝鲜",
                "“",
                "\u200b",
                " ",
                "\n\n",
                ". ",
                "санкции",
                "КНДР",
                "ﬁ",
                "e\u0301",
                "IT workers",
            ]
        ),
        max_size=40,
    ).map("".join)
)
def test_every_quote_is_its_own_stretch_of_the_original(text: str) -> None:
    for judgement in JUDGE.judge(article(text, text)):
        for evidence in judgement.evidence:
            assert text[evidence.start : evidence.end] == evidence.quote != ""


def test_strong_term_counts_fully_beside_the_country_and_half_far_down() -> None:
    assert labour("A visit", "Pyongyang is far. Overseas workers came.").score == 1.0
    assert labour("A visit", FILLER + "Pyongyang is far. Overseas workers came.").score == 0.5


def test_country_in_the_title_reaches_all_of_the_lead() -> None:
    far = "One. Two. Three. Four. Five. Overseas workers came."
    assert labour("North Korea today", far).score == 1.0
    assert labour("Today", "Pyongyang. " + far).score == 0.5
    assert labour("Today", far).reason.code == "no_country"


def test_country_far_from_the_term_and_late_does_not_reach_it() -> None:
    judgement = labour("Today", "Overseas workers came. " + FILLER + "Pyongyang is far.")
    assert judgement.reason.code == "below_threshold"
    assert judgement.reason.detail == "one strong term short: Overseas workers without country in reach"


def test_weak_term_needs_country_or_strong_term_in_its_sentence() -> None:
    judgement = sanctions("Today", "朝鲜说了话。各方都在谈论制裁。")
    assert not judgement.matched
    assert judgement.reason.detail == "one weak term short: 制裁 without country in the sentence"
    assert sanctions("Today", "Pyongyang spoke of a long winter and of many other things before it came to sanctions.").score == 0.5


def test_weak_term_beside_the_country_is_as_good_as_a_strong_one() -> None:
    assert sanctions("Today", "Pyongyang called the sanctions unfair.").matched


def test_weak_terms_of_one_concept_never_make_a_match() -> None:
    text = "Pyongyang praised workers. The DPRK thanked workers. Kim Jong Un met workers."
    assert labour("News of Pyongyang workers", text).score == 0.5


def test_weak_short_name_counts_only_with_a_strong_one_or_a_strong_term() -> None:
    assert labour("The North sends workers", "").score == 1.0
    assert labour("The North is cold", "Workers strike").reason.code == "no_country"
    assert labour("North Korea", "The North has workers and wages.").score > 0.5


def test_companions_without_a_required_theme_do_not_match() -> None:
    judgement = labour("North Korea sent home diplomats to bring foreign currency")
    assert judgement.score == 1.0
    assert not judgement.matched
    assert judgement.reason.code == "below_threshold"
    assert "nothing of overseas_workers" in judgement.reason.detail


def test_guard_silences_its_sentence_only() -> None:
    guarded = "North Korea fired a ballistic missile in breach of Security Council resolutions."
    assert sanctions("Today", guarded).reason.code == "below_threshold"
    assert sanctions("Today", guarded + " UN sanctions on North Korea also ban oil.").matched


def test_exclusion_blanks_words_and_never_vetoes_the_article() -> None:
    only = labour("朝鲜族工人")
    assert only.reason.code == "excluded"
    assert "朝鲜" in only.reason.detail
    assert labour("朝鲜族中介与朝鲜劳工", "조선족 브로커와 북한 노동자").matched
    assert labour("North Korea's Workers' Party").reason.code == "excluded"
    assert labour("Workers' Party of Korea sends North Korean workers abroad").matched
    assert sanctions("Iran sanctions", "Sanctions on Iran and North Korea sanctions differ.").matched


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("North Korean workers in Russia", "matched"),
        ("Workers strike in Seoul", "no_country"),
        ("Pyongyang marks spring", "no_theme"),
        ("Pyongyang praises workers", "below_threshold"),
        ("조선족 이야기, 북한산성", "excluded"),
        ("", "no_country"),
    ],
)
def test_reason_codes(title: str, code: str) -> None:
    judgement = labour(title)
    assert judgement.reason.code == code
    assert judgement.matched == (code == "matched")
    assert judgement.reason.detail


def test_reason_of_a_match_names_the_parts_of_the_score() -> None:
    detail = labour("China repatriates North Korean workers").reason.detail
    assert detail == "North Korean workers 1 + repatriation 0.5 = 1.5, needed 1"


def test_feed_about_the_country_needs_no_name() -> None:
    about = article("Workers abroad told to pay loyalty fund", "Their visas run out.", feed=replace(FEED, assume_country=True))
    assert JUDGE.judge(about)[0].matched
    assert not JUDGE.judge(replace(about, feed=FEED))[0].matched


def test_context_is_shown_but_never_scores() -> None:
    text = "North Korean workers are watched; the crackdown on smuggling goes on. Bank accounts were closed in Pyongyang."
    judgement = labour("Today", text)
    assert {"evasion/bank_accounts", "enforcement_denials/crackdown"} <= {evidence.concept for evidence in judgement.evidence}
    assert "crackdown" not in judgement.reason.detail
    assert labour("Crackdown in Pyongyang", "Bank accounts closed").score == 0


def test_evidence_of_a_concept_is_a_few_quotes() -> None:
    judgement = labour("North Korean workers", "North Korean workers came. " * 50)
    assert len([one for one in judgement.evidence if one.concept == "overseas_workers/north_korean_workers"]) == 3


def test_concept_ids_are_shared_by_the_languages() -> None:
    titles = [
        "North Korean workers: loyalty fund",
        "북한 노동자 충성자금",
        "朝鲜劳工忠诚资金",
        "北朝鮮労働者の忠誠資金",
        "Рабочие из КНДР: фонд лояльности",
    ]
    for title in titles:
        assert "loyalty_funds_fx/loyalty_fund" in {evidence.concept for evidence in labour(title).evidence}, title


def test_rule_version_changes_with_the_rules_only() -> None:
    again = compile_topics((LABOUR, SANCTIONS), PACKS).rule_version
    assert again == JUDGE.rule_version
    assert compile_topics((replace(LABOUR, name="Other", must_match=("x",)), SANCTIONS), PACKS).rule_version == again
    assert compile_topics((replace(LABOUR, threshold=2.0), SANCTIONS), PACKS).rule_version != again
    assert compile_topics((LABOUR,), PACKS).rule_version != again


def test_unknown_theme_is_refused_with_the_known_ones() -> None:
    topic = replace(LABOUR, themes={"overseas_wrokers": 1.0}, context=("sectors/none", "guards"))
    with pytest.raises(ConfigurationError) as caught:
        compile_topics((topic,), PACKS)
    assert [problem.key for problem in caught.value.problems] == ["topics.labour.themes", "topics.labour.context", "topics.labour.context"]
    assert "overseas_workers" in caught.value.problems[0].allowed


def test_concept_weight_overrides_the_weight_of_its_theme() -> None:
    topic = replace(LABOUR, themes={"overseas_workers/north_korean_workers": 0.0, "overseas_workers": 1.0}, require=())
    judgement = compile_topics((topic,), PACKS).judge(article("North Korean workers"))[0]
    assert judgement.reason.code == "no_theme"


HOSTILE = {
    "one letter": "a" * 1_000_000,
    "hanja": "北" * 1_000_000,
    "spaces": " " * 1_000_000,
    "repeated word": "dispatch dispatch " * 55_000,
    "repeated gap": "send * " * 140_000,
    "blank lines": "\n \n" * 330_000,
    "accents": "e" + "\u0301" * 1_000_000,
    "hangul": "노동자 " * 60_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_judged_in_bounded_time(name: str) -> None:
    started = process_time()
    JUDGE.judge(article("North Korea", HOSTILE[name]))
    assert process_time() - started < 20


def test_cost_grows_with_the_length_and_not_faster() -> None:
    def seconds(count: int) -> float:
        text = "North Korean workers dispatched 노동자를 파견. " * count
        started = process_time()
        JUDGE.judge(article("North Korea", text))
        return process_time() - started

    seconds(100)
    assert min(seconds(8000) for _ in range(2)) < 40 * max(min(seconds(1000) for _ in range(3)), 0.005)


def test_a_combination_shows_the_words_that_make_it_up_and_names_them_by_their_labels() -> None:
    text = "Inspectors had found that the North Koreans picking tomatoes near Warsaw gave up to 90 percent of their wages to the embassy."
    labour = JUDGE.judge(article("Poland's greenhouses", text))[0]
    assert labour.matched
    assert {"passages/tribute", "signs/abroad", "country_anchor/north_korea"} <= {one.concept for one in labour.evidence}
    assert "pay kept by the state" in labour.reason.detail
    assert "@" not in labour.reason.detail
