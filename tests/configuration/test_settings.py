"""The environment: defaults, secrets in files, the mail server's address, and errors that name the variable and hide the value."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aggregator.errors import ConfigurationError
from aggregator.models import SmtpServer
from aggregator.settings import Settings, load_settings

MAIL = {"AGGREGATOR_MAIL_FROM": "News watch <watch@example.org>"}


def refused(environ: dict[str, str]) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ)
    assert all(problem.file == "environment" for problem in caught.value.problems)
    return {problem.key: str(problem) for problem in caught.value.problems}


def test_empty_environment_gives_a_working_installation() -> None:
    settings = load_settings({})
    assert settings.database_url == "sqlite:///data/aggregator.db"
    assert (settings.feeds_file, settings.data_dir) == (Path("feeds.yaml"), Path("data"))
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert (settings.smtp, settings.mail_from, settings.public_url, settings.http_allow) == (None, None, None, ())
    assert (settings.log_format, settings.log_level) == ("auto", "info")


def test_process_environment_is_read_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGGREGATOR_LISTEN", "0.0.0.0:9")
    assert load_settings({}).port == 8080
    assert load_settings().port == 9
    assert Settings().port == 8080


def test_import_reads_nothing() -> None:
    environ = {"AGGREGATOR_LISTEN": "nonsense", "AGGREGATOR_SMTP_URL_FILE": "/nowhere"}
    subprocess.run([sys.executable, "-c", "import aggregator.settings"], check=True, env=environ, cwd=Path(__file__).parents[2])


def test_variables_are_read_and_empty_ones_do_not_count() -> None:
    settings = load_settings(
        {
            "AGGREGATOR_DATA_DIR": "/srv/watch",
            "AGGREGATOR_LISTEN": "[::1]:0",
            "AGGREGATOR_PUBLIC_URL": "https://watch.example.org/",
            "AGGREGATOR_HTTP_ALLOW": "localhost:8000, 10.0.0.0/8,[::1]:80,",
            "AGGREGATOR_LOG_FORMAT": "JSON",
            "AGGREGATOR_LOG_LEVEL": "",
            "UNRELATED": "x",
        }
    )
    assert settings.database_url == "sqlite:////srv/watch/aggregator.db"
    assert (settings.host, settings.port) == ("::1", 0)
    assert settings.public_url == "https://watch.example.org"
    assert settings.http_allow == ("localhost:8000", "10.0.0.0/8", "[::1]:80")
    assert (settings.log_format, settings.log_level) == ("json", "info")


SMTP = [
    ("smtp://mail.example.org", SmtpServer(host="mail.example.org", port=587, tls="starttls")),
    ("smtp://u%40x:p%3Aw@mail.example.org:2525", SmtpServer(host="mail.example.org", port=2525, username="u@x", password="p:w")),
    ("smtp://mail.example.org?tls=implicit", SmtpServer(host="mail.example.org", port=465, tls="implicit")),
    ("smtps://u:p@mail.example.org", SmtpServer(host="mail.example.org", port=465, username="u", password="p", tls="implicit")),
    ("smtp://relay?tls=none", SmtpServer(host="relay", port=25, tls="none")),
    ("smtp://u:p@[::1]:1025/?tls=none", SmtpServer(host="::1", port=1025, username="u", password="p", tls="none")),
    ("smtp://u:p@localhost:1025?tls=none", SmtpServer(host="localhost", port=1025, username="u", password="p", tls="none")),
]


@pytest.mark.parametrize(("address", "server"), SMTP, ids=[case[0] for case in SMTP])
def test_mail_server_is_read_from_its_address(address: str, server: SmtpServer) -> None:
    assert load_settings({"AGGREGATOR_SMTP_URL": address, **MAIL}).smtp == server


WRONG = [
    ("LISTEN", "8080"),
    ("LISTEN", "host:99999"),
    ("LISTEN", "user@host:80"),
    ("DATABASE_URL", "mysql://u:swordfish@host/db"),
    ("DATABASE_URL", "swordfish"),
    ("SMTP_URL", "http://u:swordfish@host"),
    ("SMTP_URL", "smtp://u:swordfish@"),
    ("SMTP_URL", "smtp://u:swordfish@host?tls=none"),
    ("SMTP_URL", "smtp://u:swordfish@host?tls=maybe"),
    ("SMTP_URL", "smtp://u:swordfish@host?ssl=yes"),
    ("SMTP_URL", "smtps://u:swordfish@host?tls=starttls"),
    ("SMTP_URL", "smtp://u:swordfish@[host"),
    ("MAIL_FROM", "News watch"),
    ("MAIL_FROM", "a@b.example\r\nBcc: c@d.example"),
    ("PUBLIC_URL", "watch.example.org"),
    ("PUBLIC_URL", "https://watch.example.org/?a=b"),
    ("HTTP_ALLOW", "http://localhost"),
    ("HTTP_ALLOW", "localhost"),
    ("LOG_FORMAT", "xml"),
    ("LOG_LEVEL", "loud"),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=[f"{name} {index}" for index, (name, _) in enumerate(WRONG)])
def test_wrong_value_names_its_variable_and_what_is_allowed_but_not_itself(name: str, value: str) -> None:
    ((key, text),) = refused({**MAIL, f"AGGREGATOR_{name}": value}).items()
    assert key == f"AGGREGATOR_{name}"
    assert "(allowed: " in text
    assert "swordfish" not in text
    assert text.startswith(f"environment: AGGREGATOR_{name}: ")


def test_all_problems_are_told_at_once() -> None:
    environ = {"AGGREGATOR_LISTEN": "x", "AGGREGATOR_LOG_LEVEL": "x", "AGGREGATOR_SMTP_URL_FILE": "/nowhere", "AGGREGATOR_FEED_FILE": "x"}
    assert set(refused(environ)) == {"AGGREGATOR_LISTEN", "AGGREGATOR_LOG_LEVEL", "AGGREGATOR_SMTP_URL_FILE", "AGGREGATOR_FEED_FILE"}


def test_mail_without_sender_is_refused() -> None:
    assert "sender" in refused({"AGGREGATOR_SMTP_URL": "smtp://localhost"})["AGGREGATOR_MAIL_FROM"]


@pytest.mark.parametrize(
    ("given", "meant"), [("SMPT_URL", "SMTP_URL"), ("MAIL_FORM", "MAIL_FROM"), ("DATABASE_URL_FIEL", "DATABASE_URL_FILE")]
)
def test_mistyped_variable_is_refused_because_nobody_would_read_it(given: str, meant: str) -> None:
    assert f"AGGREGATOR_{meant}" in refused({f"AGGREGATOR_{given}": "x"})[f"AGGREGATOR_{given}"]


def test_names_of_recipients_are_free() -> None:
    load_settings({"AGGREGATOR_DIGEST_TO": "x", "AGGREGATOR_SLACK_WEBHOOK": "y", "AGGREGATOR_LISTEN": "h:1", "AGGREGATOR_LISTEN2": "z"})


def test_secrets_stay_out_of_repr() -> None:
    environ = {"AGGREGATOR_SMTP_URL": "smtp://u:swordfish@host", "AGGREGATOR_DATABASE_URL": "postgresql://u:swordfish@host/db", **MAIL}
    settings = load_settings(environ)
    assert settings.database_url == "postgresql://u:swordfish@host/db"
    assert settings.smtp is not None
    assert "swordfish" not in f"{settings!r} {settings} {settings.smtp!r}"


# --- secrets in files -------------------------------------------------------------------------------------------


def test_secret_is_read_from_a_file_without_its_line_end(tmp_path: Path) -> None:
    path = tmp_path / "smtp"
    path.write_text("smtp://u:p@host\n", encoding="utf-8")
    settings = load_settings({"AGGREGATOR_SMTP_URL_FILE": str(path), **MAIL})
    assert settings.smtp == SmtpServer(host="host", port=587, username="u", password="p")


def test_recipient_is_resolved_from_variable_or_file(tmp_path: Path) -> None:
    path = tmp_path / "hook"
    path.write_text("https://hooks.example/x\r\n", encoding="utf-8")
    settings = load_settings({"DESK": "desk@example.org", "HOOK_FILE": str(path), "EMPTY": ""})
    assert settings.secret("env:DESK") == "desk@example.org"
    assert settings.secret("HOOK") == "https://hooks.example/x"
    assert settings.secret("EMPTY") is None
    assert settings.secret("NOBODY") is None


@pytest.mark.parametrize("case", ["missing", "folder", "binary", "large"])
def test_unreadable_secret_file_names_the_variable_and_shows_no_content(tmp_path: Path, case: str) -> None:
    path = tmp_path / case
    if case == "folder":
        path.mkdir()
    elif case != "missing":
        path.write_bytes(b"swordfish\xff" if case == "binary" else b"swordfish" * 10_000)
    with pytest.raises(ConfigurationError, match="environment: HOOK_FILE: the file") as caught:
        load_settings({"HOOK_FILE": str(path)}).secret("HOOK")
    assert "swordfish" not in str(caught.value)


def test_a_secret_file_of_somebody_else_is_told_with_the_user_who_may_not_read_it(tmp_path: Path) -> None:
    path = tmp_path / "hook"
    path.write_text("swordfish", encoding="utf-8")
    path.chmod(0)
    before = os.geteuid()
    try:
        os.seteuid(before or 65534)  # root may read everything
        with pytest.raises(ConfigurationError, match=f"HOOK_FILE: the file may not be read by user {before or 65534}"):
            load_settings({"HOOK_FILE": str(path)}).secret("HOOK")
    finally:
        os.seteuid(before)


def test_variable_and_file_together_are_refused() -> None:
    assert "both" in refused({"AGGREGATOR_SMTP_URL": "smtp://h", "AGGREGATOR_SMTP_URL_FILE": "/x", **MAIL})["AGGREGATOR_SMTP_URL_FILE"]
