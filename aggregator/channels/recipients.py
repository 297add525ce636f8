"""Recipients that are secrets: ``env:NAME`` stands for the value, which is looked up late and shown nowhere."""

from collections.abc import Callable

PREFIX = "env:"


def resolved(recipient: str, secret: Callable[[str], str | None]) -> str | None:
    """Give the recipient itself, or the secret it names; None where the environment does not hold it."""
    return secret(recipient.removeprefix(PREFIX)) if recipient.startswith(PREFIX) else recipient
