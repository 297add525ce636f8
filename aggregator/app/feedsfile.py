"""Read feeds.yaml against what is there: term packs, channels, kinds of source. Loaded alone where it is read in a process of its own."""

from collections.abc import Sequence
from pathlib import Path

from aggregator.errors import ConfigurationError, Problem
from aggregator.models import Configuration


def read_file(path: Path) -> Configuration:
    """Read the file; raises `ConfigurationError`."""
    from aggregator.channels import CHANNELS
    from aggregator.feedfile import load_configuration
    from aggregator.sources import SOURCES
    from aggregator.vocabulary import theme_names

    return load_configuration(path, theme_names() - {"guards"}, CHANNELS, tuple(SOURCES))


def read_checked(path: Path) -> Configuration | Sequence[Problem]:
    """Read the file, try what would else fail with the first text, and give all mistakes where there are some."""
    from aggregator.app.rules import Rules

    try:
        configuration = read_file(path)
        Rules(configuration, at_once=True)
    except ConfigurationError as error:
        return error.problems
    return configuration
