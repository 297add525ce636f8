"""Measures: a figure in the reader's language, whatever language it was written in.

A figure is stored free of language (``person:2000``), so it can be told in each: ``2,000명`` is ``2,000 people``.
"""

from aggregator.models import Fact

_UNITS = {
    "person": ("people", "명", "人", "人", "человек"),
    "visa": ("visas", "비자", "签证", "ビザ", "виз"),
    "permit": ("permits", "허가", "许可", "許可", "разрешений"),
    "vessel": ("vessels", "척", "艘", "隻", "судов"),
    "ton": ("tons", "톤", "吨", "トン", "тонн"),
    "barrel": ("barrels", "배럴", "桶", "バレル", "баррелей"),
    "percent": ("percent", "퍼센트", "百分比", "パーセント", "процентов"),
    "factory": ("factories", "공장", "家工厂", "工場", "фабрик"),
    "company": ("companies", "개 회사", "家公司", "社", "компаний"),
    "restaurant": ("restaurants", "개 식당", "家餐馆", "軒の食堂", "ресторанов"),
    "bank": ("banks", "개 은행", "家银行", "行", "банков"),
    "country": ("countries", "개국", "个国家", "か国", "стран"),
    "account": ("accounts", "개 계좌", "个账户", "口座", "счетов"),
    "website": ("websites", "개 사이트", "个网站", "サイト", "сайтов"),
    "truck": ("trucks", "대 트럭", "辆卡车", "台のトラック", "грузовиков"),
    "won": ("won", "원", "韩元", "ウォン", "вон"),
    "multiple": ("times", "배", "倍", "倍", "раз"),
}
_LANGUAGES = ("en", "ko", "zh", "ja", "ru")


def in_words(figure: Fact, language: str) -> str | None:
    """Write a figure in a language, or give None where its amount or unit is not known."""
    name = language.split("-")[0]
    if figure.low is None or figure.unit is None or name not in _LANGUAGES:
        return None
    amount = _amount(figure.low)
    if figure.high is not None and figure.high != figure.low:
        amount = f"{amount}–{_amount(figure.high)}"
    if figure.unit.isupper():
        return f"{figure.unit} {amount}"
    words = unit_words(figure.unit, name)
    gap = "" if name in ("ko", "zh", "ja") else " "
    return f"{amount}{gap}{words}" if words else None


def unit_words(unit: str, language: str) -> str | None:
    """Name a unit in one of our languages, or give None where it has no name."""
    words = _UNITS.get(unit)
    return words[_LANGUAGES.index(language)] if words else None


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}".rstrip("0")
