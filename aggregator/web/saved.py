"""Saved searches: what to put into feeds.yaml so that a search is watched for; nothing is changed on the server."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from aggregator.core.queries import LONGEST
from aggregator.desk import Desk
from aggregator.desk_records import SearchFilter
from aggregator.saved import Search, save
from aggregator.web.rendering import Pages, zone_of

Text = Annotated[str, Query(max_length=200)]


def add_saved(router: APIRouter, desk: Desk, pages: Pages) -> None:
    """Add the routes of saved searches, and of the list of outgoing feeds."""

    @router.get("/saved")
    def saved(
        request: Request,
        name: Annotated[str, Query(max_length=80)] = "",
        q: Annotated[str, Query(max_length=LONGEST)] = "",
        topic: Text = "",
        language: Text = "",
        feed: Text = "",
    ) -> Response:
        chosen = SearchFilter(topic=topic, language=language, feed=feed)
        found = save(Search(name=name, query=q, chosen=chosen), desk.entries, desk.configured(), zone_of(request).key)
        return pages.page(request, "saved.html", saved=found, query=q, chosen=chosen)

    @router.get("/feeds.opml")
    def outgoing(request: Request) -> Response:
        root = str(request.base_url).rstrip("/")
        listed = {f"{root}/feeds/{topic.id}.atom": topic.name for topic in desk.topics}
        listed |= {f"{root}/subscriptions/{one.id}/feed.atom": one.name for one in desk.configured().subscriptions}
        head = {"Content-Disposition": 'attachment; filename="feeds.opml"'}
        return Response(desk.opml("aggregator: outgoing feeds", listed), media_type="text/x-opml", headers=head)
