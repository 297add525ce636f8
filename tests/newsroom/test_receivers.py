import json
import smtplib
import sys
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from aggregator.errors import UsageError
from aggregator.newsroom.ledger import Fault, Ledger
from aggregator.newsroom.payloads import fault_in
from aggregator.newsroom.receivers import mail_server
from aggregator.newsroom.server import bind
from aggregator.newsroom.world import World

DESK, OTHER = "desk@newsroom.example", "other@newsroom.example"


def letter(subject: str = "단둥, 340 명") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "watch@newsroom.example", DESK, subject
    message.set_content("Первая строка\n.\nlast line\n")
    return message


def post(world: World, http: httpx.Client, payload: object) -> httpx.Response:
    return http.post(world.slack_url, json=payload)


def section(text: str, kind: str = "mrkdwn") -> dict[str, object]:
    return {"type": "section", "text": {"type": kind, "text": text}}


def test_mail_is_kept_with_its_envelope(world: World) -> None:
    with smtplib.SMTP(*world.smtp) as client:
        client.send_message(letter(), to_addrs=[DESK, OTHER])
    (mail,) = world.mails
    assert (mail.index, mail.round, mail.sender, mail.recipients) == (1, 1, "watch@newsroom.example", (DESK, OTHER))
    assert mail.parsed["Subject"] == "단둥, 340 명"
    assert mail.parsed.get_content().splitlines() == ["Первая строка", ".", "last line"]


def test_non_ascii_addresses_are_offered(world: World) -> None:
    with smtplib.SMTP(*world.smtp) as client:
        client.ehlo()
        assert client.has_extn("smtputf8")


@pytest.mark.parametrize("status", [451, 452, 550, 554])
def test_ordered_fault_refuses_the_next_mail_only(world: World, status: int) -> None:
    world.fail(Fault(channel="smtp", status=status))
    with smtplib.SMTP(*world.smtp) as client:
        with pytest.raises(smtplib.SMTPDataError) as caught:
            client.send_message(letter())
        client.send_message(letter())
    assert caught.value.smtp_code == status
    assert len(world.mails) == 1
    assert [(refusal.channel, refusal.status) for refusal in world.refusals] == [("smtp", status)]


def test_fault_for_one_recipient_spares_the_others(world: World) -> None:
    world.fail(Fault(channel="smtp", status=550, recipient=OTHER))
    with smtplib.SMTP(*world.smtp) as client:
        refused = client.send_message(letter(), to_addrs=[DESK, OTHER])
    assert list(refused) == [OTHER]
    assert world.mails[0].recipients == (DESK,)


def test_fault_may_keep_what_it_denies(world: World, http: httpx.Client) -> None:
    world.fail(Fault(channel="smtp", status=451, keep=True))
    world.fail(Fault(channel="slack", status=503, keep=True))
    with smtplib.SMTP(*world.smtp) as client, pytest.raises(smtplib.SMTPDataError):
        client.send_message(letter())
    assert post(world, http, {"text": "hello"}).status_code == 503
    assert (len(world.mails), len(world.alerts)) == (1, 1)


def test_faults_are_made_as_often_as_ordered(world: World, http: httpx.Client) -> None:
    world.fail(Fault(channel="slack", status=429, count=2, retry_after=7))
    answers = [post(world, http, {"text": "hello"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["retry-after"] == "7"
    assert answers[0].text == "rate_limited"
    assert len(world.alerts) == 1


def test_alert_is_kept_and_counts_together_with_mails(world: World, http: httpx.Client) -> None:
    with smtplib.SMTP(*world.smtp) as client:
        client.send_message(letter())
    world.set_round(2)
    answer = http.post(world.slack_url, json={"text": "hello", "blocks": [section("hello")]}, headers={"idempotency-key": "k1"})
    assert (answer.status_code, answer.text) == (200, "ok")
    (alert,) = world.alerts
    assert (alert.index, alert.round, alert.headers["idempotency-key"], alert.payload["text"]) == (2, 2, "k1", "hello")


def test_unknown_webhook_is_answered_as_by_the_service(world: World, http: httpx.Client) -> None:
    answer = http.post(world.slack_url.rsplit("/", 1)[0] + "/guessed", json={"text": "hello"})
    assert (answer.status_code, answer.text) == (404, "no_service")
    assert not world.alerts


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        ({"text": "hello"}, None),
        ({"blocks": [section("hello"), {"type": "divider"}]}, None),
        ({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "h" * 150}}]}, None),
        ({"blocks": [{"type": "context", "elements": [{"type": "mrkdwn", "text": "why"}]}]}, None),
        ({"blocks": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "f"}] * 10}]}, None),
        ({"blocks": [{"type": "actions", "elements": [{"type": "button"}]}]}, None),
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": 7}, "invalid_payload"),
        ({"blocks": "hello"}, "invalid_payload"),
        ([], "invalid_payload"),
        ({"blocks": [section("x")] * 51}, "invalid_blocks"),
        ({"blocks": [section("x" * 3001)]}, "invalid_blocks"),
        ({"blocks": [section("")]}, "invalid_blocks"),
        ({"blocks": [section("x", "html")]}, "invalid_blocks"),
        ({"blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"blocks": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "f"}] * 11}]}, "invalid_blocks"),
        ({"blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "h"}}]}, "invalid_blocks"),
        ({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "h" * 151}}]}, "invalid_blocks"),
        ({"blocks": [{"type": "context", "elements": [{"type": "mrkdwn", "text": "c"}] * 11}]}, "invalid_blocks"),
        ({"blocks": [{"type": "marquee"}]}, "invalid_blocks"),
        ({"blocks": ["text"]}, "invalid_blocks"),
        ({"text": "x" * 40_001}, "invalid_blocks"),
        ({"blocks": [section("x" * 2900)] * 5}, "msg_blocks_too_long"),
    ],
)
def test_payload_is_checked_as_the_service_does(payload: object, complaint: str | None) -> None:
    assert fault_in(json.dumps(payload).encode())[0] == complaint


def test_body_that_is_no_json_is_refused(world: World, http: httpx.Client) -> None:
    answer = http.post(world.slack_url, content=b"payload=hello")
    assert (answer.status_code, answer.text) == (400, "invalid_payload")
    assert world.refusals[0].answer == "invalid_payload"


def test_everything_received_is_also_written_to_the_folder(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "received")
    ledger.keep_mail("a@newsroom.example", (DESK,), b"Subject: one\r\n\r\ntext\r\n")
    ledger.keep_alert({"host": "x"}, {"text": "둘"})
    ledger.keep_refusal("slack", 429, "rate_limited")
    ledger.reset()
    ledger.keep_alert({}, {"text": "again"})
    lines = {path.name: [json.loads(line) for line in path.read_text("utf-8").splitlines()] for path in (tmp_path / "received").iterdir()}
    assert [mail["envelope"]["to"] for mail in lines["mails.jsonl"]] == [[DESK]]
    assert [alert["payload"]["text"] for alert in lines["alerts.jsonl"]] == ["둘", "again"]
    assert [refusal["status"] for refusal in lines["refusals.jsonl"]] == [429]


def test_missing_mail_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiosmtpd.smtp", None)
    with bind() as bound, pytest.raises(UsageError, match=r"aggregator\[demo\]"):
        mail_server(Ledger(), bound)
