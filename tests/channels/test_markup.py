"""Every mail's HTML is parsed as a browser does, by a parser that forgives nothing; what feeds say cannot break it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise

import html5lib
import pytest
from html5lib.html5parser import ParseError

from aggregator.channels.mail import Links, Sender, render_mail
from aggregator.models import Digest, Notice
from tests.channels.samples import DELIVERY, DIGEST, filled

NOW = datetime(2026, 11, 21, tzinfo=UTC)
HOSTILE = "</td></table><script>alert(1)</script><p title=\"'>&amp;&lt;!--]]></html> {{7*7}} \x00\x0b"
DIGESTS = {
    "digest": DIGEST,
    "alert": replace(DIGEST, kind="alert", items=DIGEST.items[:1]),
    "empty": replace(DIGEST, items=()),
    "late, continuing, with a chart": replace(DIGEST, continuing=DIGEST.items, due_at=NOW, missed=3, days=(0, 1, 5) * 4),
    "long": replace(DIGEST, items=tuple(replace(DIGEST.items[0], story_id=number) for number in range(200))),
    "hostile": filled(HOSTILE),
    "alarms": replace(DIGEST, kind="notice", items=(), notices=(Notice(key="k", text=HOSTILE, since=NOW),) * 60),
}
FORBIDDEN = {"script", "img", "iframe", "form", "object", "embed", "link", "svg", "base", "video", "audio"}


class Elements(HTMLParser):
    """Gather the elements, identifiers and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def html_of(digest: Digest, language: str) -> str:
    links = Links("https://watch.example.org/", "https://watch.example.org/leave/abc&def")
    mail = render_mail(replace(digest, language=language), DELIVERY, Sender.read("Watch <w@example.org>"), "a@example.org", links)
    return mail.parts[".html"].decode()


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
@pytest.mark.parametrize("name", DIGESTS)
def test_the_html_of_a_mail_is_valid(name: str, language: str) -> None:
    html = html_of(DIGESTS[name], language)
    html5lib.HTMLParser(strict=True).parse(html)
    elements = Elements(html).found
    assert not {tag for tag, _ in elements} & FORBIDDEN
    assert [attributes.get("lang") for tag, attributes in elements if tag == "html"] == [language]
    headings = [int(tag[1]) for tag, _ in elements if tag in ("h1", "h2", "h3", "h4")]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(headings))
    assert not [attributes for _, attributes in elements if any(name.startswith("on") for name in attributes)]
    assert {attributes.get("role") for tag, attributes in elements if tag == "table"} <= {"presentation", "img"}


@pytest.mark.parametrize("broken", ["<!DOCTYPE html><title>x</title><p><table><b></table>", "<!DOCTYPE html><title>x</title><p a=1 a=2>"])
def test_the_checker_refuses_invalid_markup(broken: str) -> None:
    with pytest.raises(ParseError):
        html5lib.HTMLParser(strict=True).parse(broken)
