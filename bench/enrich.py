"""Measure the fact steps on articles of about 4 kB, and reading a page: ``python bench/enrich.py [rounds]``.

Prints median and 95th percentile of CPU time in milliseconds; the network is not part of it.
"""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[1]))

from aggregator.enrich import STEPS, enrich
from aggregator.models import Article, FeedSpec
from tests.enrich.scoring import LANGUAGES, sentences

SIZE = 4096
FEED = FeedSpec(id="bench", name="Bench", url="https://bench.example/", publisher="Bench", family="bench")
PLAIN = {
    "en": "The committee met in the capital, and “nobody” expected much of it while the talks went on behind closed doors.",
    "ko": "위원회는 수도에서 회의를 열었지만 결과가 나올 것으로 기대한 사람은 없었다.",
    "zh": "委员会在首都开会，会谈闭门进行，没有人预计会有结果。",
    "ja": "委員会は首都で会合を開いたが、結果が出ると予想した人はいなかった。",
    "ru": "Комитет собрался в столице, но никто не ждал результата от переговоров за закрытыми дверями.",
}
FACTS = tuple(step for step in STEPS if getattr(step, "__name__", "").startswith("find_"))


def text(language: str, round_: int) -> str:
    """Write about `SIZE` bytes of paragraphs out of the labelled sentences and as many plain ones, no two rounds alike."""
    own = [f"{row['text']} {PLAIN[language]}" for row in sentences() if row["lang"] == language]
    own = own[round_ % len(own) :] + own[: round_ % len(own)]
    written = ""
    for number, sentence in enumerate(own * 8):
        if len(written.encode()) >= SIZE:
            break
        written += f"{sentence} " if number % 3 else f"\n\n{sentence} "
    return written.strip()


def shown(name: str, times: Sequence[float]) -> str:
    """Write a row of the table."""
    return f"| {name} | {median(times) * 1000:.2f} | {quantiles(times, n=20)[-1] * 1000:.2f} |"


async def timed(language: str, rounds: int) -> Sequence[float]:
    """Time the fact steps on so many articles of a language, within one loop as the service runs them."""
    times = []
    for number in range(-5, rounds):
        article = Article(
            title="", text=text(language, number), feed=FEED, language=language, published_at=datetime(2024, 7, 10, tzinfo=UTC)
        )
        started = process_time()
        await enrich(article, FACTS)
        if number >= 0:
            times.append(process_time() - started)
    return times


def main() -> None:
    """Time all fact steps together, a language a row."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    print("| fact steps, 4 kB | median ms | p95 ms |\n|---|---|---|")
    for language in LANGUAGES:
        print(shown(language, asyncio.run(timed(language, rounds))))


if __name__ == "__main__":
    main()
