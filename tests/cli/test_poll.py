"""`aggregator poll` says what came of each feed, and ends with 1 where one failed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aggregator.app.configured import utc_now
from aggregator.poll import LEASE
from aggregator.store import open_store, working_lock
from tests.cli.conftest import Command, lines


def test_what_a_feed_brought_is_stored_and_judged(command: Command, feeds_file: Path) -> None:
    done = command("poll", "paper", "--json")
    assert (done.code, done.err) == (0, "")
    (poll,) = done.records
    assert set(poll) == {"feed_id", "started_at", "outcome", "status", "entries", "new", "revised", "message", "raised"}
    assert (poll["feed_id"], poll["outcome"], poll["entries"], poll["new"]) == ("paper", "ok", 2, 2)
    store = open_store(f"sqlite:///{feeds_file.parent}/data/aggregator.db")
    assert {outcome.code for outcome in store.outcomes()} == {"no_country", "new_story"}
    store.close()


def test_a_feed_that_fails_is_one_line_and_the_others_are_polled(command: Command, feeds_file: Path) -> None:
    done = command("poll")
    assert done.code == 1
    rows = {line.split()[0]: line for line in lines(done.out)}
    assert "failed" in rows["gone"]
    assert "refused" in rows["gone"] or "reach" in rows["gone"] or "connect" in rows["gone"]
    assert " ok " in rows["paper"]
    assert lines(done.out)[-1] in ("1 ok, 1 failed", "1 failed, 1 ok")
    again = command("poll")
    assert (again.code, again.out) == (0, "No feed is due. Name feeds to poll them at once.\n")


def test_a_feed_that_fails_is_one_record_for_machines(command: Command, feeds_file: Path) -> None:
    done = command("poll", "gone", "--json")
    assert done.code == 1
    (poll,) = done.records
    assert (poll["outcome"], poll["new"]) == ("failed", 0)
    assert poll["message"]


def test_an_unknown_or_disabled_feed_is_wrong_use_and_nothing_is_polled(command: Command, feeds_file: Path) -> None:
    done = command("poll", "paper", "nonesuch", "off")
    assert (done.code, done.out) == (2, "")
    assert lines(done.err) == ["no enabled feed has the id nonesuch, off; feeds.yaml lists them"]
    assert not (feeds_file.parent / "data").exists()


@contextmanager
def leased(command: Command, url: str) -> Iterator[None]:
    """Lease a feed as a poll does that is under way."""
    command("digest", "list")
    command("digest", "preview", "morning")  # declares the feeds
    store = open_store(url)
    with working_lock(url):
        store.claim_feeds(utc_now(), LEASE, 1, only=["paper"])
        store.close()
        yield


def test_a_feed_that_another_process_is_polling_is_told_and_left_alone(command: Command, feeds_file: Path) -> None:
    with leased(command, f"sqlite:///{feeds_file.parent}/data/aggregator.db"):
        done = command("poll", "paper")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("paper: another process is polling this feed")


def test_a_feed_that_a_killed_poll_had_leased_is_polled_at_once(command: Command, feeds_file: Path) -> None:
    with leased(command, f"sqlite:///{feeds_file.parent}/data/aggregator.db"):
        pass
    done = command("poll", "paper", "--json")
    assert done.code == 0
    assert [poll["outcome"] for poll in done.records] == ["ok"]


def test_a_broken_file_stops_before_anything_is_polled(command: Command, feeds_file: Path) -> None:
    feeds_file.write_text("feeds: {}\n", encoding="utf-8")
    done = command("poll")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("feeds.yaml:1:")


def test_a_data_folder_that_cannot_be_made_is_a_sentence(command: Command, feeds_file: Path) -> None:
    (feeds_file.parent / "data").write_text("a file", encoding="utf-8")
    done = command("poll")
    assert (done.code, done.out) == (1, "")
    assert len(lines(done.err)) == 1
