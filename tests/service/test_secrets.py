"""What other users of the machine, or who reads the logs, can see of a running service."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

SECRET = "s3cret-of-the-house"
FEEDS = """feeds:
  - {id: one, name: One, publisher: One, family: one, language: en, url: "http://127.0.0.1:9/feed"}
topics:
  - {id: labour, name: Labour, anchor: country_anchor, themes: {overseas_workers: 1.0}}
subscriptions: []
"""


def test_nothing_secret_is_seen_from_outside_the_process(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text(FEEDS)
    files = {"SMTP_URL": f"smtp://desk:{SECRET}@127.0.0.1:9?tls=none", "METRICS_TOKEN": SECRET}
    for name, value in files.items():
        (tmp_path / name).write_text(value)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "AGGREGATOR_DATA_DIR": str(tmp_path / "data"),
        "AGGREGATOR_FEEDS_FILE": str(tmp_path / "feeds.yaml"),
        "AGGREGATOR_LISTEN": "127.0.0.1:0",
        "AGGREGATOR_MAIL_FROM": "watch@example.org",
        "AGGREGATOR_HTTP_ALLOW": "127.0.0.1",
        **{f"AGGREGATOR_{name}_FILE": str(tmp_path / name) for name in files},
    }
    log = tmp_path / "log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "aggregator", "run"]
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
    try:
        page = _page(log)
        assert _status(f"{page}metrics", SECRET) == 200
        seen = [Path(f"/proc/{pid}/{what}").read_bytes() for pid in _tree(process.pid) for what in ("cmdline", "environ")]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    kept = [path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert len(seen) >= 2
    assert not [text for text in [*seen, *kept, log.read_bytes()] if SECRET.encode() in text]


def _page(log: Path) -> str:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if found := re.search(r"http://127\.0\.0\.1:\d+/", log.read_text()):
            return found.group()
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def _status(url: str, token: str) -> int:
    for _ in range(100):
        try:
            with urlopen(Request(url, headers={"Authorization": f"Bearer {token}"}), timeout=5) as answer:
                return int(answer.status)
        except URLError:
            time.sleep(0.1)
    return 0


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _tree(int(child)))]
