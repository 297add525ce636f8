"""Web: a plain status page and the health checks; reads the store, writes nothing."""

from aggregator.web.readers import ReaderDesk
from aggregator.web.site import Status, create_site

__all__ = ["ReaderDesk", "Status", "create_site"]
