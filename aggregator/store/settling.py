"""Settling: many matched articles placed in their stories as one unit of work.

What all of them need is read with a few statements, each is decided on in its turn and meets those before it, and what came of it is
written with a few more. Only articles that show no text yet are settled so: what becomes of another one depends on what it showed. Where
an arrival moves articles between stories, what was gathered is written first, the move is made where it stands, and the rest of the batch
reads the stories anew.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, select

from aggregator.core.tellings import telling_of
from aggregator.core.traits import countable
from aggregator.ports.stories import Decisions
from aggregator.records import Judged, Placement, Telling
from aggregator.store.database import Section
from aggregator.store.desk import label_story
from aggregator.store.finding import Counts, found_by
from aggregator.store.locks import JUDGING, hold_until_commit
from aggregator.store.placing import place, touched
from aggregator.store.sheaf import Settled, Sheaf
from aggregator.store.story_tables import article_traits
from aggregator.store.surroundings import Arrived, Surroundings, marks_of
from aggregator.store.tables import articles, entries, revisions, story_articles

MOST_TOGETHER = 50
"""Articles that are settled at once: what they are compared with is held in memory."""
_FRESH = (
    select(revisions.c.seq, articles.c.id, articles.c.published_at, articles.c.first_seen_at)
    .join(entries, entries.c.id == revisions.c.entry_id)
    .join(articles, articles.c.id == entries.c.article_id)
    .outerjoin(story_articles, story_articles.c.article_id == articles.c.id)
    .outerjoin(article_traits, article_traits.c.article_id == articles.c.id)
    .where(revisions.c.seq.in_(bindparam("seqs", expanding=True)), revisions.c.judged_at.is_(None), articles.c.current_seq.is_(None))
    .where(story_articles.c.article_id.is_(None), article_traits.c.article_id.is_(None))
)


class Settling(Section):
    """Settle many articles at once."""

    def settle_first_texts(self, judged: Sequence[Judged], decisions: Decisions) -> int:
        """Settle matched revisions in their order, up to the first whose article shows a text; give how many were settled."""
        with self._database.write() as connection:
            hold_until_commit(connection, JUDGING)
            fresh = _fresh(connection, judged[:MOST_TOGETHER])
            return _Batch(connection, fresh, decisions, self._database.evidence).settle() if fresh else 0


class _Batch:
    """Hold a batch while it is settled."""

    def __init__(self, connection: Connection, fresh: Sequence[tuple[Judged, RowMapping]], decisions: Decisions, mode: str) -> None:
        self._connection, self._decisions = connection, decisions
        self._waiting = [(judged, standing, telling_of(judged)) for judged, standing in _weighed(connection, fresh, decisions)]
        self._around = Surroundings(connection, [telling for _, _, telling in self._waiting])
        self._sheaf = Sheaf(connection, self._around, mode)
        self._touched: set[int] = set()

    def settle(self) -> int:
        """Settle one after the other until the time is over, and give how many."""
        for done, (weighed, standing, telling) in enumerate(self._waiting, 1):
            judged = self._decisions.place(weighed, self._around.of(telling))
            told_at = _told_at(judged, standing)
            found = found_by(judged, told_at)
            self._sheaf.add(Settled(judged=judged, found=found, standing=standing))
            if judged.placement:
                self._place(judged, judged.placement, Arrived(telling=telling, marks=_marks(telling), told_at=told_at), done)
            if self._decisions.over():
                break
        self._sheaf.save()
        if self._touched:
            label_story(self._connection, *sorted(self._touched))
        return done

    def _place(self, judged: Judged, placement: Placement, arrived: Arrived, done: int) -> None:
        if placement.moves:
            self._sheaf.save()
            story_id = place(self._connection, judged, placement)
            self._touched |= touched(self._connection, story_id, placement)
            self._around.add(arrived, placement, story_id)
            return
        story_id = self._sheaf.place(judged, placement, len(self._waiting) - done + 1)
        self._around.add(arrived, placement, story_id)
        self._sheaf.lead(arrived.telling.article_id, story_id, placement)
        self._touched |= {story_id, *(self._around.stands[standing.article_id] for standing in placement.standings)}


def _fresh(connection: Connection, judged: Sequence[Judged]) -> list[tuple[Judged, RowMapping]]:
    """Give the first of these, with its article's row, as far as they wait and their articles show nothing yet, one text each."""
    rows = connection.execute(_FRESH, {"seqs": [one.revision.seq for one in judged]}).mappings()
    standing = {row["seq"]: row for row in rows}
    fresh: list[tuple[Judged, RowMapping]] = []
    seen: set[int] = set()
    for one in judged:
        if one.revision.seq not in standing or one.revision.article_id in seen:
            break
        seen.add(one.revision.article_id)
        fresh.append((one, standing[one.revision.seq]))
    return fresh


def _weighed(connection: Connection, fresh: Sequence[tuple[Judged, RowMapping]], decisions: Decisions) -> list[tuple[Judged, RowMapping]]:
    """Weigh each article by the archive and those before it in the batch."""
    terms = [countable(judged.article, judged.concepts) for judged, _ in fresh]
    counts = Counts(connection, {term for said in terms for term in said})
    weighed: list[tuple[Judged, RowMapping]] = []
    for (judged, standing), said in zip(fresh, terms, strict=True):
        known = decisions.weigh(judged, counts.rarity(said))
        counts.add(found_by(known, _told_at(known, standing)))
        weighed.append((known, standing))
    return weighed


def _told_at(judged: Judged, standing: RowMapping) -> datetime:
    published_at: datetime | None = judged.article.published_at or standing["published_at"]
    return published_at or standing["first_seen_at"]


def _marks(telling: Telling) -> Sequence[int]:
    keys, bands = marks_of(telling)
    return (*keys, *bands)
