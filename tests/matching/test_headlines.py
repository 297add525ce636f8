"""Single headlines in five languages, both ways: what a topic must find, and the words that only look like it."""

from pathlib import Path

import pytest

from tests.matching.topics import judge

TABLE = Path(__file__).with_name("headlines.txt").read_text(encoding="utf-8").splitlines()
CASES = [tuple(line.split("|", 2)) for line in TABLE if line and not line.startswith("#")]


def topics_of(title: str, text: str = "") -> str:
    labour, sanctions = judge(title, text)
    return "".join(code for code, judgement in (("L", labour), ("S", sanctions)) if judgement.matched) or "-"


@pytest.mark.parametrize(("language", "expected", "headline"), CASES)
def test_headline_goes_to_its_topics(language: str, expected: str, headline: str) -> None:
    assert topics_of(headline) == expected, [judgement.reason for judgement in judge(headline)]


@pytest.mark.parametrize(
    "headline",
    [
        "중국에 파견된 북한 노동자들에게서 임금을 떼다",
        "丹东服装厂使用朝鲜工人数百名",
        "中国の工場で働く北朝鮮労働者の賃金が未払いに",
        "Северокорейских рабочих отправили обратно из Владивостока",
    ],
)
def test_trap_word_boundaries_miss_particles_han_and_endings(headline: str) -> None:
    assert "L" in topics_of(headline)


# A word that misleads, in a text about something else, and beside it a text that must still be found.
HOMONYMS = [
    ("NK cells of migrant workers studied", "NK workers deported from Russia"),
    ("DPRK Banda Aceh: sanksi untuk pekerja yang bolos, sanctions", "DPRK workers expelled from Poland"),
    ("Pyongyang naengmyeon restaurant workers in Seoul strike", "Pyongyang sends workers overseas"),
    ("Korean workers abroad demand higher wages", "North Korean workers abroad demand higher wages"),
    ("Migrant workers leave the North of England", "North Korea: the North sends workers to Russia"),
    ("조선업 노동자 해외 파견 확대", "북한 노동자 해외 파견 확대"),
    ("조선시대 노비와 강제노동", "북한의 강제노동 실태"),
    ("조선일보 노동자 파견 기획", "조선중앙통신이 밝힌 노동자 파견, 북한 노동자"),
    ("북한산국립공원 노동자 송출", "북한산 석탄 밀수 적발"),
    ("북한강 준설 노동자 파견", "북한 노동자 파견"),
    ("영국 노동당, 노동자 파견법 개정", "북한 노동자 송출, 노동당 자금줄"),
    ("평양식 만두집 해외 노동자 채용", "평양서 온 북한 노동자들"),
    ("北京 노동자 파견", "北 노동자 파견"),
    ("北海道 労働者派遣", "北の労働者を派遣、北朝鮮"),
    ("탈북민 강제 송환 규탄", "북한 노동자 강제 송환"),
    ("북한, 미군 유해 송환", "북한 노동자 본국 송환"),
    ("마약 밀수 북한 국적자 체포", "북한 해상 밀수, 제재 위반"),
    ("朝鲜族劳工输出到韩国", "朝鲜劳工输出到俄罗斯"),
    ("朝鲜日报：劳工派遣争议", "朝鲜劳工派遣争议"),
    ("朝鲜战争中的强迫劳动", "朝鲜海外劳工遭强迫劳动"),
    ("在日朝鮮人と強制労働の歴史", "北朝鮮労働者の強制労働"),
    ("朝鮮人参の輸出に制裁", "北朝鮮への制裁"),
    ("技能実習のベトナム人労働者が帰国", "技能実習ビザの北朝鮮労働者が帰国"),
    ("帰国事業で北朝鮮に渡った人々", "北朝鮮労働者が全員帰国"),
    ("Южнокорейские рабочие бастуют", "Северокорейские рабочие бастуют"),
    ("Республика Корея ввела санкции против России", "Республика Корея ввела санкции против КНДР"),
    ("Trade official says Seoul tariffs will rise", "North Korean trade officials in Dandong told to pay loyalty funds"),
    ("N. Korea orders repatriation of profits", "N. Korea orders repatriation of workers"),
    ("North Korea loyalty card scheme for foreign workers' wages", "North Korean workers pay into loyalty fund"),
    ("외화보유액 감소, 북한 변수", "북한 노동자 외화벌이"),
    ("Belarus sanctions hit workers", "North Korea sanctions hit workers"),
    ("금융감독원 제재심 개최…북한 해킹", "북한 해운사 제재"),
    ("Bus 2397 to Pyongyang Street", "Resolution 2397 bans North Korean workers"),
    ("Saint Lazarus and the workers of Pyongyang", "Lazarus Group and North Korean IT workers"),
    ("Drug smuggling from North Korea", "North Korea smuggles refined oil under UN sanctions"),
    ("Nanyang 南阳 工人返乡", "朝鲜南阳 劳工返乡 签证到期"),
]


@pytest.mark.parametrize(("misleading", "meant"), HOMONYMS)
def test_homonym_does_not_match_but_the_thing_itself_does(misleading: str, meant: str) -> None:
    assert topics_of(misleading) == "-", [judgement.reason for judgement in judge(misleading)]
    assert topics_of(meant) != "-", [judgement.reason for judgement in judge(meant)]


@pytest.mark.parametrize("number", ["1718", "1874", "2270", "2321", "2371", "2375", "2397"])
@pytest.mark.parametrize(
    "form",
    [
        "North Korea: Resolution {}",
        "North Korea: resolution {} (2017)",
        "North Korea: UNSCR {}",
        "North Korea: UNSC Res. {}",
        "North Korea: S/RES/{} (2017)",
        "North Korea: Resolutions 2087 and {}",
        "북한: 결의 {}호",
        "북한: 결의안 제{}호",
        "朝鲜：第{}号决议",
        "北韓：第{}號決議",
        "北朝鮮：決議{}号",
        "КНДР: резолюция {}",
    ],
)
def test_resolution_is_found_in_all_its_forms(form: str, number: str) -> None:
    _, sanctions = judge(form.format(number))
    assert "sanctions_regimes/resolution_number" in {evidence.concept for evidence in sanctions.evidence}


def test_misprinted_resolution_of_the_korean_press_is_found() -> None:
    assert topics_of("북한, 안보리 결의 2379호") == "S"


@pytest.mark.parametrize("number", ["북한 2397원", "North Korea bus 2397", "朝鲜2397人", "北朝鮮2397件"])
def test_bare_number_is_no_resolution(number: str) -> None:
    assert topics_of(number) == "-"
