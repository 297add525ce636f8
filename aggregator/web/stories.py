"""Stories and articles: lists, one whole, and what an editor decides: merge, split, lead, not the same, relevant or not."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from aggregator.desk import Decision, Desk, mark, named, rearrange
from aggregator.desk_records import ArticleDetail, StoryFilter
from aggregator.web import views
from aggregator.web.access import form_of, visitor_of
from aggregator.web.rendering import Pages, zone_of

Text = Annotated[str, Query(max_length=200)]
Cursor = Annotated[str, Query(max_length=100)]


def add_stories(router: APIRouter, desk: Desk, pages: Pages) -> None:
    """Add the routes of stories and articles, and of what editors decide about them."""
    _add_lists(router, desk, pages)
    _add_article(router, desk, pages)
    _add_decisions(router, desk)


def _add_lists(router: APIRouter, desk: Desk, pages: Pages) -> None:
    @router.get("/")
    def stories(
        request: Request, topic: Text = "", language: Text = "", feed: Text = "", place: Text = "", role: Text = "", cursor: Cursor = ""
    ) -> Response:
        chosen = StoryFilter(topic=topic, language=language, feed=feed, place=place, role=role)
        page = desk.store.stories(chosen, cursor)
        days = views.by_day([views.card(row) for row in page.items], zone_of(request))
        return pages.page(request, "stories.html", days=days, chosen=chosen, next=page.next, topics=desk.topics, feeds=desk.feeds)

    @router.get("/stories/{story_id}")
    def story(request: Request, story_id: int) -> Response:
        detail = desk.store.story(story_id) if 0 < story_id < 2**62 else None
        if detail is None:
            raise HTTPException(404, "There is no such story.")
        standing = detail.row.material.story_id
        if standing != story_id:
            return RedirectResponse(f"/stories/{standing}", status_code=303)
        lines = views.article_lines(detail.row.material.articles)
        return pages.page(
            request,
            "story.html",
            card=views.card(detail.row),
            detail=detail,
            lines=lines,
            graph=views.graph(lines),
            compared=views.compared(detail, lines),
            named=views.named(detail, lambda concept: named(desk, concept)),
            record=desk.store.story_record(story_id),
        )


def _add_article(router: APIRouter, desk: Desk, pages: Pages) -> None:
    @router.get("/articles/{article_id}")
    def article(request: Request, article_id: int) -> Response:
        detail = desk.store.article(article_id) if 0 < article_id < 2**62 else None
        if detail is None:
            raise HTTPException(404, "There is no such article, or it still waits to be judged.")
        title, text = _marked(detail)
        changes = views.changes(detail.revisions, desk.plain)
        return pages.page(request, "article.html", article=detail, title=title, text=text, changes=changes)


def _add_decisions(router: APIRouter, desk: Desk) -> None:
    @router.post("/articles/{article_id}/verdict")
    def give_verdict(request: Request, article_id: int) -> Response:
        form = form_of(request)
        known_number(article_id, "There is no such article.")
        mark(desk, article_id, form.get("topic", ""), form.get("verdict", ""), visitor_of(request).name)
        return RedirectResponse(f"/articles/{article_id}#decisions", status_code=303)

    @router.post("/stories/{story_id}/decision")
    def decide(request: Request, story_id: int) -> Response:
        form = form_of(request)
        known_number(story_id, "There is no such story.")
        chosen = [int(name[8:]) for name in form if name.startswith("article-") and name[8:].isascii() and name[8:].isdigit()]
        decision = Decision(kind=form.get("kind", ""), articles=[number for number in chosen if number < 2**62], other=_number(form))
        rearrange(desk, story_id, decision, visitor_of(request).name)
        return RedirectResponse(f"/stories/{story_id}#history", status_code=303)


def known_number(number: int, words: str) -> None:
    """Answer 404 for a number that no store gives: a database takes no larger one."""
    if not 0 < number < 2**62:
        raise HTTPException(404, words)


def _number(form: Mapping[str, str]) -> int:
    """Read the number that a decision names; 0 where there is none."""
    text = form.get("other", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _marked(detail: ArticleDetail) -> tuple[list[views.Piece], list[views.Piece]]:
    marks = [one for judgement in detail.judgements if judgement.matched for one in judgement.evidence]
    spots = [(one.field, one.start, one.end, "match") for one in marks]
    spots += [(one.field, one.start, one.end, "fact") for one in detail.facts]
    title = [(start, end, kind) for field, start, end, kind in spots if field == "title"]
    text = [(start, end, kind) for field, start, end, kind in spots if field == "text"]
    return views.marked(detail.title, title), views.marked(detail.text, text)
