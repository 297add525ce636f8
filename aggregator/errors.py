"""Every error this program raises on purpose.

Our exception hierarchy::

    AggregatorError                a sentence for a person; never shown as a traceback
    ├── ConfigurationError         feeds.yaml or the environment is wrong; carries every problem found; exit code 2
    ├── UsageError                 a command was called wrongly, or is refused in this state; exit code 2
    ├── ParseError                 a document is not what its kind promises
    ├── ReaderError                no process could be started that reads documents
    ├── StoreError                 the database cannot do what was asked
    └── DeliveryError              a channel could not hand over a message; `permanent` tells whether trying again can help
"""

from collections.abc import Sequence
from dataclasses import dataclass


class AggregatorError(Exception):
    """Say in one sentence what is wrong, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Name one mistake in a configuration file: where it is, what is wrong, what is allowed.

    `line` and `column` count from 1, and are 0 where there is no line (the environment, a missing file);
    `key` is the dotted path in the file, such as ``feeds[3].url``.
    """

    file: str
    line: int
    column: int
    key: str
    message: str
    allowed: str = ""

    def __str__(self) -> str:
        hint = f" (allowed: {self.allowed})" if self.allowed else ""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.key}: {self.message}{hint}"


class ConfigurationError(AggregatorError):
    """Report every problem of a configuration at once; `problems` is never empty."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


class UsageError(AggregatorError):
    """Refuse a command that was called wrongly or cannot run in this state."""


class ParseError(AggregatorError):
    """Say why a document could not be read at all."""


class ReaderError(AggregatorError):
    """Say why documents cannot be read now, whatever they hold."""


class StoreError(AggregatorError):
    """Say what the database refused."""


class DeliveryError(AggregatorError):
    """Say why a message was not handed over.

    `permanent` is True where trying again cannot help (unknown recipient, revoked webhook); `closes` where no other message to the
    same recipient can arrive either. `retry_after` is the least number of seconds the receiver asked us to wait, or None. `begun` is False
    where nothing was sent, since the receiver had asked for a pause before; such an attempt does not count.
    """

    begun = True

    def __init__(self, message: str, *, permanent: bool = False, closes: bool = False, retry_after: float | None = None) -> None:
        self.permanent = permanent or closes
        self.closes = closes
        self.retry_after = retry_after
        super().__init__(message)


class PausedError(DeliveryError):
    """Say that a receiver asked for a pause that lasts for `seconds` more; nothing was sent."""

    begun = False

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message, retry_after=seconds)
