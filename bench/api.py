"""Ask every operation of the API hundreds of times what its description allows: no 500, every answer as described.

    PYTHONPATH=. python bench/api.py --examples 200 --seconds 300

The cases come from the OpenAPI document (schemathesis), good and bad ones; the store is the one of the tests: ordinary articles and a
hostile one. Prints a line an operation; exit code 1 where an answer was none that the description knows.
"""

import argparse
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from aggregator.store import open_store
from aggregator.web.access import Limit
from tests.web.conftest import Clock, add_readers, fill, make_site

WRITING = {"Authorization": "Bearer write-token"}
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


def asked(operation: Any, mode: GenerationMode, examples: int, until: float) -> Counter[int]:
    """Ask one operation, and count its answers by status."""
    statuses: Counter[int] = Counter()

    @settings(max_examples=examples, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        if time.monotonic() > until:
            return
        answer = case.call(headers=WRITING)
        statuses[answer.status_code] += 1
        case.validate_response(answer, checks=list(CHECKS))

    check()
    return statuses


def main() -> None:
    """Ask all operations."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=300.0)
    given_options = parser.parse_args()
    until, broken = time.monotonic() + given_options.seconds, 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        fill(path)
        store = open_store(f"sqlite:///{path}")
        add_readers(store)
        site = make_site(store, Clock(), calls=Limit(10**6, timedelta(minutes=1)))
        schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", site, headers=WRITING)
        for operation in (found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)):
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                try:
                    told: object = dict(sorted(asked(operation, mode, given_options.examples, until).items()))
                except Unsatisfiable:
                    told = {}
                except (AssertionError, FailureGroup) as error:
                    broken, told = broken + 1, error
                print(f"{operation.label:45} {mode.value:9} {told}", flush=True)
        store.close()
    raise SystemExit(1 if broken else 0)


if __name__ == "__main__":
    main()
