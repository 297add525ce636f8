"""The rule bench: an edited topic is tried on the archive in a process of its own, and nothing changes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.desk_records import StoryFilter
from aggregator.feedfile.loading import load_configuration
from aggregator.feedfile.topics import as_yaml, read_topic, topic_text
from aggregator.models import TopicSpec
from aggregator.sources.workers import Worker
from aggregator.store import SqlStore
from aggregator.trial import Trials, try_rule
from tests.web.browser import Browser
from tests.web.conftest import Clock, add_readers, make_site

FILE = Path(__file__).parents[2] / "feeds.yaml"
RULE = "- id: workers\n  name: Workers abroad\n  query: {query}\n"


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    started = Worker(deadline=20.0)
    yield started
    started.stop()


@pytest.fixture
def trials(worker: Worker) -> Iterator[Trials]:
    made = Trials(lambda rule, sample: worker.run(try_rule, read_topic, rule, sample), worker.start, lambda: None)
    yield made
    made.close()


def bench(store: SqlStore, clock: Clock, trials: Trials) -> Browser:
    return Browser(make_site(store, clock, trials=trials))


async def test_a_rule_shows_what_it_finds_gains_and_loses(store: SqlStore, clock: Clock, trials: Trials) -> None:
    store.record_verdict(1, "workers", "relevant", "ann", clock())
    browser = bench(store, clock, trials)
    page = (await browser.get("/rules")).text
    assert "country_anchor" in page
    kept = (await browser.send("/rules", "/rules", topic="workers", text=RULE.format(query="'loyalty NEAR/3 funds'"))).text
    assert "Found <small>1" in kept
    assert "<mark>Loyalty</mark>" in kept
    assert "Lost <small>1" in kept
    assert "Marked relevant, found" in kept
    assert "  - id: workers\n    name: Workers abroad\n    query: &#39;loyalty NEAR/3 funds&#39;" in kept.replace("&#34;", "'")
    changed = (await browser.send("/rules", "/rules", topic="workers", text=RULE.format(query="alert"))).text
    assert "Gained <small>1" in changed
    assert "Lost <small>2" in changed
    assert "<script>alert" not in changed
    near = (await browser.send("/rules", "/rules", topic="workers", text=RULE.format(query="'loyalty AND volcano'"))).text
    assert "Near misses <small>1" in near
    assert "volcano" in near


async def test_trying_changes_nothing(store: SqlStore, clock: Clock, trials: Trials) -> None:
    browser = bench(store, clock, trials)
    before = store.stories(StoryFilter()), store.overview(), store.archived(0, 100)
    await browser.send("/rules", "/rules", topic="workers", text=RULE.format(query="people"))
    assert (store.stories(StoryFilter()), store.overview(), store.archived(0, 100)) == before
    assert "country_anchor" in (await browser.get("/rules")).text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "one entry that begins with"),
        ("- id: [", "Line 1"),
        (RULE.format(query="'(a AND'"), "Line 3"),
        (RULE.format(query="'@nowhere'"), "nowhere"),
        (RULE.format(query="!!python/object:os.system x"), "Line 3"),
        (RULE.format(query="'" + "(" * 5_000 + "'"), "nest deeper"),
        (RULE.format(query="'" + "NOT " * 1_500 + "a'"), "too often"),
        (RULE.format(query="x") + "  query: y\n", "Line 4"),
        (RULE.format(query="x") + RULE.format(query="y"), "not one topic"),
        ("&a [*a, *a]", "Line 1"),
        (RULE.format(query="x") + "subscriptions: [1]\n", "not one topic|Line"),
    ],
)
async def test_a_wrong_rule_is_answered_with_its_mistakes(store: SqlStore, clock: Clock, trials: Trials, text: str, said: str) -> None:
    answer = await bench(store, clock, trials).send("/rules", "/rules", topic="workers", text=text)
    assert answer.status_code == 400
    assert any(part in answer.text for part in said.split("|")), answer.text


async def test_a_rule_that_is_too_long_or_comes_beside_another_is_refused(store: SqlStore, clock: Clock, trials: Trials) -> None:
    browser = bench(store, clock, trials)
    long = await browser.send("/rules", "/rules", topic="workers", text="노" * 30_001)
    assert "too long" in long.text
    assert (await browser.send("/rules", "/rules", topic="nowhere", text="x")).status_code == 404
    with trials._busy:
        beside = await browser.send("/rules", "/rules", topic="workers", text=RULE.format(query="x"))
    assert "another rule is being tried" in beside.text


@pytest.mark.parametrize(
    "query",
    [
        " OR ".join(f"w{n}*" for n in range(1_900)),
        "SENTENCE(" + " AND ".join(f"(a NEAR/30 b{n})" for n in range(400)) + ")",
        " NEAR/30 ".join(["노동자"] * 500),
        "AT LEAST 900 (" + ", ".join(f"c{n}" for n in range(900)) + ")",
    ],
)
async def test_a_hostile_query_ends_in_time(store: SqlStore, clock: Clock, trials: Trials, query: str) -> None:
    answer = await bench(store, clock, trials).send("/rules", "/rules", topic="workers", text=RULE.format(query=f"'{query}'"))
    assert answer.status_code in (200, 400)


def test_a_trial_ends_when_its_time_is_up(store: SqlStore) -> None:
    from aggregator.trial import Rule, Tried

    tried = try_rule(read_topic, Rule(text=RULE.format(query="people"), old=None, feeds=()), store.sample("workers"), seconds=0.0)
    assert isinstance(tried, Tried)
    assert not tried.complete
    assert tried.articles == 0


async def test_a_viewer_reads_rules_but_tries_none(store: SqlStore, clock: Clock, trials: Trials) -> None:
    add_readers(store)
    browser = bench(store, clock, trials)
    await browser.log_in("viewer")
    page = await browser.get("/rules")
    assert "readonly" in page.text
    assert (await browser.send("/rules", "/rules", topic="workers", text="x")).status_code == 403


async def test_without_a_process_no_rule_is_tried(store: SqlStore, clock: Clock) -> None:
    browser = Browser(make_site(store, clock))
    assert "cannot be tried" in (await browser.send("/rules", "/rules", topic="workers", text="x")).text


def test_a_topic_comes_out_of_the_file_as_it_stands_and_back() -> None:
    text = FILE.read_text(encoding="utf-8")
    topic = read_topic(topic_text(text, TopicSpec(id="labour", name="")), ())
    assert topic.id == "labour"
    assert topic_text(text, topic).startswith("- id: labour\n  name: North Korean workers abroad\n  anchor:")
    assert "# Signs that mean something only together" in topic_text(text, topic)
    assert read_topic(as_yaml(topic), ()) == topic


@pytest.mark.parametrize("file", ["", "topics: [{id: a, name: A, query: x}]\n", "topics:\n  - {id: a, name: A, query: x}\n"])
def test_a_topic_of_another_form_is_written_anew(file: str) -> None:
    topic = TopicSpec(id="a", name="A: b", query="x OR\ny")
    assert read_topic(topic_text(file, topic), ()) == topic


async def test_the_bench_shows_the_lines_of_the_file_as_it_was_read(store: SqlStore, clock: Clock, tmp_path: Path) -> None:
    """What is on disk meanwhile, broken or not, is not what judges: it shows once it was taken over."""
    file = tmp_path / "feeds.yaml"
    feed = "feeds:\r\n  - {id: dailynk, name: N, publisher: N, family: n, language: en, url: 'https://n.example/rss'}\r\n"
    file.write_bytes(f"{feed}topics:\r\n  - id: workers\r\n    name: Workers\r\n    # a reason\r\n    query: worker*\r\n".encode())
    configuration = load_configuration(file)
    file.write_text("broken: [", encoding="utf-8")
    page = (await Browser(make_site(store, clock, configuration=configuration)).get("/rules")).text
    assert "- id: workers\n  name: Workers\n  # a reason\n  query: worker*\n" in page
