"""Whether messages reach people: subscriptions, the mail server, Slack."""

import os
import smtplib
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from email.message import EmailMessage
from email.utils import make_msgid
from urllib.parse import urlsplit

from aggregator.app.configured import read_configuration
from aggregator.app.recipients import addresses, is_diverted, unset
from aggregator.doctor.findings import SECONDS, Diagnosis
from aggregator.errors import AggregatorError
from aggregator.http_client import HttpClient
from aggregator.logs import without_secrets
from aggregator.models import Configuration, Failed, SmtpServer, SubscriptionSpec
from aggregator.settings import Settings
from aggregator.store import open_store


def look_at_recipients(settings: Settings, configuration: Configuration) -> Iterator[Diagnosis]:
    """Say of each subscription whether somebody gets it."""
    for subscription in configuration.subscriptions:
        what = f"subscription {subscription.id}"
        found, names = addresses(settings, subscription), ", ".join(unset(settings, subscription))
        diverted = is_diverted(subscription, found)
        if (diverted or not found) and (last := _last_sent_at(settings, subscription)):
            lost = f"{names} is not set, and {subscription.channel} went out until {last:%Y-%m-%d %H:%M} UTC; news waits"
            yield Diagnosis(what=what, state="bad", found=lost, advice=f"set {names}")
        elif not found:
            yield Diagnosis(what=what, state="look", found="sleeps: nobody is configured to receive it", advice=f"set {names}")
        elif diverted:
            advice = "set AGGREGATOR_SMTP_URL, AGGREGATOR_MAIL_FROM and the recipients"
            yield Diagnosis(what=what, state="look", found="goes into files, not by mail", advice=advice)
        elif names:
            lacks = f"{names} is not set: whom it names gets nothing by {subscription.channel}"
            yield Diagnosis(what=what, state="look", found=lacks, advice=f"set {names}")
        else:
            yield Diagnosis(what=what, state="ok", found=f"{len(found)} recipients by {found[0].channel}")


def _last_sent_at(settings: Settings, subscription: SubscriptionSpec) -> datetime | None:
    """Give when a subscription's channel last worked; None too where there is no ledger to read, which is told as the database's state."""
    url = urlsplit(settings.database_url)
    if url.scheme.startswith("sqlite") and not os.path.exists(url.path[1:]):
        return None
    try:
        with closing(open_store(settings.database_url)) as store:
            return store.last_sent_at(subscription.id, subscription.channel)
    except AggregatorError:
        return None


def look_at_mail(settings: Settings, *, send: bool) -> Diagnosis:
    """Say whether the mail server answers and knows us; `send` sends a test message."""
    server = settings.smtp
    if server is None or settings.mail_from is None:
        return Diagnosis(what="mail", state="look", found="no mail server is configured", advice="set AGGREGATOR_SMTP_URL")
    try:
        with _session(server) as session:
            if server.username and server.password:
                session.login(server.username, server.password)
            if not send:
                return Diagnosis(what="mail", state="ok", found=f"{server.host}:{server.port} answers and knows us; nothing was sent")
            people = _people(settings)
            session.send_message(_test_mail(settings.mail_from, people), to_addrs=list(people))
            return Diagnosis(what="mail", state="ok", found=f"a test message went to {', '.join(people)}")
    except smtplib.SMTPAuthenticationError:
        return Diagnosis(
            what="mail", state="bad", found="the server refuses our login", advice="check user and password of AGGREGATOR_SMTP_URL"
        )
    except (OSError, smtplib.SMTPException) as error:
        advice = "check host, port and tls of AGGREGATOR_SMTP_URL, and whether the firewall lets us out"
        return Diagnosis(what="mail", state="bad", found=without_secrets(f"{server.host}:{server.port}: {error}"), advice=advice)


def _session(server: SmtpServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.tls == "implicit":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
    session = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
    if server.tls == "starttls":
        session.starttls(context=context)
    return session


def _people(settings: Settings) -> Sequence[str]:
    subscriptions = read_configuration(settings).subscriptions
    found = [address.recipient for one in subscriptions for address in addresses(settings, one) if address.channel == "email"]
    if not found:
        raise smtplib.SMTPRecipientsRefused({})
    return tuple(dict.fromkeys(found))


def _test_mail(sender: str, people: Sequence[str]) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, ", ".join(people), "Test message of the news watch"
    message["Message-ID"], message["Auto-Submitted"] = make_msgid(domain="news-watch.invalid"), "auto-generated"
    message.set_content("This message was asked for by aggregator doctor --test-mail. Mail reaches you; nothing is to do.\n")
    return message


async def look_at_slack(settings: Settings, configuration: Configuration, http: HttpClient, *, send: bool) -> AsyncIterator[Diagnosis]:
    """Say whether webhooks are set; `send` posts a test message."""
    names = dict.fromkeys(name for one in configuration.subscriptions if one.channel == "slack" for name in one.recipients)
    for name in names:
        what, webhook = f"slack {name.removeprefix('env:')}", settings.secret(name.removeprefix("env:"))
        if not webhook:
            continue  # told as a subscription that sleeps
        if not send:
            yield Diagnosis(what=what, state="ok", found="a webhook is set; nothing was posted")
            continue
        body = b'{"text": "Test message of the news watch. Alerts reach you; nothing is to do."}'
        answer = await http.post(webhook, body, {"Content-Type": "application/json"})
        if isinstance(answer, Failed) or answer.status != 200:
            found = answer.message if isinstance(answer, Failed) else f"the webhook answers {answer.status}"
            yield Diagnosis(what=what, state="bad", found=without_secrets(found), advice="make a new webhook in Slack and set it")
        else:
            yield Diagnosis(what=what, state="ok", found="a test message was posted")
