"""`aggregator search`, `export`, `reindex`, `user` and `token`: the desk without its pages."""

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment
from aggregator.cli.evidence import export_evidence
from aggregator.errors import UsageError

user = typer.Typer(help="Say who may log in to the desk.", no_args_is_help=True)
token = typer.Typer(help="Make tokens for programs that use the API.", no_args_is_help=True)
Query = Annotated[str, typer.Argument(help='Words, "phrases", begin*, -without, OR, a NEAR/10 b.')]
Topic = Annotated[str, typer.Option(help="Only articles that match this topic.")]
Language = Annotated[str, typer.Option(help="Only articles in this language, such as ko.")]
Feed = Annotated[str, typer.Option(help="Only articles of this feed.")]
Name = Annotated[str, typer.Argument(help="A name of your choice.")]


class Form(StrEnum):
    """Name a form of export."""

    CSV = "csv"
    JSONL = "jsonl"
    ATOM = "atom"
    JSONFEED = "jsonfeed"


class UserRole(StrEnum):
    """Name what a user may do."""

    VIEWER = "viewer"
    EDITOR = "editor"


class Scope(StrEnum):
    """Name what a token may do."""

    READ = "read"
    WRITE = "write"


def search(
    query: Query,
    topic: Topic = "",
    language: Language = "",
    feed: Feed = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")] = 20,
    newest: Annotated[bool, typer.Option("--newest", help="Newest first instead of best first.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Search everything the feeds brought, in all languages.

    Example: aggregator search '"loyalty fund*" NEAR/10 China'
    """
    from aggregator.app.stores import open_desk
    from aggregator.desk import Asked
    from aggregator.desk import search as look_up
    from aggregator.desk_records import SearchFilter

    with open_desk(settings_from_environment(quiet=True)) as (desk, _):
        asked = Asked(query=query, chosen=SearchFilter(topic=topic, language=language, feed=feed), best=not newest)
        results = look_up(desk, asked, limit=limit)
    if not results.asks:
        raise UsageError("the query names nothing to look for: write at least one word that must be there")
    if json:
        for found in results.found:
            screen.print_json(found)
        return
    rows = [
        (one.hit.first_seen_at, one.hit.outlet, one.hit.language, one.hit.title, one.snippet.text, one.hit.url) for one in results.found
    ]
    screen.print_table(f"{len(rows)} found", ("seen", "outlet", "in", "title", "text", "address"), rows)


def export(
    query: Query = "",
    form: Annotated[Form, typer.Option("--as", help="The form to write.")] = Form.CSV,
    topic: Topic = "",
    language: Language = "",
    feed: Feed = "",
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many, newest first.")] = 100_000,
    evidence: Annotated[int | None, typer.Option("--evidence", metavar="STORY", help="Write what proves a story instead.")] = None,
    to: Annotated[Path | None, typer.Option("--to", help="The file for evidence; evidence-STORY.zip without.")] = None,
) -> None:
    """Write what a search finds to standard output; a spreadsheet takes no cell of it for a formula.

    With --evidence: a ZIP file with the texts, entries and responses of a story and their hashes. It opens without the service.

    Example: aggregator export 북한 --as csv > articles.csv

    Example: aggregator export --evidence 12 --to story-12.zip
    """
    if evidence is not None:
        export_evidence(evidence, to)
        return
    from aggregator.app.stores import open_desk
    from aggregator.desk import Asked
    from aggregator.desk import export as write
    from aggregator.desk_records import SearchFilter

    settings = settings_from_environment(quiet=True)
    with open_desk(settings) as (desk, _):
        asked = Asked(query=query, chosen=SearchFilter(topic=topic, language=language, feed=feed))
        for piece in write(desk, asked, form.value, f"{settings.public_url or 'http://localhost'}/export.{form.value}", limit):
            sys.stdout.write(piece)


def reindex() -> None:
    """Build the search index again: after an upgrade that says so, and once for an archive older than the index.

    Example: aggregator reindex
    """
    from aggregator.app.stores import open_desk

    with open_desk(settings_from_environment(quiet=True)) as (desk, _), screen.progress() as progress:
        task = progress.add_task("articles", total=None)
        done = desk.store.rebuild_search(lambda count: progress.update(task, completed=count))
    screen.out.print(f"{done} articles indexed")


@user.command("add")
def add_user(
    name: Name,
    role: Annotated[UserRole, typer.Option(help="An editor may also act: mark, send again.")] = UserRole.VIEWER,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")] = False,
) -> None:
    """Give somebody a password, or a new one; sessions of that user end.

    Example: aggregator user add anna --role editor
    """
    from aggregator.app.stores import open_desk
    from aggregator.desk_records import User
    from aggregator.web import hash_password
    from aggregator.web.passwords import LONGEST, SHORTEST

    password = (
        sys.stdin.readline().rstrip("\r\n") if password_stdin else typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(f"the password is too short or too long: use {SHORTEST} to {LONGEST} characters")
    with open_desk(settings_from_environment(quiet=True)) as (_, readers):
        readers.save_user(User(name=name, role=role.value, password_hash=hash_password(password)), datetime.now(UTC))
    screen.out.print(f"{name} may log in as {role.value}")


@user.command("list")
def list_users() -> None:
    """List who may log in."""
    from aggregator.app.stores import open_desk

    with open_desk(settings_from_environment(quiet=True)) as (_, readers):
        rows = [(one.name, one.role) for one in readers.users()]
    screen.print_table("Users", ("name", "role"), rows)


@user.command("remove")
def remove_user(name: Name) -> None:
    """Take somebody's password away; sessions of that user end."""
    from aggregator.app.stores import open_desk

    with open_desk(settings_from_environment(quiet=True)) as (_, readers):
        if not readers.remove_user(name):
            raise UsageError("there is no user of that name: aggregator user list")
    screen.out.print(f"{name} may no longer log in")


@token.command("add")
def add_token(name: Name, scope: Annotated[Scope, typer.Option(help="What the token may do.")] = Scope.READ) -> None:
    """Make a token and show it, once; a token of that name ends.

    Example: aggregator token add newsroom-screen
    """
    from aggregator.app.stores import open_desk
    from aggregator.web import hashed, new_key

    made = new_key()
    with open_desk(settings_from_environment(quiet=True)) as (_, readers):
        readers.save_token(name, hashed(made), scope.value, datetime.now(UTC))
    sys.stdout.write(made + "\n")


@token.command("remove")
def remove_token(name: Name) -> None:
    """End a token."""
    from aggregator.app.stores import open_desk

    with open_desk(settings_from_environment(quiet=True)) as (_, readers):
        if not readers.remove_token(name):
            raise UsageError("there is no token of that name")
    screen.out.print(f"the token {name} is no longer taken")
