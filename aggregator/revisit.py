"""Revisits: look at the pages of matched articles again, on the thinning schedule of `aggregator.core.revisits`.

A page whose text changed becomes a revision, judged like any other: told again only where a fact changed. The first reading of a page
whose article has its feed's body is only taken down, to be compared with later. A page that is gone is marked so, and still looked at
by the schedule, for some come back. What cannot be read (a wall, a challenge, no answer) changes nothing but the note of it.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from aggregator.core.fingerprints import text_hash
from aggregator.core.revisits import next_look_at
from aggregator.core.urls import host_of
from aggregator.fulltext import OPTION, REVISED, WALLS, as_html
from aggregator.models import Entry, Failed, FeedSpec, NotModified, Page
from aggregator.ports import Store
from aggregator.records import Look, PageVisit
from aggregator.visiting import Visited, Visitor

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=20)
BATCH = 40
_GONE = frozenset((404, 410))


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisiting:
    """Hold what looking again works with; without a `visitor` nobody is asked."""

    store: Store
    visitor: Visitor | None
    feeds: Mapping[str, FeedSpec]
    clock: Callable[[], datetime]


async def revisit_due(revisiting: Revisiting) -> int:
    """Look at every page that is due, hosts side by side, and give how many have changed."""
    if revisiting.visitor is None:
        return 0
    changed = 0
    while visits := await asyncio.to_thread(revisiting.store.claim_pages, revisiting.clock(), LEASE, BATCH):
        hosts: dict[str, list[PageVisit]] = {}
        for visit in visits:
            hosts.setdefault(host_of(visit.url), []).append(visit)
        changed += sum(await asyncio.gather(*(_host(revisiting, revisiting.visitor, queue) for queue in hosts.values())))
    return changed


async def _host(revisiting: Revisiting, visitor: Visitor, queue: list[PageVisit]) -> int:
    return sum([await _look(revisiting, visitor, visit) for visit in queue])


async def _look(revisiting: Revisiting, visitor: Visitor, visit: PageVisit) -> bool:
    """Look at one page, and tell whether it has changed."""
    feed = revisiting.feeds.get(visit.feed_id)
    if feed is None or feed.options.get(OPTION) == "never":
        look = replace(_nothing(visit, revisiting.clock(), "its feed's pages are not fetched"), next_look_at=None)
    else:
        try:
            look = concluded(visit, await visitor.visit(visit.url, visit.page), revisiting.clock())
        except Exception as error:  # one page must not keep the others from being looked at
            log.exception("a page could not be looked at", article=visit.article_id)
            failure = f"internal error: {type(error).__name__}; see the log"
            look = _nothing(visit, revisiting.clock(), failure)
    seq = await asyncio.to_thread(revisiting.store.record_look, look)
    if seq or look.gone:
        log.info("a page has changed" if seq else "a page is gone", article=visit.article_id, url=visit.url, seq=seq)
    return seq is not None


def concluded(visit: PageVisit, visited: Visited, now: datetime) -> Look:
    """Conclude what a visit brought; nothing is asked and nothing stored."""
    if isinstance(visited, NotModified):
        return _nothing(visit, now, None)
    if isinstance(visited, Failed):
        gone = visited.status in _GONE
        return replace(_nothing(visit, now, visited.message), gone=gone)
    if visited.partial in WALLS:
        return _nothing(visit, now, visited.partial)
    seen = text_hash("", visited.text)
    look = replace(_nothing(visit, now, visited.partial), page=visited, text_hash=seen)
    return replace(look, revised=_revised(visit, visited)) if _changed(visit, visited, seen) else look


def _changed(visit: PageVisit, page: Page, seen: str) -> bool:
    """Tell whether the page's own words changed; one that suddenly shows only a part of them tells nothing new."""
    if visit.text_hash is None or visit.page is None or visit.text_hash == seen:
        return False
    return page.partial is None or page.partial == visit.page.partial


def _revised(visit: PageVisit, page: Page) -> Entry:
    """Give the entry as its page tells it now; the headline is the feed's, unless the page's own has changed."""
    retitled = visit.page is not None and page.title and page.title != visit.page.title
    notes = tuple(dict.fromkeys((*visit.entry.notes, REVISED)))
    updated = page.modified_at or visit.entry.updated_at
    return replace(
        visit.entry, title=page.title if retitled else visit.entry.title, content=as_html(page.text), updated_at=updated, notes=notes
    )


def _nothing(visit: PageVisit, now: datetime, problem: str | None) -> Look:
    return Look(article_id=visit.article_id, looked_at=now, next_look_at=next_look_at(visit.first_seen_at, now), problem=problem)
