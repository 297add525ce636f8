"""Web: the desk's pages, the API, a status page, the health checks and the metrics; reads the store, writes through use cases.

What is named here is loaded when it is first asked for: a service answers checks for weeks before somebody opens a page.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aggregator.web.access import Door
    from aggregator.web.checks import check_routes, checks_alone
    from aggregator.web.front import Front
    from aggregator.web.hosts import UnderOurNames
    from aggregator.web.metrics import Metrics, metrics_route
    from aggregator.web.passwords import hash_password, hashed, new_key
    from aggregator.web.patience import Patient
    from aggregator.web.readers import ReaderDesk
    from aggregator.web.site import create_site
    from aggregator.web.status import Crew, Health, Status

_HOMES = {
    "access": ("Door",),
    "checks": ("check_routes", "checks_alone"),
    "front": ("Front",),
    "hosts": ("UnderOurNames",),
    "metrics": ("Metrics", "metrics_route"),
    "passwords": ("hash_password", "hashed", "new_key"),
    "patience": ("Patient",),
    "readers": ("ReaderDesk",),
    "site": ("create_site",),
    "status": ("Crew", "Health", "Status"),
}

__all__ = [
    "Crew",
    "Door",
    "Front",
    "Health",
    "Metrics",
    "Patient",
    "ReaderDesk",
    "Status",
    "UnderOurNames",
    "check_routes",
    "checks_alone",
    "create_site",
    "hash_password",
    "hashed",
    "metrics_route",
    "new_key",
]


def __getattr__(name: str) -> Any:
    home = next((module for module, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{home}"), name)
