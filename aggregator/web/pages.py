"""Pages: stories, search, sources, deliveries, coverage and figures, each a plain answer to a plain address."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from aggregator.core.exports import WRITERS
from aggregator.core.queries import LONGEST
from aggregator.desk import Asked, Desk, export, resend, search
from aggregator.desk_records import SearchFilter
from aggregator.web import views
from aggregator.web.access import COOKIE, SESSION, Door, form_of, log_in, log_out, safe_next, visitor_of
from aggregator.web.outgoing import add_outgoing
from aggregator.web.overviews import add_overviews
from aggregator.web.rendering import ZONE_COOKIE, ZONES, Pages
from aggregator.web.rules import add_rules
from aggregator.web.searches import add_searches
from aggregator.web.stories import add_stories, known_number

DAYS = 14
PREVIEW_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-popups"
)
"""A mail brings its own style; nothing else of it works here."""
Text = Annotated[str, Query(max_length=200)]
Words = Annotated[str, Query(max_length=LONGEST)]
Cursor = Annotated[str, Query(max_length=100)]
Day = Annotated[str, Query(max_length=10)]


def page_routes(desk: Desk, door: Door, pages: Pages) -> APIRouter:
    """Make the routes of all pages."""
    router = APIRouter(include_in_schema=False)
    add_stories(router, desk, pages)
    _add_search(router, desk, pages)
    _add_sources(router, desk, pages)
    _add_deliveries(router, desk, pages)
    add_overviews(router, desk, pages)
    add_rules(router, desk, pages)
    add_searches(router, desk, pages)
    add_outgoing(router, desk)
    _add_readers(router, door, pages)
    return router


def _add_search(router: APIRouter, desk: Desk, pages: Pages) -> None:
    @router.get("/search")
    def find(
        request: Request,
        q: Words = "",
        topic: Text = "",
        language: Text = "",
        feed: Text = "",
        since: Day = "",
        until: Day = "",
        order: Text = "best",
        cursor: Cursor = "",
    ) -> Response:
        asked = Asked(query=q, chosen=_chosen(topic, language, feed, since, until), best=order != "newest")
        results = search(desk, asked, cursor, facets=True)
        sources = {spec.id: spec.name for spec in desk.feeds}
        return pages.page(request, "search.html", asked=asked, results=results, topics=desk.topics, sources=sources, order=order)

    @router.get("/export.{form}")
    def download(
        request: Request, form: str, q: Words = "", topic: Text = "", language: Text = "", feed: Text = "", since: Day = "", until: Day = ""
    ) -> Response:
        if form not in WRITERS:
            raise HTTPException(404, f"An export is one of: {', '.join(WRITERS)}.")
        asked = Asked(query=q, chosen=_chosen(topic, language, feed, since, until))
        written = export(desk, asked, form, str(request.url))
        head = {"Content-Disposition": f'attachment; filename="articles.{form}"'}
        return StreamingResponse(_begun(written), media_type=WRITERS[form][0], headers=head)


def _add_sources(router: APIRouter, desk: Desk, pages: Pages) -> None:
    @router.get("/sources")
    def sources(request: Request) -> Response:
        now = desk.clock()
        health = desk.recall("health", desk.store.feed_health)
        days = desk.recall("feed days", lambda: desk.store.feed_days(now - timedelta(days=DAYS)))
        specs = {feed.id: feed for feed in desk.feeds}
        order = ("failing", "never", "ok", "disabled")
        ordered = sorted(health, key=lambda feed: (order.index(feed.status) if feed.status in order else 9, feed.name))
        return pages.page(request, "sources.html", feeds=ordered, specs=specs, bars=views.feed_bars(days, now))

    @router.get("/sources.opml")
    def listed() -> Response:
        head = {"Content-Disposition": 'attachment; filename="sources.opml"'}
        polled = {feed.url: feed.name for feed in desk.feeds if feed.enabled}
        return Response(desk.opml("aggregator", polled), media_type="text/x-opml", headers=head)

    @router.get("/sources/{feed_id}")
    def source(request: Request, feed_id: str, cursor: Cursor = "") -> Response:
        health = next((line for line in desk.store.feed_health() if line.feed_id == feed_id), None)
        if health is None:
            raise HTTPException(404, "There is no such feed in feeds.yaml.")
        spec = next((feed for feed in desk.feeds if feed.id == feed_id), None)
        history = desk.store.poll_history(feed_id, cursor)
        return pages.page(request, "source.html", feed=health, spec=spec, history=history)


def _add_deliveries(router: APIRouter, desk: Desk, pages: Pages) -> None:
    @router.get("/deliveries")
    def deliveries(request: Request, status: Text = "", cursor: Cursor = "") -> Response:
        listed = desk.store.delivery_list(cursor, status=status)
        return pages.page(request, "deliveries.html", listed=listed, state=status)

    @router.get("/deliveries/{delivery_id}/preview")
    def preview(delivery_id: int) -> Response:
        row = desk.store.delivery(delivery_id) if 0 < delivery_id < 2**62 else None
        digest = desk.store.digest(row.delivery.digest_id) if row else None
        if digest is None:
            raise HTTPException(404, "There is no such delivery.")
        return Response(desk.draft(digest)[".html"], media_type="text/html", headers={"Content-Security-Policy": PREVIEW_POLICY})

    @router.post("/deliveries/{delivery_id}/resend")
    def send_again(request: Request, delivery_id: int) -> Response:
        known_number(delivery_id, "There is no such delivery.")
        resend(desk, delivery_id, visitor_of(request).name)
        return RedirectResponse("/deliveries", status_code=303)


def _add_readers(router: APIRouter, door: Door, pages: Pages) -> None:
    @router.get("/login")
    def login_page(request: Request, back: Annotated[str, Query(alias="next", max_length=2000)] = "/") -> Response:
        return pages.page(request, "login.html", back=safe_next(back), wrong=False, users=door.store.has_users())

    @router.post("/login")
    def login(request: Request) -> Response:
        form = form_of(request)
        back = safe_next(form.get("next", "/"))
        key = log_in(door, request, form.get("name", ""), form.get("password", ""))
        if key is None:
            return pages.page(request, "login.html", status=401, back=back, wrong=True, users=door.store.has_users())
        answer = RedirectResponse(back, status_code=303)
        seconds = int(SESSION.total_seconds())
        answer.set_cookie(COOKIE, key, max_age=seconds, httponly=True, samesite="lax", secure=door.secure, path="/")
        return answer

    @router.post("/logout")
    def logout(request: Request) -> Response:
        log_out(door, request)
        answer = RedirectResponse("/login", status_code=303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    @router.post("/zone")
    def choose_zone(request: Request) -> Response:
        form = form_of(request)
        answer = RedirectResponse(safe_next(form.get("next", "/")), status_code=303)
        if form.get("zone") in ZONES:
            answer.set_cookie(
                ZONE_COOKIE, quote(form["zone"], safe="/"), max_age=31_536_000, httponly=True, samesite="lax", secure=door.secure
            )
        return answer


def _chosen(topic: str, language: str, feed: str, since: str, until: str) -> SearchFilter:
    return SearchFilter(topic=topic, language=language, feed=feed, since=_day(since), until=_day(until))


def _day(text: str) -> date | None:
    """Read a day; what is none narrows nothing."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 <= found.year <= 9000 else None


def _begun(written: Iterator[str]) -> Iterator[str]:
    """Begin to write before the answer starts, so that a failure is an answer of its own."""
    first = next(written, "")
    return chain((first,), written)
