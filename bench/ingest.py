"""Poll the same feeds with this program and with its peers, in turn, and print the ratios.

``python bench/ingest.py [--feeds 200] [--runs 3] [--peers PYTHON] [--whole] [--flat 100 1000]``

`PYTHON` is an interpreter that has reader, feedparser, httpx and fastfeedparser; without one it is made in a scratch folder with
``python -m venv`` and pip. Peers: reader with 20 workers, httpx with feedparser, httpx with fastfeedparser, each a process a phase.
Phases: cold (nothing known), same (all 304), some (5 % of the feeds have two new items), late (all 304 after 100 ms), hang (2 % of the
hosts never answer). Goals are ratios of medians to a peer in the same run, never seconds: machines drift.
"""

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

from _world import address_of

HERE = Path(__file__).parent
with socket.create_server(("", 0)) as _free:
    PORT = _free.getsockname()[1]
PHASES = ("cold", "same", "some", "late")
PEERS = ("ours", "reader", "feedparser", "fastfeedparser")
PACKAGES = ("reader", "feedparser", "httpx", "fastfeedparser", "sgmllib3k")


@contextmanager
def served(feeds: int, items: int = 40) -> Iterator[None]:
    """Run the feed server while the block lasts."""
    process = subprocess.Popen([sys.executable, str(HERE / "_feed_server.py"), str(PORT), str(feeds), str(items)], stdout=subprocess.PIPE)
    try:
        assert process.stdout
        if not process.stdout.readline():
            raise SystemExit("the feed server did not start")
        yield
    finally:
        process.kill()
        process.wait()


def control(command: str) -> None:
    """Tell the server something."""
    urllib.request.urlopen(f"http://127.0.0.1:{PORT}/ctl/{command}").close()


def environment() -> dict[str, str]:
    """Let every peer keep its byte code, as an installed program has it; a checkout may have none."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(HERE.parent), "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "ingest-byte-code")}


def measured(command: Sequence[str]) -> tuple[float, float, str, float]:
    """Run a command and give its wall and CPU seconds, its children's included, its last line, and the most memory of them all in MB."""
    start = perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment())
    assert process.stdout
    peak: list[float] = [0.0]
    watch = threading.Thread(target=_watch, args=(process, peak), daemon=True)
    watch.start()
    said = process.stdout.read().decode().strip()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return perf_counter() - start, used.ru_utime + used.ru_stime, said.rpartition("\n")[2], peak[0]


def _watch(process: "subprocess.Popen[bytes]", peak: list[float]) -> None:
    while process.returncode is None:
        peak[0] = max(peak[0], sum(map(_resident, _family(process.pid))) / 1024)
        sleep(0.05)


def _family(pid: int) -> list[int]:
    """Name a process and all that descend from it."""
    try:
        children = [one for thread in Path(f"/proc/{pid}/task").glob("*/children") for one in thread.read_text().split()]
    except OSError:
        return []
    return [pid, *(one for child in children for one in _family(int(child)))]


def _resident(pid: int) -> int:
    """Give the resident kilobytes of a process; what it shares with others counts in each."""
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found.group(1)) if found else 0


def command_of(peer: str, python: str, urls: Path, database: Path, mode: str) -> list[str]:
    """Give the command that polls once."""
    if peer == "ours":
        return [sys.executable, str(HERE / "_ours.py"), str(urls), str(database), mode]
    return [python, str(HERE / "_peers.py"), peer, str(urls), str(database)]


def run(peer: str, python: str, urls: Path, folder: Path, mode: str) -> dict[str, tuple[float, float, float]]:
    """Take one peer through the phases on a database of its own."""
    database = folder / f"{peer}.db"
    for leftover in folder.glob(f"{peer}.db*"):
        leftover.unlink()
    command, found = command_of(peer, python, urls, database, mode), {}
    for phase in PHASES:
        if phase == "some":
            control("next")
        control("set?latency=0.1" if phase == "late" else "set?latency=0")
        wall, cpu, _, memory = measured(command)
        found[phase] = wall, cpu, memory
    control("set?latency=0")
    return found


def warm(peer: str, python: str, folder: Path, whole: bool) -> None:
    """Poll two feeds, so that the byte code of everything that is used is there."""
    few = folder / "few"
    few.write_text("\n".join((folder / "urls").read_text().split()[:2]))
    measured(command_of(peer, python, few, folder / f"warm-{peer}.db", "whole" if whole else "poll"))


