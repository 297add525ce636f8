"""Read the environment: where things are, and every secret.

* Variables begin with ``AGGREGATOR_``. A variable that is set but empty counts as not set.
* Every secret may come from a file instead: ``NAME_FILE`` holds the path of a file with the value (Docker and systemd secrets).
* No message and no repr shows a value. A name one slip away from a known one is refused, because nobody would read it.
* Nothing is read when this module is imported.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, NoReturn
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, SecretStr, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from aggregator.errors import ConfigurationError, Problem
from aggregator.models import SmtpServer

PREFIX = "AGGREGATOR_"
MAX_SECRET_BYTES = 65_536
_SECRETS = ("database_url", "smtp_url", "metrics_token", "heartbeat_url")
_DATABASES = ("sqlite", "postgresql", "postgresql+psycopg")
_PORTS = {"starttls": 587, "implicit": 465, "none": 25}
_MAILBOX = re.compile(r"(?:[^<>@\r\n]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)")
_OPERATOR = re.compile(r"[^<>@\s,]+@[^<>@\s,]+|env:[A-Z][A-Z0-9_]*")
_PLACE = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")


def _refuse(message: str, allowed: str) -> NoReturn:
    raise PydanticCustomError("refused", "{message}", {"message": message, "allowed": allowed})


def _split(address: str, allowed: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port, parts.hostname
    except ValueError:
        _refuse("the value is no address", allowed)
    return parts


def _database(address: str) -> str:
    allowed = "sqlite:///path/to/file.db, postgresql://user:password@host/name"
    address = re.sub(r"^postgres://", "postgresql://", address)
    if _split(address, allowed).scheme not in _DATABASES:
        _refuse("the value names no database that can be used", allowed)
    return address


def _listen(text: str) -> str:
    allowed = "host:port, such as 127.0.0.1:8080 or [::1]:8080"
    parts = _split(f"//{text}", allowed)
    if not parts.hostname or parts.port is None or parts.netloc != text or "@" in text:
        _refuse("the value is no host and port", allowed)
    return text


def _public(address: str) -> str:
    parts = _split(address, "https://news.example.org")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        _refuse("the value is no address of a web site", "https://news.example.org")
    return address.rstrip("/")


def _heartbeat(secret: SecretStr) -> SecretStr:
    parts = _split(secret.get_secret_value(), "https://checks.example.org/key")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        _refuse("the value is no address that can be called", "https://checks.example.org/key")
    return secret


def _mailbox(text: str) -> str:
    if not _MAILBOX.fullmatch(text):
        _refuse("the value is no sender's address", "News watch <watch@example.org>")
    return text


def _places(value: object) -> object:
    if not isinstance(value, str):
        return value
    places = tuple(place for part in value.split(",") if (place := part.strip()))
    if not all(_PLACE.fullmatch(place) or _is_network(place) for place in places):
        _refuse(
            "the value is no list of places",
            "addresses, networks and host:port with commas between them, such as 10.0.0.0/8,localhost:8000",
        )
    return places


def _header(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{1,60}", text):
        _refuse("the value is no name of a header", "X-Remote-User")
    return text


def _names(value: object) -> object:
    return tuple(name for part in value.split(",") if (name := part.strip())) if isinstance(value, str) else value


def _operators(value: object) -> object:
    names = _names(value)
    if isinstance(names, tuple) and not all(_OPERATOR.fullmatch(name) for name in names):
        _refuse(
            "the value names nobody who can be told",
            "mail addresses and names of Slack webhooks: ops@example.org,env:OPS_SLACK",
        )
    return names


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def parse_smtp(address: str) -> SmtpServer:
    """Read ``smtp://user:password@host:587?tls=starttls`` or ``smtps://...``; user and password are percent-encoded.

    A password over an open line is refused, except to this machine itself. RFC 8314 (TLS from the start), RFC 3207 (STARTTLS).
    """
    allowed = "smtp://user:password@host:587?tls=starttls (or implicit, none), smtps://user:password@host"
    parts = _split(address, allowed)
    tls = _tls(parts, allowed)
    if not parts.hostname or parts.path not in ("", "/") or parts.fragment:
        _refuse("the value is no address of a mail server", allowed)
    if parts.password and tls == "none" and not _is_this_machine(parts.hostname):
        _refuse("the password would cross the network in the open", "tls=starttls or tls=implicit")
    return SmtpServer(
        host=parts.hostname,
        port=parts.port or _PORTS[tls],
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=tls,
    )


def _tls(parts: SplitResult, allowed: str) -> str:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    tls = options.pop("tls", "implicit" if parts.scheme == "smtps" else "starttls")
    contradicts = parts.scheme == "smtps" and tls != "implicit"
    if parts.scheme not in ("smtp", "smtps") or options or tls not in _PORTS or contradicts:
        _refuse("the value is no address of a mail server", allowed)
    return tls


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _smtp(secret: SecretStr) -> SecretStr:
    parse_smtp(secret.get_secret_value())
    return secret


class Settings(BaseSettings):
    """Hold what the environment says, checked; made by `load_settings`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    data_dir: Path = Path("data")
    feeds_file: Path = Path("feeds.yaml")
    database_url: Annotated[str, AfterValidator(_database)] = Field(
        default_factory=lambda known: f"sqlite:///{known.get('data_dir', Path('data')).as_posix()}/aggregator.db", repr=False
    )
    listen: Annotated[str, AfterValidator(_listen)] = "127.0.0.1:8080"
    public_url: Annotated[str, AfterValidator(_public)] | None = None
    smtp_url: Annotated[SecretStr, AfterValidator(_smtp)] | None = None
    mail_from: Annotated[str, AfterValidator(_mailbox)] | None = None
    proxy_user_header: Annotated[str, AfterValidator(_header)] | None = None
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_places)] = ()
    proxy_editors: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)] = ()
    http_allow: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_places)] = ()
    operator: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_operators)] = ()
    full_text: bool = False
    log_format: Annotated[Literal["auto", "console", "json"], BeforeValidator(_lower)] = "auto"
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = "info"

    metrics_token: SecretStr | None = None
    heartbeat_url: Annotated[SecretStr, AfterValidator(_heartbeat)] | None = None
    keep_unmatched_days: Annotated[int, Field(ge=0, le=36500)] = 180
    evidence: Annotated[Literal["full", "excerpts"], BeforeValidator(_lower)] = "full"
    runner: Annotated[Literal["in-process", "queue"], BeforeValidator(_lower)] = "in-process"

    _environ: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from `load_settings` alone, never from the process behind its back."""
        return (init_settings,)

    @property
    def host(self) -> str:
        """Give the host to listen on, without the brackets of an IPv6 address."""
        return urlsplit(f"//{self.listen}").hostname or ""

    @property
    def port(self) -> int:
        """Give the port to listen on; 0 lets the system choose one."""
        return urlsplit(f"//{self.listen}").port or 0

    @property
    def smtp(self) -> SmtpServer | None:
        """Give the mail server, or None where no mail can be sent."""
        return parse_smtp(self.smtp_url.get_secret_value()) if self.smtp_url else None

    def secret(self, name: str) -> str | None:
        """Give the value of a recipient ``env:NAME`` (also from NAME_FILE), or None where it is not set.

        Raises:
            ConfigurationError: NAME_FILE cannot be read, or both are set.
        """
        value, problems = _from_file_or_variable(name.removeprefix("env:"), self._environ)
        if problems:
            raise ConfigurationError(problems)
        return value


class _Environment(EnvSettingsSource):
    """Read a given mapping where pydantic-settings would read the process."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = {name.lower(): value for name, value in environ.items() if name == name.upper()}
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name: value for name, value in self._environ.items() if value}


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the environment, or a mapping in its place.

    Raises:
        ConfigurationError: with every problem found; each names its variable and never shows a value.
    """
    given = dict(os.environ if environ is None else environ)
    problems = _misspelt(given)
    for field in _SECRETS:
        value, unreadable = _from_file_or_variable(_variable(field), given)
        problems += unreadable
        given[_variable(field)] = value or ""
    try:
        settings = Settings(**_Environment(given)())
    except ValidationError as error:
        problems += [_problem(_variable(str(detail["loc"][0])), *_words(detail)) for detail in error.errors(include_url=False)]
    else:
        if bool(settings.proxy_user_header) != bool(settings.trusted_proxies) or not all(map(_is_network, settings.trusted_proxies)):
            message = "a header of a proxy and the addresses it is taken from belong together"
            problems.append(_problem(_variable("trusted_proxies"), message, "addresses or networks, such as 10.0.0.5"))
        if settings.smtp_url and not settings.mail_from:
            problems.append(
                _problem(_variable("mail_from"), "this variable is missing: mail needs a sender", "News watch <watch@example.org>")
            )
    if problems:
        raise ConfigurationError(problems)
    settings._environ = given
    return settings


def _variable(field: str) -> str:
    return PREFIX + field.upper()


def _problem(variable: str, message: str, allowed: str = "") -> Problem:
    return Problem("environment", 0, 0, variable, message, allowed)


def _words(detail: ErrorDetails) -> tuple[str, str]:
    context = detail.get("ctx", {})
    if detail["type"] == "refused":
        return str(context["message"]), str(context["allowed"])
    return "the value is not allowed", str(context.get("expected", "")).replace("'", "")


def _misspelt(environ: Mapping[str, str]) -> list[Problem]:
    names = [field.upper() for field in Settings.model_fields] + [f"{field.upper()}_FILE" for field in _SECRETS]
    missing = [name for name in names if not environ.get(PREFIX + name)]
    strange = [name.removeprefix(PREFIX) for name in sorted(environ) if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in names]
    meant = {name: close[0] for name in strange if (close := get_close_matches(name, missing, n=1, cutoff=0.85))}
    return [_problem(PREFIX + name, "no such variable is read", f"{PREFIX}{near}") for name, near in meant.items()]


def _from_file_or_variable(name: str, environ: Mapping[str, str]) -> tuple[str | None, list[Problem]]:
    in_file = f"{name}_FILE"
    if not (path := environ.get(in_file)):
        return environ.get(name) or None, []
    if environ.get(name):
        return None, [_problem(in_file, f"both {name} and {in_file} are set", "one of them")]
    try:
        with Path(path).open("rb") as file:
            body = file.read(MAX_SECRET_BYTES + 1)
        if len(body) <= MAX_SECRET_BYTES:
            return body.decode("utf-8").strip("\r\n") or None, []
        return None, [_problem(in_file, "the file is too large for a secret", f"at most {MAX_SECRET_BYTES:,} bytes")]
    except (OSError, ValueError):
        return None, [_problem(in_file, "the file cannot be read as UTF-8 text", "the path of a readable file that holds the value")]
