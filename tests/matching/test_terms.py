import pytest

from aggregator.matching.packs import assemble, read_pack
from aggregator.matching.scan import Scanner
from aggregator.matching.terms import TermError, read_expression, read_term
from aggregator.matching.text import normalise


def found(term: str, text: str) -> list[str]:
    """Give the words of `text` that one term finds."""
    pack = read_pack(
        "x.yaml", f"theme: t\nlabel: {{en: T}}\nsets: {{nk: [북한, 北]}}\nconcepts: {{c: {{label: {{en: C}}, strong: {{en: ['{term}']}}}}}}"
    )
    folded = normalise(text)
    hits = Scanner([assemble([pack]).themes["t"]]).scan(folded).hits
    return [text[slice(*folded.span(hit.start, hit.end))] for hit in hits]


@pytest.mark.parametrize(
    ("term", "text", "words"),
    [
        ("worker", "Workers, worker; coworker", ["worker"]),
        ("worker*", "Workers and coworkers", ["Workers"]),
        ("DPRK*", "DPRK의 노동자", ["DPRK"]),
        ("санкц*", "Санкции, антисанкции", ["Санкции"]),
        ("Северн* Коре*", "в Северной Корее", ["Северной Корее"]),
        ("노동자", "북한노동자들을", ["노동자"]),
        ("북한 노동자", "북한노동자와 북한 노동자", ["북한노동자", "북한 노동자"]),
        ("劳工", "朝鲜劳工们", ["劳工"]),
        ("send * home", "send all of them home", ["send all of them home"]),
        ("send * home", "send home", ["send home"]),
        ("send * home", "send one two three four home", []),
        ("send * home", "send them. Home", []),
        ("노동자…파견", "노동자들을 러시아에 파견", ["노동자들을 러시아에 파견"]),
        ("노동자…파견", "노동자는 왔다. 파견", []),
        ("labo(u|)r camp", "labour camp, labor camp", ["labour camp", "labor camp"]),
        ("<nk> 노동", "북한 노동 北노동", ["북한 노동", "北노동"]),
        ("^북측", "페이스북측 북측은", ["북측"]),
        ("^북$", "경북 북 북한", ["북"]),
        ("=NK", "NK nk Nk NKX", ["NK"]),
        ("=IT worker*", "IT Workers say it workers", ["IT Workers"]),
        ("ship-to-ship", "ship to ship, ship‑to‑ship", ["ship to ship", "ship‑to‑ship"]),
    ],
)
def test_notation(term: str, text: str, words: list[str]) -> None:
    assert found(term, text) == words


def test_term_with_many_alternatives_stays_small() -> None:
    forms = read_term("(a|b|c|d|e|f) (g|h|i|j|k) (l|m|n|o|p)", {})
    assert len(forms) == 6


@pytest.mark.parametrize("notation", ["", "*", "…", "(a|b", "<missing> x", "(|)"])
def test_senseless_term_is_refused(notation: str) -> None:
    with pytest.raises(TermError):
        read_term(notation, {})


def test_term_that_begins_in_too_many_ways_is_refused() -> None:
    with pytest.raises(TermError, match="more than 500"):
        read_term("<many> x", {"many": [f"w{number}" for number in range(501)]})


@pytest.mark.parametrize(
    ("expression", "at"),
    [("a+b", "a"), ("a*", "a"), ("a{2,}", "a"), ("(?:ab){2}", "a"), ("(a)\\1", "a"), ("(?P<n>a)", "a"), ("a(", "a"), ("a", " ")],
)
def test_expression_that_could_be_slow_or_wrong_is_refused(expression: str, at: str) -> None:
    with pytest.raises(TermError):
        read_expression(expression, at)


def test_bounded_expression_with_look_around_is_taken() -> None:
    assert read_expression(r"(?<!x)北(?=\d{1,3}|년)[+*]?", "北").literal == "北"
