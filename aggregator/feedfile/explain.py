"""Put pydantic's findings into words for the person who wrote the file.

* A word names what is expected in the terms of the file ("a list", "true or false"), never in those of Python.
* A value is shown shortened, a recipient never: it may be a secret.
* A mistyped key is one mistake, not an unknown key and a missing one.
"""

import re
from collections.abc import Mapping, Sequence
from inspect import isclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from aggregator.feedfile.findings import Findings, KeyPath, did_you_mean, nearest, shown
from aggregator.feedfile.words import REFUSED

_EXPECTED = {
    "string_type": ("text", "text, in quotes if need be"),
    "bool_type": ("true or false", "true, false"),
    "list_type": ("a list", "[one, two], or a line for each that begins with '- '"),
    "dict_type": ("a mapping", "'key: value' lines"),
    "mapping_type": ("a mapping", "'key: value' lines"),
    "float_type": ("a number", "a number such as 1.5"),
}
_BOUNDS = {"greater_than_equal": "the number is too small", "less_than_equal": "the number is too large"}


def explain(error: ValidationError, model: type[BaseModel], at: KeyPath, findings: Findings) -> None:
    """Report all that pydantic found in one entry, which stands at `at`."""
    details = error.errors(include_url=False)
    mistyped = _meant_keys(details, model)
    for detail in details:
        if detail["type"] == "missing" and detail["loc"] in mistyped:
            continue
        _report(detail, model, (*at, *_steps(detail)), findings)


def _steps(detail: ErrorDetails) -> KeyPath:
    """Give an error's path without pydantic's mark for mistakes in a mapping's key."""
    return tuple(step for step in detail["loc"] if step != "[key]")


def _meant_keys(details: Sequence[ErrorDetails], model: type[BaseModel]) -> set[KeyPath]:
    """Find the missing keys that an unknown key beside them was meant to be."""
    unknown = [detail["loc"] for detail in details if detail["type"] == "extra_forbidden"]
    return {(*loc[:-1], nearest(loc[-1], _model_at(model, loc[:-1]).model_fields) or "") for loc in unknown}


def _model_at(model: type[BaseModel], loc: KeyPath) -> type[BaseModel]:
    """Give the model of the mapping that stands at a place inside another."""
    for step in loc:
        annotation = model.model_fields[str(step)].annotation
        inner = [kind for kind in (annotation, *get_args(annotation)) if isclass(kind) and issubclass(kind, BaseModel)]
        model = inner[0]
    return model


def _report(detail: ErrorDetails, model: type[BaseModel], path: KeyPath, findings: Findings) -> None:
    kind, loc = detail["type"], detail["loc"]
    in_key = "[key]" in loc or kind == "extra_forbidden"
    if kind == "extra_forbidden":
        known = list(_model_at(model, loc[:-1]).model_fields)
        message, allowed = f"this key is unknown{did_you_mean(path[-1], known)}", ", ".join(known)
    elif kind == "missing":
        message, allowed = "this key is missing", _model_at(model, loc[:-1]).model_fields[str(loc[-1])].description or ""
    elif kind == "model_type":
        keys = ", ".join(_model_at(model, loc).model_fields)
        message, allowed = f"a mapping is expected, not {_kind(detail['input'])}", f"'key: value' lines with the keys {keys}"
    else:
        message, allowed = _words(detail, detail.get("ctx", {}))
    findings.add(path, message, allowed, mark=findings.at_key(path) if in_key else None)


def _words(detail: ErrorDetails, context: Mapping[str, Any]) -> tuple[str, str]:
    kind, value = detail["type"], detail["input"]
    if kind == REFUSED:
        return str(context["message"]), str(context["allowed"])
    if kind == "literal_error":
        words = re.findall(r"'([^']*)'", str(context["expected"]))
        return f"{_named(value)} is not allowed here{did_you_mean(value, words)}", ", ".join(words)
    if kind in _EXPECTED:
        expected, allowed = _EXPECTED[kind]
        return f"{expected} is expected, not {_kind(value)}", allowed
    if kind in _BOUNDS:
        bound, word = ("ge", "at least") if "ge" in context else ("le", "at most")
        return _BOUNDS[kind], f"{word} {context[bound]:g}"
    return _sizes(kind, context) or (str(detail["msg"]), "")


def _sizes(kind: str, context: Mapping[str, Any]) -> tuple[str, str] | None:
    if kind in ("too_short", "string_too_short"):
        return "nothing stands here", "at least one" if kind == "too_short" else "at least one character"
    if kind == "string_too_long":
        return "the text is too long", f"at most {context['max_length']} characters"
    return None


def _named(value: object) -> str:
    return repr(shown(value)) if isinstance(value, str) else _kind(value)


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a mapping"}
    return names.get(type(value), "nothing")
