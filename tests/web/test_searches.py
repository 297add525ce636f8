"""A reader keeps searches: each reader their own, under names, with feeds that tell when nothing changed."""

import re
from html import unescape
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from aggregator.keeping import MOST_KEPT
from aggregator.store import SqlStore
from tests.store.samples import intake, matched, opened, take_in
from tests.web.browser import Browser
from tests.web.conftest import Clock, add_readers, make_site

ATOM = "{http://www.w3.org/2005/Atom}"
WRITING = {"Authorization": "Bearer write-token"}


async def send(browser: Browser, path: str, **fields: str) -> Any:
    return await browser.client.post(path, data={**fields, "form_token": await browser.token()})


async def keys(browser: Browser) -> list[str]:
    return re.findall(r'/feeds/searches/([\w-]+)\.atom">Atom', (await browser.get("/searches")).text)


async def test_a_search_is_kept_from_its_page_renamed_and_forgotten(store: SqlStore, clock: Clock) -> None:
    browser = Browser(make_site(store, clock))
    assert "You keep no search yet" in (await browser.get("/searches")).text
    form = re.search(r'<form class="filters keep".*?</form>', (await browser.get("/search?q=북한&language=en")).text, re.DOTALL)
    assert form
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form.group()))
    assert (await browser.client.post("/searches", data=fields)).headers["Location"] == "/searches"
    page = (await browser.get("/searches")).text
    assert "Newest:" in page
    link = re.search(r'href="(/search\?[^"]*)"', page)
    assert link
    assert "<mark>북한</mark>" in (await browser.get(unescape(link[1]))).text
    (key,) = await keys(browser)
    await send(browser, f"/searches/{key}/rename", name=' <b>"Workers"</b>  at home ')
    assert "&lt;b&gt;&#34;Workers&#34;&lt;/b&gt; at home</a>" in (await browser.get("/searches")).text
    await send(browser, f"/searches/{key}/forget")
    assert await keys(browser) == []
    assert (await browser.get(f"/feeds/searches/{key}.atom")).status_code == 404
    assert (await send(browser, f"/searches/{key}/forget")).status_code == 400


async def test_readers_see_and_change_only_their_own(store: SqlStore, clock: Clock) -> None:
    add_readers(store)
    viewer, editor = Browser(make_site(store, clock)), Browser(make_site(store, clock))
    await viewer.log_in("viewer")
    await editor.log_in("editor")
    await send(viewer, "/searches", name="mine", q="북한")
    assert await keys(editor) == []
    (key,) = await keys(viewer)
    assert (await send(editor, f"/searches/{key}/rename", name="stolen")).status_code == 400
    assert (await send(editor, f"/searches/{key}/forget")).status_code == 400
    await send(editor, "/searches", name="mine", q="북한")
    assert len(await keys(editor)) == 1
    assert (await Browser(make_site(store, clock)).get(f"/feeds/searches/{key}.atom")).status_code == 401
    store.remove_user("viewer")
    assert store.kept_search(key) is None
    assert len(await keys(editor)) == 1


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"name": "", "q": "coal"}, "needs a name"),
        ({"name": "x" * 81, "q": "coal"}, "at most 80"),
        ({"name": "x", "q": "-coal"}, "exclusions alone"),
        ({"name": "x"}, "needs words"),
        ({"name": "taken", "q": "iron"}, "choose another name"),
    ],
)
async def test_what_cannot_be_kept_is_explained(store: SqlStore, clock: Clock, asked: dict[str, str], words: str) -> None:
    browser = Browser(make_site(store, clock))
    await send(browser, "/searches", name="taken", q="coal")
    answer = await send(browser, "/searches", **asked)
    assert (answer.status_code, words in answer.text) == (400, True)
    assert len(await keys(browser)) == 1


async def test_a_hundred_are_kept_and_no_more(store: SqlStore, clock: Clock) -> None:
    add_readers(store)
    browser = Browser(make_site(store, clock))
    for number in range(MOST_KEPT):
        asked = {"name": f"search {number}", "query": "coal"}
        assert (await browser.client.post("/api/v1/searches", json=asked, headers=WRITING)).status_code == 200
    answer = await browser.client.post("/api/v1/searches", json={"name": "one more", "query": "coal"}, headers=WRITING)
    assert (answer.status_code, "forget one first" in answer.json()["detail"]) == (400, True)


