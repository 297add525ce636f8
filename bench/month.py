"""Poll sixty feeds for a month on a clock of its own, over real HTTP on loopback: ``python bench/month.py [feeds] [days]``.

Prints what was lost, which gaps and alarms were missing or extra, and how often hosts were asked; exit code 1 where anything is amiss.
"""

import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from aggregator.logs import configure_logs
from aggregator.sources.workers import ReaderPool
from aggregator.store import open_store
from tests.poll.month import findings, live, made


async def main(feeds: int, days: int) -> int:
    """Run the month and print the findings."""
    configure_logs("json", "error")
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/month.db")
        store.upgrade()
        month, reader, start = made(feeds, days), ReaderPool(), perf_counter()
        alarms = await live(month, store, reader, days)
        await reader.aclose()
        problems = findings(month, store, alarms)
        asked = sorted(len(times) / days for times in month.asked.values())
        print(f"{feeds} feeds, {days} days, {sum(map(len, month.asked.values()))} polls in {perf_counter() - start:.0f} s")
        print(f"entries stored: {store.overview().entries}; alarms: {dict(Counter(alarm.kind for alarm in alarms))}")
        print(f"requests a feed and day: {asked[0]:.1f} to {asked[-1]:.1f}, median {asked[len(asked) // 2]:.1f}")
        print("\n".join(problems) or "nothing lost, gaps and alarms exact, no host asked twice within its interval")
        store.close()
    return bool(problems)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    sys.exit(asyncio.run(main(*(numbers + [60, 30][len(numbers) :]))))
