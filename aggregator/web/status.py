"""How a process does, for whoever asks: the pages, the checks, the metrics and the heartbeat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.models import FeedHealth
from aggregator.records import Alarm, Connections, DeliveryRow, Overview


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Tell of the cluster that a process belongs to: how many workers are alive, and what waits for them.

    `jobs` counts what waits or runs, `waits` gives for how many seconds the oldest job waits, both by queue. `troubles` says what is
    missing.
    """

    workers: int
    jobs: Mapping[str, int] = field(default_factory=dict)
    waits: Mapping[str, float] = field(default_factory=dict)
    troubles: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Tell how a process does that shows no pages; the words mean what they mean in `Status`."""

    version: str
    started_at: datetime
    troubles: Sequence[str] = ()
    late: Sequence[str] = ()
    leads: bool = False
    connections: Connections = field(default_factory=Connections)

    @property
    def working(self) -> bool:
        """Tell whether the process does its job."""
        return not self.late and not self.troubles


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Hold what the status page shows; `late` names scheduled steps that did not come to their end in time.

    `troubles` says why the service does not do its job; `alarms` are those of feeds, `notices` those of deliveries.
    `leads` is False for a process that stands by while another one schedules. `crew` is None where this process does all by itself.
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
    connections: Connections = field(default_factory=Connections)
    crew: Crew | None = None

    @property
    def working(self) -> bool:
        """Tell whether the service does its job; a standby does by standing by."""
        return not self.late and not self.troubles and (self.overview.last_poll_at is not None or not self.leads)
