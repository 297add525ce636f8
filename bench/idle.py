"""How quietly the service waits: memory and first answer as ratios to the bare stack, wake-ups a second, and how quick help is.

The bare stack imports feedparser, httpx, APScheduler, SQLAlchemy and FastAPI and serves one page with uvicorn; the barest one has
Starlette in the place of FastAPI. All run in turn, three times, each in a folder of its own; medians are compared.
Goals: memory at most 1.15, first answer at most 1.3, 12 wake-ups a second, help 3 starts of Python. What the service takes after
somebody opened its first page is told besides.
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
_BAREST = """
import sys, feedparser, httpx, apscheduler.schedulers.asyncio, sqlalchemy.orm, uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
engine = sqlalchemy.create_engine("sqlite://")
engine.connect().execute(sqlalchemy.text("select 1"))
async def alive(request): return PlainTextResponse("ok")
client = httpx.AsyncClient()
uvicorn.run(Starlette(routes=[Route("/healthz", alive)]), host="127.0.0.1", port=int(sys.argv[1]), log_config=None)
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
    commands = {
        "ours": lambda port: [sys.executable, "-m", "aggregator", "run"],
        "new": lambda port: [sys.executable, "-m", "aggregator", "run"],
        "bare": lambda port: [sys.executable, "-c", _BARE, str(port)],
        "barest": lambda port: [sys.executable, "-c", _BAREST, str(port)],
    }
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in commands}
    for _ in range(given.runs):
        for name, command in commands.items():
            found[name].append(
                _run(command, given.feeds, given.seconds, prepared=name == "ours", settle=15 * name.startswith(("ours", "new")))
            )
    middle = {name: [statistics.median(column) for column in zip(*runs, strict=True)] for name, runs in found.items()}
    for place, (name, unit) in enumerate((("memory", "MB"), ("first answer", "s"), ("wake-ups", "a second"), ("after a page", "MB"))):
        mine, new, bare, barest = (middle[one][place] for one in ("ours", "new", "bare", "barest"))
        ratios = f"ratio {mine / bare:.2f}; with Starlette {barest:.1f}, ratio {mine / barest:.2f}; in a new folder {new:.1f}"
        sys.stdout.write(f"{name}: {mine:.1f} {unit}, bare stack {bare:.1f}, {ratios}\n")
    for words in (["--help"], ["--version"]):
        help_cpu, pass_cpu = ([_cpu(command) for _ in range(given.runs)] for command in (["-m", "aggregator", *words], ["-c", "pass"]))
        ratio = statistics.median(help_cpu) / statistics.median(pass_cpu)
        sys.stdout.write(f"aggregator {words[0]}: {ratio:.1f} times the CPU of python -c pass\n")


def _run(command: Callable[[int], list[str]], feeds: int, seconds: float, *, prepared: bool, settle: float) -> tuple[float, ...]:
    """Measure a service in a folder of its own, where a database of this release waits if it is `prepared`."""
    with tempfile.TemporaryDirectory() as folder:
        listed = "".join(_FEED.format(number) for number in range(feeds))
        (Path(folder) / "feeds.yaml").write_text("feeds:\n" + listed + _REST, encoding="utf-8")
        if prepared:
            environment = os.environ | {"AGGREGATOR_DATA_DIR": f"{folder}/data", "AGGREGATOR_LOG_LEVEL": "error"}
            subprocess.run([sys.executable, "-m", "aggregator", "db", "upgrade"], env=environment, check=True, stdout=subprocess.DEVNULL)
        return _measured(command, Path(folder), seconds, settle)


def _measured(command: Callable[[int], list[str]], folder: Path, seconds: float, settle: float) -> tuple[float, ...]:
    """Start a service, wait for its first answer and until it is idle.

    Gives memory, seconds to the answer, wake-ups a second, and memory after a page was asked for.
    """
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
        woken, memory = (_switches(process.pid) - before) / seconds, _memory(process.pid)
        _answers(port, "/", 30)
        return memory, first, woken, _memory(process.pid)
    finally:
        process.terminate()
        process.wait()


def _answers(port: int, path: str = "/healthz", patience: float = 1) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        connection.request("GET", path)
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
