# Two stages: the first installs with pip and compiles, the second holds the result and neither pip nor build tools.
# Runs as a numeric user on a read-only root file system; only /data and /tmp are written.

FROM python:3.11-slim-bookworm AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/aggregator
COPY requirements-run.lock ./
RUN /opt/aggregator/bin/python -m pip install --no-compile --require-hashes -r requirements-run.lock
COPY pyproject.toml README.md LICENSE ./
COPY migrations ./migrations
COPY aggregator ./aggregator
# unchecked hashes: the bytecode stays valid whatever time stamps a registry or a rebuild gives the files
RUN /opt/aggregator/bin/python -m pip install --no-compile --no-deps --no-build-isolation . \
 && /opt/aggregator/bin/python -m pip uninstall --yes setuptools pip \
 && /opt/aggregator/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/aggregator/lib

FROM python:3.11-slim-bookworm
ENV PATH=/opt/aggregator/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    AGGREGATOR_DATA_DIR=/data \
    AGGREGATOR_FEEDS_FILE=/app/feeds.yaml \
    AGGREGATOR_LISTEN=0.0.0.0:8080 \
    AGGREGATOR_WORKER_LISTEN=0.0.0.0:8080 \
    AGGREGATOR_LOG_FORMAT=json
RUN groupadd --system --gid 10001 aggregator \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin aggregator \
 && install -d -o 10001 -g 10001 -m 0750 /data
COPY --from=builder /opt/aggregator /opt/aggregator
COPY feeds.yaml /app/feeds.yaml
USER 10001:10001
WORKDIR /app
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
# http.client, not urllib: a proxy set for the feeds must not answer for us
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["python", "-IS", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['AGGREGATOR_LISTEN'].rpartition(':')[2]), timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["aggregator"]
CMD ["run"]
