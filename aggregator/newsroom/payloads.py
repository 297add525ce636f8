"""Check a chat webhook's payload as the real service does: shape, block types, documented limits, live syntax left to the reader.

The numbers are those of https://docs.slack.dev/reference/block-kit/blocks; the sum over all blocks is measured, not documented.
Answers are the service's own words: ``invalid_payload``, ``no_text``, ``invalid_blocks``, ``msg_blocks_too_long``.
"""

import json
from collections.abc import Callable, Iterator, Mapping

MAX_BLOCKS = 50
MAX_SUM = 13_200
MAX_TEXT = 40_000
_SECTION, _FIELD, _FIELDS, _HEADER, _ELEMENTS = 3000, 2000, 10, 150, 10


def fault_in(body: bytes) -> tuple[str | None, Mapping[str, object]]:
    """Give the service's complaint about a body, or None and the payload."""
    try:
        payload = json.loads(body)
    except ValueError:
        return "invalid_payload", {}
    if not isinstance(payload, dict):
        return "invalid_payload", {}
    return _complaint(payload), payload


def _complaint(payload: Mapping[str, object]) -> str | None:
    text, blocks = payload.get("text", ""), payload.get("blocks", [])
    if not isinstance(text, str) or not isinstance(blocks, list):
        return "invalid_payload"
    if not text and not blocks:
        return "no_text"
    if len(blocks) > MAX_BLOCKS or len(text) > MAX_TEXT or not all(map(_is_block, blocks)):
        return "invalid_blocks"
    return "msg_blocks_too_long" if sum(map(len, _texts(blocks))) > MAX_SUM else None


def _is_block(block: object) -> bool:
    return isinstance(block, dict) and _CHECKS.get(str(block.get("type")), _refuse)(block)


def _refuse(block: Mapping[str, object]) -> bool:
    return False


def _is_section(block: Mapping[str, object]) -> bool:
    fields = block.get("fields", [])
    if not isinstance(fields, list) or len(fields) > _FIELDS or not all(_is_text(field, _FIELD) for field in fields):
        return False
    return _is_text(block["text"], _SECTION) if "text" in block else bool(fields)


def _is_header(block: Mapping[str, object]) -> bool:
    return _is_text(block.get("text"), _HEADER, kinds=("plain_text",))


def _is_context(block: Mapping[str, object]) -> bool:
    elements = block.get("elements")
    return isinstance(elements, list) and 0 < len(elements) <= _ELEMENTS and all(_is_element(element) for element in elements)


def _is_element(element: object) -> bool:
    return _is_text(element, _SECTION) or (isinstance(element, dict) and element.get("type") in ("image", "button", "overflow"))


def _is_actions(block: Mapping[str, object]) -> bool:
    elements = block.get("elements")
    return isinstance(elements, list) and bool(elements) and all(isinstance(element, dict) for element in elements)


def _is_text(value: object, limit: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> bool:
    if not isinstance(value, dict) or value.get("type") not in kinds:
        return False
    text = value.get("text")
    return isinstance(text, str) and 0 < len(text) <= limit


def _texts(value: object) -> Iterator[str]:
    """Find every text in nested blocks."""
    if isinstance(value, dict):
        if isinstance(text := value.get("text"), str):
            yield text
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)


_CHECKS: Mapping[str, Callable[[Mapping[str, object]], bool]] = {
    "section": _is_section,
    "header": _is_header,
    "context": _is_context,
    "actions": _is_actions,
    "divider": lambda block: True,
    "rich_text": _is_actions,
}
