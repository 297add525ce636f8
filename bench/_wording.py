"""Invented sentences in five languages, with the terms that the search index keeps of them.

Words are drawn as real ones are: a few often, most seldom. Sentences come from a pool and end in punctuation, so that the terms of a
text are those of its sentences, one after the other, and need not be analysed a million times.
"""

import random
from dataclasses import dataclass

from aggregator.core.analyser import terms

_KNOWN = {
    "en": "North Korean workers sanctions factory China Russia loyalty fund bank ship coal abroad talks report ministry border trade visa "
    "construction site dispatch wages passport oil tanker minister said officials security council panel experts",
    "ko": "북한 노동자 제재 러시아 공장 파견 송금 국경 무역 정부 회담 보고서 외화 선박 "
    "충성자금 중국 건설 현장 여권 임금 은행 안보리 단둥 소식통",
    "zh": "朝鲜 劳工 制裁 工厂 俄罗斯 边境 贸易 外汇 船只 报告 政府 会谈 中国 工人 派遣 丹东 银行 石油 安理会 护照 工资",
    "ja": "北朝鮮 労働者 制裁 工場 ロシア 国境 貿易 外貨 船舶 報告 政府 会談 中国 派遣 銀行 石油 安保理 旅券 賃金",
    "ru": "северокорейские рабочие санкции завод Китай Россия граница торговля банк судно отчёт стройка виза нефть министр совет",
}
LANGUAGES = tuple(_KNOWN)
_SYLLABLES = {
    "en": "ba co di fu ga ho ki lu ma no pe ra si to va we yo zu",
    "ko": "가 나 다 마 바 사 아 자 차 하 강 남 동 문 박 서 안 정 천 한 기 도 로 미 수 시 신 영 오 원 인 주 진 해 호",
    "zh": "安 北 城 大 东 方 高 国 海 和 华 江 金 军 开 来 力 明 南 平 人 山 上 生 天 同 文 西 新 学 一 元 中",
    "ja": "亜 伊 江 岡 川 木 佐 志 田 中 野 原 本 松 山 和 市 県 部 長 東 京 大 阪 都 新 聞 社 会 議",
    "ru": "ба во ги до же за ки ло ма но пе ра су то фа хи ца ша",
}
_GAPS = {"en": (" ", ". "), "ko": (" ", ". "), "ru": (" ", ". "), "zh": ("", "。"), "ja": ("", "。")}
_WORDS, _POOL, _TITLES = 3_000, 4_000, 2_000


@dataclass(frozen=True, slots=True)
class Piece:
    """Hold a text and its terms, in order."""

    text: str
    terms: list[str]


class Wording:
    """Write titles and texts; the same seed writes the same."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._titles = {language: self._pool(language, _TITLES, 6) for language in LANGUAGES}
        self._sentences = {language: self._pool(language, _POOL, 12) for language in LANGUAGES}

    def article(self, language: str, word: str) -> tuple[Piece, Piece]:
        """Give a title, and a text of five sentences and one rare word."""
        title = self._chance.choice(self._titles[language])
        told = self._chance.choices(self._sentences[language], k=5)
        text = "".join(piece.text for piece in told) + word
        return title, Piece(text, [term for piece in told for term in piece.terms] + [word])

    def _pool(self, language: str, size: int, length: int) -> list[Piece]:
        words = _KNOWN[language].split() + [self._word(language) for _ in range(_WORDS)]
        weights = [1 / (rank + 8) for rank in range(len(words))]
        gap, ending = _GAPS[language]
        texts = [gap.join(self._chance.choices(words, weights, k=length)) + ending for _ in range(size)]
        return [Piece(text, terms(text)) for text in texts]

    def _word(self, language: str) -> str:
        return "".join(self._chance.choices(_SYLLABLES[language].split(), k=2 if language in ("ko", "zh", "ja") else 4))
