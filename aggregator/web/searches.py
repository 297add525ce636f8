"""Kept searches: a reader's list, with the newest find of each, its feed and what to put into feeds.yaml to have it mailed."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from aggregator.core.queries import LONGEST
from aggregator.desk import Desk
from aggregator.desk_records import SearchFilter
from aggregator.keeping import LONGEST_NAME, forget, keep, newest, rename
from aggregator.saved import Search, save
from aggregator.web.access import form_of, visitor_of
from aggregator.web.rendering import Pages, zone_of

Text = Annotated[str, Query(max_length=200)]


def add_searches(router: APIRouter, desk: Desk, pages: Pages) -> None:
    """Add the routes of kept searches."""

    @router.get("/searches")
    def listed(request: Request) -> Response:
        mine = desk.store.kept_searches(visitor_of(request).name)
        finds = {kept.key: next(iter(newest(desk.store, kept, 1)), None) for kept in mine}
        return pages.page(request, "searches.html", kept=mine, finds=finds)

    @router.post("/searches")
    def keep_one(request: Request) -> Response:
        form = form_of(request)
        topic, language, feed = (form.get(name, "")[:200] for name in ("topic", "language", "feed"))
        asked = (form.get("q", "")[:LONGEST], SearchFilter(topic=topic, language=language, feed=feed))
        keep(desk.store, visitor_of(request).name, form.get("name", ""), asked, desk.clock())
        return RedirectResponse("/searches", status_code=303)

    @router.post("/searches/{key}/rename")
    def rename_one(request: Request, key: str) -> Response:
        rename(desk.store, visitor_of(request).name, key, form_of(request).get("name", ""))
        return RedirectResponse("/searches", status_code=303)

    @router.post("/searches/{key}/forget")
    def forget_one(request: Request, key: str) -> Response:
        forget(desk.store, visitor_of(request).name, key)
        return RedirectResponse("/searches", status_code=303)

    @router.get("/saved")
    def as_entries(
        request: Request,
        name: Annotated[str, Query(max_length=LONGEST_NAME)] = "",
        q: Annotated[str, Query(max_length=LONGEST)] = "",
        topic: Text = "",
        language: Text = "",
        feed: Text = "",
    ) -> Response:
        chosen = SearchFilter(topic=topic, language=language, feed=feed)
        found = save(Search(name=name, query=q, chosen=chosen), desk.entries, desk.configured(), zone_of(request).key)
        return pages.page(request, "saved.html", saved=found, query=q, chosen=chosen)
