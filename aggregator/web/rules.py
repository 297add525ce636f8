"""The rule bench: edit a topic, see what it would find, and copy it back into feeds.yaml. Trying changes nothing on the server."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response

from aggregator.desk import Desk, try_topic
from aggregator.models import TopicSpec
from aggregator.trial import LONGEST_RULE, Refused
from aggregator.web.access import form_of
from aggregator.web.rendering import Pages


def add_rules(router: APIRouter, desk: Desk, pages: Pages) -> None:
    """Add the bench's routes."""

    @router.get("/rules")
    def bench(request: Request, topic: Annotated[str, Query(max_length=200)] = "") -> Response:
        chosen = _chosen(desk, topic)
        if desk.trials:
            desk.trials.get_ready()
        text = desk.rule_text(desk.configured().text, chosen)
        return pages.page(request, "rules.html", topics=desk.topics, chosen=chosen, text=text, tried=None, problems=())

    @router.post("/rules")
    def attempt(request: Request) -> Response:
        form = form_of(request)
        chosen = _chosen(desk, form.get("topic", ""))
        text = form.get("text", "").replace("\r\n", "\n")[: LONGEST_RULE + 1]
        outcome = try_topic(desk, chosen.id, text)
        problems = outcome.problems if isinstance(outcome, Refused) else ()
        tried = None if isinstance(outcome, Refused) else outcome
        status = 400 if problems else 200
        shown = {"topics": desk.topics, "chosen": chosen, "text": text, "tried": tried, "problems": problems}
        return pages.page(request, "rules.html", status=status, **shown)


def _chosen(desk: Desk, topic: str) -> TopicSpec:
    found = next((known for known in desk.topics if known.id == topic or not topic), None)
    if found is None:
        raise HTTPException(404, "There is no such topic in feeds.yaml.")
    return found
