import pytest

from aggregator.enrich.figures import MOST_FIGURES, find_figures
from aggregator.enrich.folding import fold
from aggregator.enrich.numbers import amount, numbers
from tests.enrich.facts import concepts, facts

FIGURES = {
    "en": [
        ("300 North Koreans", ["person:300"]),
        ("200 young North Korean women", ["person:200"]),
        ("200 textile factory workers", ["person:200"]),
        ("two hundred trainees", ["person:200"]),
        ("Seventy-odd North Koreans", ["person:70"]),
        ("between 5,000 and 7,000 North Korean workers", ["person:5000-7000"]),
        ("50,000 to 100,000 labourers", ["person:50000-100000"]),
        ("50 to 100 thousand workers", ["person:50000-100000"]),
        ("tens of thousands of workers", ["person:10000-99999"]),
        ("tens of thousands, perhaps even hundreds of thousands, of such individuals", ["person:10000-999999"]),
        ("several hundred workers", ["person:100-999"]),
        ("estimated to number up to 100,000 in China", ["person:100000"]),
        ("2000 workers", ["person:2000"]),
        ("1.2 million people", ["person:1200000"]),
        ("93,300 work visas to North Koreans in 2013—a roughly 17 percent gain", ["visa:93300", "percent:17"]),
        ("500 dollars, U.S. $3,000, US$5m, $2.8bn and $2.50 an hour", ["USD:500", "USD:3000", "USD:5000000", "USD:2800000000", "USD:2.5"]),
        ("3000 RMB (approximately 500,000 KRW)", ["CNY:3000", "KRW:500000"]),
        ("5,000 North Korean won, 100 won", ["KPW:5000", "won:100"]),
        ("HK$500 and 500 Canadian dollars", ["HKD:500", "dollar:500"]),
        ("2.8 million tonnes of coal; 500,000 barrels", ["ton:2800000", "barrel:500000"]),
        ("77 more ships; 35 ‘vessels of interest’", ["vessel:77", "vessel:35"]),
        ("three factories and 16 states", ["factory:3", "country:16"]),
        ("half of the North Koreans", ["percent:50"]),
        ("perhaps by a fifth or even a third", ["percent:20-33.33"]),
        ("the amount doubles", ["multiple:2"]),
    ],
    "ko": [
        ("북한 노동자 10만여 명", ["person:100000"]),
        ("2천여 명", ["person:2000"]),
        ("5만~10만 명", ["person:50000-100000"]),
        ("1만2천500명", ["person:12500"]),
        ("수천 명", ["person:1000-9999"]),
        ("삼백 명", ["person:300"]),
        ("배 네 척, 스물아홉 척", ["vessel:4", "vessel:29"]),
        ("300만 달러, 1억5천만 원, 3천 위안", ["USD:3000000", "won:150000000", "CNY:3000"]),
        ("북한 돈 5만 원", ["KPW:50000"]),
        ("공장 5곳, 비자 9만3천건, 100여 개 회사", ["factory:5", "visa:93000", "company:100"]),
        ("석탄 3만8000t을 실은 화물선 4척", ["ton:38000", "vessel:4"]),
        ("두 배가 나란히 묶인 사진", []),
        ("연 50만 배럴, 3만t이 아니라 4만 톤, 17%", ["barrel:500000", "ton:30000", "ton:40000", "percent:17"]),
        ("노동자 절반", ["percent:50"]),
    ],
    "zh": [
        ("十二萬名和五萬名勞工", ["person:120000", "person:50000"]),
        ("两百名工人，二百名，三百人", ["person:200", "person:200", "person:300"]),
        ("17万朝鲜劳工", ["person:170000"]),
        ("5万至10万人", ["person:50000-100000"]),
        ("数千名，上千名", ["person:1000-9999", "person:1000-9999"]),
        ("二億多美元，1.5亿元人民币", ["USD:200000000", "CNY:150000000"]),
        ("三百七十万吨煤，四十艘船，五十万桶", ["ton:3700000", "vessel:40", "barrel:500000"]),
        ("一百三十家企业，百家美企", ["company:130", "company:100"]),
        ("六中國人", ["person:6"]),
        ("三分之一", ["percent:33.33"]),
    ],
    "ja": [
        ("約七十人、三百人のうち百七十人", ["person:70", "person:300", "person:170"]),
        ("12万人、5万〜10万人、数万人", ["person:120000", "person:50000-100000", "person:10000-99999"]),
        ("二百二十万ドル", ["USD:2200000"]),
        ("百三十六社、4隻、ビザ300件", ["company:136", "vessel:4", "visa:300"]),
        ("半数", ["percent:50"]),
    ],
    "ru": [
        ("10 тыс. северокорейских рабочих", ["person:10000"]),
        ("12 000 человек", ["person:12000"]),
        ("двести рабочих, двумястами рабочими", ["person:200", "person:200"]),
        ("десятки тысяч рабочих", ["person:10000-99999"]),
        ("от 50 до 100 тысяч человек", ["person:50000-100000"]),
        ("1,5 млн долларов, 300 тысяч рублей", ["USD:1500000", "RUB:300000"]),
        ("5000 виз, 30 процентов, два корабля", ["visa:5000", "percent:30", "vessel:2"]),
    ],
}


