"""Rendering: one environment for all pages, escaping everything, with the reader's time zone and form token at hand."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, available_timezones

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from markupsafe import Markup

from aggregator.core.outcomes import EXPLAINED
from aggregator.core.urls import web_url
from aggregator.web.access import visitor_of
from aggregator.web.views import plain_line

ZONE_COOKIE = "zone"
ZONES = (
    "UTC",
    "Asia/Seoul",
    "Asia/Tokyo",
    "Asia/Shanghai",
    "Asia/Vladivostok",
    "Europe/Moscow",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
)
ROLES = {
    "origin": "origin",
    "independent": "own report",
    "echo": "echo",
    "copy": "copy",
    "unknown": "unclear",
}
_CODE = re.compile(
    r"(?<![\w./:])(?:(?:place|region|country|organisation|person|provision|resolution|sectors)/[a-z0-9_-]+|[a-z_]+:\d[\d.-]*)(?![\w./:])"
)
"""A concept or a figure as it is stored, in a sentence that says why."""
_FOLDER = Path(__file__).parent / "templates"


class Pages:
    """Render pages; `topic_name` and `label` put names to ids."""

    def __init__(self, topic_name: Callable[[str], str], label: Callable[[str], str], clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.environment = Environment(
            loader=FileSystemLoader(_FOLDER), autoescape=select_autoescape(default=True), undefined=StrictUndefined
        )
        self.environment.filters |= {
            "when": _when,
            "moment": moment,
            "ago": ago,
            "plainly": lambda text: _CODE.sub(lambda code: label(code[0]), text),
            "line": plain_line,
            "web_url": web_url,
            "role": lambda role: ROLES.get(role, role),
            "topic": topic_name,
            "label": label,
            "outcome": lambda code: EXPLAINED.get(code, code.replace("_", " ")),
        }

    def page(self, request: Request, template: str, status: int = 200, **shown: object) -> HTMLResponse:
        """Render a template for who asks."""
        context = {
            "visitor": visitor_of(request),
            "path": request.url.path,
            "zone": zone_of(request),
            "zones": ZONES,
            "now": self._clock(),
            "link": linker(request),
            **shown,
        }
        return HTMLResponse(self.environment.get_template(template).render(context), status_code=status)


def zone_of(request: Request) -> ZoneInfo:
    """Give the reader's time zone, as chosen at the foot of a page."""
    name = request.cookies.get(ZONE_COOKIE, "UTC")
    return ZoneInfo(name) if name in _zones() else ZoneInfo("UTC")


def linker(request: Request) -> Callable[..., str]:
    """Give a function that links to this page with some parameters changed; empty ones are left out, and the cursor unless given."""

    def link(**changes: object) -> str:
        parameters: dict[str, object] = dict(request.query_params)
        parameters.pop("cursor", None)
        kept = {name: str(value) for name, value in (parameters | changes).items() if value not in (None, "")}
        return f"?{urlencode(kept)}" if kept else request.url.path

    return link


def moment(at: datetime | None) -> str:
    """Write a moment for people, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if at else "never"


def ago(at: datetime | None, now: datetime) -> str:
    """Write how long ago, or how soon, a moment is."""
    if at is None:
        return "never"
    seconds = int((now - at).total_seconds())
    words = next(
        f"{abs(seconds) // size} {name}"
        for size, name in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
        if abs(seconds) >= size or size == 1
    )
    return f"in {words}" if seconds < 0 else f"{words} ago"


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@pass_context
def _when(context: Context, at: datetime | None) -> Markup:
    """Write a moment in the reader's zone, with the exact one on hover."""
    if at is None:
        return Markup("never")
    local = at.astimezone(context["zone"])
    exact = at.astimezone(UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(exact, f"{local:%Y-%m-%d %H:%M}")
