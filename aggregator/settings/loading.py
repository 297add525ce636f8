"""Load the settings from the environment, and name every problem at once."""

import os
from collections.abc import Mapping
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import EnvSettingsSource

from aggregator.errors import ConfigurationError, Problem
from aggregator.settings.fields import Settings
from aggregator.settings.secretfiles import PREFIX, from_file_or_variable, problem, variable
from aggregator.settings.values import is_network

_SECRETS = ("database_url", "smtp_url", "metrics_token", "heartbeat_url")


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
        value, unreadable = from_file_or_variable(variable(field), given)
        problems += unreadable
        given[variable(field)] = value or ""
    try:
        settings = Settings(**_Environment(given)())
    except ValidationError as error:
        problems += [problem(variable(str(detail["loc"][0])), *_words(detail)) for detail in error.errors(include_url=False)]
    else:
        if bool(settings.proxy_user_header) != bool(settings.trusted_proxies) or not all(map(is_network, settings.trusted_proxies)):
            message = "a header of a proxy and the addresses it is taken from belong together"
            problems.append(problem(variable("trusted_proxies"), message, "addresses or networks, such as 10.0.0.5"))
        if settings.smtp_url and not settings.mail_from:
            problems.append(
                problem(variable("mail_from"), "this variable is missing: mail needs a sender", "News watch <watch@example.org>")
            )
    if problems:
        raise ConfigurationError(problems)
    settings._environ = given
    return settings


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
    return [problem(PREFIX + name, "no such variable is read", f"{PREFIX}{near}") for name, near in meant.items()]
