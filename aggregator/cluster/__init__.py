"""The cluster: a leader that says what is to do, standbys that take over from it, and workers that do it."""

from aggregator.cluster.leading import serve_cluster
from aggregator.cluster.signs import Foreman, crew, missing
from aggregator.cluster.working import Crewman, queue_archive, work, worker_steps

__all__ = ["Crewman", "Foreman", "crew", "missing", "queue_archive", "serve_cluster", "work", "worker_steps"]
