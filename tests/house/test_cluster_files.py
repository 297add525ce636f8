"""The cluster's compose file, the Kubernetes example, the alerts and the dashboard, as far as they can be read."""

import json
import re
from typing import Any

import pytest
import yaml

from aggregator.web.metrics import Metrics
from tests.house.reading import text_of
from tests.web.test_site import STATUS

PROGRAMS = ("leader", "standby", "worker")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text_of("compose.cluster.yaml"))["services"]
    return found


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_has_no_rights_and_writes_nowhere(services: dict[str, Any], name: str) -> None:
    program = services[name]
    assert program["read_only"] is True
    assert program["cap_drop"] == ["ALL"]
    assert program["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in program.get("ports", []))


def test_no_secret_stands_in_the_file(services: dict[str, Any]) -> None:
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            assert not re.search(r"PASSWORD|URL|TOKEN", name) or value.startswith("/run/secrets/")


def test_there_are_two_workers_a_leader_and_a_standby(services: dict[str, Any]) -> None:
    assert services["worker"]["deploy"]["replicas"] == 2
    assert services["worker"]["command"][0] == "worker"
    assert "command" not in services["leader"]
    assert "command" not in services["standby"]


def test_pods_run_without_root_on_a_read_only_file_system() -> None:
    documents = list(yaml.safe_load_all(text_of("docs/operations/kubernetes.yaml")))
    pods = [document["spec"]["template"]["spec"] for document in documents if document["kind"] == "Deployment"]
    assert len(pods) == 2
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        (container,) = pod["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_every_program_signs_with_the_same_key(services: dict[str, Any]) -> None:
    for name in PROGRAMS:
        assert services[name]["environment"]["AGGREGATOR_SECRET_KEY_FILE"] == "/run/secrets/secret_key"
        assert "secret_key" in services[name]["secrets"]
    documents = list(yaml.safe_load_all(text_of("docs/operations/kubernetes.yaml")))
    pods = [document["spec"]["template"]["spec"] for document in documents if document["kind"] == "Deployment"]
    keys = [each["value"] for pod in pods for each in pod["containers"][0]["env"] if each["name"] == "AGGREGATOR_SECRET_KEY_FILE"]
    assert keys == ["/run/aggregator/secret-key"] * 2


def exported() -> set[str]:
    metrics = Metrics()
    return set(re.findall(r"^(aggregator_\w+)", metrics.shown(STATUS).decode(), re.MULTILINE)) | {
        f"aggregator_{name}_total" for name in ("polls", "stored", "judged", "attempts")
    }


@pytest.mark.parametrize("name", ["docs/operations/alerts.yaml", "docs/operations/dashboard.json"])
def test_every_metric_that_is_asked_for_is_told(name: str) -> None:
    text = text_of(name)
    assert json.loads(text) if name.endswith(".json") else yaml.safe_load(text)
    asked = set(re.findall(r"\b(aggregator_\w+)", text))
    assert asked
    assert not asked - exported()
