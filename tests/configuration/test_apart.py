"""Reading feeds.yaml in a process of its own gives what reading it here gives, mistakes included."""

from pathlib import Path

import pytest

from aggregator.app.configured import read_apart, read_configuration
from aggregator.errors import ConfigurationError
from aggregator.settings import Settings, load_settings

GOOD = """
feeds:
  - {id: wire, name: Wire, publisher: Wire, family: wire, language: en, url: "https://wire.example.org/rss"}
topics:
  - {id: labour, name: Labour, anchor: country_anchor, themes: {overseas_workers: 1.0}}
  - {id: ships, name: Ships, query: 'vessel AND "North Korea"'}
subscriptions:
  - id: daily
    name: Daily
    channel: file
    recipients: [outbox]
    topics: [labour]
    schedule: {every: day, at: "07:30", time_zone: Asia/Seoul}
"""


def settings_of(folder: Path, text: str) -> Settings:
    (folder / "feeds.yaml").write_text(text, encoding="utf-8")
    return load_settings({"AGGREGATOR_FEEDS_FILE": str(folder / "feeds.yaml"), "AGGREGATOR_DATA_DIR": str(folder)})


def problems(settings: Settings, *, apart: bool) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        _ = read_apart(settings) if apart else read_configuration(settings)
    return [str(problem) for problem in caught.value.problems]


def test_a_file_read_apart_is_the_file_read_here(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, GOOD)
    assert read_apart(settings) == read_configuration(settings)


@pytest.mark.parametrize(
    "change", [("country_anchor", "nowhere"), ('"North Korea"', '"North'), ("id: wire,", "id: wire, odd: 1,"), ("feeds:", "feeds: [")]
)
def test_mistakes_found_apart_are_the_mistakes_found_here(tmp_path: Path, change: tuple[str, str]) -> None:
    settings = settings_of(tmp_path, GOOD.replace(*change))
    found = problems(settings, apart=True)
    assert found
    assert found == problems(settings, apart=False)


def test_where_no_process_can_be_started_the_file_is_read_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(tmp_path, GOOD)
    monkeypatch.setattr("sys.executable", str(tmp_path / "gone"))
    assert read_apart(settings).feeds[0].id == "wire"
