"""The API answers as its description says, whatever it is asked, and pages without gap."""

from datetime import timedelta
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from aggregator.store import SqlStore
from aggregator.web.access import Limit
from tests.web.browser import Browser
from tests.web.conftest import Clock, add_readers, make_site

READING = {"Authorization": "Bearer read-token"}
WRITING = {"Authorization": "Bearer write-token"}


def test_the_api_never_breaks_and_answers_as_described(store: SqlStore, clock: Clock) -> None:
    add_readers(store)
    site = make_site(store, clock, calls=Limit(10_000, timedelta(minutes=1)))
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", site, headers=WRITING)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) == 13
    for operation in operations:
        ask(operation)


def ask(operation: Any) -> None:
    """Ask an operation what its description allows; the answer must be a described one."""

    @settings(max_examples=15, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy())
    def check(case: Any) -> None:
        answer = case.call(headers=WRITING)
        checks = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
        case.validate_response(answer, checks=list(checks))

    check()


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
