"""What the story step asks of the store: rarity, neighbours, what a person decides of stories, and drafts of another grouping."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from aggregator.core.rarity import Rarity
from aggregator.records import Judged, Neighbourhood, Placement, Regrouping, StoryRecord, Telling, Undrafted, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Hold what the judge decides of each article of a batch, in this order: its traits, its place, and whether to end the batch.

    All are pure of the store: whoever settles a batch reads and writes for all of it.
    """

    weigh: Callable[[Judged, Rarity], Judged]
    place: Callable[[Judged, Neighbourhood], Judged]
    over: Callable[[], bool]


class DraftStore(Protocol):
    """Group the archive again: draft where each article would stand, then compare the draft with the stories and carry it out."""

    def count_grouped(self, other_than: str | None = None) -> int:
        """Count the articles that stand in stories; with `other_than`, those that other rules grouped."""
        ...

    def share_grouped(self, other_than: str) -> tuple[int, int]:
        """Count the articles in stories that other rules grouped, and all of them, in one look at the table."""
        ...

    def start_regrouping(self, rules: str, since: datetime | None, now: datetime, *, carries_out: bool) -> Regrouping:
        """Go on with the run that is not finished, or begin one; one that goes by other rules, or another date, is begun anew."""
        ...

    def regrouping(self) -> Regrouping | None:
        """Give the run that is not finished."""
        ...

    def count_drafted(self, run: Regrouping) -> tuple[int, int, int]:
        """Count the articles that have a place in the draft, those of them that were visited, and all that the run is about."""
        ...

    def undrafted(self, run: Regrouping, limit: int) -> Sequence[Undrafted]:
        """Give the next articles, in the order they were told, that the draft has no place for."""
        ...

    def undrafted_articles(self, ids: Sequence[int]) -> Sequence[Undrafted]:
        """Give these articles, in the order they were told."""
        ...

    def known_rarity(self, terms: Collection[str]) -> Rarity:
        """Give the archive's counts of the terms of an article that is in it."""
        ...

    def drafting(self, run: Regrouping) -> AbstractContextManager[None]:
        """Join the calls made inside into one transaction, in which nobody else drafts.

        Raises `UsageError` where the draft is that of another run by now.
        """
        ...

    def draft_neighbourhood(self, telling: Telling) -> Neighbourhood:
        """Give the groups of the draft that an article may belong to, as if they were stories."""
        ...

    def keep_draft(self, run: Regrouping, telling: Telling, placement: Placement) -> None:
        """Give an article a place in the draft, and move others by it; one that has a place keeps it."""
        ...

    def visit_draft(self, run: Regrouping, now: datetime, limit: int) -> Visit:
        """Compare some stories with the complete draft, and carry out what changes where the run does.

        Raises `UsageError` where another process has taken the run over or given it up.
        """
        ...

    def give_up_regrouping(self, now: datetime) -> bool:
        """End the run that is not finished where it is, and tell whether there was one; what it changed stays."""
        ...

    def drop_draft(self) -> None:
        """Forget a draft that was finished or given up, some rows at a time; that of a run that stands is kept."""
        ...


class StoryStore(DraftStore, Protocol):
    """Find what a new article is compared with, and keep what people decide."""

    def rarity(self, terms: Collection[str]) -> Rarity:
        """Give the archive's counts of these terms, as if an article with all of them were in it."""
        ...

    def neighbourhood(self, telling: Telling) -> Neighbourhood:
        """Give the stories an article may belong to, with what is known of pairs of their articles."""
        ...

    def settle_first_texts(self, judged: Sequence[Judged], decisions: Decisions) -> int:
        """Settle matched revisions in their order, up to the first whose article shows a text; give how many were settled."""
        ...

    def story_records(self, limit: int = 50) -> Sequence[StoryRecord]:
        """Give the stories that changed last, newest first."""
        ...

    def story_record(self, story_id: int) -> StoryRecord:
        """Give a story whole, or the one it was merged into."""
        ...

    # Each decision by hand, of the person `by`, gives the number of its line in the audit trail.
    # Where it makes no sense it raises `UsageError`.
    def merge_stories(self, story_id: int, other_id: int, now: datetime, by: str = "") -> int: ...

    def split_story(self, story_id: int, article_ids: Sequence[int], now: datetime, by: str = "") -> int: ...

    def set_lead(self, story_id: int, article_id: int, now: datetime, by: str = "") -> int: ...

    def keep_apart(self, one: int, other: int, now: datetime, by: str = "") -> int:
        """Remember that two articles do not tell one event, and part them where they stand together."""
        ...

    def undo_operation(self, operation_id: int, now: datetime, by: str = "") -> int: ...
