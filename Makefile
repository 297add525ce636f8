# Every target first installs what it needs into .venv. All it expects of the machine is make and Python 3.11 or newer.
# After a change of requirements.lock or pyproject.toml the next target installs again; otherwise that step costs nothing.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BUILDER ?= $(shell for tool in docker podman buildah; do command -v $$tool 2>/dev/null && break; done)
IMAGE ?= aggregator
# Tests of whole processes wait more than they compute, so one more than the two cores of a small machine.
WORKERS ?= 3

BIN := .venv/bin
INSTALLED := .venv/.installed
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip --quiet
# podman and buildah leave HEALTHCHECK out of their default format
BUILD_FORMAT = $(if $(filter docker,$(notdir $(BUILDER))),,--format docker)
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" .venv/lock/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url \
	--universal --python-version 3.11 --group build $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := test
.PHONY: demo run test lint bench soak image lock sbom audit clean

demo: $(INSTALLED)
	$(BIN)/aggregator demo

run: $(INSTALLED)
	$(BIN)/aggregator run

test: $(INSTALLED)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# A script whose name starts with an underscore is a part of others.
bench: $(INSTALLED)
	@found=; for script in bench/[!_]*.py; do \
		[ -e "$$script" ] || continue; found=yes; echo "== $$script"; $(BIN)/python "$$script" || exit 1; \
	done; [ -n "$$found" ] || echo "There is no benchmark in bench/ yet."

# Chaos on a whole cluster for MINUTES, then on a lone service: kills, stops, full disks, wrong clocks, restarts of the database.
MINUTES ?= 10
soak: $(INSTALLED)
	$(BIN)/python -m tests.cluster.soak --minutes $(MINUTES)

# What the container holds, as a CycloneDX list that scanners read.
sbom: $(INSTALLED)
	$(BIN)/cyclonedx-py requirements requirements-run.lock --pyproject pyproject.toml --output-reproducible -o sbom.json

# The pins against the known vulnerabilities; asks the network. A pin that cannot be looked up fails it: what nobody asked about is not safe.
audit: $(INSTALLED)
	$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements-run.lock

image:
	@[ -n "$(BUILDER)" ] || { echo "No docker, podman or buildah found: install one of them to build the image." >&2; exit 1; }
	$(BUILDER) build $(BUILD_FORMAT) -t $(IMAGE) .

# `make lock` keeps the pinned versions where it can; `make lock UPGRADE=1` takes the newest allowed ones.
lock: $(INSTALLED)
	$(BIN)/python -m venv .venv/lock
	.venv/lock/bin/python -m pip --quiet install uv
	$(COMPILE) --all-extras pyproject.toml -o requirements.lock
	$(COMPILE) --constraint requirements.lock pyproject.toml -o requirements-run.lock

# The data folder is not litter: it holds what the service has gathered.
clean:
	rm -rf .venv build sbom.json dist *.egg-info .mypy_cache .ruff_cache .import_linter_cache .hypothesis .pytest_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

$(INSTALLED): requirements.lock pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "No Python 3.11 or newer found: install one, or say make PYTHON=/path/to/python." >&2; exit 1; }
	@$(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear .venv || { rm -rf .venv; \
		echo "$(PYTHON) cannot make a virtual environment: install its venv module (Debian: apt-get install python3-venv)." >&2; exit 1; }
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
