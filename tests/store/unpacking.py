"""Bundles as somebody gets them: unpacked, and checked by their own script."""

import subprocess
import sys
import zipfile
from pathlib import Path

from aggregator.bundle import Bundle, write_bundle


def unpack(url: str, story: int, folder: Path, mode: str = "full") -> Path:
    """Write a bundle and give the folder with its files."""
    return unpacked(url, story, folder, mode)[1]


def unpacked(url: str, story: int, folder: Path, mode: str = "full") -> tuple[Bundle, Path]:
    """Write a bundle, and give what was told of it, and the folder with its files."""
    made = write_bundle(url, story, folder / "story.zip", mode)
    with zipfile.ZipFile(folder / "story.zip") as archive:
        archive.extractall(folder / "bundle")
    return made, folder / "bundle"


def check(bundle: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Let the bundle check itself, with nothing but Python."""
    command = [sys.executable, "-I", "verify.py", *arguments]
    return subprocess.run(command, cwd=bundle, capture_output=True, text=True, check=False, timeout=30)
