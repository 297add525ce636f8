"""A desk over a real store with hostile and ordinary articles, behind a real door."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from fastapi import FastAPI

from aggregator.desk import Desk
from aggregator.desk_records import User
from aggregator.feedfile.saved import entry_id, subscription_entry, topic_entry
from aggregator.feedfile.topics import topic_text
from aggregator.labelling import Told, find_told, label_told
from aggregator.models import Configuration, Digest, Receipt, Role, TopicSpec
from aggregator.saved import Entries
from aggregator.sources.opml import ListedFeed, write_opml
from aggregator.store import SqlStore, open_store
from aggregator.trial import Trials
from aggregator.web import Door, Metrics, ReaderDesk, Status, create_site, hash_password, hashed, metrics_route
from tests.store.samples import (
    ADDRESSES,
    FEED,
    HOUR,
    NOW,
    OTHER_FEED,
    SUBSCRIPTION,
    digest,
    entry,
    intake,
    joined,
    matched,
    opened,
    take_in,
)

TOPIC = TopicSpec(id="workers", name="Workers abroad", anchor="country_anchor", themes={"overseas_workers": 1.0})
CONFIGURATION = Configuration(feeds=(FEED, OTHER_FEED), topics=(TOPIC,), subscriptions=(SUBSCRIPTION,))
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}\u202e=cmd()"
PASSWORD = "correct horse battery"
Ask: TypeAlias = Callable[..., httpx.Response]


class Clock:
    """Tell the time that a test sets."""

    def __init__(self) -> None:
        self.now = NOW + 2 * HOUR

    def __call__(self) -> Any:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an SQLite file with a story of two articles, a hostile one, a failed and a sent delivery."""
    path = tmp_path_factory.mktemp("desk") / "store.db"
    fill(path)
    return path


def fill(path: Path) -> None:
    """Fill a new SQLite file."""
    store = open_store(f"sqlite:///{path}")
    store.upgrade()
    store.sync_feeds([FEED, OTHER_FEED], NOW)
    store.sync_subscriptions([SUBSCRIPTION], {SUBSCRIPTION.id: NOW}, NOW)
    first = take_in(store, intake("one"))[-1]
    story = store.record_judged(matched(first, opened(), text="북한 노동자 2,000 people. Loyalty funds went to China."))
    assert story is not None
    second = take_in(store, intake("two"), feed=OTHER_FEED)[-1]
    store.record_judged(matched(second, joined(story, Role.ECHO, echo_of=first.article_id), text="朝鲜劳工 echo"))
    served = entry("evil", title=HOSTILE, url="javascript:alert(1)", content=f"<b>{HOSTILE}</b>", authors=(HOSTILE,))
    evil = take_in(store, replace(intake("evil", served=served), article_key="dailynk evil"))[-1]
    store.record_judged(matched(evil, opened(), text=HOSTILE))
    store.record_digest(digest(through_seq=3), ADDRESSES, NOW, NOW)
    for failed in (False, True):
        claimed = store.claim_delivery(NOW, HOUR)
        assert claimed is not None
        if failed:
            store.record_not_sent(claimed, HOSTILE, None, NOW)
        else:
            store.record_sent(claimed, Receipt(detail="250 ok"), NOW)
    store.close()


@pytest.fixture
def store(filled: Path, tmp_path: Path) -> Iterator[SqlStore]:
    copy = tmp_path / "store.db"
    copy.write_bytes(filled.read_bytes())
    opened_store = open_store(f"sqlite:///{copy}")
    yield opened_store
    opened_store.close()


@pytest.fixture
def empty_store(tmp_path: Path) -> Iterator[SqlStore]:
    opened_store = open_store(f"sqlite:///{tmp_path}/empty.db")
    opened_store.upgrade()
    yield opened_store
    opened_store.close()


def make_site(
    store: SqlStore, clock: Clock, *, trials: Trials | None = None, configuration: Configuration = CONFIGURATION, **door: Any
) -> FastAPI:
    """Make the site of a store with the given door."""

    def draft(shown: Digest) -> Mapping[str, bytes]:
        return {".html": f"<h1>{shown.name}</h1><script>alert(1)</script>".encode()}

    def nothing() -> AbstractAsyncContextManager[None]:
        @asynccontextmanager
        async def run() -> Any:
            yield

        return run()

    async def status() -> Status:
        feeds, deliveries = store.feed_health(), store.deliveries()
        return Status(
            version="1",
            now=clock(),
            started_at=NOW - timedelta(hours=1),
            overview=store.overview(),
            feeds=feeds,
            deliveries=deliveries,
            subscriptions=("desk",),
        )

    desk = Desk(
        store=store,
        configured=lambda: configuration,
        label=lambda concept, _language: concept,
        draft=draft,
        clock=clock,
        rule_text=topic_text,
        opml=lambda title, feeds: write_opml(title, [ListedFeed(url=url, title=name) for url, name in feeds.items()]),
        entries=Entries(new_id=entry_id, topic=topic_entry, subscription=subscription_entry),
        trials=trials,
    )
    site = create_site(status, nothing, (desk, Door(store=store, clock=clock, **door)), _readers(desk))
    site.router.routes.append(metrics_route(Metrics(), status, "metrics-token"))
    return site


def _readers(desk: Desk) -> ReaderDesk:
    """Give what the addresses in mails lead to; nobody may leave here, and no subscription is a feed."""

    async def nothing(*_: object) -> None:
        return None

    async def leave(token: str) -> bool:
        return False

    async def told(token: str, place: int) -> Told | None:
        return find_told(desk, b"secret", token, place)

    async def judge(found: Told, topic: str, verdict: str) -> None:
        label_told(desk, found, topic, verdict)

    return ReaderDesk(find=nothing, leave=leave, feed=nothing, told=told, judge=judge)


def add_readers(store: SqlStore) -> None:
    """Add a viewer, an editor, and a token of each scope."""
    password_hash = _known_hash()
    for role in ("viewer", "editor"):
        store.save_user(User(name=role, role=role, password_hash=password_hash), NOW)
    store.save_token("reading", hashed("read-token"), "read", NOW)
    store.save_token("writing", hashed("write-token"), "write", NOW)


@cache
def _known_hash() -> str:
    return hash_password(PASSWORD)
