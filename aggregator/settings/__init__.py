"""Read the environment: where things are, and every secret.

* Variables begin with ``AGGREGATOR_``. A variable that is set but empty counts as not set.
* Every secret may come from a file instead: ``NAME_FILE`` holds the path of a file with the value (Docker and systemd secrets).
* No message and no repr shows a value. A name one slip away from a known one is refused, because nobody would read it.
* Nothing is read when this module is imported.
"""

from aggregator.settings.fields import Settings
from aggregator.settings.loading import load_settings
from aggregator.settings.secretfiles import MAX_SECRET_BYTES, PREFIX
from aggregator.settings.values import parse_smtp

__all__ = ["MAX_SECRET_BYTES", "PREFIX", "Settings", "load_settings", "parse_smtp"]
