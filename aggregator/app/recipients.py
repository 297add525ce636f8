"""Whom a subscription reaches, as far as this installation is configured."""

from collections.abc import Sequence

from aggregator.channels.mail import mailbox
from aggregator.channels.slack import is_destination
from aggregator.core.notices import OPERATOR
from aggregator.models import Schedule, SubscriptionSpec
from aggregator.records import Address
from aggregator.settings import Settings

OUTBOX = "outbox"


def addresses(settings: Settings, subscription: SubscriptionSpec) -> Sequence[Address]:
    """Resolve a subscription's recipients as far as this installation is configured.

    Mail without a server or without anybody to send it to goes into the outbox folder, so that a first run shows a result.
    A webhook stays the name of its variable: its address is a secret, and only its channel asks for it. Without it there is no
    address, and the subscription's window stays open until there is one.
    """
    if subscription.channel in ("file", "feed"):
        return (Address(channel=subscription.channel, recipient=OUTBOX if subscription.channel == "file" else subscription.id),)
    if subscription.channel == "email":
        people = tuple(person for recipient in subscription.recipients for person in _people(settings, recipient))
        if settings.smtp and people:
            return tuple(Address(channel="email", recipient=person) for person in dict.fromkeys(people))
        return (Address(channel="file", recipient=OUTBOX),)
    known = [recipient for recipient in subscription.recipients if settings.secret(recipient.removeprefix("env:"))]
    return tuple(Address(channel=subscription.channel, recipient=recipient) for recipient in dict.fromkeys(known))


def operator_addresses(settings: Settings) -> Sequence[Address]:
    """Resolve who is told of alarms: addresses by mail, names of variables by Slack; one that is not set up is left out."""
    mail = [Address(channel="email", recipient=one) for one in settings.operator if "@" in one and settings.smtp]
    slack = [Address(channel="slack", recipient=one) for one in settings.operator if "@" not in one and settings.secret(one)]
    return (*mail, *slack)


def operator_spec() -> SubscriptionSpec:
    """Give the subscription that stands in the ledger for messages to the operator; news never makes it due."""
    return SubscriptionSpec(id=OPERATOR, name="Operator", channel="email", recipients=(), topics=(), schedule=Schedule(every="immediate"))


def unusable(settings: Settings, address: Address) -> str | None:
    """Say why an address can never be reached, without showing a secret; None where nothing speaks against it."""
    if address.channel == "email" and mailbox(address.recipient) is None:
        return f"{address.recipient!r} is no e-mail address"
    if address.channel == "slack":
        value = settings.secret(address.recipient) or ""
        return (
            None if is_destination(value, settings.http_allow) else f"{address.recipient} holds neither a Slack webhook nor a channel's id"
        )
    return None


def _people(settings: Settings, recipient: str) -> tuple[str, ...]:
    """Give the addresses a recipient stands for; a variable may hold several, divided by commas."""
    value = settings.secret(recipient.removeprefix("env:")) if recipient.startswith("env:") else recipient
    return tuple(person.strip() for person in (value or "").split(",") if person.strip())
