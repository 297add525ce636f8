"""Measure grouping an archive again: ``python bench/regroup.py [SIZE…] [--url DATABASE]``.

Fills an archive of each SIZE (1,000 and 4,000 by default), a thousand articles a day on events of one to five reports, each in a story
of its own, as rules that join nothing would leave it. Prints the CPU of this process per article for the draft, for comparing and
carrying it out, and for a second run that changes nothing, with the longest batch, and the memory of the process.
"""

import asyncio
import random
import resource
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import perf_counter, process_time

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from _story_archive import FEEDS, PER_DAY, START, VOCABULARY, WEIGHTS, WORDS

from aggregator.core.fingerprints import text_hash
from aggregator.core.traits import countable, traits_of
from aggregator.judge import Judging
from aggregator.models import Article, Entry, Evidence, Fact, Judgement, Reason, Role
from aggregator.records import Intake, Judged, Placement, PollRecord, StoredRevision
from aggregator.regroup import Step, regroup, start
from aggregator.store import SqlStore, open_store
from tests.conftest import Clock
from tests.judge.newsroom import judging

CHANGED, TOGETHER = 0.3, 200
chance = random.Random(2)


def main(arguments: Sequence[str]) -> None:
    """Measure archives of the sizes that are asked for."""
    url = arguments[arguments.index("--url") + 1] if "--url" in arguments else None
    for size in [int(argument) for argument in arguments if argument.isdigit()] or [1000, 4000]:
        with tempfile.TemporaryDirectory() as folder:
            store = open_store(url or f"sqlite:///{folder}/store.db")
            store.upgrade()
            fill(store, size)
            use = replace(judging(store, Clock(START)), feeds={feed.id: feed for feed in FEEDS})
            for name in ("first", "second"):
                asyncio.run(measured(use, size, name))
            store.close()
    print(f"memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


async def measured(use: Judging, size: int, name: str) -> None:
    """Group once, and print what it took."""
    run = start(use, everything=True)
    if run is None:
        return
    spent = {"draft": 0.0, "carry out": 0.0}
    longest, moved, last = 0.0, 0, (process_time(), perf_counter())

    def tell(step: Step) -> None:
        nonlocal longest, moved, last
        now = (process_time(), perf_counter())
        spent["draft" if step.drafted else "carry out"] += now[0] - last[0]
        longest, moved, last = max(longest, now[1] - last[1]), moved + sum(len(change.articles) for change in step.changes), now

    await regroup(use, run, tell)
    told = ", ".join(f"{part} {seconds / size * 1000:.2f} ms" for part, seconds in spent.items())
    print(f"{size} articles, {name} run: {told} an article; {moved} moved; longest batch {longest:.2f} s", flush=True)


def fill(store: SqlStore, size: int) -> None:
    """Store articles as a judge does that joins nothing."""
    store.sync_feeds(FEEDS, START)
    entries = list(invented(size))
    for number in range(0, size, TOGETHER):
        some = entries[number : number + TOGETHER]
        for feed in {feed for feed, _ in some}:
            intakes = tuple(
                Intake(entry_id=None, identity=each.id, raw_hash=each.id, article_key=each.url or "", entry=each)
                for f, each in some
                if f == feed
            )
            poll = PollRecord(
                feed_id=FEEDS[feed].id,
                started_at=START,
                finished_at=START,
                outcome="ok",
                next_due_at=START + timedelta(hours=1),
                intakes=intakes,
            )
            store.record_polls([poll])
        with store.transaction():
            for revision in store.unjudged(TOGETHER):
                store.record_judged(judged(store, revision))


def invented(size: int) -> Iterator[tuple[int, Entry]]:
    """Invent reports: those of one event share most of their words, with some of their own, from different newsrooms."""
    number = 0
    while number < size:
        words, feeds = chance.choices(VOCABULARY, WEIGHTS, k=WORDS), chance.sample(range(len(FEEDS)), 5)
        for feed in feeds[: chance.randint(1, 5)]:
            own = [word if chance.random() > CHANGED else chance.choice(VOCABULARY) for word in words]
            at = START + timedelta(days=number / PER_DAY, minutes=chance.randint(0, 300))
            text = " ".join(own)
            yield feed, Entry(id=f"n{number}", url=f"https://a.example/{number}", title=" ".join(own[:9]), content=text, published_at=at)
            number += 1


def judged(store: SqlStore, revision: StoredRevision) -> Judged:
    """Judge a revision to match and to open a story."""
    entry, feed = revision.entry, next(each for each in FEEDS if each.id == revision.feed_id)
    number = int(entry.id[1:])
    fact = Fact(kind="organisation", concept=f"organisation/o{number % 300}", field="text", start=0, end=6, quote=entry.content[:6])
    article = Article(
        title=entry.title, text=entry.content, feed=feed, language="en", published_at=entry.published_at, outlet=feed.name, facts=(fact,)
    )
    evidence = Evidence(theme="labour", concept="labour/worker", strength="strong", field="title", start=0, end=6, quote="Worker")
    reason = Reason(code="matched", detail="")
    concepts = frozenset({fact.concept})
    return Judged(
        revision=revision,
        article=article,
        text_hash=text_hash(article.title, article.text),
        concepts=concepts,
        judgements=(Judgement(topic="labour", matched=True, score=2.0, evidence=(evidence,), reason=reason),),
        rule_version="bench",
        outcome=reason,
        decided_at=START,
        placement=Placement(story_id=None, event="opened", role=Role.ORIGIN, why=reason, lead=True),
        traits=traits_of(article, concepts, store.rarity(countable(article, concepts))),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
