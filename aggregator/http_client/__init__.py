"""The only door to the network: guarded, bounded, and plain about what went wrong.

* Only http and https, only web ports, and only public addresses; what is private must be allowed by name.
* The address that was checked is the address that is connected to, at every redirect.
* Every size and every time has a limit; a body is unpacked by us, at most once, inside its limit.
* Expected failures come back as `Failed` with one sentence that names the host and never a path, a query or a password.
* Nothing is taken from the environment: no proxy, no netrc; no cookie is kept.
"""

from aggregator.omitting import omitting

with omitting("httpx._main"):  # a command line of its own, with all that colours it
    from aggregator.http_client.client import HttpClient
from aggregator.http_client.limits import Limits

__all__ = ["HttpClient", "Limits"]
