"""Samples of the archive for trying a topic: the newest articles, those it found, and those that readers marked."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, func, null, select

from aggregator.desk_records import Sample
from aggregator.records import Archived
from aggregator.store.archive import archived_of
from aggregator.store.database import Section
from aggregator.store.desk_tables import verdicts
from aggregator.store.tables import articles, entries, matches, revisions

RECENT, FOUND, MARKED = 4_000, 400, 400
LONGEST = 20_000
"""Characters of a text that count."""


class Samples(Section):
    """Read what a trial judges."""

    def sample(self, topic: str) -> Sample:
        """Give a sample of the archive for a topic, newest first."""
        said = select(verdicts.c.article_id, verdicts.c.verdict).where(verdicts.c.topic == topic).order_by(verdicts.c.said_at.desc())
        found = select(matches.c.seq).where(matches.c.topic == topic).order_by(matches.c.seq.desc()).limit(FOUND)
        with self._database.read() as connection:
            marks = {row.article_id: row.verdict == "relevant" for row in connection.execute(said.limit(MARKED))}
            return Sample(
                recent=_newest(connection, RECENT),
                found=_newest(connection, FOUND, articles.c.current_seq.in_(found)),
                marked=_newest(connection, MARKED, articles.c.id.in_(list(marks))),
                marks=marks,
            )

    def marks(self) -> Sequence[tuple[int, str, bool]]:
        """Give what readers said: the revision that the article shows, the topic, and whether it is relevant to it."""
        query = select(articles.c.current_seq, verdicts.c.topic, verdicts.c.verdict).join(articles, articles.c.id == verdicts.c.article_id)
        with self._database.read() as connection:
            rows = connection.execute(query.where(articles.c.current_seq.is_not(None)).order_by(articles.c.id, verdicts.c.topic))
            return [(int(seq), str(topic), verdict == "relevant") for seq, topic, verdict in rows]


def _newest(connection: Connection, limit: int, *only: ColumnElement[bool]) -> Sequence[Archived]:
    shown = (articles.c.article_key, articles.c.outlet, articles.c.title.label("shown_title"), articles.c.language, articles.c.published_at)
    query = (
        select(
            revisions,
            entries.c.feed_id,
            entries.c.article_id,
            *shown,
            func.substr(articles.c.text, 1, LONGEST).label("text"),
            null().label("story_id"),
        )
        .join(revisions, revisions.c.seq == articles.c.current_seq)
        .join(entries, entries.c.id == revisions.c.entry_id)
        .where(articles.c.current_seq.is_not(None), *only)
        .order_by(articles.c.current_seq.desc())
        .limit(limit)
    )
    return [archived_of(row, {}, ()) for row in connection.execute(query).mappings()]
