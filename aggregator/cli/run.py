"""`aggregator run`: the service itself."""

import signal
import sys

from aggregator.cli.environment import settings_from_environment


def run() -> None:
    """Run the service: poll, judge, send, and show a status page, until it is stopped.

    With AGGREGATOR_RUNNER=queue it hands the work to `aggregator worker`, and stands by while another one does.

    Example: AGGREGATOR_LISTEN=127.0.0.1:8080 aggregator run
    """
    # Before anything large is loaded: a signal that comes early must stop us too, also as the first process of a container.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    settings = settings_from_environment()
    from aggregator.app.configured import reading_apart

    with reading_apart(settings) as read:
        if settings.runner == "queue":
            from aggregator.cluster import serve_cluster as serve
        else:
            from aggregator.service import serve
        # What is loaded later is not kept compiled: on a full disk half of it would be kept, and refused at every start after.
        sys.dont_write_bytecode = True
        serve(settings, read)
