"""How the service does, for whoever asks: the pages, the checks, the metrics and the heartbeat."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.models import FeedHealth
from aggregator.records import Alarm, DeliveryRow, Overview


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Hold what the status page shows; `late` names scheduled steps that did not come to their end in time.

    `troubles` says why the service does not do its job; `alarms` are those of feeds, `notices` those of deliveries.
    `leads` is False for a process that stands by while another one schedules.
    """

    version: str
    now: datetime
    started_at: datetime
    overview: Overview
    feeds: Sequence[FeedHealth]
    deliveries: Sequence[DeliveryRow]
    subscriptions: Sequence[str]
    late: Sequence[str] = ()
    alarms: Sequence[Alarm] = ()
    notices: Sequence[str] = ()
    troubles: Sequence[str] = ()
    leads: bool = True

    @property
    def working(self) -> bool:
        """Tell whether the service does its job; a standby does by standing by."""
        return not self.late and not self.troubles and (self.overview.last_poll_at is not None or not self.leads)
