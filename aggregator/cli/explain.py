"""`aggregator explain`: why does a text match, or not?"""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment
from aggregator.errors import ParseError, UsageError

if TYPE_CHECKING:
    from aggregator.explain import Explained, Explainer
    from aggregator.settings import Settings

_MOST_BYTES = 10_000_000
_STRENGTH = {"strong": "bold green", "weak": "bold yellow", "exclude": "bold red"}


def explain(
    document: Annotated[str | None, typer.Argument(metavar="FILE|URL|-", help="A text or page; - reads standard input.")] = None,
    jsonl: Annotated[Path | None, typer.Option("--jsonl", help="Rows {id, title, text or summary, lang?, source?}; - for input.")] = None,
    source: Annotated[str, typer.Option(help="The feed the text came by: id, name or publisher.")] = "",
    feeds_file: Annotated[Path | None, typer.Option("--feeds", help="The file with the topics; feeds.yaml without.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say for each topic whether a text matches, its score and its parts, the words that counted, and else the nearest miss.

    The first line of a plain text is its title. Exit code 1 where a row of --jsonl could not be read; the others are answered.

    Example: aggregator explain article.txt
    """
    from aggregator.app.configured import read_configuration
    from aggregator.explain import Explainer
    from aggregator.vocabulary import load_packs

    if (document is None) is (jsonl is None):
        raise UsageError("name a FILE, a URL or - for standard input, or rows with --jsonl FILE")
    settings = settings_from_environment(feeds_file, quiet=True)
    explainer = Explainer(read_configuration(settings), load_packs())
    if jsonl is not None:
        _answer_rows(explainer, jsonl)
        return
    explained = _read(explainer, settings, document or "", source)
    if json:
        screen.print_json(explainer.as_row(explained))
    else:
        _show(explainer, explained)


def _answer_rows(explainer: "Explainer", path: Path) -> None:
    from aggregator.explain import explain_row, read_rows

    failed = False
    try:
        with sys.stdin if str(path) == "-" else path.open(encoding="utf-8", errors="replace") as lines:
            for row in read_rows(lines):
                if isinstance(row, ParseError):
                    failed = True
                    screen.err.print(screen.plain(f"{path}: {row}"))
                else:
                    screen.print_json(explain_row(explainer, row))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    if failed:
        raise typer.Exit(1)


def _read(explainer: "Explainer", settings: "Settings", document: str, source: str) -> "Explained":
    from aggregator.app.documents import fetch_page
    from aggregator.explain import title_and_text

    if document.startswith(("http://", "https://")):
        page = asyncio.run(fetch_page(settings, document))
    elif document == "-":
        page = sys.stdin.read(_MOST_BYTES)
    else:
        try:
            with Path(document).open("rb") as file:
                page = file.read(_MOST_BYTES).decode("utf-8", "replace")
        except OSError as error:
            raise UsageError(f"{document} cannot be read: {error.strerror or error}") from error
    title, text = title_and_text(page)
    return explainer.explain(title, text, source, key=document)


def _show(explainer: "Explainer", explained: "Explained") -> None:
    from aggregator.explain import in_context

    article = explained.article
    screen.out.print(Text(screen.plain(article.title or "(no title)"), style="bold"), Text(f"  [{article.language}]", style="dim"))
    for judgement in explained.judgements:
        verdict = Text("matches", style="bold green") if judgement.matched else Text("does not match", style="bold red")
        screen.out.print()
        screen.out.print(Text(f"{judgement.topic}: ", style="bold") + verdict + Text(f", score {judgement.score:g}"))
        screen.out.print(Text(f"  {judgement.reason.code}: {screen.plain(judgement.reason.detail)}"), soft_wrap=True)
        for evidence in judgement.evidence:
            before, quote, after = in_context(article, evidence)
            line = Text("  ").append(screen.plain(before), style="dim")
            line.append(screen.plain(quote), style=_STRENGTH.get(evidence.strength, "bold")).append(screen.plain(after), style="dim")
            line.append(f"   ({evidence.strength}: {explainer.label(evidence.concept)})")
            screen.out.print(line, soft_wrap=True)
