"""What is tried on passwords, on sessions and on the log."""

import asyncio
import io
import json
import logging
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from aggregator.logs import configure_logs
from aggregator.store import SqlStore
from aggregator.web import access, passwords
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


async def test_tries_that_run_side_by_side_pass_no_limit(store: SqlStore, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    add_readers(store)
    compared: list[str] = []

    def slow(password: str, password_hash: str | None) -> bool:
        compared.append(password)
        time.sleep(0.2)
        return password == PASSWORD

    monkeypatch.setattr(access, "fits", slow)
    browser = Browser(make_site(store, clock))
    token = await browser.token("/login")

    async def knock(password: str) -> int:
        fields = {"form_token": token, "name": "viewer", "password": password, "next": "/"}
        return (await browser.client.post("/login", data=fields)).status_code

    answers = await asyncio.gather(*(knock(f"wrong {number}") for number in range(24)), knock(PASSWORD))
    assert len(compared) == 10
    assert 303 not in answers[:24]


async def test_right_logins_use_up_no_tries(store: SqlStore, clock: Clock) -> None:
    add_readers(store)
    site = make_site(store, clock)
    assert [(await Browser(site).log_in("viewer")).status_code for _ in range(12)] == [303] * 12


def test_a_flood_of_logins_hashes_two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0

    class Hasher:
        def verify(self, _hash: str, _password: str) -> bool:
            nonlocal running, most
            running += 1
            most = max(most, running)
            time.sleep(0.02)
            running -= 1
            return True

        def hash(self, _password: str) -> str:
            return ""

    monkeypatch.setattr(passwords, "_HASHER", Hasher())
    threads = [threading.Thread(target=passwords.fits, args=("word", "hash")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


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
