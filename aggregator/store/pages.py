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
from aggregator.store.database import Section
from aggregator.store.sequence import hold, take
from aggregator.store.tables import articles, entries, pages, revisions

_NEXT_LOOK = select(pages.c.next_look_at).where(pages.c.article_id == bindparam("article"))
_SEEN = select(articles.c.first_seen_at).where(articles.c.id == bindparam("article"))
_KEEP = insert(pages)


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


def keep_page(connection: Connection, judged: Judged) -> None:
    """Keep the page that was read for an article, and when it is looked at again where the article matched."""
    article_id, page = judged.revision.article_id, judged.article.page
    matched = any(judgement.matched for judgement in judged.judgements)
    url = judged.revision.entry.url
    if url is None or not (matched or page):
        return
    read = _read(page, judged.decided_at) if page else {}
    standing = connection.execute(_NEXT_LOOK, {"article": article_id}).first()
    due = standing.next_look_at if standing else None
    if matched and due is None:
        seen_at = connection.execute(_SEEN, {"article": article_id}).scalar_one()
        due = first_look_at(seen_at, judged.decided_at, lacks_page=page is None and FULL_TEXT in judged.article.missing)
    if standing is None:
        connection.execute(_KEEP, {"article_id": article_id, "url": url, "next_look_at": due, **read})
    elif read or due != standing.next_look_at:
        connection.execute(update(pages).where(pages.c.article_id == article_id).values(next_look_at=due, **read))


def page_of(connection: Connection, article_id: int) -> PageDetail | None:
    """Give what is known of an article's page."""
    names = ("url", "page", "looked_at", "next_look_at", "gone_at", "problem")
    row = connection.execute(select(*(pages.c[name] for name in names)).where(pages.c.article_id == article_id)).mappings().first()
    return PageDetail(**row) if row else None


def forget_pages(connection: Connection, article_ids: Sequence[int]) -> None:
    """Forget the pages of articles whose words are forgotten."""
    connection.execute(delete(pages).where(pages.c.article_id.in_(article_ids)))


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
