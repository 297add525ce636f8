"""Revisits: look at the pages of matched articles again, on the thinning schedule of `aggregator.core.revisits`.

A page whose text changed becomes a revision, judged like any other: told again only where a fact changed. The first reading of a page
whose article has its feed's body is only taken down, to be compared with later. A page that is gone is marked so, and still looked at
by the schedule, for some come back; so is one whose address now leads to the front page or to another text. What cannot be read (a wall,
a challenge, no answer, a text that shares next to nothing with the article) changes nothing but the note of it.

A slow host keeps nobody else's pages waiting, and what it leaves no time for within the lease is looked at after it.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from aggregator.core.fingerprints import text_hash
from aggregator.core.fullness import OPTION, REVISED, is_short
from aggregator.core.revisits import next_look_at
from aggregator.core.sameness import ELSEWHERE, HERE, is_front_page, is_same_address, is_same_title, kinship
from aggregator.core.urls import host_of
from aggregator.fulltext import WALLS, as_html, gains
from aggregator.models import Entry, Failed, FeedSpec, NotModified, Page
from aggregator.ports import Store
from aggregator.records import Look, PageVisit
from aggregator.visiting import Visited, Visitor

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=20)
BATCH, MOST = 40, 120
"""Pages that are claimed at once, and that may be claimed at all."""
LONGEST = 180.0
"""Seconds that one look may take, its turn waited for: half a lease is left for it."""
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
    changed, under_way = 0, _UnderWay({})
    try:
        while True:
            claimed_at, room = revisiting.clock(), MOST - under_way.pages()
            visits = await asyncio.to_thread(revisiting.store.claim_pages, claimed_at, LEASE, min(room, BATCH)) if room > 0 else ()
            for queue in _by_host(visits):
                task = asyncio.create_task(_host(revisiting, revisiting.visitor, queue, claimed_at + LEASE / 2))
                under_way.queues[task] = len(queue)
            if not under_way.queues:
                return changed
            changed += await under_way.some_done()
    finally:
        for task in under_way.queues:
            task.cancel()


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """Count the pages of each host that are being looked at."""

    queues: dict[asyncio.Task[int], int]

    def pages(self) -> int:
        return sum(self.queues.values())

    async def some_done(self) -> int:
        """Wait for the first hosts that are done, and give how many of their pages have changed."""
        done, _ = await asyncio.wait(self.queues, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            del self.queues[task]
        return sum([task.result() for task in done])


def _by_host(visits: Sequence[PageVisit]) -> Iterable[list[PageVisit]]:
    hosts: dict[str, list[PageVisit]] = {}
    for visit in visits:
        hosts.setdefault(host_of(visit.url), []).append(visit)
    return hosts.values()


async def _host(revisiting: Revisiting, visitor: Visitor, queue: Sequence[PageVisit], end: datetime) -> int:
    """Look at a host's pages, as many as their lease surely lasts for."""
    changed = 0
    for visit in queue:
        if revisiting.clock() > end:
            break
        changed += await _look(revisiting, visitor, visit)
    return changed


async def _look(revisiting: Revisiting, visitor: Visitor, visit: PageVisit) -> bool:
    """Look at one page, and tell whether it has changed."""
    feed = revisiting.feeds.get(visit.feed_id)
    if feed is None or feed.options.get(OPTION) == "never":
        look = replace(_nothing(visit, revisiting.clock(), "its feed's pages are not fetched"), next_look_at=None)
    else:
        try:
            async with asyncio.timeout(LONGEST):
                visited = await visitor.visit(visit.url, visit.page)
            look = concluded(visit, visited, revisiting.clock())
        except TimeoutError:
            look = _nothing(visit, revisiting.clock(), f"its page did not come within {LONGEST:g} s")
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
    if _leads_away(visit, visited):
        return replace(_nothing(visit, now, f"its address leads to another page: {visited.url}"), gone=True)
    if not _is_akin(visit, visited, HERE):
        return _nothing(visit, now, "another text stands at its address")
    seen = text_hash("", visited.text)
    look = replace(_nothing(visit, now, visited.partial), page=visited, text_hash=seen)
    return replace(look, revised=_revised(visit, visited)) if _changed(visit, visited, seen) else look


def _leads_away(visit: PageVisit, page: Page) -> bool:
    """Tell whether a page's address leads to the front page now, or to some other page that tells something else."""
    known = [url for url in (visit.url, visit.page and visit.page.url) if url]
    if page.url is None or any(is_same_address(url, page.url) for url in known):
        return False
    return is_front_page(known[-1], page.url) or not _is_akin(visit, page, ELSEWHERE)


def _is_akin(visit: PageVisit, page: Page, least: float) -> bool:
    """Tell whether a page still tells the article: by its headline, or by the words that both have."""
    titles = [title for title in (visit.entry.title, visit.page and visit.page.title) if title]
    return any(is_same_title(title, page.title) for title in titles) or kinship(f"{visit.entry.title}\n{visit.text}", page.text) >= least


def _changed(visit: PageVisit, page: Page, seen: str) -> bool:
    """Tell whether the page's own words changed; one that suddenly shows only a part of them tells nothing new."""
    if visit.page is None and is_short(visit.text):  # the page could not be had when the article was judged
        return page.partial is None and gains(page, visit.text)
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
