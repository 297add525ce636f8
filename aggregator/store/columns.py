"""Column types that are the same on both engines.

Datetimes are kept in UTC and come back aware. Text loses what PostgreSQL cannot hold (NUL, lone surrogates), since one such
character in a hostile feed would undo the whole batch around it. Records are kept as JSON and come back as our own types.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text, TypeDecorator
from sqlalchemy.dialects.sqlite import DATETIME
from sqlalchemy.sql.type_api import to_instance
from sqlalchemy.types import TypeEngine

# SQLite numbers rows by itself only where the type is spelled INTEGER.
BigId = BigInteger().with_variant(Integer(), "sqlite")


def clean(text: str) -> str:
    """Drop NUL characters and replace lone surrogates, which no UTF-8 database stores."""
    if "\x00" not in text and (text.isascii() or _is_encodable(text)):
        return text
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _is_encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def to_json(shape: Any, value: Any) -> str:
    """Write a record of the given shape as JSON; `from_json` gives an equal one back."""
    adapter = _adapter(shape)
    try:
        return adapter.dump_json(value).decode("utf-8")
    except PydanticSerializationError:  # a lone surrogate somewhere in the text of a feed
        return clean(json.dumps(adapter.dump_python(value, mode="json"), ensure_ascii=False))


def from_json(shape: Any, text: str) -> Any:
    """Read a record that `to_json` wrote; fields unknown to this release are left out, missing ones get their defaults."""
    return _adapter(shape).validate_json(text)


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


class _Spelled(DATETIME):
    """Spell moments as SQLAlchemy does on SQLite, in one call instead of a template filled field by field."""

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:
        """Give what spells a moment that is already without a zone."""
        return lambda moment: None if moment is None else moment.isoformat(" ", "microseconds")


_SPELLED = to_instance(_Spelled)


class Instant(TypeDecorator[datetime]):
    """Keep a moment in UTC; naive datetimes are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Give the type that the engine keeps."""
        return dialect.type_descriptor(_SPELLED if dialect.name == "sqlite" else self.impl_instance)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; SQLite gets it without a zone, as text that sorts by time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a stored datetime needs a time zone: {value!r}")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give an aware UTC datetime."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class CleanText(TypeDecorator[str]):
    """Keep text that both engines can hold."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Clean what is stored, and what is compared with the stored."""
        return None if value is None else clean(value)


class Stored(TypeDecorator[Any]):
    """Keep a record as JSON text; `shape` is its type, such as ``Digest`` or ``tuple[Evidence, ...]``."""

    impl = Text
    cache_ok = True

    def __init__(self, shape: Any) -> None:
        super().__init__()
        self.shape = shape

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write the record as JSON."""
        return None if value is None else to_json(self.shape, value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Read the record back."""
        return None if value is None else from_json(self.shape, value)