@pytest.mark.parametrize(
    ("language", "text", "expected"), [(language, text, found) for language, rows in FIGURES.items() for text, found in rows]
)
def test_number_and_what_it_counts_become_one_concept(language: str, text: str, expected: list[str]) -> None:
    assert concepts(find_figures, text, language) == expected


NO_FIGURES = [
    "In 2019 North Korean workers left",
    "On July 9 workers left, at 10:30 they returned",
    "a 30-year-old worker, workers aged 30",
    "12-hour shifts for 18 months",
    "call 02-123-4567, workers",
    "dial 02-123-4567 workers answer",
    "one worker and the two countries",
    "the third anniversary of the state",
    "resolution 2397 workers",
    "Article 7 of the labour law",
    "2019년 12월 22일 오전 9시",
    "제3국 출신, 39호실",
    "2019年3月5日，第3名",
    "15 июля рабочие, в 2023 году",
    "위안부, 3만 엔진",
    "30-летний рабочий, 40-летнего мужчину",
    "三人組の歌手",
    "10^5 workers",
]


@pytest.mark.parametrize("text", NO_FIGURES)
def test_dates_times_ages_and_ordinals_are_no_figures(text: str) -> None:
    assert [fact.concept for fact in facts(find_figures, text) if fact.kind == "figure"] == []


PROVISIONS = [
    ("Resolution 2397", ["2397"]),
    ("UNSC Res. 2397 and UNSCR 2375", ["2397", "2375"]),
    ("S/RES/2397 (2017)", ["2397"]),
    ("resolution 2397 (2017)", ["2397"]),
    ("Resolutions 2371, 2375 and 2397", ["2371", "2375", "2397"]),
    ("결의 2397호", ["2397"]),
    ("결의안 제2397호", ["2397"]),
    ("결의 2371호와 2375호", ["2371", "2375"]),
    ("第2397号决议，第2371號決議", ["2397", "2371"]),
    ("国連安保理決議2397号", ["2397"]),
    ("резолюция 2397, резолюции Совета Безопасности ООН 2371 и 2375", ["2397", "2371", "2375"]),
    ("resolution 1325", []),
    ("room 2397", []),
    ("북한 노동자를 송환하라는 결의 2379호", ["2397"]),
    ("Sanctions resolution 2379 (2017) on the DPRK", ["2397"]),
    ("Resolution 2379 (2017) created a UN team to collect evidence of ISIL crimes in Iraq", []),
    ("결의 2379호", []),
]


@pytest.mark.parametrize(("text", "numbers"), PROVISIONS)
def test_resolutions_are_provisions_and_no_figures(text: str, numbers: list[str]) -> None:
    found = facts(find_figures, text)
    assert [fact.concept for fact in found] == [f"resolution/{number}" for number in numbers]
    assert all(fact.kind == "provision" and fact.name == f"UNSCR {number}" for fact, number in zip(found, numbers, strict=True))


def test_fact_carries_its_bounds_unit_and_words() -> None:
    (fact,) = facts(find_figures, "He saw 5,000-7,000 North Korean workers there")
    assert (fact.low, fact.high, fact.unit, fact.quote) == (5000, 7000, "person", "5,000-7,000 North Korean workers")


def test_yuan_sign_is_read_in_the_language_of_the_text() -> None:
    assert concepts(find_figures, "¥3000", "zh") == ["CNY:3000"]
    assert concepts(find_figures, "¥3000", "ja") == ["JPY:3000"]


def test_a_text_gives_only_so_many_figures() -> None:
    assert len(facts(find_figures, "30 workers. " * 5000)) == MOST_FIGURES


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("三百七十万", 3_700_000),
        ("二百", 200),
        ("1万2000", 12_000),
        ("2億3千万", 230_000_000),
        ("十七", 17),
        ("1억5천만", 150_000_000),
        ("two hundred and fifty thousand", 250_000),
        ("двести пятьдесят тысяч", 250_000),
        ("1,234.5", 1234.5),
    ],
)
def test_numbers_are_read_in_every_script(written: str, value: float) -> None:
    assert [(number.low, number.high) for number in numbers(fold(written))] == [(value, value)]


