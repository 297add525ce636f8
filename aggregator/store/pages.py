"""Pages: what a publisher's page told beside its text, and when a matched article's page is looked at again.

The row of a page is written with the judgement of its article. A look is claimed by moving its due date behind the lease, so that
several processes never ask twice, and a killed one is made up for. A page whose text changed becomes a revision of the entry that
led to it; the entry keeps its feed's hash, so that a feed that serves it as before tells nothing new.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from aggregator.core.fingerprints import text_hash
from aggregator.core.revisits import FULL_TEXT, first_look_at
from aggregator.desk_records import PageDetail
from aggregator.models import Page
from aggregator.records import Judged, Look, PageVisit
from aggregator.store.database import Section, insert_rows
from aggregator.store.sequence import hold, take
from aggregator.store.tables import articles, entries, pages, revisions

_KNOWN = (
    select(articles.c.id, articles.c.first_seen_at, pages.c.article_id, pages.c.next_look_at)
    .outerjoin(pages, pages.c.article_id == articles.c.id)
    .where(articles.c.id.in_(bindparam("ids", expanding=True)))
)
_LOOKED = ("page", "text_hash", "looked_at", "problem")


class Pages(Section):
    """Hand out pages that are due, and keep what a look brought."""

    def claim_pages(self, now: datetime, lease: timedelta, limit: int) -> Sequence[PageVisit]:
        """Lease up to `limit` pages that are due to be looked at again, longest due first."""
        due = select(pages.c.article_id, pages.c.next_look_at).where(pages.c.next_look_at <= now).order_by(pages.c.next_look_at)
        with self._database.write() as connection:
            found = connection.execute(due.limit(limit)).all()
            return [visit for row in found if (visit := _claimed(connection, row.article_id, row.next_look_at, now + lease))]

    def pages_due(self, now: datetime) -> bool:
        """Tell whether a page is due to be looked at again."""
        with self._database.read() as connection:
            return connection.execute(select(pages.c.article_id).where(pages.c.next_look_at <= now).limit(1)).first() is not None

    def record_look(self, look: Look) -> int | None:
        """Keep what a look brought; give the number of the revision where the page's text changed."""
        with self._database.write() as connection:
            seq = _revise(connection, look) if look.revised else None
            known = connection.execute(select(pages.c.gone_at).where(pages.c.article_id == look.article_id)).scalar()
            values: dict[str, Any] = {
                "looked_at": look.looked_at,
                "next_look_at": look.next_look_at,
                "gone_at": (known or look.looked_at) if look.gone else None if look.page else known,
                "problem": look.problem,
            }
            if look.page:
                values |= {"page": replace(look.page, text=""), "text_hash": look.text_hash}
            connection.execute(update(pages).where(pages.c.article_id == look.article_id).values(values))
            return seq


def keep_pages(connection: Connection, judged: Sequence[Judged]) -> None:
    """Keep the pages that were read for articles, each of them once, and when those of matched ones are looked at again."""
    told = [one for one in judged if one.revision.entry.url is not None and (one.article.page or _matched(one))]
    if not told:
        return
    known = {row.id: row for row in connection.execute(_KNOWN, {"ids": [one.revision.article_id for one in told]})}
    fresh: list[dict[str, Any]] = []
    for one in told:
        row = known[one.revision.article_id]
        due, read = _due(one, row), _read(one.article.page, one.decided_at) if one.article.page else {}
        if row.article_id is None:
            empty = dict.fromkeys(_LOOKED)
            fresh.append({"article_id": row.id, "url": one.revision.entry.url, "next_look_at": due, **empty, **read})
        elif read or due != row.next_look_at:
            connection.execute(update(pages).where(pages.c.article_id == row.id).values(next_look_at=due, **read))
    insert_rows(connection, pages, fresh)


def page_of(connection: Connection, article_id: int) -> PageDetail | None:
    """Give what is known of an article's page."""
    names = ("url", "page", "looked_at", "next_look_at", "gone_at", "problem")
    row = connection.execute(select(*(pages.c[name] for name in names)).where(pages.c.article_id == article_id)).mappings().first()
    return PageDetail(**row) if row else None


def forget_pages(connection: Connection, article_ids: Sequence[int]) -> None:
    """Forget the pages of articles whose words are forgotten."""
    connection.execute(delete(pages).where(pages.c.article_id.in_(article_ids)))


def _matched(judged: Judged) -> bool:
    return any(judgement.matched for judgement in judged.judgements)


def _due(judged: Judged, known: Any) -> datetime | None:
    """Say when a page is looked at, for the first time or again."""
    due: datetime | None = known.next_look_at
    if due is not None or not _matched(judged):
        return due
    lacks_page = judged.article.page is None and FULL_TEXT in judged.article.missing
    return first_look_at(known.first_seen_at, judged.decided_at, lacks_page=lacks_page)


def _read(page: Page, read_at: datetime) -> dict[str, Any]:
    return {"page": replace(page, text=""), "text_hash": text_hash("", page.text), "looked_at": read_at, "problem": page.partial}


def _claimed(connection: Connection, article_id: int, due_at: datetime, until: datetime) -> PageVisit | None:
    """Move a due date behind the lease and give the visit, unless another process was quicker."""
    mine = update(pages).where(pages.c.article_id == article_id, pages.c.next_look_at == due_at).values(next_look_at=until)
    if not connection.execute(mine).rowcount:
        return None
    query = (
        select(pages.c.article_id, pages.c.url, pages.c.page, pages.c.text_hash)
        .add_columns(articles.c.feed_id, articles.c.text, articles.c.first_seen_at, revisions.c.entry)
        .join(articles, articles.c.id == pages.c.article_id)
        .join(revisions, revisions.c.seq == articles.c.current_seq)
        .where(pages.c.article_id == article_id)
    )
    row = connection.execute(query).mappings().first()
    return PageVisit(**{**row, "text": row["text"] or ""}) if row else None


def _revise(connection: Connection, look: Look) -> int:
    """Add a revision of the entry whose text the article shows."""
    hold(connection)
    shown = select(revisions.c.entry_id).join(articles, articles.c.current_seq == revisions.c.seq).where(articles.c.id == look.article_id)
    entry_id, seq = connection.execute(shown).scalar_one(), take(connection, 1)
    row = {"seq": seq, "entry_id": entry_id, "entry": look.revised, "raw_hash": look.text_hash or "", "observed_at": look.looked_at}
    told = {"title": look.revised.title, "url": look.revised.url} if look.revised else {}
    connection.execute(insert(revisions).values(**row, **told))
    connection.execute(update(entries).where(entries.c.id == entry_id).values(current_seq=seq))
    return seq
