import re
from dataclasses import replace
from datetime import UTC
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.channels.mail import Links, MailMessage, Sender, identifier, render_mail
from aggregator.channels.mailbox import mailbox
from aggregator.errors import UsageError
from aggregator.models import Digest
from tests.channels.samples import DELIVERY, DIGEST, filled

SENDER = Sender.read("News watch <watch@example.org>")
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Id",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
]


def mail(digest: Digest = DIGEST, sender: Sender = SENDER) -> MailMessage:
    return render_mail(digest, DELIVERY, sender, "desk@example.org", Links("https://watch.example.org/"))


def parsed(message: MailMessage) -> EmailMessage:
    read = message_from_bytes(message.parts[".eml"], policy=default)
    assert isinstance(read, EmailMessage)
    return read


def contents(read: EmailMessage) -> list[bytes]:
    return [part.get_content().replace("\r\n", "\n").rstrip("\n").encode() for part in read.iter_parts()]


def test_the_headers_are_those_of_a_digest() -> None:
    read = parsed(mail())
    assert sorted(read.keys()) == sorted(HEADERS)
    assert read["From"] == "News watch <watch@example.org>"
    assert read["To"] == "desk@example.org"
    assert read["Subject"] == "2 new, 1 update - North Korean labour watch - 21 Nov 2026"
    assert read["Message-ID"] == "<labour-daily-41-97-5f0c@example.org>"
    assert read["List-Id"] == "<labour-daily.example.org>"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Date"] == "Sat, 21 Nov 2026 08:00:00 +0900"
    assert read["Date"].datetime.astimezone(UTC) == DIGEST.decided_at


def test_text_comes_first_and_html_last() -> None:
    read = parsed(mail())
    assert read.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    assert contents(read) == [mail().parts[".txt"].rstrip(), mail().parts[".html"].rstrip()]


def test_a_retry_has_the_same_bytes() -> None:
    assert mail().parts == mail().parts
    assert render_mail(DIGEST, replace(DELIVERY, attempts=5), SENDER, "desk@example.org", Links()).parts == (
        render_mail(DIGEST, DELIVERY, SENDER, "desk@example.org", Links()).parts
    )


def test_another_delivery_has_another_id_and_boundary() -> None:
    one, other = mail(), render_mail(DIGEST, replace(DELIVERY, key="other"), SENDER, "desk@example.org", Links())
    assert parsed(one)["Message-ID"] != parsed(other)["Message-ID"]
    assert parsed(one).get_boundary() != parsed(other).get_boundary()


def test_without_an_address_the_recipient_is_undisclosed() -> None:
    assert parsed(render_mail(DIGEST, DELIVERY, SENDER, None, Links()))["To"] == "undisclosed-recipients:;"


INJECTIONS = [
    "title\r\nBcc: evil@example.org",
    "title\nBcc: evil@example.org\n\nbody",
    "title\u2028Bcc: evil@example.org",
    "title\x85Bcc: evil@example.org\x00",
    "=?utf-8?q?a=0ABcc:_evil@example.org?=",
    "=\u200e?utf-8?q?a=0ABcc:_evil@example.org?\u200e=",
    "=?utf-8?b?YQpCY2M6IGV2aWxAZXhhbXBsZS5vcmc=?=",
    "=?iso-2022-jp?q?=1B$B?=",
    "\u202egnp.exe",
    "한국어 제목 =?utf-8?q?=0ABcc:x?= 계속",
    "\ud800 half",
    "x" * 5_000,
    "가" * 5_000,
    "'; -- \\\" <a@b> (c), group: d@e;",
]


@pytest.mark.parametrize("hostile", INJECTIONS)
def test_e1_no_text_adds_a_header(hostile: str) -> None:
    for kind in ("digest", "alert"):
        digest = filled(hostile, kind=kind)
        read = parsed(mail(replace(digest, subscription=hostile, time_zone=hostile)))
        assert sorted(read.keys()) == sorted(HEADERS)
        assert "\u202e" not in read["Subject"]
        assert not any(line.lower().startswith(b"bcc") for line in mail(digest).parts[".eml"].partition(b"\r\n\r\n")[0].split(b"\r\n"))


