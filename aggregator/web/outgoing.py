"""Outgoing feeds: of topics and of kept searches, as Atom and JSON Feed, with a validator, so that polling again costs nothing.

A feed says that it changed when its newest article came, never when it was asked for: else it would change with every poll.
"""

from collections.abc import Sequence
from hashlib import sha256

from fastapi import APIRouter, HTTPException, Request, Response

from aggregator.core.exports import WRITERS, Channel
from aggregator.desk import NEVER, Desk, topic_hits
from aggregator.desk_records import Hit
from aggregator.keeping import newest
from aggregator.web.access import visitor_of

_WRITERS = {"atom": "atom", "json": "jsonfeed"}


def add_outgoing(router: APIRouter, desk: Desk) -> None:
    """Add the routes of feeds for feed readers, and of the list of them."""

    @router.get("/feeds/searches/{key}.{form}")
    def search_feed(request: Request, key: str, form: str) -> Response:
        kept = desk.store.kept_search(key)
        if kept is None or form not in _WRITERS:
            raise HTTPException(404, "There is no such feed: its search was forgotten.")
        return _feed(request, kept.name, newest(desk.store, kept), form)

    @router.get("/feeds/{topic}.{form}")
    def topic_feed(request: Request, topic: str, form: str) -> Response:
        known = next((spec for spec in desk.topics if spec.id == topic), None)
        if known is None or form not in _WRITERS:
            raise HTTPException(404, "There is no such feed.")
        return _feed(request, known.name, topic_hits(desk, topic), form)

    @router.get("/feeds.opml")
    def listed(request: Request) -> Response:
        root = str(request.base_url).rstrip("/")
        feeds = {f"{root}/feeds/{topic.id}.atom": topic.name for topic in desk.topics}
        feeds |= {f"{root}/feeds/searches/{one.key}.atom": one.name for one in desk.store.kept_searches(visitor_of(request).name)}
        feeds |= {f"{root}/subscriptions/{one.id}/feed.atom": one.name for one in desk.configured().subscriptions}
        head = {"Content-Disposition": 'attachment; filename="feeds.opml"'}
        return Response(desk.opml("aggregator: outgoing feeds", feeds), media_type="text/x-opml", headers=head)


def validated(request: Request, body: bytes, media_type: str, cache: str) -> Response:
    """Answer with a body and its entity tag, or with 304 to whom the body is known (RFC 9110, 13.1.2: the weak comparison)."""
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": cache}
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def _feed(request: Request, title: str, hits: Sequence[Hit], form: str) -> Response:
    media_type, write = WRITERS[_WRITERS[form]]
    changed_at = max((hit.first_seen_at for hit in hits), default=NEVER)
    channel = Channel(title=title, url=str(request.url), made_at=changed_at)
    return validated(request, "".join(write(hits, channel)).encode(), media_type, "private, max-age=300")
