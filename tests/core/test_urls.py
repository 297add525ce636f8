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
