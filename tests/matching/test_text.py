import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.matching.sentences import LONGEST_SENTENCE, segment
from aggregator.matching.text import normalise

AWKWARD = st.text(
    st.sampled_from(
        "aZé ßİﬁ½１Ａ　\n\r\t\u00a0\u200b\u200e\u00ad\ufeff-‐—…“”‘’'\"「」"
        "e\u0301и\u0306ЁёЙ북한ㄱ\u1107\u116e\u11a8北朝ｶﾞが\u3099👩\u200d🔧\ud800.。!?"
    )
)


@pytest.mark.parametrize(
    ("original", "folded"),
    [
        ("North‑Korean “loyalty” funds", "north korean loyalty funds"),
        ("don’t, the workers’ party", "don't, the workers party"),
        ("ＤＰＲＫ　２３９７", "dprk 2397"),
        ("North\u00a0Korea\u202fsays", "north korea says"),
        ("북한\u200b노동자 “北…노동자”", "북한노동자 北 노동자"),
        ("\u202eNorth\u202c \u2067Korea\u2069", "north korea"),
        ("ship-to-ship — transfer", "ship to ship transfer"),
        ("North\nKorea  says\n\n \nNext\r\n\r\nlast", "north korea says\nnext\nlast"),
        ("ﬁsh ﬂeet Straße", "fish fleet strasse"),
        ("Ёлка, Севе\u0301рная Коре\u0301я", "елка, северная корея"),
        ("ｷﾑ・ｼﾞｮﾝｳﾝ", "キム・ジョンウン"),
        ("\u1107\u116e\u11a8\u1112\u1161\u11ab", "북한"),
        ("朝鲜“劳工”，制裁", "朝鲜劳工,制裁"),
        ("", ""),
    ],
)
def test_spellings_fold_to_one(original: str, folded: str) -> None:
    assert normalise(original).text == folded


@settings(max_examples=400, deadline=None)
@given(AWKWARD | st.text(), st.data())
def test_offsets_always_give_back_original_characters(original: str, data: st.DataObject) -> None:
    folded = normalise(original)
    if not folded.text:
        return
    start = data.draw(st.integers(0, len(folded.text) - 1))
    end = data.draw(st.integers(start + 1, len(folded.text)))
    first, last = folded.span(start, end)
    assert 0 <= first < last <= len(original)
    assert folded.text[start:end].strip() in normalise(original[first:last]).text + normalise(original).text
    spans = [folded.span(offset, offset + 1) for offset in range(start, end)]
    assert spans == sorted(spans)
    assert (first, last) == (spans[0][0], max(span[1] for span in spans))


USUAL = st.text(st.sampled_from("aZ1é北한Ж \n\r-–—“”‘’'\"「」.。!?０"))


@settings(max_examples=400, deadline=None)
@given(USUAL)
def test_usual_texts_fold_as_those_with_unusual_characters(original: str) -> None:
    quick, thorough = normalise(original + ".k"), normalise(original + ".\u200bk")
    assert thorough.text == quick.text
    for offset in range(len(quick.text) - 2):
        if not quick.text[offset].isspace():
            assert thorough.span(offset, offset + 1) == quick.span(offset, offset + 1)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["North", "Korea", "노동자", "制裁", "санкции", "“loyalty”", "１２３", "ﬁsh"]), min_size=1), AWKWARD)
def test_a_word_is_found_at_its_own_characters(words: list[str], noise: str) -> None:
    original = noise + " " + " ".join(words)
    folded = normalise(original)
    word = words[-1]
    place = folded.text.rindex(normalise(word).text)
    first, last = folded.span(place, place + len(normalise(word).text))
    assert normalise(original[first:last]).text == normalise(word).text


@settings(max_examples=200, deadline=None)
@given(AWKWARD | st.text())
def test_folded_text_holds_nothing_the_automaton_cannot_read(original: str) -> None:
    folded = normalise(original).text
    assert not any(unicodedata.category(char) in ("Cs", "Cf") for char in folded)
    folded.encode("utf-8")


@pytest.mark.parametrize("text", ["North‑Korean “loyalty” — funds", "ﬁsh １２３　북한…노동자", "Ёж, «санкции»"])
def test_folded_text_folds_to_itself(text: str) -> None:
    assert normalise(normalise(text).text).text == normalise(text).text


@pytest.mark.parametrize(
    ("original", "sentences"),
    [
        ("He paid U.S. $3,000 on Dec. 15. N. Korea said so. Really?", ["he paid u.s. $3,000 on dec. 15.", "n. korea said so.", "really?"]),
        ("북한이 밝혔다. 노동자는 3.5만명이다! 끝", ["북한이 밝혔다.", "노동자는 3.5만명이다!", "끝"]),
        ("朝鲜说。中方回应！真的？是。", ["朝鲜说。", "中方回应!", "真的?", "是。"]),
        ("北朝鮮が発表した。労働者は帰国。", ["北朝鮮が発表した。", "労働者は帰国。"]),
        ("Рабочие из КНДР приехали в 2024 г. в Приморье. Их 15 тыс. человек.", None),
        ("Caption\n\nBody of it", ["caption", "body of it"]),
    ],
)
def test_sentences_of_five_languages(original: str, sentences: list[str] | None) -> None:
    folded = normalise(original).text
    segments = segment(folded)
    found = [folded[slice(*segments.sentence(number))].strip() for number in range(len(segments.sentence_ends))]
    assert found == (sentences or ["рабочие из кндр приехали в 2024 г. в приморье.", "их 15 тыс. человек."])


def test_paragraphs_end_at_blank_lines_only() -> None:
    folded = normalise("One\nline.\n\nTwo.").text
    segments = segment(folded)
    assert segments.paragraph_ends == segments.sentence_ends == (folded.index("two"), len(folded))


@settings(max_examples=200, deadline=None)
@given(AWKWARD)
def test_every_character_lies_in_one_sentence(original: str) -> None:
    folded = normalise(original).text
    segments = segment(folded)
    assert list(segments.sentence_ends) == sorted(set(segments.sentence_ends))
    assert segments.sentence_ends[-1:] == (len(folded),) if folded else True


def test_text_without_full_stops_is_cut() -> None:
    ends = segment("a" * 5000).sentence_ends
    assert max(end - start for start, end in zip((0, *ends), ends, strict=False)) <= LONGEST_SENTENCE
