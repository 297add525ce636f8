"""`aggregator stories`: look at stories, ask why two articles are one story, and correct what the rules decided."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from getpass import getuser
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment
from aggregator.cli.regroup import grouping_state, regroup
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from aggregator.ports import Store
    from aggregator.records import StoryRecord, Telling

stories = typer.Typer(help="List, show, merge and split stories, group the archive again.", no_args_is_help=True)
stories.command()(regroup)
_MOST = 2**31 - 1
Story = Annotated[int, typer.Argument(min=1, max=_MOST, help="A story's number, see `aggregator stories list`.")]
Article = Annotated[int, typer.Argument(min=1, max=_MOST, help="An article's number, see `aggregator stories show`.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
By = Annotated[str, typer.Option("--by", help="Who decides, for the audit trail; your user name unless you say.", show_default=False)]


@stories.command("list")
def list_stories(json: Json = False, limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 20) -> None:
    """List the stories that changed last, with their phase and how well they are confirmed.

    Example: aggregator stories list --limit 5
    """
    from aggregator.app.configured import utc_now
    from aggregator.app.stores import open_installed_store
    from aggregator.core.chronicle import summarise

    with open_installed_store(settings_from_environment(quiet=True)) as store:
        records = store.story_records(limit)
        state = grouping_state(store)
    now = utc_now()
    summaries = [summarise(record, now) for record in records]
    if json:
        for summary in summaries:
            screen.print_json(summary)
        return
    rows = [(one.story_id, one.phase, one.first_told_at, one.articles, one.headline, one.confirmed) for one in summaries]
    screen.print_table("Stories", ("id", "phase", "first told (UTC)", "articles", "lead", "confirmed by"), rows, numbers=("id", "articles"))
    for line in state:
        screen.out.print(line)


@stories.command()
def show(
    story: Story,
    why: Annotated[
        tuple[int, int] | None, typer.Option("--why", help="Two articles' numbers: what speaks for and against one event.")
    ] = None,
    json: Json = False,
) -> None:
    """Show a story: its timeline, who has it from whom, which sentences are shared, and what was decided about it.

    Example: aggregator stories show 7 --why 12 31
    """
    from aggregator.app.configured import utc_now
    from aggregator.app.stores import open_installed_store
    from aggregator.core.chronicle import summarise, timeline

    with open_installed_store(settings_from_environment(quiet=True)) as store:
        record = store.story_record(story)
        pair = _pair(store, record, why) if why else None
    if pair:
        _explain(pair, record, json=json)
        return
    if json:
        screen.print_json({"summary": summarise(record, utc_now()), "timeline": timeline(record), "audit": record.events})
        return
    summary = summarise(record, utc_now())
    screen.out.print(f"Story {record.story_id}, version {record.version}, {summary.phase}: {screen.plain(summary.confirmed)}")
    rows = [(line.told_at, line.article_id, line.outlet, line.role, line.of, line.title, line.why) for line in timeline(record)]
    screen.print_table("Timeline", ("told (UTC)", "article", "outlet", "role", "of", "title", "why here"), rows, numbers=("article",))
    _audit(record)


@stories.command()
def merge(story: Story, other: Story, by: By = "", json: Json = False) -> None:
    """Make one story of two, for good: who was told the one is not told the other again.

    Example: aggregator stories merge 7 9
    """
    _decide(lambda store, now, who: store.merge_stories(story, other, now, who), by, json=json)


@stories.command()
def split(
    story: Story,
    articles: Annotated[list[int], typer.Argument(help="The articles that leave it together.")],
    by: By = "",
    json: Json = False,
) -> None:
    """Give articles a story of their own, for good; who was told of them is not told again.

    Example: aggregator stories split 7 31 32
    """
    _decide(lambda store, now, who: store.split_story(story, articles, now, who), by, json=json)


@stories.command()
def lead(story: Story, article: Article, by: By = "", json: Json = False) -> None:
    """Choose the article that speaks for a story.

    Example: aggregator stories lead 7 31
    """
    _decide(lambda store, now, who: store.set_lead(story, article, now, who), by, json=json)


@stories.command()
def apart(one: Article, other: Article, by: By = "", json: Json = False) -> None:
    """Remember that two articles do not tell one event; they are parted where they stand together.

    Example: aggregator stories apart 12 31
    """
    _decide(lambda store, now, who: store.keep_apart(one, other, now, who), by, json=json)


@stories.command()
def undo(
    decision: Annotated[int, typer.Argument(min=1, max=_MOST, help="Its number, see `aggregator stories show`.")],
    by: By = "",
    json: Json = False,
) -> None:
    """Take a decision by hand back; what was sent stays sent.

    Example: aggregator stories undo 4
    """
    _decide(lambda store, now, who: store.undo_operation(decision, now, who), by, json=json)


def _decide(work: "Callable[[Store, datetime, str], int]", by: str, *, json: bool) -> None:
    from aggregator.app.configured import utc_now
    from aggregator.app.stores import open_installed_store

    with open_installed_store(settings_from_environment(quiet=True)) as store:
        number = work(store, utc_now(), by or _user())
    if json:
        screen.print_json({"decision": number})
    else:
        screen.out.print(f"Done; decision {number}. `aggregator stories undo {number}` takes it back.")


def _user() -> str:
    """Name who runs the command; a container may have a number for a user, and no name."""
    try:
        return getuser()
    except (OSError, KeyError):
        return ""


def _pair(store: "Store", record: "StoryRecord", ids: Sequence[int]) -> "tuple[Telling, Telling]":
    strange = [str(article) for article in ids if article not in {member.article_id for member in record.members}]
    if strange:
        raise UsageError(f"story {record.story_id} has no article {', '.join(strange)}; `aggregator stories show` lists them")
    found = [store.telling(article) for article in ids]
    missing = [str(article) for article, telling in zip(ids, found, strict=True) if telling is None]
    if missing or found[0] is None or found[1] is None:
        raise UsageError(f"no matched article has the number {', '.join(missing)}; `aggregator stories show` gives them")
    return found[0], found[1]


def _decided(record: "StoryRecord", one: int, other: int) -> str:
    """Say what people decided of a pair, be it through the article that both were bound to."""
    bonds = {frozenset((bond.one, bond.other)): bond.together for bond in record.bonds}
    direct = bonds.get(frozenset((one, other)))
    if direct is not None:
        return "together" if direct else "apart"
    ids = (member.article_id for member in record.members)
    through = any(bonds.get(frozenset((one, third))) and bonds.get(frozenset((other, third))) for third in ids)
    return "together" if through else ""


def _explain(pair: "tuple[Telling, Telling]", record: "StoryRecord", *, json: bool) -> None:
    from aggregator.core.copies import evidence, is_copy
    from aggregator.core.fingerprints import tells_enough
    from aggregator.core.likeness import JOIN, likeness
    from aggregator.core.shingles import resemblance, shared_sentences

    one, other = pair
    same = one.text_hash == other.text_hash and tells_enough(one.title, one.text)
    overlap = 1.0 if same else resemblance(one.text, other.text)
    weighed = likeness(one, other, evidence(one, other, overlap))
    said: Mapping[str, Any] = {
        "decided": _decided(record, one.article_id, other.article_id),
        "copy": is_copy(one, other, overlap),
        "probability": round(weighed.probability, 3),
        "joins_from": JOIN,
        "parts": [
            {"part": part.name, "found": round(part.value, 3), "adds": round(part.adds, 2), "shared": part.shared} for part in weighed.parts
        ],
        "overlap": round(overlap, 3),
        "shared_sentences": shared_sentences(one.text, other.text),
    }
    if json:
        screen.print_json(said)
        return
    if said["decided"]:
        screen.out.print(f"A person decided: {said['decided']}. That holds whatever else speaks for or against it.")
    if said["copy"]:
        screen.out.print(f"They are one text ({overlap:.0%} of the shorter one): copies join unless a person kept them apart.")
    screen.out.print(
        f"{weighed.probability:.0%} that articles {one.article_id} and {other.article_id} tell one event; they join from {JOIN:.0%}."
    )
    rows = [(part["part"], part["found"], f"{part['adds']:+.2f}", ", ".join(part["shared"])) for part in said["parts"]]
    screen.print_table("What was compared", ("part", "found", "adds", "shared"), rows, numbers=("found", "adds"))
    for sentence in said["shared_sentences"]:
        screen.out.print(f"in both: {screen.plain(sentence)}")


def _audit(record: "StoryRecord") -> None:
    if record.events:
        rows = [
            (
                event.id,
                event.decided_at,
                event.kind,
                screen.plain(event.by or "a person") if event.by_hand else "the rules",
                event.story_id,
                event.other_id or "",
                event.undone_at,
            )
            for event in record.events
        ]
        screen.print_table("Decisions", ("id", "decided (UTC)", "what", "by", "story", "other", "undone"), rows, numbers=("id",))
