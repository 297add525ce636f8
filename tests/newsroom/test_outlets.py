import gzip
import time

import httpx
import pytest

from aggregator.newsroom.world import World

WITH_ETAG = ("hanseo-ko", "meridian-post", "minato-shimpo")


def test_every_outlet_has_a_port_of_its_own(world: World) -> None:
    origins = {url.split("/")[2] for url in world.feed_urls.values()}
    assert len(origins) == len(world.edition.outlets)


def test_served_bytes_are_the_edition_s(world: World, http: httpx.Client) -> None:
    for feed_id in ("hanseo-en", "meridian-post", "vostok-vestnik", "minami-keizai", "pier-gazette"):
        answer = http.get(world.feed_urls[feed_id])
        assert answer.content == world.edition.body(feed_id, 1)
        assert answer.headers["content-type"] == world.edition.content_type(feed_id)


@pytest.mark.parametrize("feed_id", WITH_ETAG)
def test_known_etag_is_answered_with_304_until_the_feed_changes(world: World, http: httpx.Client, feed_id: str) -> None:
    first = http.get(world.feed_urls[feed_id])
    known = {"if-none-match": first.headers["etag"]}
    assert http.get(world.feed_urls[feed_id], headers=known).status_code == 304
    world.set_round(2)
    changed = world.edition.body(feed_id, 1) != world.edition.body(feed_id, 2)
    second = http.get(world.feed_urls[feed_id], headers=known)
    assert second.status_code == (200 if changed else 304)
    world.set_round(3)
    assert http.get(world.feed_urls[feed_id], headers={"if-none-match": second.headers["etag"]}).status_code == 304


def test_known_date_is_answered_with_304_until_the_feed_changes(world: World, http: httpx.Client) -> None:
    url = world.feed_urls["jiangpan-daily"]
    known = {"if-modified-since": http.get(url).headers["last-modified"]}
    assert http.get(url, headers=known).status_code == 304
    world.set_round(2)
    assert http.get(url, headers=known).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if-none-match": '"another"'}, 200),
        ({"if-none-match": '"another"', "if-modified-since": "Fri, 01 Jan 2027 00:00:00 GMT"}, 200),
        ({"if-modified-since": "Fri, 01 Jan 2027 00:00:00 GMT"}, 304),
        ({"if-modified-since": "yesterday"}, 200),
        ({"if-modified-since": "Thu, 01 Jan 2026 00:00:00 GMT"}, 200),
    ],
)
def test_conditional_requests(world: World, http: httpx.Client, headers: dict[str, str], status: int) -> None:
    assert http.get(world.feed_urls["hanseo-ko"], headers=headers).status_code == status


def test_one_feed_arrives_compressed_whether_asked_or_not(world: World, http: httpx.Client) -> None:
    with http.stream("GET", world.feed_urls["hanseo-zh"], headers={"accept-encoding": "identity"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == world.edition.body("hanseo-zh", 1)


@pytest.mark.parametrize(
    ("feed_id", "statuses"), [("old-mill-news", (404, 404, 404)), ("lighthouse-report", (500, 200, 200)), ("corner-news", (200, 200, 200))]
)
def test_status_in_each_round(world: World, http: httpx.Client, feed_id: str, statuses: tuple[int, ...]) -> None:
    for number, status in enumerate(statuses, start=1):
        world.set_round(number)
        assert http.get(world.feed_urls[feed_id]).status_code == status


def test_page_served_as_a_feed_is_html(world: World, http: httpx.Client) -> None:
    answer = http.get(world.feed_urls["corner-news"])
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


def test_oversized_body_streams_until_the_reader_has_enough(world: World, http: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    received = 0
    with http.stream("GET", world.feed_urls["endless-scroll"]) as answer:
        assert "content-length" not in answer.headers
        for chunk in answer.iter_raw():
            received += len(chunk)
            if received > 16_000_000:
                break
    assert http.get(world.feed_urls["hanseo-ko"]).status_code == 200
    assert not caplog.records or {record.name for record in caplog.records} == {"httpx"}


def test_slow_body_begins_and_does_not_end(world: World, http: httpx.Client) -> None:
    with http.stream("GET", world.feed_urls["tortoise-times"]) as answer:
        chunks = answer.iter_raw()
        assert next(chunks).startswith(b"<?xml")
        assert next(chunks) == b" "


def test_every_entry_has_a_page(world: World, http: httpx.Client) -> None:
    for entry in ("hk-1", "hw-2", "bl-4b"):
        answer = http.get(world.edition.item(entry, 1).url)
        assert answer.status_code == 200
        assert "</article>" in answer.text
    decorated = http.get(world.edition.item("hw-3", 1).url)
    assert decorated.text == http.get(world.edition.item("hc-1", 1).url).text


def test_page_of_another_outlet_is_not_found(world: World, http: httpx.Client) -> None:
    elsewhere = world.edition.page_url("hk-1").replace("hk-1", "hc-1")
    assert http.get(elsewhere).status_code == 404
    assert http.get(world.feed_urls["hanseo-ko"] + "/nothing").status_code == 404


def test_page_follows_the_round(world: World, http: httpx.Client) -> None:
    url = world.edition.page_url("mp-2")
    before = http.get(url).text
    world.set_round(2)
    assert ("2,000" in before, "2,000" in http.get(url).text) == (True, False)


def test_requests_are_logged_with_their_validators(world: World, http: httpx.Client) -> None:
    etag = http.get(world.feed_urls["hanseo-ko"], headers={"user-agent": "probe/1"}).headers["etag"]
    world.set_round(3)
    http.get(world.feed_urls["hanseo-ko"], headers={"if-none-match": etag})
    first, second = world.requests
    assert (first.feed, first.round, first.status, first.if_none_match, first.user_agent) == ("hanseo-ko", 1, 200, None, "probe/1")
    assert (second.round, second.status, second.if_none_match) == (3, 304, etag)


def test_newsroom_closes_while_readers_still_wait() -> None:
    with World.open() as world, httpx.Client(trust_env=False, timeout=5) as client:
        answer = client.send(client.build_request("GET", world.feed_urls["tortoise-times"]), stream=True)
        assert answer.status_code == 200
        begun = time.monotonic()
        world.close()
        assert time.monotonic() - begun < 3
        answer.close()
