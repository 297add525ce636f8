"""However articles are grouped, parted and put together again: every story is heard of, and none is told as new that was heard of."""

import random
from dataclasses import dataclass, field, replace

import pytest

from aggregator.errors import UsageError
from aggregator.records import Move
from aggregator.store import SqlStore
from tests.store.samples import ADDRESSES, FEED, NOW, SUBSCRIPTION, digest, intake, item, joined, matched, opened, take_in, updated

TOPICS = ("workers",)


@dataclass
class Beat:
    """Do one random thing after another to the stories of one store, as articles, judges and people do."""

    store: SqlStore
    chance: random.Random
    heard: set[int] = field(default_factory=set)
    by_hand: list[int] = field(default_factory=list)
    came: int = 0

    def stories(self) -> dict[int, list[int]]:
        """Give the articles of each story that stands."""
        return {record.story_id: [each.article_id for each in record.members] for record in self.store.story_records()}

    def arrive(self) -> None:
        """Let an article open a story or join one, and perhaps take others apart and together by it."""
        self.came += 1
        (revision,) = take_in(self.store, intake(f"entry {self.came}"))
        standing = self.stories()
        target = self.chance.choice([None, *standing])
        moves = [
            Move(article_id=article, source=story, target=self.chance.choice([None, target]), opens=self.chance.randrange(3))
            for story, articles in standing.items()
            for article in articles
            if story != target and self.chance.random() < 0.2
        ]
        placement = opened() if target is None else joined(target)
        self.store.record_judged(matched(revision, replace(placement, moves=tuple(moves))))

    def change(self) -> None:
        """Let an article of a story change in a fact."""
        story, articles = self.chance.choice([*self.stories().items()])
        served = replace(intake(self._identity(articles[0]), raw_hash=f"changed {self.came}"), entry_id=articles[0])
        self.came += 1
        for revision in take_in(self.store, served):
            self.store.record_judged(matched(revision, updated(story, "2,000 → 200 people")))

    def decide_by_hand(self) -> None:
        """Merge, split or take back, whatever makes sense."""
        story, articles = self.chance.choice([*self.stories().items()])
        ways = (
            lambda: self.store.merge_stories(story, self.chance.choice([*self.stories()]), NOW),
            lambda: self.store.split_story(story, self.chance.sample(articles, len(articles) // 2), NOW),
            lambda: self.store.undo_operation(self.by_hand.pop() if self.by_hand else 0, NOW),
        )
        try:
            self.by_hand.append(self.chance.choice(ways)())
        except UsageError:
            return

    def tell(self) -> None:
        """Tell what the open window holds, as deciding does."""
        state = self.store.subscription_state(SUBSCRIPTION.id)
        assert state is not None
        through = self.store.judged_through()
        found = self.store.window_stories(SUBSCRIPTION.id, TOPICS, state.after_seq, through)
        standing = self.stories()
        for material in found:
            assert material.told_version is not None or not self.heard & {*standing[material.story_id]}
        items = [item(material.story_id, material.version, articles=standing[material.story_id]) for material in found]
        self.store.record_digest(digest(*items, after_seq=state.after_seq, through_seq=through), ADDRESSES, None, NOW)
        self.heard |= {article for material in found for article in standing[material.story_id]}

    def _identity(self, article: int) -> str:
        with self.store._database.read() as connection:
            return str(connection.exec_driver_sql(f"SELECT identity FROM entries WHERE id = {article}").scalar_one())


@pytest.mark.parametrize(("seed", "steps"), [(1, 16), (9, 16), (13, 16), (14, 16), (19, 16), (21, 16), (22, 16), (1044, 40)])
def test_every_story_is_heard_of_and_none_is_new_twice(sqlite_store: SqlStore, seed: int, steps: int) -> None:
    sqlite_store.sync_feeds([FEED], NOW)
    sqlite_store.sync_subscriptions([SUBSCRIPTION], {SUBSCRIPTION.id: None}, NOW)
    beat = Beat(sqlite_store, random.Random(seed))
    beat.arrive()
    for _ in range(steps):
        beat.chance.choice((beat.arrive, beat.arrive, beat.change, beat.decide_by_hand, beat.tell))()
    beat.tell()
    assert [story for story, articles in beat.stories().items() if not beat.heard & {*articles}] == []
