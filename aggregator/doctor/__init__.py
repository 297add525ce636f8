"""The doctor: look at everything an installation needs, and say what to do about what is not well.

Each examination is short, bounded in time and stands alone: one that fails stops no other. Nothing is changed and nothing is sent,
unless a test message is asked for. No answer shows a secret.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from aggregator.app.configured import read_configuration, user_agent
from aggregator.doctor.cluster import look_at_cluster
from aggregator.doctor.feeds import look_at_feeds
from aggregator.doctor.findings import Diagnosis, Request, bounded
from aggregator.doctor.ground import look_at_configuration, look_at_database, look_at_disk, look_at_privacy
from aggregator.doctor.people import look_at_mail, look_at_recipients, look_at_slack
from aggregator.errors import ConfigurationError
from aggregator.http_client import HttpClient
from aggregator.models import Configuration
from aggregator.settings import Settings

__all__ = ["Diagnosis", "Request", "examine"]


async def examine(settings: Settings, request: Request, now: Callable[[], datetime]) -> AsyncIterator[Diagnosis]:
    """Examine an installation; answers come as they are found."""
    configuration = None
    try:
        configuration = read_configuration(settings)
        yield look_at_configuration(configuration)
    except ConfigurationError as error:
        for problem in error.problems:
            yield Diagnosis(what="configuration", state="bad", found=str(problem), advice="mend it, then run aggregator check")
    for look in (look_at_disk, look_at_privacy, look_at_database):
        for diagnosis in look(settings):
            yield diagnosis
    async for diagnosis in look_at_cluster(settings, now):
        yield diagnosis
    http = HttpClient(allow=settings.http_allow, user_agent=user_agent(settings))
    try:
        if configuration:
            async for diagnosis in _outside(settings, configuration, http, request, now):
                yield diagnosis
    finally:
        await http.aclose()


async def _outside(
    settings: Settings, configuration: Configuration, http: HttpClient, request: Request, now: Callable[[], datetime]
) -> AsyncIterator[Diagnosis]:
    for diagnosis in look_at_recipients(settings, configuration):
        yield diagnosis
    yield await bounded("mail", lambda: asyncio.to_thread(look_at_mail, settings, send=request.test_mail))
    async for diagnosis in look_at_slack(settings, configuration, http, send=request.test_slack):
        yield diagnosis
    feeds = [feed for feed in configuration.feeds if feed.enabled]
    async for diagnosis in look_at_feeds(feeds, http, now, ask=request.feeds):
        yield diagnosis
