"""`aggregator run`: the service itself."""

from aggregator.cli.environment import settings_from_environment


def run() -> None:
    """Run the service: poll, judge, send, and show a status page, until it is stopped.

    Example: AGGREGATOR_LISTEN=127.0.0.1:8080 aggregator run
    """
    from aggregator.service import serve

    serve(settings_from_environment())