def peers_python(folder: Path) -> str:
    """Make an interpreter with the peers in a folder that goes away."""
    subprocess.run([sys.executable, "-m", "venv", str(folder / "peers")], check=True)
    python = str(folder / "peers" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "--quiet", "install", *PACKAGES], check=True)
    return python


def check_peers(python: str) -> None:
    """End with a sentence where an interpreter is none, or has not what the peers need."""
    needed = [name for name in PACKAGES if name != "sgmllib3k"]
    probe = f"import importlib.util as u; print(*(name for name in {needed!r} if u.find_spec(name) is None))"
    try:
        missing = subprocess.run([python, "-c", probe], capture_output=True, text=True, check=True).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        raise SystemExit(f"--peers: {python} is no Python interpreter that runs") from None
    if missing:
        raise SystemExit(f"--peers: {python} has no {', '.join(missing)}; install them there, or leave --peers out to have them installed")


def list_of(folder: Path, feeds: int) -> Path:
    """Write the addresses of the feeds to a file."""
    urls = folder / "urls"
    urls.write_text("\n".join(f"http://{address_of(feed)}:{PORT}/f/{feed}.xml" for feed in range(feeds)))
    return urls


def flat(sizes: Sequence[int]) -> None:
    """Tell the cost of a 304 by the number of feeds; each has one item, since a 304 has none."""
    for feeds in sizes:
        with tempfile.TemporaryDirectory() as name, served(feeds, items=1):
            urls = list_of(Path(name), feeds)
            print(feeds, "feeds:", measured(command_of("ours", "", urls, Path(name) / "ours.db", "resident"))[2], flush=True)


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", default="", help="an interpreter that has the peers; made for the occasion without")
    parser.add_argument("--whole", action="store_true", help="ours judges too: matching, enrichment, stories")
    parser.add_argument("--flat", type=int, nargs="+", help="only tell what a 304 costs in a resident process with so many feeds")
    given = parser.parse_args()
    if given.flat:
        flat(given.flat)
        return
    with tempfile.TemporaryDirectory() as name:
        folder, urls = Path(name), list_of(Path(name), given.feeds)
        python = given.peers or peers_python(folder)
        check_peers(python)
        rows: dict[str, list[dict[str, tuple[float, float, float]]]] = {peer: [] for peer in PEERS}
        with served(given.feeds):
            for peer in PEERS:
                warm(peer, python, folder, given.whole)
            for _ in range(given.runs):
                for peer in PEERS:
                    rows[peer].append(run(peer, python, urls, folder, "whole" if given.whole else "poll"))
            resident = measured(command_of("ours", python, urls, folder / "ours.db", "resident"))[2]
            of_reader = measured(command_of("resident", python, urls, folder / "reader.db", ""))[2]
            control("set?hang=0.02")
            hanging = measured(command_of("ours", python, urls, folder / "ours.db", "poll"))
    _print(rows, given.feeds, f"{resident}; of reader: {of_reader}", hanging)


def _print(
    rows: dict[str, list[dict[str, tuple[float, float, float]]]], feeds: int, resident: str, hanging: tuple[float, float, str, float]
) -> None:
    print(f"{feeds} feeds x 40 items, {len(rows['ours'])} interleaved runs, medians: wall s / CPU s, then ours to the peer")
    print("| peer | " + " | ".join(PHASES) + " |\n|---|" + "---|" * len(PHASES))
    middle = {
        peer: {phase: [median(one[phase][kind] for one in found) for kind in (0, 1)] for phase in PHASES} for peer, found in rows.items()
    }
    for peer, found in middle.items():
        print(f"| {peer} | " + " | ".join(f"{found[phase][0]:.2f} / {found[phase][1]:.2f}" for phase in PHASES) + " |")
    for peer in PEERS[1:]:
        ratios = [f"{middle['ours'][p][0] / middle[peer][p][0]:.2f} / {middle['ours'][p][1] / middle[peer][p][1]:.2f}" for p in PHASES]
        print(f"| ours : {peer} | " + " | ".join(ratios) + " |")
    memory = {peer: median(one["cold"][2] for one in found) for peer, found in rows.items()}
    print("memory of all processes, cold: " + ", ".join(f"{peer} {most:.0f} MB" for peer, most in memory.items()))
    print(f"resident round of 304s: {resident}; a round with 2 % hanging hosts (10 s deadline): {hanging[0]:.2f} s, {hanging[2]}")


if __name__ == "__main__":
    main()
