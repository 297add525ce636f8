"""What an installation is told: its configuration, the clock, and how it names itself to publishers."""

from datetime import UTC, datetime

from aggregator import __version__
from aggregator.channels import CHANNELS
from aggregator.feedfile import load_configuration
from aggregator.models import (
    Configuration,
)
from aggregator.settings import Settings
from aggregator.sources import SOURCES
from aggregator.vocabulary import theme_names


def utc_now() -> datetime:
    """Tell the time; everything below is told it."""
    return datetime.now(UTC)


def read_configuration(settings: Settings) -> Configuration:
    """Read feeds.yaml against the term packs that are there; raises `ConfigurationError`."""
    return load_configuration(settings.feeds_file, theme_names() - {"guards"}, CHANNELS, tuple(SOURCES))


def user_agent(settings: Settings) -> str:
    """Name ourselves to publishers, with a page where they can learn who asks."""
    contact = f" (+{settings.public_url})" if settings.public_url else ""
    return f"aggregator/{__version__}{contact}"
