"""Hold the promises against what happened: what the presses served and received, and what the store says of it."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from aggregator.errors import StoreError
from aggregator.models import Item
from aggregator.store import open_store
from aggregator.store.database import translated
from aggregator.store.engine import connect, database_url, reading
from aggregator.store.soundness import check_database
from aggregator.store.tables import articles, counters, deliveries, feeds, revisions, story_articles, subscriptions
from aggregator.store.verifying import verify
from tests.cluster.presses import Presses
from tests.cluster.repeats import Trouble, repeats, unexplained


def hurry(url: str, *, leases: bool = False) -> bool:
    """Make feeds and failed deliveries due at once, as an hour that passes would; with `leases` these end as well."""
    now = datetime.now(UTC)
    due = update(feeds).where(feeds.c.configured).values(next_due_at=now - timedelta(seconds=1))
    again = update(deliveries).where(deliveries.c.status == "retry").values(due_at=now - timedelta(seconds=1))
    engine = connect(database_url(url))
    try:
        with translated(), engine.begin() as connection:
            connection.execute(due if leases else due.where(feeds.c.leased_until.is_(None)))
            connection.execute(again)
            if leases:
                connection.execute(update(feeds).values(leased_until=None))
                connection.execute(update(deliveries).where(deliveries.c.status == "sending").values(leased_until=now))
    except StoreError:
        return False
    finally:
        engine.dispose()
    return True


def come_to_rest(url: str, presses: Presses, patience: float = 90.0) -> None:
    """Wait until every feed was asked once more and nothing is left to do, or until nothing has changed for so many seconds."""
    last: tuple[int, ...] = (-1,)
    enough, since = presses.requests + presses.feeds, time.monotonic()
    while any(last) and time.monotonic() - since < patience:
        time.sleep(0.5)
        if presses.requests <= enough:
            hurry(url)
        now = (max(enough - presses.requests, 0), *_waiting(url, presses))
        if now != last:
            last, since = now, time.monotonic()


def _waiting(url: str, presses: Presses) -> tuple[int, ...]:
    """Count what is not yet judged, sent, decided and stored."""
    last = select(counters.c.value).where(counters.c.name == "ingest").scalar_subquery()
    queries = (
        select(func.count()).where(revisions.c.judged_at.is_(None)),
        select(func.count()).where(deliveries.c.status != "sent"),
        select(func.count()).where(subscriptions.c.after_seq < last),
    )
    engine = connect(database_url(url))
    try:
        with translated(), reading(engine).begin() as connection:
            counts = tuple(connection.execute(query).scalar_one() for query in queries)
    except StoreError:
        return (-1,)
    finally:
        engine.dispose()
    return (*counts, 0 if any(counts) else len(missing(url, presses)))


def missing(url: str, presses: Presses) -> list[str]:
    """Name what a feed served whole and the store does not hold."""
    engine = connect(database_url(url))
    try:
        with reading(engine).begin() as connection:
            stored = {entry.id for (entry,) in connection.execute(select(revisions.c.entry))}
    finally:
        engine.dispose()
    return sorted(guid for guids in presses.served.values() for guid in guids if guid not in stored)


def faults(url: str, presses: Presses, deadly: Sequence[Trouble]) -> list[str]:
    """Name every promise that was broken; only what is `deadly` may make a message arrive again."""
    found = [f"{host}: {count} requests met another one" for host, count in presses.overlaps.items() if count]
    found += [f"served but not stored: {guid}" for guid in missing(url, presses)[:10]]
    found += [f"{one.what}: {one.state}" for one in check_database(url) if not one.ok]
    found += verify(url).faults
    store = open_store(url)
    overview, sent = store.overview(), store.deliveries(limit=100_000)
    store.close()
    if not overview.stories:
        found.append("nothing happened at all")
    if overview.unjudged:
        found.append(f"{overview.unjudged} revisions are not judged")
    found += [f"delivery {row.delivery.key} is {row.status}" for row in sent if row.status != "sent"]
    found += told_wrongly(url)
    received = {**presses.alerts, **presses.mails}
    if len(received) != len(sent):
        found.append(f"{len(sent)} deliveries, {len(received)} different messages arrived")
    found += unexplained(repeats(presses.arrivals, deadly))
    return found + [f"message {key} arrived with different contents" for key, bodies in received.items() if len(set(bodies)) > 1]


def told_wrongly(url: str) -> list[str]:
    """Name what the ledger says was told twice or never."""
    store = open_store(url)
    digests, standing = dict(store.digests(limit=100_000)), _standing(url)
    store.close()
    found = list[str]()
    for subscription in ("alerts", "mails"):
        items = [item for one in digests.values() if one.subscription == subscription for item in one.items]
        found += _told_wrongly(subscription, items, standing)
    return found


def _told_wrongly(subscription: str, items: list[Item], standing: dict[int, set[str]]) -> list[str]:
    """Name what was told twice, and the stories of which nobody heard.

    Late articles may rearrange stories, so a story's number says nothing: one of the articles that it holds now must have been told.
    """
    times = Counter((item.story_id, item.version) for item in items)
    heard = {outlet.title for item in items for outlet in item.outlets}
    untold = [story for story, titles in standing.items() if not titles & heard]
    found = [f"{subscription}: story {story} was told {count} times" for (story, _), count in times.items() if count > 1]
    return found + [f"{subscription}: story {story} was never told: {sorted(standing[story])}" for story in untold]


def _standing(url: str) -> dict[int, set[str]]:
    """Give the headlines of each story as it stands now."""
    query = select(story_articles.c.story_id, articles.c.title).join(articles, articles.c.id == story_articles.c.article_id)
    standing: dict[int, set[str]] = {}
    engine = connect(database_url(url))
    try:
        with reading(engine).begin() as connection:
            for story, title in connection.execute(query):
                standing.setdefault(story, set()).add(title)
    finally:
        engine.dispose()
    return standing


def figures(url: str, presses: Presses, troubles: Counter[str], deadly: Sequence[Trouble]) -> dict[str, Any]:
    """Give what happened in a run, as figures; repeats by what cut off their senders."""
    store = open_store(url)
    overview = store.overview()
    store.close()
    again = Counter(one.cause.kind if one.cause else "nothing" for one in repeats(presses.arrivals, deadly))
    counts = {"requests": presses.requests, "entries": overview.entries, "stories": overview.stories}
    return {
        **counts,
        "deliveries": dict(overview.deliveries_by_status),
        "messages": len(presses.arrivals),
        "repeated_after": dict(again),
        "troubles": dict(troubles),
    }
