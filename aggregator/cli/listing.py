"""The list of commands: where each is found, and the words that help shows of it.

The help of the whole is told from this list alone: neither the commands are loaded for it nor what reads the command line.
A test holds the words against the commands' own.
"""

ABOUT = "Watch news on North Korean labour abroad and sanctions: nothing missed, nothing repeated, everything explained."

COMMANDS = {
    "run": ("run", "Run the service: poll, judge, send, and show a status page, until it is stopped."),
    "worker": ("worker", "Work on what `aggregator run` queues, on this or any other machine, until stopped."),
    "poll": ("poll", "Poll feeds now: fetch, store and judge, and list what each brought."),
    "check": ("check", "Check feeds.yaml and the environment, and run each topic's own examples."),
    "explain": (
        "explain",
        "Say for each topic whether a text matches, its score and its parts",
    ),
    "parse": ("parse", "Read files as RSS, Atom, RDF or JSON Feed, and print what is in them."),
    "extract": (
        "extract",
        "Extract the article of each page without its chrome, its metadata, and its facts",
    ),
    "facts": ("facts", "List the figures of all matched articles since a day: value, unit, period, place, date, article, quote."),
    "cluster": ("cluster", "Sort articles into stories as the service would, in the order of the file"),
    "demo": (
        "demo",
        "Show the main job end to end: feeds polled, articles found, copies folded, a digest mailed",
    ),
    "backtest": (
        "backtest",
        "Judge the stored archive by two sets of topics: articles gained, lost and re-scored",
    ),
    "doctor": ("doctor", "Examine configuration, disk, database, names, mail, Slack, each feed and the clock, and say what to do."),
    "search": ("desk", "Search everything the feeds brought, in all languages."),
    "export": ("desk", "Write what a search finds to standard output; a spreadsheet takes no cell of it for a formula."),
    "reindex": ("desk", "Build the search index again: after an upgrade that says so, and once for an archive older than the index."),
    "digest": ("digest", "Preview, send and list digests."),
    "feeds": ("feeds", "List, show, test and discover sources."),
    "opml": ("opml", "Import and export lists of feeds as OPML."),
    "topics": ("topics", "List topics, judge the archive again after a change, review near misses."),
    "stories": ("stories", "List, show, merge and split stories, group the archive again."),
    "db": ("db", "Upgrade, check, back up, restore, prune, verify and copy the database."),
    "user": ("desk", "Say who may log in to the desk."),
    "token": ("desk", "Make tokens for programs that use the API."),
}
"""By name: the module in `aggregator.cli` that has it under that name, and how its help begins."""


def whole_help() -> str:
    """Write the help that lists every command."""
    widest = max(map(len, COMMANDS))
    lines = (f"  {name:<{widest}}  {about}" for name, (_, about) in COMMANDS.items())
    options = "  --version  Print the version and end.\n  --help     Show this message and exit."
    usage = "Usage: aggregator [OPTIONS] COMMAND [ARGS]...\n\n  " + ABOUT
    return f"{usage}\n\nOptions:\n{options}\n\nCommands:\n" + "\n".join(lines) + "\n"
