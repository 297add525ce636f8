"""One newsroom for all tests of this room, back at its beginning for each."""

from collections.abc import Iterator

import httpx
import pytest

from aggregator.newsroom.content import Expected
from aggregator.newsroom.edition import Edition, load_expected
from aggregator.newsroom.world import World


@pytest.fixture(scope="session")
def edition() -> Edition:
    return Edition.load()


@pytest.fixture(scope="session")
def expected() -> Expected:
    return load_expected()


@pytest.fixture(scope="session")
def open_world() -> Iterator[World]:
    with World.open() as world:
        yield world


@pytest.fixture
def world(open_world: World) -> World:
    open_world.reset()
    return open_world


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=5) as client:
        yield client
