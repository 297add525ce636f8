"""The API's kept searches: the token's own, which are those of the user of its name."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field

from aggregator.core.queries import LONGEST
from aggregator.desk import Desk
from aggregator.desk_records import KeptSearch, SearchFilter
from aggregator.keeping import LONGEST_NAME, forget, keep, rename
from aggregator.web.access import visitor_of
from aggregator.web.api_records import Done, Record, Search

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Label = Annotated[str, Field(max_length=200)]
Key = Annotated[str, Path(max_length=50)]


class NewSearch(Record):
    """Describe a search to keep: words, filters, or both."""

    name: Name
    query: Annotated[str, Field(max_length=LONGEST)] = ""
    topic: Label = ""
    language: Label = ""
    feed: Label = ""


class NewName(Record):
    """Name a kept search anew."""

    name: Name


def add_searches(router: APIRouter, desk: Desk) -> None:
    """Add the routes of kept searches."""

    @router.get("/searches", summary="List the searches that are kept")
    def listed(request: Request) -> list[Search]:
        return [_search(kept) for kept in desk.store.kept_searches(visitor_of(request).name)]

    @router.post("/searches", summary="Keep a search (scope write)")
    def keep_one(request: Request, given: NewSearch) -> Search:
        chosen = SearchFilter(topic=given.topic, language=given.language, feed=given.feed)
        return _search(keep(desk.store, visitor_of(request).name, given.name, (given.query, chosen), desk.clock()))

    @router.put("/searches/{key}", summary="Rename a kept search (scope write)")
    def rename_one(request: Request, key: Key, given: NewName) -> Done:
        rename(desk.store, visitor_of(request).name, key, given.name)
        return Done()

    @router.delete("/searches/{key}", summary="Forget a kept search and its feed (scope write)")
    def forget_one(request: Request, key: Key) -> Done:
        forget(desk.store, visitor_of(request).name, key)
        return Done()


def _search(kept: KeptSearch) -> Search:
    chosen = kept.chosen
    feeds = {"atom": f"/feeds/searches/{kept.key}.atom", "json": f"/feeds/searches/{kept.key}.json"}
    copied = {"topic": chosen.topic, "language": chosen.language, "feed": chosen.feed}
    return Search(key=kept.key, name=kept.name, query=kept.query, kept_at=kept.kept_at, feeds=feeds, **copied)
