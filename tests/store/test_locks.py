import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from aggregator.errors import StoreError, UsageError
from aggregator.store import alone, installation_lock, working_lock
from aggregator.store.locks import waiting_file_lock

_HOLDING = """
import sys
from aggregator.store import installation_lock
with installation_lock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""

_FORKING = """
import os, sys
from aggregator.store import installation_lock
with installation_lock(sys.argv[1]):
    if os.fork() == 0:
        print("child runs", flush=True)
    sys.stdin.read()
"""


def test_the_second_service_is_refused_and_told_who_holds_the_lock(url: str) -> None:
    with installation_lock(url), pytest.raises(UsageError, match=rf"another service.*{os.getpid()}"), installation_lock(url):
        pass


def test_a_refusal_names_the_lock_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/store.db"
    with installation_lock(url), pytest.raises(UsageError, match=r"new/store\.db\.lock"), installation_lock(url):
        pass


def test_the_lock_is_free_again_after_the_block(url: str) -> None:
    for _ in range(2):
        with installation_lock(url):
            pass


def test_nobody_is_alone_while_somebody_works(url: str) -> None:
    with working_lock(url), working_lock(url), alone(url) as nobody_else:
        assert not nobody_else
    with alone(url) as nobody_else:
        assert nobody_else


def test_who_starts_to_work_waits_for_the_one_who_is_alone(url: str) -> None:
    working = threading.Event()

    def work() -> None:
        with working_lock(url):
            working.set()

    with alone(url):
        thread = threading.Thread(target=work)
        thread.start()
        assert not working.wait(0.2)
    thread.join(10)
    assert working.is_set()


def test_the_lock_of_a_killed_process_is_free(url: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", _HOLDING, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(UsageError, match=str(process.pid)), installation_lock(url):
            pass
        process.send_signal(signal.SIGKILL)
    with installation_lock(url):
        pass


def test_a_forked_child_does_not_keep_the_lock_of_its_killed_parent(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    process = subprocess.Popen([sys.executable, "-c", _FORKING, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"child runs\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
        with installation_lock(url):
            pass


def test_an_unwritable_place_for_the_lock_is_named(tmp_path: Path) -> None:
    (tmp_path / "store.db.lock").mkdir()
    with pytest.raises(StoreError, match=r"store\.db\.lock cannot be opened"), installation_lock(f"sqlite:///{tmp_path}/store.db"):
        pass


def test_a_waiting_lock_lets_the_second_in_after_the_first(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with waiting_file_lock(tmp_path / "lock"):
            order.append("second")

    with waiting_file_lock(tmp_path / "lock"):
        waiter = threading.Thread(target=second)
        waiter.start()
        order.append("first")
    waiter.join()
    assert order == ["first", "second"]
