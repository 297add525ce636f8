"""A receipt book in memory: what this process has on its way. It dies with its process; a book in a file does not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.models import Receipt
from aggregator.records import ClaimedDelivery, NotedReceipt


@dataclass(slots=True)
class MemoryBook:
    """Know what is on its way, and what was taken and is not yet in the ledger."""

    trouble: str | None = None
    unused: list[ClaimedDelivery] = field(default_factory=list)
    _begun: set[int] = field(default_factory=set)
    _noted: dict[int, NotedReceipt] = field(default_factory=dict)

    @property
    def under_way(self) -> frozenset[int]:
        """Give the deliveries that are on their way, or taken and not yet in the ledger."""
        return frozenset(self._begun)

    def ready(self) -> None:
        """Have room, always."""

    def begin(self, claimed: ClaimedDelivery) -> None:
        """Remember that a message is on its way."""
        self._begun.add(claimed.delivery.id)

    def note(self, claimed: ClaimedDelivery, receipt: Receipt, now: datetime) -> None:
        """Remember that a receiver took a message."""
        delivery_id = claimed.delivery.id
        self._noted[delivery_id] = NotedReceipt(delivery_id=delivery_id, token=claimed.token, receipt=receipt, at=now)

    def end(self, delivery_id: int) -> None:
        """Forget a delivery."""
        self._begun.discard(delivery_id)
        self._noted.pop(delivery_id, None)

    def noted(self) -> Sequence[NotedReceipt]:
        """Give what is noted and not yet in the ledger."""
        return tuple(self._noted.values())
