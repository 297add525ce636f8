"""Web: a plain status page, the health checks and the metrics; reads the store, writes nothing."""

from aggregator.web.metrics import Metrics, add_metrics
from aggregator.web.readers import ReaderDesk
from aggregator.web.site import Status, create_site

__all__ = ["Metrics", "ReaderDesk", "Status", "add_metrics", "create_site"]
