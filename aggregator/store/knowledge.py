"""Knowledge: what a subscription knows of a story when stories are merged and split.

Told are articles and changes; stories only group them. A story that holds an article which a subscription read of is known to it
(`told_articles`). One that holds none was part of a told story by mistake, its own news never went out: it is owed, and comes with the
window that holds the number of the moment it parted (`story_told.owed_seq`). Its place in the sequence alone would not do: the windows
passed that while the story was thought to be another.

Changes are told window by window, in the order of the sequence. So the changes of a regrouped story are numbered in that order, and
each subscription knows it up to the first change that lies beyond its own place: those before went out, those after will.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from aggregator.store.database import batches
from aggregator.store.sequence import take
from aggregator.store.story_tables import story_told, told_articles
from aggregator.store.tables import digest_items, stories, story_articles, story_events, subscriptions


def join(connection: Connection, source: int, target: int, now: datetime) -> None:
    """Close a story for another one that all of its articles and changes went to; who was told of either knows both."""
    ours, theirs = (_head(connection, story) for story in (source, target))
    knowing = _told(connection, source).keys() | _told(connection, target).keys() | _readers(connection, target)
    for subscription, seq in _owed(connection, source).items():
        if subscription not in knowing:
            _owe(connection, subscription, target, seq)
    values = {"version": ours[0] + theirs[0] - 1, "last_seq": max(ours[1], theirs[1]), "first_seq": min(ours[2], theirs[2])}
    connection.execute(update(stories).where(stories.c.id == target).values(**values, changed_at=now))
    connection.execute(update(stories).where(stories.c.id == source).values(merged_into=target, changed_at=now))
    _settle(connection, target, knowing)


def part(connection: Connection, source: int, target: int, at: tuple[datetime, int | None], changes: int) -> None:
    """Settle what subscriptions know of both stories, now that articles, and with them so many changes, went from one to the other.

    Without a number beside the moment, one is taken from the sequence, so that an open window will hold it.
    """
    (now, seq), told, known = at, _told(connection, source), _told(connection, target)
    stays, came = _readers(connection, source), _readers(connection, target)
    left = told.keys() - stays
    fresh = (told.keys() | _owed(connection, source).keys()) - known.keys() - came
    if left or fresh:
        seq = take(connection, 1) if seq is None else seq
        for story, strangers in ((source, left), (target, fresh)):
            for subscription in sorted(strangers):
                _owe(connection, subscription, story, seq)
    # Who lost all that was read is told under a version of its own of what the story holds now.
    _grow(connection, source, 1 if left else 0, now)
    _grow(connection, target, changes, now)
    _settle(connection, source, (told.keys() - left) | stays)
    _settle(connection, target, known.keys() | came)


def strangers(connection: Connection, story_id: int, ids: Sequence[int], known: Collection[int] = ()) -> set[str]:
    """Give who was told of a story and read of none of these articles, to whom they are news; unless told of those `known` stories."""
    found = set(_told(connection, story_id)).difference(*(_told(connection, each) for each in known))
    if found:
        for batch in batches(ids):
            read = select(told_articles.c.subscription_id).where(told_articles.c.article_id.in_(batch))
            found.difference_update(connection.execute(read.distinct()).scalars())
    return found


def _grow(connection: Connection, story_id: int, versions: int, now: datetime) -> None:
    if versions:
        grown = {"version": stories.c.version + versions, "changed_at": now}
        connection.execute(update(stories).where(stories.c.id == story_id).values(**grown))


def _settle(connection: Connection, story_id: int, knowing: set[str]) -> None:
    """Note up to which change each of these subscriptions knows a story: to the first one that lies beyond its own place."""
    seqs, head, told = _count_changes(connection, story_id), _head(connection, story_id)[0], _told(connection, story_id)
    places = select(subscriptions.c.id, subscriptions.c.after_seq).where(subscriptions.c.id.in_(knowing))
    for row in connection.execute(places) if knowing else ():
        version = head - sum(seq > row.after_seq for seq in seqs)
        if told.get(row.id) != version:
            _mark(connection, row.id, story_id, version)


def _count_changes(connection: Connection, story_id: int) -> list[int]:
    """Let the last change of a story be that of its version, and those before count down from it; give their numbers."""
    of_story = (story_events.c.story_id == story_id, story_events.c.kind == "updated")
    events = connection.execute(select(story_events.c.seq, story_events.c.version).where(*of_story).order_by(story_events.c.seq)).all()
    first = _head(connection, story_id)[0] - len(events) + 1
    for version, event in enumerate(events, first):
        if event.version != version:
            connection.execute(update(story_events).where(story_events.c.seq == event.seq).values(version=version))
    return [int(event.seq) for event in events]


def _told(connection: Connection, story_id: int) -> dict[str, int]:
    """Give the version that each subscription knows of a story."""
    items = select(digest_items.c.subscription_id, func.max(digest_items.c.story_version).label("version"))
    items = items.where(digest_items.c.story_id == story_id).group_by(digest_items.c.subscription_id)
    told = {row.subscription_id: int(row.version) for row in connection.execute(items)}
    for row in connection.execute(select(story_told).where(story_told.c.story_id == story_id)):
        if row.owed_seq is None:
            told[row.subscription_id] = max(told.get(row.subscription_id, 0), int(row.version))
        elif told.get(row.subscription_id, 0) <= row.version:
            told.pop(row.subscription_id, None)
    return told


def _owed(connection: Connection, story_id: int) -> dict[str, int]:
    """Give who is owed a story, with the number that says since when."""
    owed = select(story_told).where(story_told.c.story_id == story_id, story_told.c.owed_seq.is_not(None))
    return {row.subscription_id: int(row.owed_seq) for row in connection.execute(owed)}


def _readers(connection: Connection, story_id: int) -> set[str]:
    """Give the subscriptions that read of an article which stands in a story."""
    stands = story_articles.c.article_id == told_articles.c.article_id
    read = select(told_articles.c.subscription_id).join(story_articles, stands).where(story_articles.c.story_id == story_id)
    return set(connection.execute(read.distinct()).scalars())


def _owe(connection: Connection, subscription: str, story_id: int, seq: int) -> None:
    """Let a story that a subscription does not know be news to it, whatever was told under the story's number before.

    Of two debts the later one stays: the window of the earlier one may have passed.
    """
    earlier = select(func.max(digest_items.c.story_version)).where(
        digest_items.c.subscription_id == subscription, digest_items.c.story_id == story_id
    )
    version = max(int(connection.execute(earlier).scalar() or 0), _told(connection, story_id).get(subscription, 0))
    owed = _owed(connection, story_id).get(subscription, 0)
    _mark(connection, subscription, story_id, version, max(seq, owed))


def _mark(connection: Connection, subscription: str, story_id: int, version: int, owed_seq: int | None = None) -> None:
    known = (story_told.c.subscription_id == subscription, story_told.c.story_id == story_id)
    if connection.execute(update(story_told).where(*known).values(version=version, owed_seq=owed_seq)).rowcount == 0:
        row = {"subscription_id": subscription, "story_id": story_id, "version": version, "owed_seq": owed_seq}
        connection.execute(insert(story_told).values(**row))


def _head(connection: Connection, story_id: int) -> tuple[int, int, int]:
    row = connection.execute(select(stories.c.version, stories.c.last_seq, stories.c.first_seq).where(stories.c.id == story_id)).one()
    return int(row.version), int(row.last_seq), int(row.first_seq)
