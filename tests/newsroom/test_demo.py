"""The demo's outcome, story by story: what was found, folded, told, and what was left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from aggregator.core import outcomes
from aggregator.newsroom.demo import SUBSCRIPTIONS, DemoReport, run_demo
from aggregator.newsroom.edition import load_expected
from aggregator.newsroom.ledger import Fault
from aggregator.newsroom.world import World
from aggregator.store import open_store
from tests.newsroom.outcome import Happened

TOPICS = Path(__file__).parents[2] / "feeds.yaml"
pytestmark = pytest.mark.xdist_group("demo")
EXPECTED = load_expected()


@dataclass(frozen=True)
class Demo:
    """Hold one finished demo with what arrived at its receivers."""

    report: DemoReport
    happened: Happened
    mails: tuple[bytes, ...]
    alerts: tuple[object, ...]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    with World.open(folder / "received") as world:
        report = run_demo(world.control_url, folder, TOPICS.read_text(encoding="utf-8"), lambda line: None)
        store = open_store(f"sqlite:///{folder}/aggregator.db")
        digests = [digest for _, digest in store.digests(limit=100)]
        happened = Happened(world.edition, store.outcomes(), digests)
        store.close()
        yield Demo(report, happened, tuple(mail.message for mail in world.mails), tuple(alert.payload for alert in world.alerts))


@pytest.mark.parametrize("story", EXPECTED.stories, ids=lambda story: story.id)
def test_an_event_is_one_story_with_all_its_members(demo: Demo, story: object) -> None:
    expected = next(found for found in EXPECTED.stories if found is story)
    (number,) = demo.happened.stories_of(expected)
    assert number is not None
    mine = {outcome.seq for member in expected.members for outcome in demo.happened.of(member.entry)}
    assert {outcome.seq for outcome in demo.happened.outcomes if outcome.story_id == number} == mine
    assert {topic for outcome in demo.happened.outcomes if outcome.seq in mine for topic in outcome.topics} == set(expected.topics)


@pytest.mark.parametrize("family", EXPECTED.must_not_match)
def test_what_only_looks_relevant_matches_no_topic_and_says_why(demo: Demo, family: str) -> None:
    for entry in EXPECTED.must_not_match[family]:
        found = demo.happened.of(entry)
        assert found, f"{entry} was not stored"
        assert all(outcome.code in outcomes.UNMATCHED and not outcome.topics for outcome in found), (entry, found)
        assert all(outcome.detail for outcome in found)


def test_every_stored_entry_is_accounted_for(demo: Demo) -> None:
    members = [member.entry for story in EXPECTED.stories for member in story.members]
    named = members + [entry for family in EXPECTED.must_not_match.values() for entry in family]
    assert {outcome.seq for entry in named for outcome in demo.happened.of(entry)} == {outcome.seq for outcome in demo.happened.outcomes}
    assert demo.report.complaints == ()


@pytest.mark.parametrize("subscription", SUBSCRIPTIONS)
def test_every_story_is_told_once_and_its_changed_figure_once_more(demo: Demo, subscription: str) -> None:
    assert demo.happened.told(subscription) == demo.happened.tellings_expected()


def test_the_update_says_what_changed(demo: Demo) -> None:
    changes = [change for digest in demo.happened.digests for item in digest.items if item.kind == "update" for change in item.changes]
    assert set(changes) == {"2,000 → 200 people"}


def test_quiet_revisions_are_stored_and_tell_nothing(demo: Demo) -> None:
    for quiet in EXPECTED.quiet_revisions:
        assert demo.happened.of(quiet.entry)[-1].code == outcomes.COSMETIC_REVISION


def test_copies_are_folded_as_copies_whichever_came_first(demo: Demo) -> None:
    for story in EXPECTED.stories:
        for member in story.members:
            if member.role == "copy":
                pair = {outcome.code for entry in (member.entry, member.of or "") for outcome in demo.happened.of(entry)}
                assert outcomes.COPY in pair, (member, pair)


def test_a_page_seen_again_is_no_article_of_its_own(demo: Demo) -> None:
    for story in EXPECTED.stories:
        for member in story.members:
            if member.role == "same":
                again, first = demo.happened.of(member.entry), demo.happened.of(member.of or "")
                codes = {outcome.code for outcome in (*again, *first)}
                assert again == first or outcomes.SAME_ARTICLE in codes, (member, codes)


def test_echoes_never_count_as_confirmation(demo: Demo) -> None:
    shown = {outlet.url: outlet.role for digest in demo.happened.digests for item in digest.items for outlet in item.outlets}
    for story in EXPECTED.stories:
        for member in story.members:
            url = demo.happened.of(member.entry)[-1].url
            if member.role == "echo" and url in shown:
                assert shown[url] == "echo", (story.id, member)


def test_own_reports_confirm_and_a_pair_of_copies_confirms_once(demo: Demo) -> None:
    for story in EXPECTED.stories:
        (number,) = demo.happened.stories_of(story)
        items = [item for digest in demo.happened.digests for item in digest.items if item.story_id == number]
        own = {demo.happened.of(member.entry)[-1].url for member in story.members if member.role in ("origin", "independent")}
        copies = {demo.happened.of(member.entry)[-1].url for member in story.members if member.role == "copy"}
        for item in items:
            confirming = {outlet.url for outlet in item.outlets if outlet.role in ("origin", "independent")}
            told = {outlet.url for outlet in item.outlets}
            assert confirming <= own | copies, story.id
            assert len(confirming) == len(told & own), story.id


def test_the_third_round_tells_nothing(demo: Demo) -> None:
    assert [bool(part.sent) for part in demo.report.rounds] == [True, True, False]
    assert demo.report.rounds[-1].judged == 0


def test_feeds_that_fail_say_so_and_stop_nobody(demo: Demo) -> None:
    for number, part in enumerate(demo.report.rounds, start=1):
        failed = {poll.feed_id for poll in part.polls if poll.outcome == "failed"}
        assert failed == {feed for feed, failing in EXPECTED.failing.items() if number in failing.rounds}
    assert all(poll.message for part in demo.report.rounds for poll in part.polls if poll.outcome == "failed")


def test_a_demo_whose_mail_is_refused_says_so(tmp_path: Path) -> None:
    with World.open(tmp_path / "received") as world:
        world.fail(Fault(channel="smtp", status=550, count=99))
        report = run_demo(world.control_url, tmp_path / "demo", TOPICS.read_text(encoding="utf-8"), lambda line: None)
    assert any("demo-digest is dead" in complaint for complaint in report.complaints)
    assert any("arrived" in complaint for complaint in report.complaints)


def test_mails_and_alerts_arrived(demo: Demo) -> None:
    assert (len(demo.mails), len(demo.alerts)) == (2, 2)
    mail = message_from_bytes(demo.mails[0], policy=default)
    assert mail["To"] == "desk@newsroom.example"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_hostile_words_reach_nobody_as_markup_or_mention(demo: Demo) -> None:
    parts = [part for mail in demo.mails for part in message_from_bytes(mail, policy=default).walk()]
    html = "".join(part.get_content() for part in parts if part.get_content_type() == "text/html")
    assert html
    assert "<script" not in html
    assert "javascript:" not in html
    assert "<!channel>" not in str(demo.alerts)


def test_the_digest_is_rendered_for_the_eye(demo: Demo) -> None:
    assert {path.suffix for path in demo.report.digest_files} >= {".eml", ".html", ".txt"}
    assert all(path.stat().st_size for path in demo.report.digest_files)
