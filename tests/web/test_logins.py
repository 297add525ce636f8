"""What is tried on passwords, on sessions and on the log."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from aggregator.logs import configure_logs
from aggregator.store import SqlStore
from tests.web.browser import Browser
from tests.web.conftest import PASSWORD, Clock, add_readers, make_site


async def test_fifty_wrong_logins_are_answered_alike_whether_the_name_is_known_or_not(store: SqlStore, clock: Clock) -> None:
    add_readers(store)
    told: dict[str, set[tuple[int, str]]] = {}
    for name in ("viewer", "nobody"):
        browser = Browser(make_site(store, clock))
        token = await browser.token("/login")
        for number in range(50 if name == "nobody" else 12):
            fields = {"form_token": token, "name": name, "password": f"wrong {number}", "next": "/"}
            headers = {"X-Forwarded-For": f"10.0.0.{number}", "X-Remote-User": "editor", "Forwarded": f"for=10.1.0.{number}"}
            answer = await browser.client.post("/login", data=fields, headers=headers)
            told.setdefault(name, set()).add((answer.status_code, answer.text.replace(token, "").replace(name, "")))
            assert "set-cookie" not in answer.headers
        assert (await browser.log_in("viewer")).status_code == 401
    assert told["viewer"] == told["nobody"]
    assert len(told["nobody"]) == 1


async def test_a_session_key_chosen_by_somebody_else_is_never_taken_over(store: SqlStore, clock: Clock) -> None:
    add_readers(store)
    browser = Browser(make_site(store, clock))
    browser.client.cookies.set("session", "chosen-by-the-attacker", domain="localhost.local")
    answer = await browser.log_in("viewer")
    assert "session=" in answer.headers["Set-Cookie"]
    assert "chosen-by-the-attacker" not in answer.headers["Set-Cookie"]
    stranger = Browser(make_site(store, clock))
    stranger.client.cookies.set("session", "chosen-by-the-attacker")
    assert (await stranger.get("/")).status_code == 303


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Give what the service logs, as it logs in production."""
    handlers, level, stream = logging.getLogger().handlers[:], logging.getLogger().level, io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logs("json", "debug")
    yield stream
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


async def test_no_password_token_or_session_reaches_log_or_answer_and_no_path_forges_a_line(
    store: SqlStore, clock: Clock, logged: io.StringIO, tmp_path: Path
) -> None:
    add_readers(store)
    browser = Browser(make_site(store, clock))
    answers = [await browser.log_in("editor", "wrong-secret-word"), await browser.log_in("editor")]
    session = browser.client.cookies["session"]
    answers.append(await browser.send("/articles/1/verdict", topic="workers", verdict="relevant"))
    bearer = {"Authorization": "Bearer write-token"}
    answers += [await browser.get(path, headers=bearer) for path in ("/api/v1/feeds", "/api/v1/nothing", "/api/v1/search?cursor=x&q=a")]
    store.close()
    (tmp_path / "store.db").write_bytes(b"no database any more " * 500)
    forged = "/articles/1%0d%0a%7B%22level%22:%22info%22%7D%1b[31m?token=write-token"
    answers += [await browser.get("/api/v1/stories", headers=bearer), await browser.get(forged), await browser.get("/stories/1")]
    log = logged.getvalue()
    assert "a page failed" in log
    for line in log.splitlines():
        assert json.loads(line)["level"] in ("info", "warning", "error", "debug")
        assert "\x1b" not in line
    for secret in ("wrong-secret-word", PASSWORD, "write-token", session):
        assert secret not in log
        assert not [answer.url for answer in answers if secret in answer.text]
    assert not [answer.url for answer in answers if "Traceback" in answer.text]
