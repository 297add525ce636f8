"""`aggregator export --evidence`: what proves a story, as one file."""

from pathlib import Path

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment


def export_evidence(evidence: int, to: Path | None) -> None:
    """Write a ZIP file with the texts, entries and responses of a story and their hashes."""
    from aggregator.bundle import write_bundle

    path = to or Path(f"evidence-{evidence}.zip")
    links = write_bundle(settings_from_environment(quiet=True).database_url, evidence, path)
    screen.out.print(f"{path} holds {links} texts with their evidence; python3 verify.py inside it checks the hashes.")
