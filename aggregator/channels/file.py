"""Files: the e-mail of a digest laid down in a folder as ``.eml``, ``.html`` and ``.txt``.

Names hold the reader's date, the subscription and the delivery's key, so a retry writes the same bytes to the same names.
A file appears whole or not at all: it is written beside its place and then moved there.
"""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from aggregator.channels.mail import Links, MailMessage, Sender, identifier, render_mail
from aggregator.errors import DeliveryError
from aggregator.models import Delivery, Digest, Receipt
from aggregator.ports import Message

_SENDER = Sender(name="", address="aggregator@localhost.invalid")


@dataclass(frozen=True, slots=True)
class FileChannel:
    """Write digests into `folder`, which is made where it is missing; the recipient is only a label."""

    folder: Path

    def render(self, digest: Digest, delivery: Delivery) -> MailMessage:
        """Render the mail that is going to be written, addressed to nobody."""
        return render_mail(digest, delivery, _SENDER, None, Links())

    async def send(self, delivery: Delivery, message: Message) -> Receipt:
        """Write all parts; the receipt names the mail's path."""
        stem = file_stem(delivery, message.parts[".eml"])
        try:
            await asyncio.to_thread(_write_all, self.folder, stem, message.parts)
        except OSError as error:
            raise DeliveryError(f"The digest could not be written into {self.folder}: {error.strerror or 'unknown error'}.") from None
        return Receipt(detail=str(self.folder / f"{stem}.eml"))


def file_stem(delivery: Delivery, eml: bytes) -> str:
    """Name a delivery's files: date in the reader's zone, subscription, key; nothing in it can leave the folder."""
    written_at = parsedate_to_datetime(str(message_from_bytes(eml, policy=default)["Date"]))
    return f"{written_at:%Y-%m-%d}-{identifier(delivery.subscription)}-{identifier(delivery.key)}"


def _write_all(folder: Path, stem: str, parts: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, content in sorted(parts.items(), key=lambda part: part[0] == ".eml"):
        _write(folder / f"{stem}{suffix}", content)


def _write(path: Path, content: bytes) -> None:
    """Write beside the place and move there; what a failed attempt left is taken away."""
    with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise
