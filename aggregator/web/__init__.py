"""Web: the desk's pages, the API, a status page, the health checks and the metrics; reads the store, writes through use cases."""

from aggregator.web.access import Door
from aggregator.web.metrics import Metrics, add_metrics
from aggregator.web.passwords import hash_password, hashed, new_key
from aggregator.web.readers import ReaderDesk
from aggregator.web.site import Status, create_site

__all__ = ["Door", "Metrics", "ReaderDesk", "Status", "add_metrics", "create_site", "hash_password", "hashed", "new_key"]
