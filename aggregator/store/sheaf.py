"""Sheaves: what a batch of placed articles writes, gathered while it is settled and written with one statement a table.

A sheaf knows the stories as they stand within the batch (`store.surroundings`), so versions, leads and roles are final when it is written:
a story that ten articles of the batch join is one row that changes once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Connection, RowMapping, bindparam, case, func, select, text, update

from aggregator.errors import StoreError
from aggregator.records import Judged, Overlap, Placement
from aggregator.store.database import insert_rows, run_many
from aggregator.store.evidence import seal
from aggregator.store.finding import Found, keep_new_traits
from aggregator.store.judging import keep_first_texts
from aggregator.store.neighbours import keep_overlaps
from aggregator.store.pages import keep_pages
from aggregator.store.placing import explaining, happening, joining, keep_copies, opening
from aggregator.store.regrouping import set_standings
from aggregator.store.surroundings import Surroundings
from aggregator.store.tables import decisions, stories, story_articles, story_events

AT_ONCE = 8
"""Numbers of stories that are taken at once; those that nobody needs stay unused."""
_SEQ: BindParameter[int] = bindparam("seq", type_=stories.c.last_seq.type)
_GROWN = (
    update(stories)
    .where(stories.c.id == bindparam("story"))
    .values(last_seq=case((stories.c.last_seq < _SEQ, _SEQ), else_=stories.c.last_seq), lead_article_id=bindparam("lead"))
)
_NUMBERS = text("SELECT nextval(pg_get_serial_sequence('stories', 'id')) FROM generate_series(1, :count)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Hold a judged article of a batch with what it is found by and the row of the article as it stood."""

    judged: Judged
    found: Found
    standing: RowMapping


class Sheaf:
    """Gather what articles write that show a text for the first time; `mode` is how much evidence is kept."""

    def __init__(self, connection: Connection, around: Surroundings, mode: str) -> None:
        self._connection, self._around, self._mode = connection, around, mode
        self._numbers: list[int] = []
        self._empty()

    def add(self, settled: Settled) -> None:
        """Add an article with all that is known of it but its place."""
        self._settled.append(settled)

    def place(self, judged: Judged, placement: Placement, left: int) -> int:
        """Put an article in its story, and give the story's number; so many more may open stories, this one included."""
        article_id, seq = judged.revision.article_id, judged.revision.seq
        opens = placement.story_id is None
        story_id = self._number(left) if placement.story_id is None else placement.story_id
        if opens:
            self._opened[story_id] = {"id": story_id, **opening(judged)}
        else:
            self._grow(story_id, seq)
        version = 1 if opens else self._around.stories[story_id].version
        self._joins[article_id] = joining(article_id, story_id, placement)
        self._events.append(happening(judged, placement, story_id, version))
        self._reasons += explaining(judged, placement)
        self._overlaps += placement.overlaps
        if placement.copy_of is not None and placement.copy_of != article_id:
            self._copies.append((article_id, placement.copy_of))
        self._stand(placement)
        return story_id

    def lead(self, article_id: int, story_id: int, placement: Placement) -> None:
        """Let articles speak for their stories, now that the article stands in its own, unless a person chose another one."""
        if placement.story_id is not None and placement.lead and not placement.leads:
            self._around.stories[story_id].lead = article_id
        for leading in placement.leads:
            led = self._around.stands[leading]
            story = self._around.stories[led]
            if not story.lead_by_hand and story.lead != leading:
                story.lead = leading
                self._grown.setdefault(led, 0)

    def save(self) -> None:
        """Write everything in order of the keys that rows name, and begin anew."""
        if self._settled:
            self._save_texts()
        self._save_stories()
        if self._settled:
            seal(self._connection, [settled.judged for settled in self._settled], self._mode)
        self._empty()

    def _empty(self) -> None:
        if self._connection.dialect.name == "sqlite":
            self._numbers = []  # whoever opens a story meanwhile takes the next one there is
        self._settled: list[Settled] = []
        self._opened: dict[int, dict[str, Any]] = {}
        self._grown: dict[int, int] = {}
        self._joins: dict[int, dict[str, Any]] = {}
        self._standings: dict[int, Any] = {}
        self._events: list[dict[str, Any]] = []
        self._reasons: list[dict[str, Any]] = []
        self._overlaps: list[Overlap] = []
        self._copies: list[tuple[int, int]] = []

    def _save_texts(self) -> None:
        keep_first_texts(self._connection, [(settled.judged, settled.standing) for settled in self._settled])
        keep_new_traits(self._connection, [settled.found for settled in self._settled])
        keep_pages(self._connection, [settled.judged for settled in self._settled])

    def _save_stories(self) -> None:
        for story_id, row in self._opened.items():
            row["lead_article_id"] = self._around.stories[story_id].lead
            row["last_seq"] = max(row["last_seq"], self._grown.pop(story_id, 0))
        rows = (self._opened.values(), self._joins.values(), self._events, self._reasons)
        for table, many in zip((stories, story_articles, story_events, decisions), rows, strict=True):
            insert_rows(self._connection, table, list(many))
        grown = [{"story": story, "seq": seq, "lead": self._around.stories[story].lead} for story, seq in self._grown.items()]
        run_many(self._connection, _GROWN, grown)
        set_standings(self._connection, self._standings.values())
        keep_overlaps(self._connection, self._overlaps)
        if self._copies:
            keep_copies(self._connection, self._copies)

    def _grow(self, story_id: int, seq: int) -> None:
        if story_id not in self._around.stories:
            raise StoreError(f"revision {seq} cannot be placed: story {story_id} is not stored")
        self._grown[story_id] = max(self._grown.get(story_id, 0), seq)

    def _stand(self, placement: Placement) -> None:
        """Note what articles are to their stories now; those that joined with this sheaf are written so."""
        for standing in placement.standings:
            joined = self._joins.get(standing.article_id)
            if joined is None:
                self._standings[standing.article_id] = standing
            else:
                joined |= {"role": standing.role.value, "echo_of": standing.echo_of, "cites": standing.cites}

    def _number(self, left: int) -> int:
        """Give the number of a new story."""
        if not self._numbers:
            self._numbers = _take_numbers(self._connection, min(left, AT_ONCE), self._opened.keys())
        return self._numbers.pop(0)


def _take_numbers(connection: Connection, count: int, taken: Iterable[int]) -> list[int]:
    """Give numbers that no story has, nor one that is opened here but not written yet."""
    if connection.dialect.name == "postgresql":
        return sorted(connection.execute(_NUMBERS, {"count": count}).scalars())
    last = max([int(connection.execute(select(func.max(stories.c.id))).scalar() or 0), *taken])
    return list(range(last + 1, last + 1 + count))
