"""The services of compose.cluster.yaml as processes: the commands, environment, secrets and health checks that stand there, no container.

Read from the file and from the Dockerfile, as an engine does. Paths of the container become paths of a folder, and an address to listen on
becomes one that is free: the containers have file systems and networks of their own, processes do not.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.house.reading import ROOT, text_of
from tests.service.test_process import free_port

FILE = "compose.cluster.yaml"


def services() -> dict[str, dict[str, Any]]:
    """Give the services that are ours, by name: those of our image."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(text_of(FILE))["services"]
    return {name: service for name, service in found.items() if service["image"] == "aggregator"}


def secret_commands() -> list[str]:
    """Give the commands that make the secrets, from the head of the file."""
    return re.findall(r"^#   (.+?)(?:   #.*)?$", text_of(FILE), re.MULTILINE)


def make_secrets(folder: Path) -> None:
    """Make the secrets as somebody does who shares nothing unasked."""
    subprocess.run(["sh", "-euc", "\n".join(("umask 077", *secret_commands()))], cwd=folder, check=True, timeout=20)


@dataclass(frozen=True, slots=True)
class Running:
    """Hold one running replica of a service."""

    name: str
    process: subprocess.Popen[bytes]
    environment: Mapping[str, str]
    health: tuple[str, ...]
    grace: float
    log: Path

    def healthy(self) -> bool:
        """Run its health check once, as the engine would in its container."""
        return subprocess.run(self.health, env=self.environment, timeout=20, capture_output=True).returncode == 0

    def stop(self) -> int:
        """Stop it as the engine does: a signal, and no patience beyond the time of grace; give the exit code.

        Raises:
            subprocess.TimeoutExpired: it would have been killed.
        """
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(self.grace)

    def end(self) -> None:
        """Kill it and what it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def start_all(folder: Path, given: Mapping[str, str]) -> Iterator[Running]:
    """Start every replica of every service; `folder` holds feeds.yaml and secrets, `given` is what .env says."""
    for name, service in services().items():
        for number in range(service.get("deploy", {}).get("replicas", 1)):
            yield _start(folder, f"{name}-{number + 1}", service, given)


def _start(folder: Path, name: str, service: dict[str, Any], given: Mapping[str, str]) -> Running:
    own = folder / name
    _lay_out(folder, own, service)
    ports: defaultdict[str, int] = defaultdict(free_port)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        **{key: _placed(value, own, ports) for key, value in {**_image_settings(), **given, **service["environment"]}.items()},
    }
    log = own / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *_json("ENTRYPOINT"), *service.get("command", _json("CMD"))],
            env=environment,
            cwd=own / "app",
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    return Running(name, process, environment, _health(service), float(service["stop_grace_period"].removesuffix("s")), log)


def _lay_out(folder: Path, own: Path, service: dict[str, Any]) -> None:
    """Make what the container would see: the secrets that the service names, its volumes, its empty folders."""
    for place in ("run/secrets", "app", "tmp"):
        (own / place).mkdir(parents=True)
    files = yaml.safe_load(text_of(FILE))["secrets"]
    for secret in service["secrets"]:
        (own / "run/secrets" / secret).write_bytes((folder / files[secret]["file"]).read_bytes())
    for source, target in (volume.split(":")[:2] for volume in service["volumes"]):
        if source.startswith("."):
            (own / target[1:]).write_bytes((folder / source).read_bytes())
        else:  # a volume with a name is one for all that name it
            (folder / "volumes" / source).mkdir(parents=True, exist_ok=True)
            (own / target[1:]).symlink_to(folder / "volumes" / source)


def _placed(value: str, own: Path, ports: Mapping[str, int]) -> str:
    if value.startswith("0.0.0.0:"):
        return f"127.0.0.1:{ports[value]}"
    return re.sub(r"^/(run|app|data|tmp)\b", lambda found: f"{own}/{found[1]}", value)


def _health(service: dict[str, Any]) -> tuple[str, ...]:
    own = service.get("healthcheck", {})
    if own.get("disable"):
        return ()
    words = (
        own["test"][1:]
        if "test" in own
        else json.loads(text_of("Dockerfile").partition("HEALTHCHECK")[2].partition("CMD")[2].splitlines()[0])
    )
    return tuple(sys.executable if word == "python" else word for word in words)


def _image_settings() -> dict[str, str]:
    final = text_of("Dockerfile").rpartition("\nFROM ")[2]
    (line,) = re.findall(r"^ENV (.+)$", final.replace("\\\n", ""), re.MULTILINE)
    pairs = (pair.split("=", 1) for pair in shlex.split(line))
    return {name: value for name, value in pairs if name != "PATH"}


def _json(instruction: str) -> list[str]:
    (found,) = re.findall(rf"^{instruction} (.+)$", text_of("Dockerfile"), re.MULTILINE)
    words: list[str] = json.loads(found)
    return words
