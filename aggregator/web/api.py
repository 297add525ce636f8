"""The API: the desk for programs, under /api/v1, described at /api/v1/openapi.json.

A token stands in `Authorization: Bearer ...`; a token of the scope "read" reads, one of "write" also acts. Lists come in pages:
`next` of one page is the `cursor` of the following. An error is an object with `detail`.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Request

from aggregator.core.queries import LONGEST
from aggregator.core.urls import web_url
from aggregator.desk import Asked, Desk, mark, resend, search
from aggregator.desk_records import SearchFilter, StoryFilter, StoryRow
from aggregator.models import FeedHealth, Reason
from aggregator.web.access import visitor_of
from aggregator.web.api_records import (
    Article,
    Deliveries,
    Delivery,
    Done,
    Event,
    Feed,
    Feedback,
    Figure,
    Figures,
    Hit,
    Hits,
    Problem,
    Statement,
    Stories,
    Story,
    Telling,
    Verdict,
    WholeStory,
)
from aggregator.web.api_searches import add_searches
from aggregator.web.views import article_lines

Text = Annotated[str, Query(max_length=200)]
Cursor = Annotated[str, Query(max_length=100, description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=100)]
Number = Annotated[int, Path(ge=1, lt=2**62)]


_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "What was asked makes no sense, such as a cursor of another list."},
    401: {"model": Problem, "description": "No token, or one that is not known."},
    403: {"model": Problem, "description": "The token's scope is too small."},
    404: {"model": Problem, "description": "There is no such thing."},
    413: {"model": Problem, "description": "The body is too large, or does not tell its size."},
    429: {"model": Problem, "description": "Too many requests; `Retry-After` says when to come back."},
}


def api_routes(desk: Desk) -> APIRouter:
    """Make the routes of the API."""
    router = APIRouter(prefix="/api/v1", responses=_REFUSALS)
    _add_reads(router, desk)
    _add_search(router, desk)
    _add_lists(router, desk)
    _add_changes(router, desk)
    add_searches(router, desk)
    return router


def _add_reads(router: APIRouter, desk: Desk) -> None:
    @router.get("/stories", summary="List stories, last moved first")
    def stories(
        topic: Text = "", language: Text = "", feed: Text = "", place: Text = "", role: Text = "", cursor: Cursor = "", limit: Limit = 20
    ) -> Stories:
        page = desk.store.stories(StoryFilter(topic=topic, language=language, feed=feed, place=place, role=role), cursor, limit)
        return Stories(items=[_story(row) for row in page.items], next=page.next)

    @router.get("/stories/{story_id}", summary="Read a story")
    def story(story_id: Number) -> WholeStory:
        detail = desk.store.story(story_id)
        if detail is None:
            raise HTTPException(404, "there is no such story")
        names = ("kind", "version", "article_id", "changes", "decided_at")
        events = [Event(**{name: getattr(event, name) for name in names}) for event in detail.events]
        why = {article_id: _said(reason) for article_id, reason in detail.why.items()}
        return WholeStory(**_story(detail.row).model_dump(), events=events, why=why)

    @router.get("/articles/{article_id}", summary="Read an article")
    def article(article_id: Number) -> Article:
        detail = desk.store.article(article_id)
        if detail is None:
            raise HTTPException(404, "there is no such article, or it still waits to be judged")
        names = ("article_id", "story_id", "outlet", "language", "title", "text", "published_at", "first_seen_at")
        said = [
            Verdict(
                topic=one.topic,
                matched=one.matched,
                score=one.score,
                reason=_said(one.reason),
                words=list(dict.fromkeys(evidence.quote for evidence in one.evidence)),
            )
            for one in detail.judgements
        ]
        copied = {name: getattr(detail, name) for name in names}
        return Article(**copied, url=web_url(detail.url), judgements=said, facts=[_statement(fact) for fact in detail.facts])


def _add_search(router: APIRouter, desk: Desk) -> None:
    @router.get("/search", summary="Search the archive")
    def find(
        q: Annotated[str, Query(max_length=LONGEST, description='Words, "phrases", begin*, -without, OR, a NEAR/10 b.')] = "",
        topic: Text = "",
        language: Text = "",
        feed: Text = "",
        since: date | None = None,
        until: date | None = None,
        order: Literal["best", "newest"] = "best",
        cursor: Cursor = "",
        limit: Limit = 20,
    ) -> Hits:
        for day in (since, until):
            if day is not None and not 1970 <= day.year <= 9000:
                raise HTTPException(400, "days lie between 1970 and 9000")
        chosen = SearchFilter(topic=topic, language=language, feed=feed, since=since, until=until)
        results = search(desk, Asked(query=q, chosen=chosen, best=order == "best"), cursor, limit)
        return Hits(items=[_hit(found) for found in results.found], next=results.next)


def _add_lists(router: APIRouter, desk: Desk) -> None:
    @router.get("/figures", summary="List the figures that matched articles state")
    def figures(cursor: Cursor = "", limit: Limit = 50) -> Figures:
        page = desk.store.figures(cursor, limit)
        names = ("article_id", "story_id", "outlet", "title", "told_at")
        rows = [Figure(**{name: getattr(row, name) for name in names}, fact=_statement(row.fact)) for row in page.items]
        return Figures(items=rows, next=page.next)

    @router.get("/feeds", summary="Tell how each feed does")
    def feeds() -> list[Feed]:
        health: Sequence[FeedHealth] = desk.recall("health", desk.store.feed_health)
        return [Feed(**{name: getattr(line, name) for name in Feed.model_fields}) for line in health]

    @router.get("/deliveries", summary="List deliveries, newest first")
    def deliveries(status: Text = "", cursor: Cursor = "", limit: Limit = 50) -> Deliveries:
        page = desk.store.delivery_list(cursor, limit, status)
        names = ("digest_id", "subscription", "channel", "attempts")
        rows = [
            Delivery(
                delivery_id=row.delivery.id,
                status=row.status,
                sent_at=row.sent_at,
                detail=row.detail,
                **{name: getattr(row.delivery, name) for name in names},
            )
            for row in page.items
        ]
        return Deliveries(items=rows, next=page.next)


def _add_changes(router: APIRouter, desk: Desk) -> None:
    @router.post("/articles/{article_id}/verdicts", summary="Say whether a match is relevant (scope write)")
    def give_verdict(request: Request, article_id: Number, given: Feedback) -> Done:
        mark(desk, article_id, given.topic, given.verdict, visitor_of(request).name)
        return Done()

    @router.post("/deliveries/{delivery_id}/resend", summary="Send a settled delivery again (scope write)")
    def send_again(request: Request, delivery_id: Number) -> Done:
        resend(desk, delivery_id, visitor_of(request).name)
        return Done()


def _story(row: StoryRow) -> Story:
    material = row.material
    lines = article_lines(material.articles)
    topics = dict.fromkeys(judgement.topic for article in material.articles for judgement in article.judgements)
    figures = dict.fromkeys(figure.quote for article in material.articles for figure in article.figures)
    return Story(
        story_id=material.story_id,
        version=material.version,
        opened_at=row.opened_at,
        changed_at=row.changed_at,
        topics=list(topics),
        figures=list(figures),
        articles=[Telling(**{name: getattr(line, name) for name in Telling.model_fields}) for line in lines],
    )


def _hit(found: Any) -> Hit:
    hit = found.hit
    names = ("article_id", "story_id", "outlet", "language", "title", "first_seen_at", "topics")
    copied = {name: getattr(hit, name) for name in names}
    return Hit(**copied, url=web_url(hit.url), snippet=found.snippet.text, marks=found.snippet.marks)


def _statement(fact: Any) -> Statement:
    return Statement(**{name: getattr(fact, name) for name in Statement.model_fields})


def _said(reason: Reason) -> str:
    return f"{reason.code}: {reason.detail}" if reason.detail else reason.code
