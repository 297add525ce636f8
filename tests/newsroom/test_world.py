import base64
import gc
import json
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import httpx
import pytest

from aggregator.errors import UsageError
from aggregator.newsroom.world import World


def test_control_describes_the_world(world: World, http: httpx.Client) -> None:
    described = http.get(f"{world.control_url}/world").json()
    assert described["round"] == 1
    assert described["feeds"] == dict(world.feed_urls)
    assert described["smtp"] == {"host": world.smtp.host, "port": world.smtp.port}
    assert described["slack"] == world.slack_url


def test_control_turns_rounds_and_resets(world: World, http: httpx.Client) -> None:
    assert http.post(f"{world.control_url}/round/2").json() == {"round": 2}
    assert world.round == 2
    http.get(world.feed_urls["hanseo-ko"])
    assert http.post(f"{world.control_url}/reset").json() == {"round": 1}
    assert not world.requests


def test_control_refuses_what_does_not_exist(world: World, http: httpx.Client) -> None:
    answer = http.post(f"{world.control_url}/round/4")
    assert (answer.status_code, answer.json()["error"]) == (400, "there is no round 4; the rounds are 1, 2, 3")
    answer = http.post(f"{world.control_url}/faults", json={"channel": "smtp", "status": 200})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("status: ")
    assert http.post(f"{world.control_url}/faults", content=b"{").status_code == 400


def test_control_lists_what_the_receivers_got(world: World, http: httpx.Client) -> None:
    http.post(f"{world.control_url}/faults", json={"channel": "slack", "status": 500})
    for _ in range(2):
        http.post(world.slack_url, json={"text": "hello"})
    with smtplib.SMTP(*world.smtp) as client:
        client.sendmail("a@newsroom.example", ["b@newsroom.example"], b"Subject: one\r\n\r\ntext\r\n")
    (mail,) = http.get(f"{world.control_url}/mails").json()
    assert (mail["index"], mail["envelope"]) == (2, {"from": "a@newsroom.example", "to": ["b@newsroom.example"]})
    assert mail["headers"] == [["Subject", "one"]]
    assert base64.b64decode(mail["message"]) == world.mails[0].message
    (alert,) = http.get(f"{world.control_url}/alerts").json()
    assert (alert["index"], alert["payload"]) == (1, {"text": "hello"})
    assert [refusal["status"] for refusal in http.get(f"{world.control_url}/refusals").json()] == [500]
    assert http.get(f"{world.control_url}/requests").json() == []


def test_control_shows_the_log_of_requests(world: World, http: httpx.Client) -> None:
    http.get(world.feed_urls["old-mill-news"])
    (request,) = http.get(f"{world.control_url}/requests").json()
    assert (request["feed"], request["status"], request["if_none_match"]) == ("old-mill-news", 404, None)


def test_world_leaves_nothing_behind(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with World.open(tmp_path / "received") as world:
            smtp, threads = world.smtp, threading.active_count()
            httpx.get(f"{world.control_url}/world", trust_env=False)
            idle = socket.create_connection(smtp)
        idle.close()
        gc.collect()
    assert threading.active_count() == threads - 1
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(smtp)


def test_port_may_be_fixed_and_a_taken_one_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} of 127.0.0.1 is taken"):
            World.open(ports={"control": port})
    with World.open(ports={"control": port}) as world:
        assert world.control_url.endswith(f":{port}")


def test_unknown_port_name_is_refused() -> None:
    with pytest.raises(UsageError, match=r"nothing of the newsroom is called elsewhere \(allowed: hanseo, "):
        World.open(ports={"elsewhere": 0})


def test_command_prints_its_address_first_and_ends_with_sigterm(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "aggregator.newsroom", "--folder", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        address = process.stdout.readline().strip()
        slack = httpx.get(f"{address}/world", trust_env=False).json()["slack"]
        httpx.post(slack, json={"text": "hello"}, trust_env=False)
        process.send_signal(signal.SIGTERM)
        _, complaints = process.communicate(timeout=15)
    assert (process.returncode, complaints) == (0, "")
    assert json.loads((tmp_path / "alerts.jsonl").read_text("utf-8"))["payload"] == {"text": "hello"}


def test_command_names_a_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [sys.executable, "-m", "aggregator.newsroom", "--control-port", str(taken.getsockname()[1])]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "is taken" in done.stderr
