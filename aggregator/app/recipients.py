"""Whom a subscription reaches, as far as this installation is configured."""

from collections.abc import Sequence

from aggregator.channels.mailbox import mailbox
from aggregator.models import SubscriptionSpec
from aggregator.ports import Store
from aggregator.records import Address
from aggregator.settings import Settings

OUTBOX = "outbox"


def addresses(settings: Settings, subscription: SubscriptionSpec) -> Sequence[Address]:
    """Resolve a subscription's recipients as far as this installation is configured.

    Mail without a server or without anybody to send it to goes into the outbox folder, so that a first run shows a result; see
    `standing_addresses` for what has sent mail before. A webhook stays the name of its variable: its address is a secret, and only its
    channel asks for it. Where none is set there is no address, and the subscription's window stays open until there is one; one that
    is missing beside others is an address all the same, whose messages wait in the ledger.
    """
    if subscription.channel in ("file", "feed"):
        return (Address(channel=subscription.channel, recipient=OUTBOX if subscription.channel == "file" else subscription.id),)
    if subscription.channel == "email":
        people = tuple(person for recipient in subscription.recipients for person in _people(settings, recipient))
        if settings.smtp and people:
            return tuple(Address(channel="email", recipient=person) for person in _distinct(people))
        return (Address(channel="file", recipient=OUTBOX),)
    if not any(settings.secret(recipient.removeprefix("env:")) for recipient in subscription.recipients):
        return ()
    return tuple(Address(channel=subscription.channel, recipient=recipient) for recipient in dict.fromkeys(subscription.recipients))


def standing_addresses(settings: Settings, subscription: SubscriptionSpec, store: Store) -> Sequence[Address]:
    """Resolve a subscription's recipients, knowing what it sent before.

    Who had mail must not lose it to a folder because a variable was lost: such a subscription has no address, and its window stays open.
    """
    found = addresses(settings, subscription)
    return () if is_diverted(subscription, found) and store.last_sent_at(subscription.id, subscription.channel) else found


def is_diverted(subscription: SubscriptionSpec, found: Sequence[Address]) -> bool:
    """Tell whether mail goes into files, because this installation sends none."""
    return bool(found) and found[0].channel != subscription.channel


def unset(settings: Settings, subscription: SubscriptionSpec) -> tuple[str, ...]:
    """Name the variables that a subscription needs and that hold nothing."""
    if subscription.channel in ("file", "feed"):
        return ()
    server = () if settings.smtp or subscription.channel != "email" else ("AGGREGATOR_SMTP_URL",)
    named = (recipient.removeprefix("env:") for recipient in subscription.recipients if recipient.startswith("env:"))
    return (*server, *dict.fromkeys(name for name in named if not (settings.secret(name) or "").strip(" ,")))


def unusable(settings: Settings, address: Address) -> str | None:
    """Say why an address can never be reached, without showing a secret; None where nothing speaks against it."""
    if address.channel == "email" and mailbox(address.recipient) is None:
        return f"{address.recipient!r} is no e-mail address"
    if address.channel == "slack":
        from aggregator.channels.slack import is_destination  # what posts there is large, and a service never asks this

        value = settings.secret(address.recipient.removeprefix("env:"))
        return (  # one that is not set is no mistake, it is told as unset
            None
            if not value or is_destination(value, settings.http_allow)
            else f"{address.recipient} holds neither a Slack webhook nor a channel's id"
        )
    return None


def _people(settings: Settings, recipient: str) -> tuple[str, ...]:
    """Give the addresses a recipient stands for; a variable may hold several, divided by commas."""
    value = settings.secret(recipient.removeprefix("env:")) if recipient.startswith("env:") else recipient
    return tuple(person.strip() for person in (value or "").split(",") if person.strip())


def _distinct(people: Sequence[str]) -> Sequence[str]:
    """Leave out a mailbox that was named before in another spelling; the first spelling is written to.

    The local part is folded as well: RFC 5321 section 2.4 lets it matter and advises against it, no mail host in use gives two
    spellings to two people, and a list that holds both means one person, who would get everything twice.
    """
    return tuple({(mailbox(person) or person).casefold(): person for person in reversed(people)}.values())[::-1]
