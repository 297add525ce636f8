"""The API answers as its description says, whatever it is asked, and pages without gap."""

import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, settings

from aggregator.store import SqlStore
from tests.web.browser import Browser
from tests.web.conftest import Clock, add_readers, make_site

READING = {"Authorization": "Bearer read-token"}
WRITING = {"Authorization": "Bearer write-token"}


def hammer(site: FastAPI) -> set[str]:
    """Ask every operation what its description allows and more; give the operations asked."""
    asked: set[str] = set()
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", site, headers=WRITING)
    for operation in schema.get_all_operations():
        found = operation.ok()
        asked.add(found.label)

        def check(case: schemathesis.Case) -> None:
            answer = case.call(headers=WRITING)
            assert answer.status_code < 500
            case.validate_response(answer, checks=[schemathesis.checks.not_a_server_error])

        limits = settings(max_examples=15, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        found.as_strategy().validate()
        from hypothesis import given

        limits(given(case=found.as_strategy())(check))()
    return asked


def test_the_api_never_breaks_and_answers_as_described(store: SqlStore, clock: Clock) -> None:
    add_readers(store)
    site = make_site(store, clock)
    assert len(hammer(site)) == 9


async def test_a_reader_walks_pages(store: SqlStore, clock: Clock) -> None:
    add_readers(store)
    browser = Browser(make_site(store, clock))
    for path in ("/api/v1/stories", "/api/v1/search?q=workers", "/api/v1/figures", "/api/v1/deliveries"):
        seen, cursor, joint = list[object](), "", "&" if "?" in path else "?"
        for _ in range(10):
            page = (await browser.get(f"{path}{joint}limit=1&cursor={cursor}", headers=READING)).json()
            seen += page["items"]
            cursor = page["next"]
            if not cursor:
                break
        whole = (await browser.get(f"{path}{joint}limit=100", headers=READING)).json()
        assert seen == whole["items"], path
        assert len(seen) >= 2


async def test_a_writer_marks_and_sends_again(store: SqlStore, clock: Clock) -> None:
    add_readers(store)
    browser = Browser(make_site(store, clock))
    given = {"topic": "workers", "verdict": "relevant"}
    assert (await browser.client.post("/api/v1/articles/1/verdicts", json=given, headers=WRITING)).json() == {"done": True}
    assert (await browser.client.post("/api/v1/articles/1/verdicts", json=given, headers=READING)).status_code == 403
    assert store.verdict_counts() == {"workers": (1, 0)}
    assert (await browser.client.post("/api/v1/deliveries/1/resend", headers=WRITING)).json() == {"done": True}
    assert (await browser.client.post("/api/v1/deliveries/1/resend", headers=WRITING)).status_code == 400
