import pytest

from aggregator.enrich.dateline import datelines
from aggregator.enrich.organisations import find_organisations
from aggregator.enrich.places import find_places
from aggregator.models import Article
from tests.enrich.facts import concepts, facts, feed, run

SAME_PLACE = [
    ("place/dandong", ["Dandong", "Tantung", "단둥에서", "단동의", "在丹东的", "丹東市", "丹東の", "в Даньдуне"]),
    ("place/sinuiju", ["Sinuiju", "Shinuiju", "신의주와", "新义州", "新義州", "в Синыйджу"]),
    ("place/vladivostok", ["Vladivostok", "블라디보스톡", "海参崴", "ウラジオストク", "во Владивостоке"]),
    ("place/primorye", ["Primorsky Krai", "연해주", "滨海边疆区", "沿海地方", "в Приморском крае", "Приморья"]),
    ("place/alabuga", ["Alabuga", "알라부가", "阿拉布加", "アラブガ", "Алабуге"]),
    ("place/senegal", ["Senegal", "세네갈", "塞内加爾".replace("爾", "尔"), "塞內加爾", "セネガル", "Сенегале"]),
    ("place/friendship-bridge", ["China-North Korea Friendship Bridge", "조중우의교", "中朝友谊桥", "中朝友誼橋"]),
    ("place/pyongyang", ["P'yŏngyang", "평양", "平壤", "平壌", "Пхеньяна"]),
    ("place/north-korea", ["North Korea", "N. Korea", "DPRK", "북한이", "朝鲜", "北韓", "北朝鮮", "Северной Кореи", "КНДР"]),
]


@pytest.mark.parametrize(("concept", "text"), [(concept, text) for concept, texts in SAME_PLACE for text in texts])
def test_one_place_in_five_languages_is_one_concept(concept: str, text: str) -> None:
    assert concepts(find_places, text) == [concept]


NOT_A_PLACE = [
    "Guards of the Amur tiger",
    "통화를 했다",
    "그의 개성이 강하다",
    "오만한 태도",
    "태평양 함대",
    "내몽골".replace("내몽골", "국위선양"),
    "上海合作组织",
    "朝鲜半岛",
    "タイトル",
    "Находка учёных",
    "costs US$5",
]


@pytest.mark.parametrize("text", NOT_A_PLACE)
def test_everyday_words_and_decoys_are_no_places(text: str) -> None:
    assert concepts(find_places, text) == []


ANCHORED = [
    ("North Korean loggers work in the Amur basin.", ["place/amur-oblast"]),
    ("북한 노동자가 통화시에 있다. 지린성 통화에서 일한다.", ["place/north-korea", "place/tonghua", "place/jilin"]),
    ("북한이 오만에 노동자를 보냈다", ["place/north-korea", "place/oman"]),
    ("辽宁省东港的工厂", ["place/liaoning", "place/donggang"]),
    ("Рабочие из КНДР прибыли в Хасан", ["place/north-korea", "place/khasan"]),
]


@pytest.mark.parametrize(("text", "expected"), ANCHORED)
def test_ambiguous_name_counts_beside_a_country_or_another_place(text: str, expected: list[str]) -> None:
    assert concepts(find_places, text) == expected


DATELINES = [
    ("SEOUL, July 9 (Yonhap) -- Workers in Dandong left.", ["place/dandong"]),
    ("Pyongyang, July 14 (KCNA) -- Workers in Dandong left.", ["place/dandong"]),
    ("HANOI — Workers in Dandong left.", ["place/dandong"]),
    ("MOSCOW, July 9. /TASS/. Workers in Dandong left.", ["place/dandong"]),
    ("(베이징=연합뉴스) 홍길동 기자 = 단둥에서", ["place/dandong"]),
    ("[서울=뉴시스] 단둥에서", ["place/dandong"]),
    ("【ソウル聯合ニュース】丹東で", ["place/dandong"]),
    ("【北京=共同】丹東で", ["place/dandong"]),
    ("韩联社首尔7月9日电 在丹东", ["place/dandong"]),
    ("新华社平壤7月9日电（记者）在丹东", ["place/dandong"]),
    ("МОСКВА, 9 июля. /ТАСС/. Рабочие в Даньдуне", ["place/dandong"]),
    ("ПЕКИН, 9 июля - РИА Новости. Рабочие в Даньдуне", ["place/dandong"]),
    ("A caption line\n\nSEOUL, July 9 (Yonhap) -- Workers in Dandong left.", ["place/dandong"]),
    ("Workers left Seoul, he said -- and Dandong.", ["place/seoul", "place/dandong"]),
]


@pytest.mark.parametrize(("text", "expected"), DATELINES)
def test_city_of_the_dateline_is_no_place_of_the_story(text: str, expected: list[str]) -> None:
    assert concepts(find_places, text) == expected


@pytest.mark.parametrize("text", ["[사진=연합뉴스] 단둥", "[Image source=Yonhap News] text", "Workers left.", ""])
def test_credits_and_sentences_are_no_datelines(text: str) -> None:
    assert datelines(text) == ()


def test_place_is_told_once_per_field_with_its_words() -> None:
    one = Article(title="Dandong empties", text="In Dandong. In Dandong.", feed=feed())
    assert [(fact.field, fact.start, fact.end, fact.quote) for fact in run(find_places, one).facts] == [
        ("title", 0, 7, "Dandong"),
        ("text", 3, 10, "Dandong"),
    ]


ORGANISATIONS = [
    ("North Korea's Office 39 sells gold", ["organisation/office-39"]),
    ("Our firm is at Office 39, 5th floor", []),
    ("North Koreans rented Office 39, 5th floor, in Dandong", []),
    ("북한의 39호실과 정찰총국", ["organisation/office-39", "organisation/reconnaissance-general-bureau"]),
    ("南江 과 다른 남강무역회사", ["organisation/namgang-trading"]),
    ("安理会专家小组", ["organisation/un-security-council", "organisation/panel-of-experts"]),
    ("国連安保理", ["organisation/un-security-council"]),
    ("Совбез и группа экспертов", ["organisation/un-security-council", "organisation/panel-of-experts"]),
    ("spokesperson Lin Zhen", ["person/lin-jian"]),
    ("외교부 대변인 린젠은", ["person/lin-jian"]),
    ("林剣報道官", ["person/lin-jian"]),
    ("RGB lights", []),
    ("North Korea's RGB", ["organisation/reconnaissance-general-bureau"]),
]


@pytest.mark.parametrize(("text", "expected"), ORGANISATIONS)
def test_organisations_and_spokespersons_are_found_under_any_alias(text: str, expected: list[str]) -> None:
    assert concepts(find_organisations, text) == expected


def test_single_topic_source_needs_no_anchor_for_an_ambiguous_organisation() -> None:
    one = Article(title="", text="Room 39 sells gold", feed=feed(assume_country=True))
    assert [fact.concept for fact in run(find_organisations, one).facts] == ["organisation/office-39"]


def test_person_has_the_kind_person() -> None:
    assert [fact.kind for fact in facts(find_organisations, "MSMT and Mao Ning")] == ["organisation", "person"]
