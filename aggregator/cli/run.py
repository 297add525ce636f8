"""`aggregator run`: the service itself."""

from aggregator.cli.environment import settings_from_environment


def run() -> None:
    """Run the service: poll, judge, send, and show a status page, until it is stopped.

    With AGGREGATOR_RUNNER=queue it hands the work to `aggregator worker`, and stands by while another one does.

    Example: AGGREGATOR_LISTEN=127.0.0.1:8080 aggregator run
    """
    settings = settings_from_environment()
    if settings.runner == "queue":
        from aggregator.cluster import serve_cluster

        serve_cluster(settings)
    else:
        from aggregator.service import serve

        serve(settings)
