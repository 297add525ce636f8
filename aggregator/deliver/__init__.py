"""Deliver: decide what each subscription is told, and hand it over.

Deciding and sending are two steps. Deciding freezes a digest, its items and one delivery per address in one transaction that also
advances the subscription, so a crash leaves either nothing or all of it. Sending claims deliveries by lease, sends each alone, records
the receipts. Exactly once wherever the protocol allows; killed between the receiver's "250" or "200" and our note of it, the message goes
out again under the same Message-ID or idempotency key.
"""

from aggregator.deliver.deciding import decide_due, decide_now, open_addresses, preview
from aggregator.deliver.notices import tell_operator
from aggregator.deliver.rendering import render_again
from aggregator.deliver.sending import send_due
from aggregator.deliver.work import LEASE, MOST_ON_THE_WAY, Delivering, Sent

__all__ = [
    "LEASE",
    "MOST_ON_THE_WAY",
    "Delivering",
    "Sent",
    "decide_due",
    "decide_now",
    "open_addresses",
    "preview",
    "render_again",
    "send_due",
    "tell_operator",
]
