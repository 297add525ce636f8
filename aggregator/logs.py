"""Logs: readable at a terminal, one JSON object a line in a container, and never a secret.

Text of feeds cannot forge lines or colours: control characters are escaped. Values under names that hold secrets, user names and
passwords inside URLs, and paths of webhook addresses are blanked before anything is written.
"""

import logging
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from aggregator.omitting import omitting

with omitting("rich"):  # five megabytes that draw tracebacks in colours; ours are plain
    import structlog
    from structlog.typing import EventDict, Processor, WrappedLogger

_SECRET_NAME = re.compile(r"password|passwd|secret|token|authorization|webhook|smtp_url", re.IGNORECASE)
_QUERY = re.compile(r"(?i)([?&][^=&\s#]*(?:key|token|secret|password|passwd|pwd|auth)=)[^&\s#\"'<>]+")
_USERINFO = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@]+@", re.IGNORECASE)
_WEBHOOK = re.compile(r"(https://hooks\.slack\.com/)\S+", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_CONTROLS_IN_TRACEBACKS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_KEPT = frozenset({"exception", "exc_info", "stack"})


def configure_logs(style: str, level: str) -> None:
    """Set up logging for the process; `style` is "json", "console", or "auto": console where standard error is a terminal.

    Libraries that log by the standard library are told in the same form, from warnings upwards.
    """
    console = style == "console" or (style == "auto" and sys.stderr.isatty())
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *_STEPS, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    _configure_libraries(renderer)


def _configure_libraries(renderer: Processor) -> None:
    handler = logging.StreamHandler(sys.stderr)
    final = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_STEPS, processors=final))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    # It warns of every tick that finds the one before it still running, which is what ticks are for.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def clean(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Blank secrets and escape control characters in every value of a log event."""
    return {key: "***" if _SECRET_NAME.search(key) else _cleaned(key, value) for key, value in event.items()}


def without_secrets(text: str) -> str:
    """Blank credentials inside URLs, keys and tokens of their queries, and the secret part of webhook addresses."""
    return _QUERY.sub(r"\1***", _WEBHOOK.sub(r"\1***", _USERINFO.sub(r"\1***@", text)))


def _cleaned(key: str, value: Any) -> Any:
    if isinstance(value, str):
        controls = _CONTROLS_IN_TRACEBACKS if key in _KEPT else _CONTROLS
        return controls.sub(lambda found: f"\\x{ord(found.group()):02x}", without_secrets(value))
    if isinstance(value, Mapping):
        return {name: "***" if _SECRET_NAME.search(str(name)) else _cleaned(key, part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_cleaned(key, part) for part in value]
    return value if isinstance(value, int | float | None) else _cleaned(key, str(value))


_STEPS: Sequence[Processor] = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    clean,
)
