"""Serve the outlets: feeds with validators, compression and their misbehaviours, and a page for every entry.

One application for each outlet. A feed whose trouble is to be slow dribbles spaces until the reader leaves or the newsroom closes; an
oversized one goes on for 64 MiB.
"""

import asyncio
import gzip
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from aggregator.newsroom import ledger as ledger_module
from aggregator.newsroom.content import FeedSource
from aggregator.newsroom.edition import Edition
from aggregator.newsroom.ledger import Ledger
from aggregator.newsroom.rendering import error_page
from aggregator.newsroom.troubles import padding

_DRIBBLE_SECONDS = 0.2


class Outlet:
    """Answer for one outlet; `closing` ends the answers that never end by themselves."""

    def __init__(self, name: str, edition: Edition, ledger: Ledger, closing: threading.Event) -> None:
        self._edition = edition
        self._ledger = ledger
        self._closing = closing
        feeds = [feed for feed in edition.feeds.values() if feed.outlet == name]
        self._feeds = {feed.path: feed for feed in feeds}
        self._articles = {entry.id for feed in feeds for entry in edition.by_feed.get(feed.id, ())}

    def application(self) -> Starlette:
        """Make the outlet's web application."""
        feeds = [Route(path, self._feed) for path in self._feeds]
        return Starlette(routes=[*feeds, Route("/articles/{entry}", self._article), Route("/{path:path}", self._nothing)])

    async def _feed(self, request: Request) -> Response:
        feed = self._feeds[request.url.path]
        response = self._answer(feed, request)
        self._ledger.keep_request(
            ledger_module.Request(
                round=0,
                feed=feed.id,
                method=request.method,
                if_none_match=request.headers.get("if-none-match"),
                if_modified_since=request.headers.get("if-modified-since"),
                user_agent=request.headers.get("user-agent", ""),
                status=response.status_code,
            )
        )
        return response

    def _answer(self, feed: FeedSource, request: Request) -> Response:
        number = self._ledger.round
        headers = self._validators(feed, number)
        if not_modified(request, headers):
            return Response(status_code=304, headers=headers)
        body = self._edition.body(feed.id, number)
        headers["content-type"] = self._edition.content_type(feed.id)
        match feed.trouble:
            case "missing":
                return Response(body, status_code=404, headers=headers)
            case "recovering" if number == 1:
                return Response(body, status_code=500, headers={"content-type": "text/html; charset=utf-8"})
            case "slow":
                return StreamingResponse(self._dribble(body), headers=headers)
            case "oversized":
                return StreamingResponse(self._pour(body), headers=headers)
        if feed.gzip:
            body, headers["content-encoding"] = gzip.compress(body, mtime=0), "gzip"
        return Response(body, headers=headers)

    def _validators(self, feed: FeedSource, number: int) -> dict[str, str]:
        headers = {}
        if etag := self._edition.etag(feed.id, number):
            headers["etag"] = etag
        if modified_at := self._edition.modified_at(feed.id, number):
            headers["last-modified"] = format_datetime(modified_at, usegmt=True)
        return headers if feed.trouble != "recovering" or number > 1 else {}

    async def _dribble(self, body: bytes) -> AsyncIterator[bytes]:
        yield body
        while not self._closing.is_set():
            await asyncio.sleep(_DRIBBLE_SECONDS)
            yield b" "

    async def _pour(self, body: bytes) -> AsyncIterator[bytes]:
        yield body
        for chunk in padding():
            if self._closing.is_set():
                return
            yield chunk
            await asyncio.sleep(0)  # let the loop notice that the reader has left

    async def _article(self, request: Request) -> Response:
        entry = request.path_params["entry"]
        if entry not in self._articles:
            return await self._nothing(request)
        return HTMLResponse(self._edition.article(entry, self._ledger.round))

    async def _nothing(self, request: Request) -> Response:
        return HTMLResponse(error_page(404, "Not Found"), status_code=404)


def not_modified(request: Request, validators: dict[str, str]) -> bool:
    """Evaluate a conditional request: entity tags first and weakly, dates only without them (RFC 9110, section 13.2.2)."""
    asked, etag = request.headers.get("if-none-match"), validators.get("etag")
    if asked is not None:
        return etag is not None and etag.removeprefix("W/") in [tag.strip().removeprefix("W/") for tag in asked.split(",")]
    since, modified = _date(request.headers.get("if-modified-since")), _date(validators.get("last-modified"))
    return since is not None and modified is not None and modified <= since


def _date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except ValueError:
        return None
