"""Who confirms whom: denials, declines and citations of every make, in five languages."""

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.grouping import place_all
from tests.stories.clustering import read
from tests.stories.gold import rows

AT = datetime(2026, 3, 3, 6, tzinfo=UTC)
TOLD = {row["lang"]: (row["title"], row["text"]) for row in rows("roles") if row["kind"] == "told"}


def cases(kind: str) -> list[tuple[str, str, str]]:
    """Give language, title and text of the second reports of a kind."""
    return [(row["lang"], row["title"], row["text"]) for row in rows("roles") if row["kind"] == kind]


@pytest.fixture(autouse=True)
def without_embeddings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGGREGATOR_SEMANTIC", "off")


def role(language: str, title: str, text: str) -> str:
    """Give the role of a second report, a few hours after the first."""
    first = {"id": "1", "url": "https://first.example/1", "source": "Border Weekly", "lang": language, "published": AT.isoformat()}
    later = (AT + timedelta(hours=5)).isoformat()
    second = {"id": "2", "url": "https://second.example/2", "source": "Harbour Daily", "lang": language, "published": later}
    said = [first | {"title": TOLD[language][0], "text": TOLD[language][1]}, second | {"title": title, "text": text}]
    desk = place_all(read(said))
    assert desk.stands[0] == desk.stands[1], "the two reports tell one event"
    return desk.tellings[1].role.value


@pytest.mark.parametrize(("language", "title", "text"), cases("official"))
def test_the_answer_of_a_government_confirms_nothing(language: str, title: str, text: str) -> None:
    assert role(language, title, text) == "official"


@pytest.mark.parametrize(("language", "title", "text"), cases("no-confirmation"))
def test_who_denies_or_could_not_confirm_is_never_independent(language: str, title: str, text: str) -> None:
    assert role(language, title, text) in {"unknown", "official", "echo"}


def test_a_report_with_sources_of_its_own_that_ends_with_a_refusal_still_confirms() -> None:
    text = "Fourteen North Koreans sew toys at a plant in Yanji, a lorry driver told the paper. The foreign ministry declined to comment."
    assert role("en", "North Koreans at work in Yanji toy plant", text) == "independent"


def test_a_report_of_which_only_the_refusal_has_a_source_confirms_nothing() -> None:
    text = "Fourteen North Koreans work at a toy plant in Yanji. A ministry official said it was not aware of them."
    assert role("en", "North Koreans at work in Yanji toy plant", text) == "unknown"


@pytest.mark.parametrize(("language", "title", "text"), cases("echo"))
def test_a_citation_with_the_short_name_in_brackets_is_an_echo(language: str, title: str, text: str) -> None:
    assert role(language, title, text) == "echo"
