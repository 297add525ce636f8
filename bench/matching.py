"""Measure matching: ``python bench/matching.py [articles]``.

* The whole judgement of articles of about 4 kB with all packs and the shipped topics, median and 95th percentile a language, for texts that
  name the country and its workers in every tenth sentence and for texts that do not.
* The scan of the packs against the bare automaton, and against `re` with all literals as one alternation, interleaved, as ratios.
* How long it takes until a changed topic judges.
"""

import random
import re
import sys
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, thread_time

from ahocorasick_rs import AhoCorasick, Implementation

from aggregator.feedfile import load_configuration
from aggregator.matching import Judge, compile_topics
from aggregator.matching.packs import Packs
from aggregator.matching.scan import Scanner
from aggregator.matching.text import normalise
from aggregator.models import Article, FeedSpec, TopicSpec
from aggregator.vocabulary import load_packs

SIZE = 4096
FEED = FeedSpec(id="bench", name="Bench", url="https://bench.example/", publisher="Bench", family="bench")
FEEDS = Path(__file__).parents[1] / "feeds.yaml"
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
    """Give median and 95th percentile of one judgement, in milliseconds of CPU, which a busy machine changes least."""
    chance = random.Random(7)
    articles = [Article(title=PLAIN[language], text=text(language, relevant, chance), feed=FEED) for _ in range(count)]
    times: list[float] = []
    for article in articles:
        started = thread_time()
        judge.judge(article)
        times.append(1000 * (thread_time() - started))
    return median(times), quantiles(times, n=20)[-1]


def engines(packs: Packs, count: int) -> dict[str, float]:
    """Give the median time of one text by engine, in milliseconds; the engines take turns."""
    chance = random.Random(7)
    texts = [normalise(text(language, True, chance)) for language in PLAIN for _ in range(max(2, count // 10))]
    scanner = Scanner(packs.themes.values())
    terms = (term for pack in packs.themes.values() for concept in pack.concepts.values() for term in (*concept.terms, *pack.exclusions))
    literals = sorted({form.literal for term in terms for form in term.forms}, key=len, reverse=True)
    automaton = AhoCorasick(literals, implementation=Implementation.ContiguousNFA)
    alternation = re.compile("|".join(map(re.escape, literals)))
    runs = {
        "bare automaton": lambda folded: automaton.find_matches_as_indexes(folded.text, overlapping=True),
        "scan with boundaries, patterns and exclusions": scanner.scan,
        "re alternation, no boundaries": lambda folded: [found.span() for found in alternation.finditer(folded.text)],
    }
    times: dict[str, list[float]] = {name: [] for name in runs}
    for folded in texts:
        for name, run in runs.items():
            started = thread_time()
            run(folded)
            times[name].append(1000 * (thread_time() - started))
    print(f"{len(literals)} literals")
    return {name: median(found) for name, found in times.items()}


def rule_change(topics: tuple[TopicSpec, ...], packs: Packs) -> float:
    """Give the median time until changed topics judge their first article, in milliseconds."""
    times = []
    for number in range(9):
        started = perf_counter()
        changed = TopicSpec(id="new", name="New", query=f'"rule {number}" NEAR/5 worker* AND @country_anchor')
        compile_topics((*topics, changed), packs).judge(Article(title="rule 1 for workers", text="", feed=FEED))
        times.append(1000 * (perf_counter() - started))
    return median(times)


def main() -> None:
    """Print the tables."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    topics = load_configuration(FEEDS).topics
    started = perf_counter()
    packs = load_packs()
    judge = compile_topics(topics, packs)
    judge.judge(Article(title="", text="", feed=FEED))
    size = sum(path.stat().st_size for path in Path(__file__).parents[1].glob("aggregator/vocabulary/*.yaml"))
    print(f"load and compile all: {1000 * (perf_counter() - started):.0f} ms for {size // 1000} kB of vocabulary")
    print(f"a changed topic is live after {rule_change(topics, packs):.0f} ms")
    for language in PLAIN:
        for relevant in (False, True):
            middle, high = measure(judge, language, relevant, count)
            print(f"{language} {'relevant' if relevant else 'plain':8}  median {middle:.2f} ms  95% {high:.2f} ms")
    found = engines(packs, count)
    own = found["scan with boundaries, patterns and exclusions"]
    for name, middle in found.items():
        print(f"{name}: {middle:.3f} ms, {middle / own:.1f} times the scan")


if __name__ == "__main__":
    main()
