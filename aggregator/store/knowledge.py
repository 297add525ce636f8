"""Knowledge: what a subscription knows of a story when stories are merged and split.

Told are articles; stories only group them. A story that holds an article which a subscription read of is known to it (`told_articles`).
One that holds none was part of a told story by mistake, its own news never went out: it is owed, and comes with the window that holds
the number of the moment it parted (`story_told.owed_seq`). Its place in the sequence alone would not do: the windows passed that while
the story was thought to be another.
"""

from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from aggregator.store.sequence import take
from aggregator.store.story_tables import story_told, told_articles
from aggregator.store.tables import digest_items, stories, story_articles


def join(connection: Connection, source: int, target: int, now: datetime) -> int:
    """Close a story for another one, and give by how much its versions are shifted there.

    The target's versions go on counting with the source's updates, so that an update nobody was told of yet is one there too. Who was
    told of either knows both.
    """
    ours, theirs = (_head(connection, story) for story in (source, target))
    shift = theirs[0] - 1
    told = {story: _told(connection, story) for story in (source, target)}
    for subscription, version in told[source].items():
        known = told[target].get(subscription)
        if known is None or known == theirs[0]:
            _mark(connection, subscription, target, shift + version)
    for subscription, seq in _owed(connection, source).items():
        if subscription not in told[target] and subscription not in told[source]:
            _owe(connection, subscription, target, seq)
    values = {"version": ours[0] + shift, "last_seq": max(ours[1], theirs[1]), "first_seq": min(ours[2], theirs[2])}
    connection.execute(update(stories).where(stories.c.id == target).values(**values, changed_at=now))
    connection.execute(update(stories).where(stories.c.id == source).values(merged_into=target, changed_at=now))
    return shift


def part(connection: Connection, source: int, target: int, now: datetime, seq: int | None) -> None:
    """Settle what those who were told of the source know of both stories, now that articles went from it to the target.

    Without `seq` a number of its own is taken from the sequence, so that an open window will hold it.
    """
    told, known = _told(connection, source), _told(connection, target)
    stays, came = _readers(connection, source), _readers(connection, target)
    left = sorted(told.keys() - stays)
    fresh = sorted((told.keys() | _owed(connection, source).keys()) - known.keys() - came)
    if left or fresh:
        seq = take(connection, 1) if seq is None else seq
        _leave(connection, source, told, left, (seq, now))
        for subscription in fresh:
            _owe(connection, subscription, target, seq)
    for subscription in (told.keys() & came) - known.keys():
        _mark(connection, subscription, target, _head(connection, target)[0])


def _leave(connection: Connection, story: int, told: dict[str, int], left: list[str], at: tuple[int, datetime]) -> None:
    """Let a story that lost all these readers were told of grow a version, under which they are told of what it holds now."""
    if not left:
        return
    version = _head(connection, story)[0]
    connection.execute(update(stories).where(stories.c.id == story).values(version=version + 1, changed_at=at[1]))
    for subscription, known in told.items():
        if subscription in left:
            _mark(connection, subscription, story, version, at[0])
        elif known == version:
            _mark(connection, subscription, story, version + 1)


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
    """Let a story that a subscription does not know be news to it, whatever was told under the story's number before."""
    earlier = select(func.max(digest_items.c.story_version)).where(
        digest_items.c.subscription_id == subscription, digest_items.c.story_id == story_id
    )
    _mark(connection, subscription, story_id, int(connection.execute(earlier).scalar() or 0), seq)


def _mark(connection: Connection, subscription: str, story_id: int, version: int, owed_seq: int | None = None) -> None:
    known = (story_told.c.subscription_id == subscription, story_told.c.story_id == story_id)
    if connection.execute(update(story_told).where(*known).values(version=version, owed_seq=owed_seq)).rowcount == 0:
        row = {"subscription_id": subscription, "story_id": story_id, "version": version, "owed_seq": owed_seq}
        connection.execute(insert(story_told).values(**row))


def _head(connection: Connection, story_id: int) -> tuple[int, int, int]:
    row = connection.execute(select(stories.c.version, stories.c.last_seq, stories.c.first_seq).where(stories.c.id == story_id)).one()
    return int(row.version), int(row.last_seq), int(row.first_seq)
