"""What a service that waits does without: libraries that only work needs are loaded by the work."""

import subprocess
import sys

LARGE = (
    "aggregator.enrich",
    "alembic",
    "css_inline",
    "feedparser",
    "lxml",
    "nh3",
    "numpy",
    "pygal",
    "slack_sdk",
    "snowballstemmer",
    "trafilatura",
)


def test_the_service_is_loaded_without_what_only_work_needs() -> None:
    code = f"import sys, aggregator.service, aggregator.cluster; print(sorted(set({LARGE!r}) & sys.modules.keys()))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "[]"
