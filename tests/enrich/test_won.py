import pytest

from tests.enrich.test_facts import report


@pytest.mark.parametrize(
    ("language", "text", "units"),
    [
        ("en", "Workers in Pyongyang earn about 3,000 won a month.", ["KPW"]),
        ("en", "A kilo of rice costs 6,000 North Korean won.", ["KPW"]),
        ("en", "He was fined 3 million South Korean won.", ["KRW"]),
        ("en", "Seoul set aside 3 billion won.", ["KRW"]),
        ("en", "North Korean workers earn 3,000 won a month.", ["won"]),
        ("ko", "조선원 10만원을 냈다.", ["KPW"]),
        ("ko", "북한 돈 5만원(한국 돈 7천원)을 냈다.", ["KPW", "KRW"]),
        ("ko", "혜산에서 쌀 1kg은 6천원이다.", ["KPW"]),
        ("ko", "체불 임금은 320만 위안(약 6억1천만 원)에 달한다.", ["CNY", "KRW"]),
        ("ko", "벌금은 1억5천만 원에 이른다.", ["won"]),
        ("zh", "他付了5万朝元和3万韩元。", ["KPW", "KRW"]),
        ("ja", "平壌の労働者の月給は約3000ウォンだ。", ["KPW"]),
        ("ja", "罰金は5000ウォンだ。", ["won"]),
        ("ru", "Рабочие в Пхеньяне получают 3000 вон в месяц.", ["KPW"]),
        ("ru", "Штраф 5000 южнокорейских вон.", ["KRW"]),
        ("ru", "Штраф 5000 вон КНДР.", ["KPW"]),
        ("ru", "Штраф 5000 вон.", ["won"]),
    ],
)
def test_won_is_told_apart_only_where_the_text_says_whose_it_is(language: str, text: str, units: list[str]) -> None:
    told = report(text, language)["figures"]
    assert [fact["unit"] for fact in told] == units
    assert ["note" in fact for fact in told] == [unit == "won" for unit in units]
    assert not {fact["what"] for fact in told} & {"조선원", "북한 돈", "한국 돈", "だ"}
