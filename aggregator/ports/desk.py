"""What the desk asks of the store: what readers look at, and who they are."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from aggregator.core.queries import Wanted
from aggregator.desk_records import (
    ArticleDetail,
    Day,
    FeedDay,
    Figure,
    Hit,
    KeptSearch,
    Page,
    Sample,
    SearchFilter,
    StoryDetail,
    StoryFilter,
    StoryRow,
    User,
    Volumes,
)
from aggregator.models import (
    Digest,
    FeedHealth,
)
from aggregator.ports.stories import StoryStore
from aggregator.records import (
    DeliveryRow,
    Poll,
)


class DeskStore(StoryStore, Protocol):
    """Read what stands for people, in pages by cursor; a cursor of another list raises `UsageError`."""

    def stories(self, chosen: StoryFilter, cursor: str | None = None, limit: int = 20) -> Page[StoryRow]: ...

    def story(self, story_id: int) -> StoryDetail | None: ...

    def article(self, article_id: int) -> ArticleDetail | None: ...

    def search(self, wanted: Wanted | None, chosen: SearchFilter, *, best: bool, cursor: str | None = None, limit: int = 20) -> Page[Hit]:
        """Give articles by words, by labels, or by both; there must be one of them."""
        ...

    def search_counted(
        self, wanted: Wanted | None, chosen: SearchFilter, *, best: bool, cursor: str | None = None, limit: int = 20
    ) -> tuple[Page[Hit], Mapping[str, Mapping[str, int]]]:
        """Search, and count topics, languages and feeds of the newest hits."""
        ...

    def kept_searches(self, owner: str) -> Sequence[KeptSearch]: ...

    def kept_search(self, key: str) -> KeptSearch | None: ...

    def keep_search(self, kept: KeptSearch) -> bool:
        """Keep a search; False where its reader has one of that name."""
        ...

    def rename_search(self, owner: str, key: str, name: str) -> bool: ...

    def forget_search(self, owner: str, key: str) -> bool: ...

    def rebuild_search(self, progress: Callable[[int], None] = ...) -> int: ...

    def feed_health(self) -> Sequence[FeedHealth]: ...

    def feed_days(self, since: datetime) -> Sequence[FeedDay]: ...

    def poll_history(self, feed_id: str, cursor: str | None = None, limit: int = 50) -> Page[Poll]: ...

    def delivery_list(self, cursor: str | None = None, limit: int = 50, status: str = "") -> Page[DeliveryRow]: ...

    def delivery(self, delivery_id: int) -> DeliveryRow | None: ...

    def digest(self, digest_id: int) -> Digest | None: ...

    def requeue(self, delivery_id: int, now: datetime) -> bool:
        """Make a sent or dead delivery due again, under its old key; False where it is neither."""
        ...

    def days(self, since: datetime) -> Sequence[Day]: ...

    def figures(self, cursor: str | None = None, limit: int = 50) -> Page[Figure]: ...

    def volumes(self, since: datetime) -> Volumes: ...

    def record_verdict(self, article_id: int, topic: str, verdict: str, said_by: str, now: datetime) -> bool: ...

    def verdict_counts(self) -> Mapping[str, tuple[int, int]]: ...

    def sample(self, topic: str) -> Sample:
        """Give recent articles, and those that a topic found or readers marked, each newest first."""
        ...


class ReaderStore(Protocol):
    """Keep who may look at the desk; of passwords, session keys and tokens only hashes come here."""

    def users(self) -> Sequence[User]: ...

    def has_users(self) -> bool: ...

    def user(self, name: str) -> User | None: ...

    def save_user(self, user: User, now: datetime) -> None: ...

    def remove_user(self, name: str) -> bool: ...

    def open_session(self, key_hash: str, name: str, now: datetime, ends_at: datetime) -> None: ...

    def session_user(self, key_hash: str, now: datetime) -> User | None: ...

    def close_session(self, key_hash: str) -> None: ...

    def save_token(self, name: str, token_hash: str, scope: str, now: datetime) -> None: ...

    def remove_token(self, name: str) -> bool: ...

    def token(self, token_hash: str) -> tuple[str, str] | None: ...
