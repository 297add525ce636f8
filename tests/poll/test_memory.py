"""What was freed goes back to the system, now and then and not at every step."""

import re
import sys
from pathlib import Path

import pytest

from aggregator.memory import Returning, give_back


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only there the process can be asked")
def test_what_was_freed_is_handed_back() -> None:
    texts = [bytes(40_000) for _ in range(1_000)]
    kept = texts[::20]
    before = resident()
    del texts
    give_back()
    assert resident() < before - 20_000
    assert len(kept) == 50


def test_it_is_handed_back_only_now_and_then() -> None:
    often, seldom = Returning(every=0.0, last=0.0), Returning(every=1e9, last=-1.0)
    often.now_and_then()
    seldom.now_and_then()
    assert often.last > 0
    assert seldom.last == -1.0


def resident() -> int:
    """Give the kilobytes that this process holds."""
    found = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1])
