"""What an editor decides of stories, through the pages; what a revision changed."""

import pytest

from aggregator.desk_records import StoryFilter
from aggregator.store import SqlStore
from aggregator.web.views import Piece, difference
from tests.web.browser import Browser
from tests.web.conftest import Clock, add_readers, make_site


def members(store: SqlStore) -> dict[int, set[int]]:
    return {
        row.material.story_id: {article.telling.article_id for article in row.material.articles}
        for row in store.stories(StoryFilter()).items
    }


async def test_an_editor_merges_splits_leads_keeps_apart_and_takes_back(store: SqlStore, clock: Clock) -> None:
    before = members(store)
    story, other = (next(number for number, found in before.items() if wanted in found) for wanted in (1, 3))
    browser, path = Browser(make_site(store, clock)), f"/stories/{story}"
    answer = await browser.send(f"{path}/decision", path, kind="merge", other=str(other))
    assert answer.status_code == 303
    assert members(store) == {story: {1, 2, 3}}
    assert (await browser.get(f"/stories/{other}")).headers["Location"] == path
    await browser.send(f"{path}/decision", path, kind="lead", **{"article-2": "on"})
    assert [row.material.lead_article_id for row in store.stories(StoryFilter()).items] == [2]
    assert "<small>lead</small>" in (await browser.get(path)).text
    await browser.send(f"{path}/decision", path, kind="split", **{"article-3": "on"})
    assert sorted(map(len, members(store).values())) == [1, 2]
    await browser.send(f"{path}/decision", path, kind="apart", **{"article-1": "on", "article-2": "on"})
    assert sorted(map(len, members(store).values())) == [1, 1, 1]
    page = (await browser.get(path)).text
    number = page.rpartition('name="other" value="')[2].partition('"')[0]
    await browser.send(f"{path}/decision", path, kind="undo", other=number)
    assert "taken back" in (await browser.get(path)).text
    assert {event.by for event in store.story_record(story).events if event.by_hand} == {"this machine"}
    assert "by hand, by this machine" in (await browser.get(path)).text


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "merge", "other": "1"},
        {"kind": "merge", "other": "٣"},
        {"kind": "merge", "other": "99999999999999999999999"},
        {"kind": "split"},
        {"kind": "lead", "article-1": "on", "article-2": "on"},
        {"kind": "lead", "article-999": "on"},
        {"kind": "apart", "article-1": "on"},
        {"kind": "undo", "other": "5"},
        {"kind": "drop"},
        {"kind": "split", "article-²": "on", "article-999999999999999999999": "on"},
    ],
)
async def test_a_decision_without_sense_is_explained_and_changes_nothing(store: SqlStore, clock: Clock, fields: dict[str, str]) -> None:
    before = members(store)
    answer = await Browser(make_site(store, clock)).send("/stories/1/decision", "/stories/1", **fields)
    assert answer.status_code == 400
    assert members(store) == before


@pytest.mark.parametrize("path", ["/stories/{}/decision", "/articles/{}/verdict", "/deliveries/{}/resend"])
async def test_a_number_that_no_store_gives_is_not_found(store: SqlStore, clock: Clock, path: str) -> None:
    answer = await Browser(make_site(store, clock)).send(
        path.format("9" * 20), "/stories/1", kind="undo", topic="workers", verdict="relevant"
    )
    assert answer.status_code == 404


async def test_a_decision_is_taken_back_at_its_own_story_only(store: SqlStore, clock: Clock) -> None:
    story, other = (next(number for number, found in members(store).items() if wanted in found) for wanted in (1, 3))
    browser, path = Browser(make_site(store, clock)), f"/stories/{story}"
    await browser.send(f"{path}/decision", path, kind="lead", **{"article-2": "on"})
    number = (await browser.get(path)).text.rpartition('name="other" value="')[2].partition('"')[0]
    for stranger in (other, 777_777):
        assert (await browser.send(f"/stories/{stranger}/decision", path, kind="undo", other=number)).status_code == 400
    assert not [event for event in store.story_record(story).events if event.undone_at]
    assert (await browser.send(f"{path}/decision", path, kind="undo", other=number)).status_code == 303


async def test_a_viewer_decides_nothing(store: SqlStore, clock: Clock) -> None:
    add_readers(store)
    browser = Browser(make_site(store, clock))
    await browser.log_in("viewer")
    page = (await browser.get("/stories/1")).text
    assert "checkbox" not in page
    assert (await browser.send("/stories/1/decision", "/", kind="split", **{"article-2": "on"})).status_code == 403


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("200 workers left", "300 workers left", [Piece("200", "gone"), Piece("300", "new"), Piece(" workers left")]),
        ("북한 노동자", "북한 노동당", [Piece("북한 노동"), Piece("자", "gone"), Piece("당", "new")]),
        ("same", "same", []),
        ("", "<b>", [Piece("<b>", "new")]),
    ],
)
def test_a_difference_names_what_went_and_what_came(old: str, new: str, shown: list[Piece]) -> None:
    assert list(difference(old, new)) == shown


def test_a_hostile_text_is_compared_in_time() -> None:
    assert difference("a b " * 1_500, "b a " * 1_500)
