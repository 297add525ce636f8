"""Who may do what: every route for every reader, forms from this site only, sessions that end, logins that run out."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.routing import Route

from aggregator.store import SqlStore
from aggregator.web.access import COOKIE, safe_next
from tests.web.browser import Browser
from tests.web.conftest import Clock, add_readers, make_site

FILLED = {
    "story_id": "1",
    "article_id": "1",
    "feed_id": "dailynk",
    "delivery_id": "2",
    "topic": "workers",
    "form": "atom",
    "key": "unknown",
    "name": "topics",
    "token": "1.guessed",
    "place": "0",
    "answer": "yes",
}
PUBLIC = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/login"), ("POST", "/login")}
ANY_READER = {("POST", path) for path in ("/logout", "/zone", "/searches", "/searches/{key}/rename", "/searches/{key}/forget")}
OWN_KEY = {"/metrics": 403, "/leave/{token}": 404, "/verdict/{token}/{place}/{answer}": 404}
"""What is opened by a key in the address or a token of its own, and how it answers whoever has none, whatever the role."""


def routes(site: FastAPI) -> list[tuple[str, str]]:
    """Give every route of the site as (method, filled path)."""
    found = []
    pending = list(site.routes)
    while pending:
        route = pending.pop()
        if isinstance(route, Route):
            found += [(method, route.path_format) for method in (route.methods or set()) - {"HEAD"}]
        else:
            pending += list(getattr(getattr(route, "original_router", None), "routes", ()))
    return sorted(set(found))


def expected(method: str, path: str, role: str) -> bool:
    """Tell whether a reader of a role may."""
    if (method, path) in PUBLIC:
        return True
    needed = "viewer" if method == "GET" or (method, path) in ANY_READER else "editor"
    return {"anonymous": 0, "viewer": 1, "editor": 2}[role] >= {"viewer": 1, "editor": 2}[needed]


@pytest.mark.parametrize("role", ["anonymous", "viewer", "editor"])
async def test_every_route_lets_in_whom_it_is_for(store: SqlStore, clock: Clock, role: str) -> None:
    add_readers(store)
    site = make_site(store, clock)
    browser = Browser(site)
    if role != "anonymous":
        await browser.log_in(role)
    token = {"viewer": "read-token", "editor": "write-token"}.get(role, "wrong")
    form_token = await browser.token("/" if role != "anonymous" else "/login")
    lines = []
    for method, path in routes(site):
        headers = {"Authorization": f"Bearer {token}"} if path.startswith("/api/") else {}
        if path == "/logout":
            continue
        body = (
            {"json": {"topic": "workers", "verdict": "relevant"}} if headers else {"data": {"form_token": form_token, "topic": "workers"}}
        )
        sent: dict[str, Any] = body if method == "POST" else {}
        answer = await browser.client.request(method, path.format(**FILLED), headers=headers, **sent)
        lines.append(f"{role:10} {method:6} {answer.status_code} {path}")
        if path in OWN_KEY:
            assert answer.status_code in (OWN_KEY[path], 400), (path, role)
            continue
        turned_away = answer.status_code in (401, 403) or "/login?next=" in answer.headers.get("Location", "")
        allowed = (method, path) == ("POST", "/login") or turned_away is not expected(method, path, role)
        assert allowed, (method, path, role, answer.status_code)
    for path, status in (("/static/desk.css", 200), ("/static/", 404), ("/openapi.json", 404), ("/docs", 404)):
        answer = await browser.get(path)
        assert answer.status_code == status or "/login?next=" in answer.headers.get("Location", ""), (path, role, answer.status_code)
    assert len(lines) >= 35
    print("\n".join(lines))  # `pytest -s` shows the whole matrix


async def test_nothing_but_the_login_is_shown_where_the_net_reaches(store: SqlStore, clock: Clock) -> None:
    browser = Browser(make_site(store, clock, local=False))
    assert (await browser.get("/")).headers["Location"] == "/login?next=%2F"
    assert "Nobody has a password yet" in (await browser.get("/login")).text
    assert (await browser.get("/healthz")).status_code == 200
    assert (await browser.get("/api/v1/openapi.json")).status_code == 401


CHANGES: tuple[str, ...] = ("/articles/1/verdict", "/stories/1/decision", "/deliveries/2/resend", "/rules", "/zone", "/logout", "/login")
CHANGES += ("/searches", "/searches/unknown/rename", "/searches/unknown/forget")
SHOWN_TOO = ("/login", "/rules", "/searches")


def test_the_list_of_changes_is_whole(store: SqlStore, clock: Clock) -> None:
    posts = {path for method, path in routes(make_site(store, clock)) if method == "POST" and not path.startswith("/api/")}
    assert {path.format(**FILLED) for path in posts - set(OWN_KEY)} == set(CHANGES)


@pytest.mark.parametrize("path", CHANGES)
async def test_a_change_needs_a_form_of_this_site(store: SqlStore, clock: Clock, path: str) -> None:
    browser = Browser(make_site(store, clock))
    token = await browser.token()
    assert (await browser.client.post(path, data={"topic": "workers"})).status_code == 403
    assert (await browser.client.post(path, data={"form_token": "guessed"})).status_code == 403
    foreign = await browser.client.post(path, data={"form_token": token}, headers={"Origin": "http://evil.example"})
    assert foreign.status_code == 403
    nameless = {"Origin": "null", "Sec-Fetch-Site": "cross-site"}
    assert (await browser.client.post(path, data={"form_token": token}, headers=nameless)).status_code == 403
    plain = await browser.client.post(path, content='{"form_token": "x"}', headers={"Content-Type": "text/plain"})
    assert plain.status_code == 415
    assert (
        await browser.client.post(path, data={"form_token": token, "x": "y" * (400_000 if path == "/rules" else 70_000)})
    ).status_code == 413
    if path not in SHOWN_TOO:
        assert (await browser.get(path)).status_code in (404, 405)
    assert store.delivery_list(status="retry").items == []
    assert store.verdict_counts() == {}


async def test_a_session_cookie_changes_no_data_through_the_api(store: SqlStore, clock: Clock) -> None:
    add_readers(store)
    browser = Browser(make_site(store, clock))
    await browser.log_in("editor")
    answer = await browser.client.post("/api/v1/deliveries/2/resend")
    assert answer.status_code == 403


async def test_a_session_begins_with_a_new_key_and_dies_on_the_server(store: SqlStore, clock: Clock) -> None:
    add_readers(store)
    browser = Browser(make_site(store, clock, secure=False))
    answer = await browser.log_in("viewer", back="/figures")
    assert answer.headers["Location"] == "/figures"
    cookie = answer.headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/"))
    key = browser.client.cookies[COOKIE]
    assert (await browser.get("/")).status_code == 200
    await browser.send("/logout")
    browser.client.cookies.set(COOKIE, key)
    assert (await browser.get("/")).status_code == 303
    again = Browser(make_site(store, clock))
    await again.log_in("viewer")
    assert again.client.cookies[COOKIE] != key
    clock.now += timedelta(hours=13)
    assert (await again.get("/")).status_code == 303


async def test_the_cookie_is_secure_where_the_site_is(store: SqlStore, clock: Clock) -> None:
    add_readers(store)
    answer = await Browser(make_site(store, clock, secure=True)).log_in("viewer")
    assert "Secure" in answer.headers["Set-Cookie"]


async def test_wrong_logins_run_out_whatever_address_is_claimed(store: SqlStore, clock: Clock) -> None:
    add_readers(store)
    site = make_site(store, clock)
    browser = Browser(site)
    for number in range(10):
        browser.client.headers["X-Forwarded-For"] = f"10.0.0.{number}"
        assert (await browser.log_in("viewer", "wrong")).status_code == 401
    assert (await browser.log_in("viewer")).status_code == 401
    assert (await browser.log_in("editor")).status_code == 401
    other = Browser(site, "192.0.2.7")
    assert (await other.log_in("nobody", "wrong")).status_code == 401
    assert (await other.log_in("viewer")).status_code == 401
    assert (await other.log_in("editor")).status_code == 303
    clock.now += timedelta(minutes=16)
    assert (await browser.log_in("viewer")).status_code == 303


async def test_only_a_trusted_proxy_names_the_reader(store: SqlStore, clock: Clock) -> None:
    door: dict[str, Any] = {"proxies": ("10.0.0.0/8",), "proxy_header": "X-Remote-User", "proxy_editors": ("ann",)}
    site = make_site(store, clock, **door)
    named = {"headers": {"X-Remote-User": "ann"}}
    assert "ann (editor)" in (await Browser(site, "10.1.2.3").get("/", **named)).text
    assert "bo (viewer)" in (await Browser(site, "10.1.2.3").get("/", headers={"X-Remote-User": "bo"})).text
    assert (await Browser(site, "192.0.2.1").get("/", **named)).status_code == 303
    assert (await Browser(site, "10.1.2.3").get("/")).status_code == 303


async def test_a_foreign_name_for_this_address_is_refused(store: SqlStore, clock: Clock) -> None:
    browser = Browser(make_site(store, clock, hosts=frozenset({"localhost"})))
    assert (await browser.get("/")).status_code == 200
    assert (await browser.get("/", headers={"Host": "rebound.example"})).status_code == 421


@pytest.mark.parametrize(
    "address",
    ["//evil", "/\\evil", "https:evil", "https://evil", "/%5cevil", "/%2f/evil", "/\tevil", "/a\nb", "", "evil", "javascript:alert(1)"],
)
def test_no_address_leads_away(address: str) -> None:
    assert safe_next(address) == "/"


def test_a_path_of_this_site_is_kept() -> None:
    assert safe_next("/search?q=%EB%B6%81") == "/search?q=%EB%B6%81"


async def test_a_token_has_its_scope_and_its_share(store: SqlStore, clock: Clock) -> None:
    add_readers(store)
    browser = Browser(make_site(store, clock))
    reading = {"headers": {"Authorization": "Bearer read-token"}}
    statuses = [(await browser.get("/api/v1/feeds", **reading)).status_code for _ in range(241)]
    assert statuses == [200] * 240 + [429]
    clock.now += timedelta(minutes=2)
    assert (await browser.get("/api/v1/feeds", **reading)).status_code == 200
    assert (await browser.client.get("/feeds/workers.atom", auth=("any", "read-token"))).status_code == 200
    assert (await browser.client.get("/feeds/workers.atom", auth=("any", "wrong"))).status_code == 401
