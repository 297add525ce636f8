"""Mail addresses: which texts are one, told without what writes mails, since every start asks whom a subscription reaches."""

import re
from email.utils import getaddresses, parseaddr

from aggregator.errors import UsageError

_MAILBOX = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@{label}(\.{label})*".replace(
        "{label}", "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    )
)


def mailbox(text: str) -> str | None:
    """Give the bare ASCII address in `text` (``Desk <desk@example.org>``), a foreign domain in its IDNA form; None where there is none."""
    if not text.isprintable() or "=?" in text or len(getaddresses([text])) != 1:
        return None
    local_part, _, domain = parseaddr(text)[1].rpartition("@")
    try:
        address = f"{local_part}@{domain.encode('idna').decode()}" if not domain.isascii() else f"{local_part}@{domain}"
    except UnicodeError:
        return None
    return address if _MAILBOX.fullmatch(address) and len(local_part) <= 64 else None


def sender_address(text: str) -> str:
    """Give the address in ``Name <address>`` or the bare one that mail comes from; raises `UsageError` for anything else."""
    address = mailbox(text)
    if address is None:
        from aggregator.channels.wording import clean  # seldom needed

        raise UsageError(f"The sender {clean(text, 80)!r} is no e-mail address. Give one such as 'News watch <watch@example.org>'.")
    return address
