"""A worker that would work on nothing does not start: it would count as a sign of life."""

import pytest

from aggregator.cluster import work
from aggregator.errors import UsageError
from aggregator.models import Configuration
from aggregator.settings import load_settings


def unread() -> Configuration:
    raise AssertionError("nothing is read before the queues are known to be right")


@pytest.mark.parametrize(
    ("queues", "words"), [((), "no queue to work on: choose among poll, judge"), (("pol",), "no queue pol: choose among")]
)
def test_queues_that_there_are_not_are_refused(queues: tuple[str, ...], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        work(load_settings({"AGGREGATOR_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing"}), unread, queues, 1)
