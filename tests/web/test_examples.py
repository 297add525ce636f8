"""The examples of the documents work as they stand."""

import re
import shlex
from pathlib import Path

import pytest

from aggregator.store import SqlStore
from tests.web.browser import Browser
from tests.web.conftest import Clock, add_readers, make_site

DOCUMENT = Path(__file__).parents[2] / "docs" / "desk.md"
EXAMPLES = re.findall(r"^curl (?:[^\n]*\\\n)*[^\n]*$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize("example", EXAMPLES)
async def test_an_example_is_answered_as_it_says(store: SqlStore, clock: Clock, example: str) -> None:
    add_readers(store)
    words = shlex.split(example.replace("\\\n", " ").replace("$TOKEN", "write-token"))
    browser = Browser(make_site(store, clock))
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    body = next((words[at + 1] for at, word in enumerate(words) if word == "-d"), None)
    user = next((tuple(words[at + 1].split(":", 1)) for at, word in enumerate(words) if word == "-u"), None)
    (address,) = [word for word in words if word.startswith("http://127.0.0.1:8080")]
    path = address.removeprefix("http://127.0.0.1:8080").replace("TOPIC", "workers")
    auth = (user[0], user[1]) if user else None
    method = "POST" if body is not None else "GET"
    answer = await browser.client.request(method, path, headers=headers, content=body, auth=auth)
    assert answer.status_code == 200, answer.text
    assert answer.content
