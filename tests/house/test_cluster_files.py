"""The cluster's compose file, the Kubernetes example, the alerts and the dashboard, as far as they can be read."""

import re
from typing import Any

import pytest
import yaml

from tests.house.reading import text_of

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


def test_the_image_is_built_once_for_all(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "build" in service] == ["leader"]
    assert {services[name]["image"] for name in PROGRAMS} == {services["leader"]["image"]}


def test_no_secret_stands_in_the_file(services: dict[str, Any]) -> None:
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            assert not re.search(r"PASSWORD|URL|TOKEN", name) or value.startswith("/run/secrets/")


def test_there_are_two_workers_a_leader_and_a_standby(services: dict[str, Any]) -> None:
    assert services["worker"]["deploy"]["replicas"] == 2
    assert services["worker"]["command"][0] == "worker"
    assert "command" not in services["leader"]
    assert "command" not in services["standby"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_a_container_notes_of_what_was_taken_outlives_it(services: dict[str, Any], name: str) -> None:
    assert not [place for place in services[name]["tmpfs"] if place.startswith("/data")]
    assert "data:/data" in services[name]["volumes"]  # made with the rights that the folder has in the image
    assert "data" in yaml.safe_load(text_of("compose.cluster.yaml"))["volumes"]
    assert "install -d -o 10001 -g 10001 -m 0750 /data" in text_of("Dockerfile")


def test_the_data_of_a_pod_outlive_its_container_and_the_example_says_how_far() -> None:
    text = text_of("docs/operations/kubernetes.yaml")
    for document in yaml.safe_load_all(text):
        if document["kind"] == "Deployment":
            pod = document["spec"]["template"]["spec"]
            assert {"name": "data", "emptyDir": {}} in pod["volumes"]
            assert {"name": "data", "mountPath": "/data"} in pod["containers"][0]["volumeMounts"]
            assert pod["securityContext"]["fsGroup"] == 10001
    assert text.count("it outlives a container, not its pod") == 2


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


def test_a_worker_has_a_port_for_its_health_and_metrics_and_is_asked_there(services: dict[str, Any]) -> None:
    assert "healthcheck" not in services["worker"]  # the image's own asks the port that the image gives workers too
    assert "AGGREGATOR_WORKER_LISTEN=0.0.0.0:8080" in text_of("Dockerfile")
    documents = list(yaml.safe_load_all(text_of("docs/operations/kubernetes.yaml")))
    (worker,) = [one["spec"]["template"] for one in documents if one["metadata"]["name"] == "aggregator-worker"]
    (container,) = worker["spec"]["containers"]
    environment = {each["name"]: each["value"] for each in container["env"]}
    port = worker["metadata"]["annotations"]["prometheus.io/port"]
    assert environment["AGGREGATOR_WORKER_LISTEN"].endswith(f":{port}")
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": int(port)}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": int(port)}


def test_the_jobs_that_the_rules_name_are_scraped() -> None:
    jobs = {one["job_name"] for one in yaml.safe_load(text_of("docs/operations/prometheus.yaml"))["scrape_configs"]}
    for named in re.findall(r'job=~"([^"]+)"', text_of("docs/operations/alerts.yaml")):
        assert {job for job in jobs if re.fullmatch(named, job)} == {"aggregator", "aggregator-worker"}
