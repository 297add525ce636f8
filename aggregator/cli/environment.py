"""What every command begins with: settings from the environment, logs as they say."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.settings import Settings


def settings_from_environment(feeds_file: Path | None = None, quiet: bool = False) -> "Settings":
    """Read the environment and set up logs; `feeds_file` wins over the environment, `quiet` logs warnings only."""
    from aggregator.logs import configure_logs
    from aggregator.settings import load_settings

    settings = load_settings()
    configure_logs(settings.log_format, "warning" if quiet else settings.log_level)
    return settings.model_copy(update={"feeds_file": feeds_file}) if feeds_file else settings
