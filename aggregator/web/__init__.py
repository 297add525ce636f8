"""Web: the desk's pages, the API, a status page and the health checks; reads the store, writes through use cases."""

from aggregator.web.access import Door
from aggregator.web.passwords import hash_password, hashed, new_key
from aggregator.web.site import Status, create_site

__all__ = ["Door", "Status", "create_site", "hash_password", "hashed", "new_key"]
