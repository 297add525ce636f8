"""`aggregator export --evidence`: what proves a story, as one file."""

from pathlib import Path

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment


def export_evidence(evidence: int, to: Path | None) -> None:
    """Write a ZIP file with the texts, entries and responses of a story and their hashes."""
    from aggregator.bundle import write_bundle

    settings, path = settings_from_environment(quiet=True), to or Path(f"evidence-{evidence}.zip")
    made = write_bundle(settings.database_url, evidence, path, settings.evidence)
    screen.out.print(f"{path} holds {made.links} texts with their evidence; python3 verify.py inside it checks the hashes.")
    screen.out.print(f"root {made.root}\nhead {made.head}")
    screen.out.print("Tell the root on another way than the file: whoever has it can check the whole bundle.")
