"""However articles are grouped, parted and put together again: each subscription hears of every story, and of every change once.

Beside the store stands a plain model: what each subscription heard of. A story is news to it when it heard of none of its articles, or
when an article of it changed in a way that it did not hear of yet.
"""

import random
from dataclasses import dataclass, field, replace

import pytest

from aggregator.errors import UsageError
from aggregator.models import Item
from aggregator.records import Move, StoryMaterial
from aggregator.store import SqlStore
from tests.store.samples import ADDRESSES, FEED, NOW, SUBSCRIPTION, digest, intake, item, joined, matched, opened, take_in, updated

TOPICS = ("workers",)
READERS = [replace(SUBSCRIPTION, id=name) for name in ("desk", "morning", "alerts")]


@dataclass
class Reader:
    """Hold what one subscription heard of; alerts do not list what else came to a story."""

    name: str
    articles: set[int] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)


@dataclass
class Beat:
    """Do one random thing after another to the stories of one store, as articles, judges and people do."""

    store: SqlStore
    chance: random.Random
    readers: list[Reader] = field(default_factory=lambda: [Reader(each.id) for each in READERS])
    by_hand: list[int] = field(default_factory=list)
    changed: dict[str, int] = field(default_factory=dict)
    came: int = 0

    def stories(self) -> dict[int, set[int]]:
        """Give the articles of each story that stands."""
        records = self.store.story_records(limit=1000)
        return {record.story_id: {each.article_id for each in record.members} for record in records}

    def arrive(self) -> None:
        """Let an article open a story or join one, and perhaps take others apart and together by it."""
        self.came += 1
        (revision,) = take_in(self.store, intake(f"entry {self.came}"))
        target = self.chance.choice([None, *self.stories()])
        placement = opened() if target is None else joined(target)
        self.store.record_judged(matched(revision, replace(placement, moves=self._moves(target))))

    def change(self) -> None:
        """Let an article of a story change in a fact, and perhaps be moved by that."""
        story, articles = self.chance.choice([*self.stories().items()])
        article = self.chance.choice(sorted(articles))
        self.came += 1
        served = replace(intake(self._identity(article), raw_hash=f"changed {self.came}"), entry_id=article)
        (revision,) = take_in(self.store, served)
        placement = updated(story, f"change {self.came}")
        self.store.record_judged(matched(revision, replace(placement, moves=self._moves(story) if self.chance.random() < 0.3 else ())))
        self.changed[f"change {self.came}"] = article

    def decide_by_hand(self) -> None:
        """Merge, split or take back, whatever makes sense."""
        story, articles = self.chance.choice([*self.stories().items()])
        ways = (
            lambda: self.store.merge_stories(story, self.chance.choice([*self.stories()]), NOW),
            lambda: self.store.split_story(story, self.chance.sample(sorted(articles), len(articles) // 2), NOW),
            lambda: self.store.undo_operation(self.by_hand.pop() if self.by_hand else 0, NOW),
        )
        try:
            self.by_hand.append(self.chance.choice(ways)())
        except UsageError:
            return

    def regroup(self) -> None:
        """Do a batch of grouping the archive again by rules that nobody knows: draft what has no place yet, else carry some of it out."""
        run = self.store.regrouping() or self.store.start_regrouping("others", None, NOW, carries_out=True)
        waiting = self.store.undrafted(run, 4)
        if not waiting:
            visit = self.store.visit_draft(run, NOW, 1)
            waiting = self.store.undrafted_articles(visit.missing)
        for each in waiting:
            self.store.keep_draft(run, each.telling, joined(self.chance.randrange(1, 5)))

    def tell(self) -> None:
        """Tell one of the subscriptions what its open window holds, as deciding does."""
        self.tell_to(self.chance.choice(self.readers))

    def tell_to(self, reader: Reader) -> None:
        """Tell a subscription, after comparing with what the model would tell it."""
        state = self.store.subscription_state(reader.name)
        assert state is not None
        window, standing = (state.after_seq, self.store.judged_through()), self.stories()
        found = self.store.window_stories(reader.name, TOPICS, *window)
        further = () if reader.name == "alerts" else self.store.window_continuing(reader.name, TOPICS, *window)
        told = {each.story_id: None if each.told_version is None else set(each.changes) for each in found}
        assert told == self._expected(reader, standing)
        told_now = replace(digest(*map(_told, found), after_seq=window[0], through_seq=window[1]), subscription=reader.name)
        told_now = replace(told_now, continuing=tuple(map(_told, further)))
        assert self.store.record_digest(told_now, ADDRESSES, None, NOW) is not None or window[0] == window[1]
        reader.articles |= {each.telling.article_id for material in (*found, *further) for each in material.articles}
        members = {article for story in told for article in standing[story]}
        reader.changes |= {change for change, article in self.changed.items() if article in members}

    def _expected(self, reader: Reader, standing: dict[int, set[int]]) -> dict[int, set[str] | None]:
        news: dict[int, set[str] | None] = {}
        for story, articles in standing.items():
            pending = {change for change, article in self.changed.items() if article in articles} - reader.changes
            if not articles & reader.articles:
                news[story] = None
            elif pending:
                news[story] = pending
        return news

    def _moves(self, target: int | None) -> tuple[Move, ...]:
        return tuple(
            Move(article_id=article, source=story, target=self.chance.choice([None, target]), opens=self.chance.randrange(3))
            for story, articles in self.stories().items()
            for article in sorted(articles)
            if story != target and self.chance.random() < 0.2
        )

    def _identity(self, article: int) -> str:
        with self.store._database.read() as connection:
            return str(connection.exec_driver_sql(f"SELECT identity FROM entries WHERE id = {article}").scalar_one())


def _told(material: StoryMaterial) -> Item:
    return item(material.story_id, material.version, articles=[each.telling.article_id for each in material.articles])


@pytest.mark.parametrize(("seed", "steps"), [(0, 20), (4, 20), (6, 20), (7, 20), (10, 20), (11, 20), (1044, 40)])
def test_each_subscription_hears_of_every_story_and_of_every_change_once(sqlite_store: SqlStore, seed: int, steps: int) -> None:
    check(sqlite_store, seed, steps, regrouping=0)


@pytest.mark.parametrize(("seed", "steps"), [(1, 40), (2, 40), (3, 60)])
def test_so_it_does_while_the_archive_is_grouped_again(sqlite_store: SqlStore, seed: int, steps: int) -> None:
    check(sqlite_store, seed, steps, regrouping=3)


def check(store: SqlStore, seed: int, steps: int, regrouping: int) -> None:
    """Let a beat go on for some steps, every so often one that groups some of the archive again, and then tell everybody everything."""
    store.sync_feeds([FEED], NOW)
    store.sync_subscriptions(READERS, dict.fromkeys([each.id for each in READERS]), NOW)
    beat = Beat(store, random.Random(seed))
    beat.arrive()
    for _ in range(steps):
        beat.chance.choice((beat.arrive, beat.arrive, beat.change, beat.decide_by_hand, beat.tell, *[beat.regroup] * regrouping))()
    for reader in (*beat.readers, *beat.readers):
        beat.tell_to(reader)
    assert all(reader.changes == {*beat.changed} for reader in beat.readers)
