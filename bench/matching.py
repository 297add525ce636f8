"""Measure the whole judgement of articles of about 4 kB with all packs: ``python bench/matching.py [articles]``.

Prints median and 95th percentile in milliseconds a language, for texts that name the country and its workers in every
tenth sentence and for texts that do not.
"""

import random
import sys
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from aggregator.matching import Judge, compile_topics
from aggregator.models import Article, FeedSpec, TopicSpec
from aggregator.vocabulary import load_packs

SIZE = 4096
FEED = FeedSpec(id="bench", name="Bench", url="https://bench.example/", publisher="Bench", family="bench")
TOPICS = (
    TopicSpec(id="labour", name="Labour", anchor="country_anchor", themes={"overseas_workers": 1.0, "repatriation_visas": 0.5}),
    TopicSpec(id="sanctions", name="Sanctions", anchor="country_anchor", themes={"sanctions_regimes": 1.0}, context=("evasion", "sectors")),
)
PLAIN = {
    "en": "The committee met on Tuesday in the capital, and “nobody” expected a result before the end of the year.",
    "ko": "위원회는 화요일 수도에서 회의를 열었지만 연말까지 결과가 나올 것으로 기대한 사람은 없었다.",
    "zh": "委员会周二在首都开会，没有人预计年底之前会有结果。",
    "ja": "委員会は火曜日に首都で会合を開いたが、年末までに結果が出ると予想した人はいなかった。",
    "ru": "Комитет собрался во вторник в столице, но никто не ждал результата до конца года.",
}
MEANT = {
    "en": "North Korean workers were sent home from Dandong under UN sanctions when their visas expired.",
    "ko": "단둥의 북한 노동자들이 비자 만료와 유엔 제재로 귀국했다.",
    "zh": "在丹东的朝鲜劳工因签证到期和联合国制裁被遣返。",
    "ja": "丹東の北朝鮮労働者がビザ切れと国連制裁で帰国させられた。",
    "ru": "Рабочие из КНДР уехали из Даньдуна из-за истёкших виз и санкций ООН.",
}


def text(language: str, relevant: bool, chance: random.Random) -> str:
    """Write about `SIZE` bytes of paragraphs."""
    parts: list[str] = []
    while sum(len(part.encode()) for part in parts) < SIZE:
        parts.append(MEANT[language] if relevant and chance.random() < 0.1 else PLAIN[language])
        parts.append("\n\n" if chance.random() < 0.3 else " ")
    return "".join(parts)


def measure(judge: Judge, language: str, relevant: bool, count: int) -> tuple[float, float]:
    """Give median and 95th percentile of one judgement, in milliseconds."""
    chance = random.Random(7)
    articles = [Article(title=PLAIN[language], text=text(language, relevant, chance), feed=FEED) for _ in range(count)]
    times: list[float] = []
    for article in articles:
        started = perf_counter()
        judge.judge(article)
        times.append(1000 * (perf_counter() - started))
    return median(times), quantiles(times, n=20)[-1]


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    started = perf_counter()
    packs = load_packs()
    judge = compile_topics(TOPICS, packs)
    size = sum(path.stat().st_size for path in Path(__file__).parents[1].glob("aggregator/vocabulary/*.yaml"))
    print(f"load and compile: {1000 * (perf_counter() - started):.0f} ms for {size // 1000} kB of vocabulary")
    for language in PLAIN:
        for relevant in (False, True):
            middle, high = measure(judge, language, relevant, count)
            print(f"{language} {'relevant' if relevant else 'plain':8}  median {middle:.2f} ms  95% {high:.2f} ms")


if __name__ == "__main__":
    main()