def test_e1_an_alerts_headline_cannot_add_a_header() -> None:
    alert = replace(DIGEST, kind="alert", items=(replace(DIGEST.items[0], headline="=?utf-8?q?a=0ABcc:_evil@x?=\r\nCc: evil@x"),))
    read = parsed(mail(alert))
    assert sorted(read.keys()) == sorted([*HEADERS, "In-Reply-To", "References"])
    assert "= ?utf-8?q?a=0ABcc:_evil@x? = Cc: evil@x" in read["Subject"]


def test_e2_lines_stay_within_the_limits_of_smtp() -> None:
    digest = filled("word " + "x" * 3_000 + "\n.\n" + "가" * 3_000, "https://example.org/" + "y" * 1_900)
    assert max(len(line) for line in mail(digest).parts[".eml"].split(b"\r\n")) <= 998
    assert all(byte < 128 for byte in mail(digest).parts[".eml"])
    assert b"\n" not in mail(digest).parts[".eml"].replace(b"\r\n", b"")


def test_e2_markup_of_a_feed_is_text_in_both_parts_and_loads_nothing() -> None:
    pixel = '<img src="https://tracker.example/1.gif" width=1><marquee>bold</marquee>'
    text, page = (part.decode() for part in contents(parsed(mail(filled(pixel)))))
    assert pixel in " ".join(text.split())
    assert "&lt;img src=" in page
    assert not re.search(r"<(img|marquee)[ >]", page)


@pytest.mark.parametrize("subscription", ["daily", "x" * 300, "구독", "a b\r\nc", ""])
@pytest.mark.parametrize("domain", ["example.org", ".".join(["long" * 10] * 4)])
def test_e3_list_headers_are_never_encoded(subscription: str, domain: str) -> None:
    sender = Sender(name="", address=f"watch@{domain}")
    head = mail(replace(DIGEST, subscription=subscription), sender).parts[".eml"].partition(b"\r\n\r\n")[0].decode()
    line = next(line for line in head.split("\r\n") if line.startswith("List-Id"))
    assert line.startswith("List-Id: <")
    assert line.endswith(">")
    assert f"\r\nMessage-ID: <labour-daily-41-97-5f0c@{domain}>\r\n" in head.replace("\r\n ", " ")


def test_names_are_short_ascii_and_distinct() -> None:
    keys = ["plain-key_1", "a/b", "a b", "a.b", "구독", "../../etc/passwd", "x" * 200, "x" * 201, "", "\ud800"]
    names = [identifier(key) for key in keys]
    assert names[0] == "plain-key_1"
    assert len(set(names)) == len(names)
    assert all(name.isascii() and 0 < len(name) <= 60 and "/" not in name and "." not in name for name in names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@example.org", "a@example.org"),
        ("Desk <desk+nk@example.org>", "desk+nk@example.org"),
        ("a@例え.jp", "a@xn--r8jz45g.jp"),
        ("a@localhost", "a@localhost"),
        ("a@b\nBcc: c@d", None),
        ("a@b\r", None),
        ("a@example.org, b@example.org", None),
        ("nobody", None),
        ("@example.org", None),
        ("a@", None),
        ("a..b@example.org", None),
        ("a@-bad-.org", None),
        ("a@b..c", None),
        ("김@example.org", None),
        ("=?utf-8?q?a?=@example.org", None),
        ("x" * 65 + "@example.org", None),
        ("a@" + "é" * 300 + ".org", None),
        ("", None),
    ],
)
def test_an_address_is_one_or_it_is_refused(text: str, expected: str | None) -> None:
    assert mailbox(text) == expected


@pytest.mark.parametrize("text", ["watch", "a@b\nBcc: c@d", ""])
def test_a_sender_that_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no e-mail address"):
        Sender.read(text)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(), max_size=200), st.sampled_from(["digest", "alert"]))
def test_any_text_in_every_field_makes_a_valid_mail(text: str, kind: str) -> None:
    digest = replace(filled(text, kind=kind), subscription=text, time_zone=text, language=text)
    message = mail(digest, Sender.read("Wächter <watch@example.org>"))
    read = parsed(message)
    assert sorted(read.keys()) == sorted(HEADERS)
    assert not read.defects
    assert contents(read) == [message.parts[".txt"].rstrip(), message.parts[".html"].rstrip()]
