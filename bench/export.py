"""Whether an export of many rows is streamed: time to the first byte, rows a second, and the service's memory before and after.

    python bench/export.py --url sqlite:////tmp/desk.db

Asks the desk of `bench/desk.py` over loopback for every form of export, and throws away what comes.
"""

import argparse
import http.client
import time

from _archive import TOPICS
from desk import PORT, memory, serving

from aggregator.core.exports import WRITERS
from aggregator.store import open_store


def fetch(address: str) -> tuple[float, float, int]:
    """Give seconds to the first byte and to the last, and how many bytes came."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=600)
    began, size = time.perf_counter(), 0
    connection.request("GET", address)
    with connection.getresponse() as answer:
        assert answer.status == 200, (address, answer.status)
        first = time.perf_counter() - began
        while piece := answer.read(65_536):
            size += len(piece)
    connection.close()
    return first, time.perf_counter() - began, size


def main() -> None:
    """Export in every form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    given = parser.parse_args()
    store = open_store(given.url)
    with serving(store):
        fetch(f"/export.csv?topic={TOPICS[0].id}&language=ko&since=2026-09-20")
        before = memory()
        for form in WRITERS:
            first, last, size = fetch(f"/export.{form}?q=workers")
            told = f"{form:9} first byte {first * 1e3:6.0f} ms   {size / 1e6:6.1f} MB in {last:5.1f} s"
            print(f"{told}   memory {before:.0f} -> {memory():.0f} MB", flush=True)
    store.close()


if __name__ == "__main__":
    main()