async def test_the_api_keeps_renames_and_forgets(store: SqlStore, clock: Clock) -> None:
    add_readers(store)
    client = Browser(make_site(store, clock)).client
    made = (await client.post("/api/v1/searches", json={"name": "one", "query": "북한", "topic": "workers"}, headers=WRITING)).json()
    assert (made["name"], made["topic"], made["feeds"]["json"]) == ("one", "workers", f"/feeds/searches/{made['key']}.json")
    await client.put(f"/api/v1/searches/{made['key']}", json={"name": "two"}, headers=WRITING)
    assert [one["name"] for one in (await client.get("/api/v1/searches", headers=WRITING)).json()] == ["two"]
    reading = {"Authorization": "Bearer read-token"}
    assert (await client.get("/api/v1/searches", headers=reading)).json() == []
    assert (await client.delete(f"/api/v1/searches/{made['key']}", headers=reading)).status_code == 403
    assert (await client.get(made["feeds"]["atom"], headers=reading)).status_code == 200
    assert (await client.delete(f"/api/v1/searches/{made['key']}", headers=WRITING)).json() == {"done": True}
    assert (await client.get("/api/v1/searches", headers=WRITING)).json() == []


@pytest.mark.parametrize("form", ["atom", "json"])
async def test_a_feed_that_did_not_change_is_not_sent_again(store: SqlStore, clock: Clock, form: str) -> None:
    browser = Browser(make_site(store, clock))
    await send(browser, "/searches", name="mine", q="workers OR 북한")
    for path in (f"/feeds/searches/{(await keys(browser))[0]}.{form}", f"/feeds/workers.{form}"):
        first = await browser.get(path)
        clock.now = clock.now.replace(minute=59)
        for known in (first.headers["ETag"], f'"other", W/{first.headers["ETag"]}', "*"):
            again = await browser.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
        assert (await browser.get(path, headers={"If-None-Match": '"other"'})).content == first.content
    revision = take_in(store, intake("three"))[-1]
    store.record_judged(matched(revision, opened(), text="북한 again"))
    assert (await browser.get(path, headers={"If-None-Match": first.headers["ETag"]})).status_code == 200


async def test_a_feed_is_what_atom_asks_for(store: SqlStore, clock: Clock) -> None:
    """RFC 4287, 4.1.1 and 4.1.2: one id, title and updated each, an author each or one for all, and a link or a content."""
    browser = Browser(make_site(store, clock))
    await send(browser, "/searches", name="evil & co", q="script")
    await send(browser, "/searches", name="nothing", q="nothinglikethat")
    for key in await keys(browser):
        answer = await browser.get(f"/feeds/searches/{key}.atom")
        feed = Xml.fromstring(answer.content)
        assert answer.headers["content-type"].startswith("application/atom+xml")
        for element in (feed, *feed.findall(f"{ATOM}entry")):
            for name in ("id", "title", "updated"):
                (found,) = element.findall(f"{ATOM}{name}")
                assert found.text
            ids = [entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")]
            assert len(ids) == len(set(ids))
        assert all(entry.find(f"{ATOM}author/{ATOM}name") is not None for entry in feed.findall(f"{ATOM}entry"))
        dated = [entry.findtext(f"{ATOM}updated") or "" for entry in feed.findall(f"{ATOM}entry")]
        assert feed.findtext(f"{ATOM}updated") == max(dated, default="2000-01-01T00:00:00Z")


async def test_a_body_that_is_no_text_or_too_large_is_refused_without_an_echo(store: SqlStore, clock: Clock) -> None:
    add_readers(store)
    client = Browser(make_site(store, clock)).client
    headers = {**WRITING, "Content-Type": "application/json"}
    for body, status in ((b'{"name": "\\u0000 x", "query": " y\\u0007"}', 200), (b'{"name": "z", "query": "\\u0000"}', 400)):
        assert (await client.post("/api/v1/searches", content=body, headers=headers)).status_code == status
    assert [(kept.name, kept.query) for kept in store.kept_searches("writing")] == [("x", "y")]
    for body in (b'{"\\ud800": 1, "name": "\\udfff"}', b'{"name": "' + b"\\ud800" * 200 + b'"}', b'{"name": ["\\ud800"]}'):
        answer = await client.post("/api/v1/searches", content=body, headers=headers)
        assert (answer.status_code, "input" in answer.text) == (422, False)
        assert {"loc", "msg", "type"} == set(answer.json()["detail"][0])
    assert (await client.post("/api/v1/searches", content=b"\xff{", headers=headers)).status_code == 400
    large = await client.post("/api/v1/searches", content=b'{"name": "' + b"x" * 70_000, headers=headers)
    assert (large.status_code, "at most" in large.json()["detail"]) == (413, True)

    async def pieces() -> Any:
        yield b"{}"

    assert (await client.put("/api/v1/searches/unknown", content=pieces(), headers=headers)).status_code == 413
