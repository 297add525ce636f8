"""One spelling for every way a page is linked."""

from unicodedata import normalize
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.core.urls import canonical_url, host_of, web_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://Example.org:80/a/?utm_source=x&id=3#top", "https://example.org/a?id=3"),
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
        ("https://example.org/a/index.html", "https://example.org/a"),
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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://undocs.org/A/80/L.5", "https://undocs.org/A/80/L.6"),
        ("https://undocs.org/A/HRC/58/65/Add.1", "https://undocs.org/A/HRC/58/65"),
        ("https://undocs.org/S/2024/215/Corr.1", "https://undocs.org/S/2024/215"),
        ("https://undocs.org/S/PV.9591(Resumption1)", "https://undocs.org/S/PV.9591"),
        ("https://undocs.org/A/C.3/80/L.30", "https://undocs.org/A/C.3/80/L.31"),
        (
            "https://documents.un.org/doc/undoc/gen/n24/067/60/pdf/n2406760.pdf",
            "https://documents.un.org/doc/undoc/gen/n24/067/61/pdf/n2406761.pdf",
        ),
        ("https://a.example/x?utm_source=z;id=4", "https://a.example/x?utm_source=z;id=5"),
        ("https://a.example/#/news/123", "https://a.example/#/news/124"),
        ("https://a.example/app#!/view?id=1", "https://a.example/app#!/view?id=2"),
        *(
            (f"https://a.example/x?{name}=1", f"https://a.example/x?{name}=2")
            for name in ("rss", "ga_no", "pk_id", "fb_idx", "ir_id", "ncid")
        ),
        ("https://a.example/docs/amp/x", "https://a.example/docs/x"),
        ("https://www.google.com/urls?q=https://a.example/x", "https://a.example/x"),
    ],
)
def test_two_documents_never_become_one(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://undocs.org/A/C.3/80/L.30", "https://docs.un.org/en/A/C.3/80/L.30"),
        ("https://undocs.org/S/2024/215", "https://undocs.org/Home/Mobile?FinalSymbol=S%2F2024%2F215&Language=E"),
        ("https://undocs.org/S/2024/215", "https://daccess-ods.un.org/access.nsf/Get?OpenAgent&DS=S/2024/215&Lang=E"),
        ("https://undocs.org/A/72/6(Sect.3)", "https://undocs.org/en/A/72/6%20(Sect.%203)"),
        ("https://dailynk.example/20250724-1/amp/", "https://dailynk.example/20250724-1/"),
        ("https://a.example/story", "https://a.example/story/"),
        ("https://m-en.yna.co.kr/view/AEN1", "https://en.yna.co.kr/view/AEN1"),
        ("https://a.example/news/articleViewAmp.html?idxno=5", "https://a.example/news/articleView.html?idxno=5"),
        ("https://www.hani.co.kr/arti/amp/politics/1.html", "https://www.hani.co.kr/arti/politics/1.html"),
        ("https://a.example/x?utm_source=a&amp;id=4", "https://a.example/x?id=4"),
        *((f"https://a.example/x?{name}=aZ_1", "https://a.example/x") for name in ("igsh", "srsltid", "gad_source", "ocid", "mibextid")),
        ("https://a.example/x?ref_src=twsrc%5Etfw", "https://a.example/x"),
        ("https://a.example/x?id=4;utm_source=z", "https://a.example/x?id=4"),
        *(
            (f"https://{wrapper}=https%3A%2F%2Fa.example%2Fx%3Fid%3D4&z=1", "https://a.example/x?id=4")
            for wrapper in ("google.com/url?q", "www.google.co.kr/url?url", "l.instagram.com/?u", "vk.com/away.php?to")
        ),
        ("https://www.youtube.com/redirect?q=https%3A%2F%2Fa.example%2Fx", "https://a.example/x"),
        ("https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fa.example%2Fx&data=1", "https://a.example/x"),
        ("https://a.example/" + normalize("NFD", "북한 é"), "https://a.example/" + normalize("NFC", "북한 é")),
        ("https://[::1]:443/x", "http://[::1]/x"),
    ],
)
def test_one_page_is_kept_once(one: str, other: str) -> None:
    assert canonical_url(one) == canonical_url(other)


PIECES = (
    *(
        "amp",
        "m.",
        "www.",
        "index.html",
        "articleViewAmp.html",
        "%2e",
        "..",
        "//",
        ";",
        "utm_source=1",
        "&",
        "&amp;",
        "?",
        "#",
        "#/",
        "#!",
        "=",
        "%41",
    ),
    *(
        "한",
        "e\u0301",
        "%CC%81",
        "%E1%84%92",
        "\u037e",
        ".amp",
        ".html",
        "/",
        "x",
        "id=3",
        "amp=1",
        "rss=",
        "S/2024/2",
        "A/80/L.5",
        "(2017)",
    ),
    *(
        "+",
        " ",
        "%",
        "%zz",
        "@",
        ":443",
        ":80",
        "[",
        "]",
        "q=https://undocs.org/",
        "url=http%3A%2F%2Fm.a.example%2F",
        "Corr.1",
        ".doc.htm",
        "en/",
    ),
)
HOSTS = (
    "a.example",
    "www.m.a.example",
    "undocs.org",
    "documents.un.org",
    "press.un.org",
    "www.google.com/url",
    "google.com/amp/s/b.example",
    "[::1]",
)


@settings(max_examples=300)
@given(
    st.sampled_from(["http", "https"]),
    st.sampled_from(HOSTS),
    st.sampled_from(["", ":443", ":80", ":0443", ":8080", "."]),
    st.lists(st.sampled_from(PIECES), max_size=8),
)
def test_hostile_addresses_are_canonical_after_once(scheme: str, host: str, port: str, pieces: list[str]) -> None:
    once = canonical_url(f"{scheme}://{host}{port}/{''.join(pieces)}")
    assert canonical_url(once) == once


def test_wrappers_in_wrappers_lead_to_the_page() -> None:
    url = "https://www.example.org/a/"
    for _ in range(6):
        url = f"https://www.google.com/url?q={quote(url, safe='')}"
    assert canonical_url(url) == "https://example.org/a"
