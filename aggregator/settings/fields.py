"""The settings of an installation, checked; every secret stays out of messages and of each repr."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, SecretStr
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from aggregator.errors import ConfigurationError
from aggregator.models import SmtpServer
from aggregator.settings.secretfiles import PREFIX, from_file_or_variable
from aggregator.settings.values import (
    database_address,
    header_name,
    heartbeat_address,
    listen_place,
    lower,
    mailbox,
    names,
    operators,
    parse_smtp,
    places,
    site_address,
    smtp_address,
)


class Settings(BaseSettings):
    """Hold what the environment says, checked; made by `load_settings`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    data_dir: Path = Path("data")
    feeds_file: Path = Path("feeds.yaml")
    database_url: Annotated[str, AfterValidator(database_address)] = Field(
        default_factory=lambda known: f"sqlite:///{known.get('data_dir', Path('data')).as_posix()}/aggregator.db", repr=False
    )
    listen: Annotated[str, AfterValidator(listen_place)] = "127.0.0.1:8080"
    worker_listen: Annotated[str, AfterValidator(listen_place)] | None = None
    public_url: Annotated[str, AfterValidator(site_address)] | None = None
    smtp_url: Annotated[SecretStr, AfterValidator(smtp_address)] | None = None
    mail_from: Annotated[str, AfterValidator(mailbox)] | None = None
    proxy_user_header: Annotated[str, AfterValidator(header_name)] | None = None
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(places)] = ()
    proxy_editors: Annotated[tuple[str, ...], NoDecode, BeforeValidator(names)] = ()
    http_allow: Annotated[tuple[str, ...], NoDecode, BeforeValidator(places)] = ()
    operator: Annotated[tuple[str, ...], NoDecode, BeforeValidator(operators)] = ()
    full_text: bool = False
    log_format: Annotated[Literal["auto", "console", "json"], BeforeValidator(lower)] = "auto"
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lower)] = "info"

    metrics_token: SecretStr | None = None
    heartbeat_url: Annotated[SecretStr, AfterValidator(heartbeat_address)] | None = None
    keep_unmatched_days: Annotated[int, Field(ge=0, le=36500)] = 180
    evidence: Annotated[Literal["full", "excerpts"], BeforeValidator(lower)] = "full"
    runner: Annotated[Literal["in-process", "queue"], BeforeValidator(lower)] = "in-process"

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
        value, problems = from_file_or_variable(name.removeprefix("env:"), self._environ)
        if problems:
            raise ConfigurationError(problems)
        return value
