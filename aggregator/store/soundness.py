"""Soundness: is the database whole, of this release, and do its books balance?

Each finding names what is wrong, how often, and what to do. Nothing is changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from aggregator.store.database import translated
from aggregator.store.engine import connect, database_url, reading
from aggregator.store.schema import stored_version, versions
from aggregator.store.unfinished import unfinished

RESTORE = "restore the last backup: aggregator db restore"

_BOOKS = {
    "revisions numbered beyond the ingest counter": (
        "SELECT count(*) FROM revisions WHERE seq > (SELECT value FROM counters WHERE name = 'ingest')"
    ),
    "entries without a revision": (
        "SELECT count(*) FROM entries AS e WHERE NOT EXISTS (SELECT 1 FROM revisions AS r WHERE r.entry_id = e.id)"
    ),
    "entries whose current revision is missing": (
        "SELECT count(*) FROM entries AS e WHERE NOT EXISTS"
        " (SELECT 1 FROM revisions AS r WHERE r.seq = e.current_seq AND r.entry_id = e.id)"
    ),
    "judged revisions without an outcome": "SELECT count(*) FROM revisions WHERE judged_at IS NOT NULL AND outcome IS NULL",
    "matched revisions in no story": (
        "SELECT count(DISTINCT m.seq) FROM matches AS m JOIN revisions AS r ON r.seq = m.seq"
        " WHERE r.outcome <> 'held' AND NOT EXISTS (SELECT 1 FROM story_events AS s WHERE s.seq = m.seq)"
    ),
    "stories whose leading article is not a member": (
        "SELECT count(*) FROM stories AS s WHERE s.merged_into IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM story_articles AS a WHERE a.story_id = s.id AND a.article_id = s.lead_article_id)"
    ),
    "digests that no delivery carries": (
        "SELECT count(*) FROM digests AS d WHERE NOT EXISTS (SELECT 1 FROM deliveries AS v WHERE v.digest_id = d.id)"
    ),
    "subscriptions told beyond the ingest counter": (
        "SELECT count(*) FROM subscriptions WHERE after_seq > (SELECT value FROM counters WHERE name = 'ingest')"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Name one thing that was looked at; `advice` is empty where it is as it should be."""

    what: str
    state: str
    advice: str = ""

    @property
    def ok(self) -> bool:
        """Tell whether nothing is to do."""
        return not self.advice


def check_database(url: str) -> tuple[Finding, ...]:
    """Look at the schema's version, the pages and keys of the file, and the books; raises `StoreError` where nothing can be read."""
    engine = connect(database_url(url))
    try:
        with translated(), reading(engine).begin() as connection:
            if move := unfinished(connection):  # its books cannot balance
                return (Finding(what="installation", state=f"half: {move.state}", advice=move.advice),)
            version = _version(connection)
            if version.advice:  # nothing below can be asked of other tables
                return (version,)
            return (version, *_file(connection), *_books(connection))
    finally:
        engine.dispose()


def schema_versions(connection: Connection) -> tuple[str, str]:
    """Give the version of the database's tables, empty without any, and the one that this release wants."""
    return stored_version(connection), versions()[-1]


def _version(connection: Connection) -> Finding:
    found, wanted = schema_versions(connection)
    if found == wanted:
        return Finding(what="schema", state=f"version {found}")
    older = not found or found in versions()
    advice = "run aggregator db upgrade" if older else "install the release that wrote it, or restore a backup of this one"
    return Finding(what="schema", state=f"version {found or 'none'}, this release wants {wanted}", advice=advice)


def _file(connection: Connection) -> Iterator[Finding]:
    if connection.dialect.name != "sqlite":
        yield Finding(what="engine", state=str(connection.exec_driver_sql("SHOW server_version").scalar()))
        return
    said = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(5)")]
    yield Finding(what="pages", state="; ".join(said), advice="" if said == ["ok"] else RESTORE)
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    yield Finding(what="references", state=f"{len(broken)} rows refer to nothing" if broken else "ok", advice=RESTORE if broken else "")


def _books(connection: Connection) -> Iterator[Finding]:
    for what, query in _BOOKS.items():
        count = connection.execute(text(query)).scalar_one()
        yield Finding(what=what, state=str(count), advice=RESTORE if count else "")