@pytest.mark.parametrize(("value", "written"), [(3_000_000.0, "3000000"), (2.5, "2.5"), (100 / 3, "33.33"), (0.0, "0")])
def test_amounts_are_written_without_exponents(value: float, written: str) -> None:
    assert amount(value) == written


QUALIFIED = [
    ("zh", "损失两三百万美元", "USD:2000000-3000000", "range"),
    ("zh", "二三十名工人", "person:20-30", "range"),
    ("zh", "三四百人", "person:300-400", "range"),
    ("zh", "一两万人", "person:10000-20000", "range"),
    ("zh", "三到五万人", "person:30000-50000", "range"),
    ("zh", "二十多万人", "person:200000", "about"),
    ("zh", "60%工人", "percent:60", None),
    ("zh", "20%朝鲜劳工", "percent:20", None),
    ("zh", "六成工人", "percent:60", None),
    ("zh", "七成以上工人", "percent:70", "at_least"),
    ("ja", "二、三百人", "person:200-300", "range"),
    ("ja", "十数人の幹部", "person:11-19", "range"),
    ("ja", "2割が帰国した", "percent:20", None),
    ("ja", "50人未満", "person:50", "up_to"),
    ("ja", "最大で2000人", "person:2000", "up_to"),
    ("ko", "두세 명", "person:2-3", "range"),
    ("ko", "서너 명", "person:3-4", "range"),
    ("ko", "대여섯 명", "person:5-6", "range"),
    ("ko", "2,3백 명", "person:200-300", "range"),
    ("ko", "이삼백 명", "person:200-300", "range"),
    ("ko", "70여만 명", "person:700000", "about"),
    ("ko", "15명의 여성", "person:15", None),
    ("ko", "열다섯 명의 여성", "person:15", None),
    ("ko", "200여 명", "person:200", "about"),
    ("ko", "만 명도 안 된다", "person:10000", "up_to"),
    ("ru", "пять-шесть заводов", "factory:5-6", "range"),
    ("ru", "две-три тысячи рабочих", "person:2000-3000", "range"),
    ("ru", "двадцать пять рабочих", "person:25", None),
    ("ru", "полторы тысячи рабочих", "person:1500", None),
    ("ru", "полтора миллиона тонн", "ton:1500000", None),
    ("ru", "полмиллиона долларов", "USD:500000", None),
    ("en", "Half a million workers", "person:500000", None),
    ("en", "a quarter of a million workers", "person:250000", None),
    ("en", "two and a half million tons", "ton:2500000", None),
    ("en", "⅓ million people", "person:333333.33", None),
    ("en", "$200 to $300 million", "USD:200000000-300000000", "range"),
    ("en", "twenty-five workers", "person:25", None),
    ("en", "two to three thousand workers", "person:2000-3000", "range"),
    ("en", "the 300-worker plant", "person:300", None),
]


@pytest.mark.parametrize(("language", "text", "concept", "qualifier"), QUALIFIED)
def test_figure_is_as_exact_as_its_words(language: str, text: str, concept: str, qualifier: str | None) -> None:
    assert [(fact.concept, fact.qualifier) for fact in facts(find_figures, text, language)] == [(concept, qualifier)]


@pytest.mark.parametrize(
    ("language", "text", "periods"),
    [
        ("zh", "每天工作12至14小时,月薪2000元", ["month", "day"]),
        ("en", "1.2 million yuan was paid monthly", ["month"]),
        ("en", "1.2 million yuan was seized", [None]),
    ],
)
def test_period_is_that_of_the_figure_itself(language: str, text: str, periods: list[str | None]) -> None:
    assert sorted(str(fact.period) for fact in facts(find_figures, text, language)) == sorted(map(str, periods))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Some 1,200 of the 3,000 workers returned", ["person:1200", "person:3000"]),
        ("12 of the 15 firms", ["company:12", "company:15"]),
    ],
)
def test_part_is_counted_in_what_its_whole_is(text: str, expected: list[str]) -> None:
    assert concepts(find_figures, text) == expected


@pytest.mark.parametrize(
    ("language", "text", "what"),
    [
        ("zh", "三百名工人", "工人"),
        ("zh", "三百人", None),
        ("ko", "15명의 여성 노동자", "여성"),
        ("ko", "최대 2000명", None),
        ("ko", "북한 노동자 30명", "북한 노동자"),
        ("ja", "月給は3000元で", None),
    ],
)
def test_thing_counted_is_a_noun(language: str, text: str, what: str | None) -> None:
    assert [fact.what for fact in facts(find_figures, text, language)] == [what]
