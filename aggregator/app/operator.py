"""Whom alarms reach."""

from collections.abc import Sequence

from aggregator.core.notices import OPERATOR
from aggregator.models import Schedule, SubscriptionSpec
from aggregator.records import Address
from aggregator.settings import Settings


def operator_addresses(settings: Settings) -> Sequence[Address]:
    """Resolve who is told of alarms: addresses by mail, names of variables by Slack; one that is not set up is left out."""
    mail = [Address(channel="email", recipient=one) for one in settings.operator if "@" in one and settings.smtp]
    slack = [Address(channel="slack", recipient=one) for one in settings.operator if "@" not in one and settings.secret(one)]
    return (*mail, *slack)


def operator_spec() -> SubscriptionSpec:
    """Give the subscription that stands in the ledger for messages to the operator; news never makes it due."""
    return SubscriptionSpec(id=OPERATOR, name="Operator", channel="email", recipients=(), topics=(), schedule=Schedule(every="immediate"))
