"""What a Slack message says, and what no text in it can do."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.channels.blocks import LONGEST_FALLBACK, MOST_BLOCKS, MOST_CHARACTERS, escape, fitted, link_target
from aggregator.models import Digest
from tests.channels.posters import DELIVERY, channel
from tests.channels.samples import DIGEST, EMPTY, VLADIVOSTOK, crowded, filled


def payload(digest: Digest) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(channel().render(digest, DELIVERY).parts[".json"])
    return read


def texts(value: Any) -> list[tuple[str, str]]:
    """Give every text in a payload with its type."""
    if isinstance(value, list):
        return [text for inner in value for text in texts(inner)]
    if not isinstance(value, dict):
        return []
    own = [(value["type"], value["text"])] if isinstance(value.get("text"), str) and "type" in value else []
    return own + [text for inner in value.values() for text in texts(inner)]


def check_limits(read: dict[str, Any]) -> None:
    blocks = read["blocks"]
    assert 1 <= len(blocks) <= MOST_BLOCKS
    assert sum(len(text) for _, text in texts(blocks)) < MOST_CHARACTERS
    assert 0 < len(read["text"]) <= LONGEST_FALLBACK
    for block in blocks:
        limit = {"header": 150, "section": 3_000, "context": 2_000}[block["type"]]
        assert all(0 < len(text) <= limit for _, text in texts(block))
        assert len(block.get("elements", ())) <= 10


def check_lifeless(read: dict[str, Any]) -> None:
    """Check that nothing is live syntax but our own links and our own bold topics."""
    assert "<" not in read["text"]
    for kind, text in texts(read["blocks"]):
        bare = text
        if kind == "mrkdwn":
            bare = re.sub(r"<https?://[^<>|\s]+\|[^<>|\n*_~`]+>", "", text)
            bare = re.sub(r"^\*[^*_~`\n]+\*$", "", bare)
            assert not re.search(r"[*_~`]", bare)
        assert "<" not in bare
        assert ">" not in bare
        assert not re.search(r"@(here|channel|everyone)\b", bare, re.IGNORECASE)
        assert not re.sub(r"&(amp|lt|gt);", "", bare).count("&")


def test_a_message_tells_each_story() -> None:
    read = payload(DIGEST)
    told = "\n".join(text for _, text in texts(read["blocks"]))
    assert read["text"].startswith("North Korean labour watch: 2 new, 1 update. 中, 단둥")
    assert read["blocks"][0]["type"] == "header"
    for words in (
        "UPDATE  中, 단둥 북한 노동자",
        "Changed: 2,000 → 200 people",
        "Yonhap → 2 echoes; Daily NK independent",
        "Why: Labour abroad: dispatched workers (“북한 노동자”)",
        "<https://www.nknews.org/2026/11/builders-in-vladivostok/|Read at nknews.org>",
        "*Labour abroad*",
        "Sat 21 Nov 2026, 08:00 (Asia/Seoul)",
        "14 matched = 11 folded into stories + 3 told",
        "Radio Free Asia: The server answered 503",
        "No news is not no events",
    ):
        assert words in told
    check_limits(read)
    check_lifeless(read)


def test_headlines_stand_where_nothing_is_formatted() -> None:
    headlines = [block["text"] for block in payload(DIGEST)["blocks"] if block["type"] == "section" and "builders" in block["text"]["text"]]
    assert [text["type"] for text in headlines] == ["plain_text"]


def test_slack_neither_unfurls_nor_formats_on_its_own() -> None:
    read = payload(DIGEST)
    assert (read["unfurl_links"], read["unfurl_media"], read["mrkdwn"]) == (False, False, False)


def test_an_alert_says_so_and_an_empty_digest_too() -> None:
    assert payload(replace(DIGEST, kind="alert", items=(VLADIVOSTOK,)))["text"].startswith("Alert: North Korean labour watch: 1 new.")
    assert "No new story on your topics." in json.dumps(payload(EMPTY))


def test_a_retry_has_the_same_bytes() -> None:
    assert channel().render(DIGEST, DELIVERY).parts == channel().render(DIGEST, replace(DELIVERY, attempts=9)).parts


HOSTILE = [
    "<!channel> now",
    "<!here|here> <!everyone>",
    "<@U123> <#C42> <!subteam^S1>",
    "<https://evil.example|Your bank>",
    "AT&T &lt;!channel&gt; &amp;",
    "*bold* _it_ ~gone~ `code` ```block```",
    "> quoted\n> more",
    "@channel @here @everyone @Here",
    ":skull: \u202eevil",
    "| pipe \\ back",
    "\u1100\u1161\u11a8" * 2_000,
    "&" * 5_000,
    "🇰🇵" * 3_000,
    "",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_k1_text_of_every_field_is_shown_literally(hostile: str) -> None:
    for kind in ("digest", "alert"):
        read = payload(filled(hostile, kind=kind))
        check_lifeless(read)
        check_limits(read)


def test_k1_a_link_cannot_break_out_of_its_brackets() -> None:
    read = payload(filled("title", "https://example.org/?a=1&b=<!channel>|x"))
    links = [text for kind, text in texts(read["blocks"]) if kind == "mrkdwn" and "example.org" in text]
    assert links[0] == "<https://example.org/?a=1&amp;b=%3C!channel%3E%7Cx|Read at example.org>"
    assert link_target("https://e.org/<a>|b&c") == "https://e.org/%3Ca%3E%7Cb&amp;c"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//evil", "https://" + "x" * 3_000])
def test_x2_an_unsafe_link_is_no_link(url: str) -> None:
    assert url[:40] not in json.dumps(payload(filled("title", url)))


@pytest.mark.parametrize(("count", "long"), [(60, False), (60, True), (3, True), (400, False)])
def test_k2_a_flood_is_cut_and_counted(count: int, long: bool) -> None:
    read = payload(crowded(count, long))
    check_limits(read)
    told = "\n".join(text for _, text in texts(read["blocks"]))
    shown = len(set(re.findall(r"NEW  Story (\d+)\b", told)))
    left = re.search(r"(\d+) more stor(y|ies) did not fit", told)
    assert shown > 0
    assert shown + (int(left.group(1)) if left else 0) == count
    assert ("<https://watch.example.org/|Read them on the web>" in told) is bool(left)


@pytest.mark.parametrize("limit", [1, 2, 7, 150])
@pytest.mark.parametrize("text", ["&" * 900, "가" * 900, "a&<>b" * 200, "\u1100\u1161\u11a8" * 300, "👩\u200d👩\u200d👧" * 90, "short"])
def test_k2_a_cut_never_falls_inside_an_entity_or_a_character(text: str, limit: int) -> None:
    shown = fitted(text, limit)
    assert len(shown) <= limit
    assert not re.sub(r"&(amp|lt|gt);", "", shown).count("&")
    assert shown == escape(text) or shown.endswith("…")


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(), max_size=400), st.text(max_size=60))
def test_any_text_in_every_field_makes_a_valid_lifeless_payload(text: str, url: str) -> None:
    read = payload(replace(filled(text, url), subscription=text, time_zone=text))
    check_limits(read)
    check_lifeless(read)
