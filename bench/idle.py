"""How quietly the service waits: memory and first answer as ratios to the bare stack, wake-ups a second, and how quick help is.

The bare stack imports feedparser, httpx, APScheduler, SQLAlchemy and FastAPI and serves one page with uvicorn. Both run in turn,
three times; medians are compared. Goals: memory at most 1.15, first answer at most 1.3, 12 wake-ups a second, help 3 starts of Python.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

_BARE = """
import sys, feedparser, httpx, apscheduler, sqlalchemy.orm, uvicorn, fastapi
app = fastapi.FastAPI()
app.get("/healthz")(lambda: {"alive": True})
client = httpx.AsyncClient()
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_config=None)
"""
_FEED = "  - {{id: f{0}, name: F{0}, publisher: F{0}, family: f{0}, language: en, url: 'http://127.2.0.{0}:9/', min_interval: 6h}}\n"
_REST = """topics:
  - {id: labour, name: Labour, anchor: country_anchor, themes: {overseas_workers: 1.0}}
subscriptions: []
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--feeds", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long wake-ups are counted")
    given = parser.parse_args()
    ours: list[tuple[float, float, float]] = []
    bare: list[tuple[float, float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        feeds = "".join(_FEED.format(number) for number in range(given.feeds))
        (Path(folder) / "feeds.yaml").write_text("feeds:\n" + feeds + _REST, encoding="utf-8")
        for _ in range(given.runs):
            bare.append(_measured(lambda port: [sys.executable, "-c", _BARE, str(port)], Path(folder), given.seconds, 0))
            ours.append(_measured(lambda port: [sys.executable, "-m", "aggregator", "run"], Path(folder), given.seconds, 15))
    for name, place, unit in (("memory", 0, "MB"), ("first answer", 1, "s"), ("wake-ups", 2, "a second")):
        mine, theirs = (statistics.median(run[place] for run in runs) for runs in (ours, bare))
        sys.stdout.write(f"{name}: {mine:.1f} {unit}, bare stack {theirs:.1f}, ratio {mine / theirs:.2f}\n")
    for words in (["--help"], ["--version"]):
        help_cpu, pass_cpu = ([_cpu(command) for _ in range(given.runs)] for command in (["-m", "aggregator", *words], ["-c", "pass"]))
        ratio = statistics.median(help_cpu) / statistics.median(pass_cpu)
        sys.stdout.write(f"aggregator {words[0]}: {ratio:.1f} times the CPU of python -c pass\n")


def _measured(command: Callable[[int], list[str]], folder: Path, seconds: float, settle: float) -> tuple[float, float, float]:
    """Start a service, wait for its first answer and until it is idle; give memory, seconds to the answer, and wake-ups a second."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "AGGREGATOR_FEEDS_FILE": str(folder / "feeds.yaml"),
        "AGGREGATOR_DATA_DIR": str(folder / "data"),
        "AGGREGATOR_LISTEN": f"127.0.0.1:{port}",
        "AGGREGATOR_HTTP_ALLOW": "127.0.0.0/8",
        "AGGREGATOR_LOG_LEVEL": "error",
    }
    started = time.monotonic()
    process = subprocess.Popen(command(port), env=environment)
    try:
        while not _answers(port):
            time.sleep(0.02)
        first = time.monotonic() - started
        time.sleep(settle)
        before = _switches(process.pid)
        time.sleep(seconds)
        return _memory(process.pid), first, (_switches(process.pid) - before) / seconds
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _switches(pid: int) -> int:
    """Count how often the process's threads were put on a processor (proc(5), schedstat)."""
    return sum(int(path.read_text().split()[2]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat"))


def _memory(pid: int) -> float:
    """Give the resident memory of the process alone, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def _cpu(words: list[str]) -> float:
    before = os.times()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    main()
