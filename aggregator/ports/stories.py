"""What the story step asks of the store: rarity, neighbours, and what a person decides of stories."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from aggregator.core.rarity import Rarity
from aggregator.records import Neighbourhood, StoryRecord, Telling


class StoryStore(Protocol):
    """Find what a new article is compared with, and keep what people decide."""

    def rarity(self, terms: Collection[str]) -> Rarity:
        """Give the archive's counts of these terms, as if an article with all of them were in it."""
        ...

    def neighbourhood(self, telling: Telling) -> Neighbourhood:
        """Give the stories an article may belong to, with what is known of pairs of their articles."""
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
