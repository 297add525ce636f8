"""The image and its compose file, as far as they can be read without building: the build itself is `make image`."""

import json
import re
from typing import Any

import pytest
import yaml

from tests.house.reading import ROOT, text_of

SECRETS = re.compile(r"PASSWORD|SECRET|TOKEN|WEBHOOK|_KEY\b|SMTP_URL|DATABASE_URL")


def instructions() -> list[tuple[str, str]]:
    """Give the Dockerfile's instructions in order, each on one line."""
    lines = [line for line in text_of("Dockerfile").splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(word.upper(), rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines())]


def final_stage() -> dict[str, list[str]]:
    """Give the last stage's instructions by their word."""
    found: dict[str, list[str]] = {}
    for word, rest in instructions():
        if word == "FROM":
            found = {}
        found.setdefault(word, []).append(rest)
    return found


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text_of("compose.yaml"))["services"]["aggregator"]
    return found


def test_the_user_is_a_number_and_not_root() -> None:
    (user,) = final_stage()["USER"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


def test_user_is_set_before_the_program_starts_and_never_taken_back() -> None:
    words = [word for word, _ in instructions()]
    assert words.count("USER") == 1
    assert words.index("USER") < words.index("ENTRYPOINT")


def test_health_check_asks_over_loopback_without_a_shell() -> None:
    (check,) = final_stage()["HEALTHCHECK"]
    command = json.loads(check[check.index("CMD") + 3 :])
    assert command[0] == "python"
    assert "127.0.0.1" in command[-1]
    assert "/healthz" in command[-1]
    compile(command[-1], "health check", "exec")


def test_the_program_is_the_first_process_and_gets_sigterm() -> None:
    stage = final_stage()
    assert json.loads(stage["ENTRYPOINT"][0]) == ["aggregator"]
    assert json.loads(stage["CMD"][0]) == ["run"]
    assert stage["STOPSIGNAL"] == ["SIGTERM"]


def test_settings_of_the_image() -> None:
    settings = dict(pair.split("=", 1) for line in final_stage()["ENV"] for pair in line.split())
    assert {name: value for name, value in settings.items() if name.startswith("AGGREGATOR_")} == {
        "AGGREGATOR_DATA_DIR": "/data",
        "AGGREGATOR_FEEDS_FILE": "/app/feeds.yaml",
        "AGGREGATOR_LISTEN": "0.0.0.0:8080",
        "AGGREGATOR_LOG_FORMAT": "json",
        "AGGREGATOR_WORKER_LISTEN": "0.0.0.0:8080",
    }
    assert settings["PYTHONDONTWRITEBYTECODE"] == "1"
    assert final_stage()["VOLUME"] == ["/data"]


def test_no_secret_is_written_into_a_layer() -> None:
    assert not [rest for word, rest in instructions() if word in {"ENV", "ARG"} and SECRETS.search(rest)]


def test_the_final_stage_installs_nothing() -> None:
    stage = final_stage()
    assert [word for word, _ in instructions()].count("FROM") == 2
    assert not [line for line in stage["RUN"] if re.search(r"\b(pip|apt-get|gcc)\b", line)]
    assert "uninstall --yes setuptools pip" in text_of("Dockerfile")


def test_everything_copied_exists_and_is_sent_to_the_builder() -> None:
    sources = [
        name.removeprefix("./") for word, rest in instructions() if word == "COPY" and "--from" not in rest for name in rest.split()[:-1]
    ]
    assert not [name for name in sources if not (ROOT / name).exists()]
    assert set(sources) <= {line[1:] for line in text_of(".dockerignore").splitlines() if line.startswith("!")}


def test_the_builder_is_sent_a_list_of_files_and_nothing_else() -> None:
    rules = [line for line in text_of(".dockerignore").splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("read_only", True),
        ("tmpfs", ["/tmp"]),
        ("cap_drop", ["ALL"]),
        ("security_opt", ["no-new-privileges:true"]),
        ("restart", "unless-stopped"),
        ("ports", ["127.0.0.1:8080:8080"]),
    ],
)
def test_compose_takes_rights_away(service: dict[str, Any], key: str, value: object) -> None:
    assert service[key] == value


def test_compose_holds_no_setting_and_so_no_secret(service: dict[str, Any]) -> None:
    assert "environment" not in service
    assert service["env_file"] == [{"path": ".env", "required": False}]
    assert "data:/data" in service["volumes"]
