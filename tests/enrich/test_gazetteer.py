import pytest

from aggregator.enrich.folding import fold, sentence_span
from aggregator.enrich.gazetteer import load_gazetteer, outlet_concept
from aggregator.enrich.names import NameIndex, parse_name

LEVELS = {"country", "capital", "region", "city", "site"}


def test_every_place_has_a_known_level_and_a_country() -> None:
    for place in load_gazetteer().places.values():
        assert place.level in LEVELS, place
        assert len(place.country) == 2, place


@pytest.mark.parametrize(
    ("concept", "level"),
    [
        ("place/north-korea", "country"),
        ("place/beijing", "capital"),
        ("place/liaoning", "region"),
        ("place/dandong", "city"),
        ("place/alabuga", "site"),
        ("place/atlantis", ""),
        ("outlet/yonhap", ""),
    ],
)
def test_level_tells_how_narrow_a_place_is(concept: str, level: str) -> None:
    assert load_gazetteer().level(concept) == level


@pytest.mark.parametrize(
    ("publisher", "concept"),
    [
        ("Yonhap", "outlet/yonhap"),
        ("Yonhap News (English)", "outlet/yonhap"),
        ("연합뉴스", "outlet/yonhap"),
        ("daily-nk", "outlet/daily-nk"),
        ("dailynk", "outlet/daily-nk"),
        ("Daily NK Japan", "outlet/daily-nk"),
        ("Radio Free Asia", "outlet/rfa"),
        ("The Asia Business Daily", "outlet/asiae"),
        ("38 North", "outlet/38-north"),
        ("Example Post", None),
        ("", None),
    ],
)
def test_publisher_and_family_lead_to_the_outlet(publisher: str, concept: str | None) -> None:
    assert outlet_concept(publisher) == concept


BORDERS = [
    ("Oman", "A woman in Oman", ["Oman"]),
    ("UAE", "the uae and the UAE", ["UAE"]),
    ("평양", "태평양에서 평양으로, 주평양 대사", ["평양", "평양"]),
    ("중국", "대중국 무역과 중국의", ["중국", "중국"]),
    ("タイ", "タイトルとタイの", ["タイ"]),
    ("丹東", "遼寧省丹東市の", ["丹東"]),
    ("Москва", "Москва, в Москве, Москвой, москвич", ["Москва", "Москве", "Москвой"]),
    ("Китай", "Китай, Китая, Китаем, китайский", ["Китай", "Китая", "Китаем"]),
    ("Южная Корея", "в Южной Корее и Южную Корею", ["Южной Корее", "Южную Корею"]),
    ("КНДР", "из КНДР, не кндр", ["КНДР"]),
    ("P'yongyang", "P’yŏngyang", ["P’yŏngyang"]),
    ("Ji'an", "in Ji’an", ["Ji’an"]),
    ("=The Economist", "The Economist and the economist", ["The Economist"]),
    ("South Korea", "South\nKorea", ["South\nKorea"]),
]


@pytest.mark.parametrize(("name", "text", "expected"), BORDERS)
def test_names_are_found_as_whole_words_of_their_script(name: str, text: str, expected: list[str]) -> None:
    found = NameIndex([parse_name("x", name)]).find(text)
    assert [text[mention.start : mention.end] for mention in found] == expected


def test_longer_name_hides_the_shorter_one_even_as_a_decoy() -> None:
    index = NameIndex([parse_name("mongolia", "Mongolia"), parse_name("inner", "Inner Mongolia"), parse_name("", "Outer Mongolia")])
    assert [mention.concept for mention in index.find("Inner Mongolia, Outer Mongolia, Mongolia")] == ["inner", "mongolia"]


@pytest.mark.parametrize("text", ["ＮＫ１２３％", "“Seoul” – «Ёлка» İ ŏ", "e\u0301 \U0001f600 ﬁ Ǆ", "\u3000\n\t북한"])
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert len(fold(text)) == len(text)


def test_sentences_do_not_end_at_abbreviations() -> None:
    text = "U.S. visas for N. Koreans ended. Then more. 북한이 갔다. 끝"
    assert text[slice(*sentence_span(text, 3))] == "U.S. visas for N. Koreans ended. "
    assert text[slice(*sentence_span(text, text.index("북한")))] == "북한이 갔다. "
