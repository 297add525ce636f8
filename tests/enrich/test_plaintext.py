import time

import pytest

from aggregator.enrich.plaintext import MAX_LINE, MAX_TEXT, extract_text, one_line, plain_text
from aggregator.models import Article
from tests.enrich.facts import feed, run

PAGES = [
    ("<p>One.</p><p>Two.</p>", "One.\n\nTwo."),
    ("<div><div><p>One.</p></div></div><ul><li>a</li><li>b</li></ul>", "One.\n\na\n\nb"),
    ("One<br>two<br/><br/>three", "One\ntwo\n\nthree"),
    ("<p>line\nbroken   by\tthe feed</p>", "line broken by the feed"),
    ("<p>북한&nbsp;노동자 &amp; 비자 &#x41;</p>", "북한 노동자 & 비자 A"),
    ("Plain text stays.\n\nWith its paragraphs.", "Plain text stays.\n\nWith its paragraphs."),
    ("Tom &amp; Jerry, 3 < 5", "Tom & Jerry, 3 < 5"),
    ("<b>Bold</b> with\n\nparagraphs of its own", "Bold with\n\nparagraphs of its own"),
    ("<p>Seen</p><script>alert('x')</script><style>p{}</style><iframe>no</iframe>", "Seen"),
    ("<p>Seen</p><!-- <p>not seen</p> -->", "Seen"),
    ("<!-- never closed <p>x", ""),
    ("<script>never closed <p>x", ""),
    ("<p>a<svg><title>logo</title></svg>b", "ab"),
    ("<table><tr><td>Name</td><td>Count</td></tr><tr><td>A</td><td>2</td></tr></table>", "Name Count\n\nA 2"),
    ("<저작권자(c) 연합뉴스, 무단 전재-재배포 금지>", "<저작권자(c) 연합뉴스, 무단 전재-재배포 금지>"),
    ("<p>e\u0301te\u0301</p>", "été"),
    ("<p>zero\u200bwidth\x00</p>", "zerowidth"),
    ("<p>Body.</p>\n<p>The post <a href='u'>Title</a> appeared first on <a href='v'>38 North</a>.</p>", "Body."),
    ("<p>본문.</p><p>글 <a>제목</a>은 <a>데일리NK</a>에 처음 등장했습니다.</p>", "본문."),
    ("<p>The post office appeared first on the list.</p><p>Then more.</p>", "The post office appeared first on the list.\n\nThen more."),
    ("\r\nOne\r\n\r\nTwo\r\n", "One\n\nTwo"),
    ("", ""),
]


@pytest.mark.parametrize(("html", "expected"), PAGES)
def test_text_is_what_a_reader_sees(html: str, expected: str) -> None:
    assert plain_text(html) == expected


def test_long_text_is_cut_after_a_paragraph() -> None:
    text = plain_text("<p>word word word.</p>" * 20_000)
    assert len(text) <= MAX_TEXT
    assert text.endswith("word.")


HOSTILE = {
    "open comments": "<!--" * 250_000,
    "deep": "<div>" * 200_000 + "end",
    "deep with stray ends": "<div>" * 80_000 + "</span>" * 80_000,
    "angle brackets": "<" * 1_000_000,
    "open attributes": '<a b="' * 170_000,
    "ampersands": "&amp" * 250_000,
    "formatting": "<b><i><p>" * 100_000,
    "tables": "<table><td>" * 90_000,
    "combining marks": "a" + "\u0301\u0323" * 450_000,
    "combining marks beyond the first plane": "a" + "\u0301\U0001d165" * 450_000,
    "blank lines": "\n" * 1_000_000,
    "no-break spaces": "&nbsp;" * 160_000,
}


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_html_costs_bounded_time(html: str) -> None:
    started = time.process_time()
    text = plain_text(html)
    assert time.process_time() - started < 4
    assert len(text) <= MAX_TEXT


def test_text_below_any_depth_is_kept() -> None:
    assert plain_text("<div>" * 5_000 + "North Korean workers") == "North Korean workers"


def test_step_fills_the_text_and_keeps_one_that_is_there() -> None:
    empty = Article(title="", text="", html="<p>From HTML</p>", feed=feed())
    assert run(extract_text, empty).text == "From HTML"
    full = Article(title="", text="From the page", html="<p>From HTML</p>", feed=feed())
    assert run(extract_text, full).text == "From the page"


def test_headline_becomes_one_bounded_line() -> None:
    assert one_line(" A\u00a0 headline\nover\x00 lines ") == "A headline over lines"
    assert len(one_line("x" * 100_000)) == MAX_LINE
