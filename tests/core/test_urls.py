"""One spelling for every way a page is linked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.urls import canonical_url, host_of, web_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://Example.org:80/a/?utm_source=x&id=3#top", "https://example.org/a/?id=3"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org:8443/a", "https://example.org:8443/a"),
        ("https://example.org/news/articleView.html?idxno=123&fbclid=abc", "https://example.org/news/articleView.html?idxno=123"),
        ("https://example.org/a//b/./c/../d", "https://example.org/a/b/d"),
        ("https://example.org/%7euser/%e5%8c%97", "https://example.org/~user/%E5%8C%97"),
        ("https://example.org/北韓", "https://example.org/%E5%8C%97%E9%9F%93"),
        ("https://example.org/a%2Fb", "https://example.org/a%2Fb"),
        ("https://user:secret@example.org/a", "https://example.org/a"),
        (" https://example.org/a\n", "https://example.org/a"),
        ("https://[2001:db8::1]/a", "https://[2001:db8::1]/a"),
        ("urn:uuid:1", "urn:uuid:1"),
        ("https://m.example.org/view/AKR1", "https://example.org/view/AKR1"),
        ("https://www.example.org/view/AKR1/amp/", "https://example.org/view/AKR1"),
        ("https://amp.example.org/a.amp.html?outputType=amp", "https://example.org/a"),
        ("https://example.org/a/index.html", "https://example.org/a/"),
        ("https://www.google.com/url?q=https%3A%2F%2Fexample.org%2Fa%3Fidxno%3D5%26utm_source%3Dx&sa=U", "https://example.org/a?idxno=5"),
        ("https://example-org.cdn.ampproject.org/c/s/example.org/a.amp", "https://example.org/a"),
        ("https://press.un.org/en/2017/sc13141.doc.htm", "https://undocs.org/SC/13141"),
        ("https://undocs.org/en/S/2024/215", "https://undocs.org/S/2024/215"),
        ("https://docs.un.org/S/2024/215", "https://undocs.org/S/2024/215"),
        ("https://undocs.org/S/RES/2397(2017)", "https://undocs.org/S/RES/2397"),
        ("https://example.org/a?q=John+Doe", "https://example.org/a?q=John%20Doe"),
        ("https://example.org/a?ref=feed.example", "https://example.org/a"),
        ("https://en.yna.co.kr/view/AEN2024?section=news&input=rss", "https://en.yna.co.kr/view/AEN2024"),
        ("https://www.yna.co.kr/view/AKR2024?input=1195m", "https://yna.co.kr/view/AKR2024"),
        ("https://example.org/a?section=news", "https://example.org/a?section=news"),
        ("https://müller.example/a", "https://xn--mller-kva.example/a"),
        ("https://xn--mller-kva.example/a", "https://xn--mller-kva.example/a"),
        ("https://documents.un.org/doc/S/2024/215", "https://undocs.org/S/2024/215"),
        ("https://www.un.org/ga/search/view_doc.asp?symbol=S/2024/215", "https://undocs.org/S/2024/215"),
        ("https://news.un.org/en/story/S/2024/215", "https://news.un.org/en/story/S/2024/215"),
        ("https://example.org/a?ref=front", "https://example.org/a?ref=front"),
    ],
)
def test_the_same_page_has_one_spelling(url: str, expected: str) -> None:
    assert canonical_url(url) == expected


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//example.org/a", "/relative", "http://", "http://[", "", None]
)
def test_what_is_no_web_page_is_no_web_url(url: str | None) -> None:
    assert web_url(url) is None


@given(st.text(alphabet="ab%/?&=.~#+ 2Fé北-_:@", max_size=60))
def test_canonicalising_twice_changes_nothing(rest: str) -> None:
    once = canonical_url(f"http://example.org/{rest}")
    assert canonical_url(once) == once


def test_the_unit_of_politeness_is_host_and_port() -> None:
    assert host_of("http://user@Example.org:8080/a") == "example.org:8080"
    assert host_of("http://[") == ""


WRAPPED = st.sampled_from(["https://www.google.com/url?q=", "https://l.facebook.com/l.php?u=", "https://m.", "https://www.amp."])


@given(WRAPPED, st.text(alphabet="abmp./%?&=:htsw", max_size=50))
def test_unwrapping_twice_changes_nothing(wrapper: str, rest: str) -> None:
    once = canonical_url(wrapper + rest)
    assert canonical_url(once) == once
