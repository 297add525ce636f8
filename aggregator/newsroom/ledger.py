"""Remember everything that reached the newsroom, and the faults its receivers were told to make.

Mails and alerts count together: `index` is the order of arrival over both, from 1. With a folder everything is also appended to JSON
Lines files (``mails.jsonl``, ``alerts.jsonl``, ``refusals.jsonl``), which a reset leaves alone. Servers write from their own
thread and tests read from theirs, so every access holds the lock.
"""

import base64
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from aggregator.newsroom.content import ROUNDS

Channel = Literal["smtp", "slack"]


class Fault(BaseModel):
    """Order the next `count` messages of a channel to be answered with `status`.

    `recipient` limits it to one address (SMTP only, refused at RCPT); `retry_after` is in seconds (Slack only). With `keep` the message
    is taken over all the same: the sender is told of a failure that was none, as when a connection breaks after the last byte.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Channel
    status: int = Field(ge=400, le=599)
    count: int = Field(default=1, ge=1, le=1000)
    recipient: str | None = None
    retry_after: int | None = Field(default=None, ge=0)
    keep: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Hold one mail that was taken over, with its envelope."""

    index: int
    round: int
    sender: str
    recipients: tuple[str, ...]
    message: bytes

    @property
    def parsed(self) -> EmailMessage:
        """Parse the message as a mail reader does."""
        return message_from_bytes(self.message, policy=default)

    def as_json(self) -> Mapping[str, object]:
        """Give envelope, headers as (name, value) pairs, and the whole message in base64."""
        headers = [[name, str(value)] for name, value in self.parsed.items()]
        envelope = {"from": self.sender, "to": list(self.recipients)}
        message = base64.b64encode(self.message).decode("ascii")
        return {"index": self.index, "round": self.round, "envelope": envelope, "headers": headers, "message": message}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Hold one webhook call that was answered ``ok``; `headers` have lower-case names."""

    index: int
    round: int
    headers: Mapping[str, str]
    payload: Mapping[str, object]

    def as_json(self) -> Mapping[str, object]:
        """Give everything as plain data."""
        return {"index": self.index, "round": self.round, "headers": dict(self.headers), "payload": dict(self.payload)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Hold one attempt that was not answered with success, and the answer."""

    round: int
    channel: Channel
    status: int
    answer: str

    def as_json(self) -> Mapping[str, object]:
        """Give everything as plain data."""
        return {"round": self.round, "channel": self.channel, "status": self.status, "answer": self.answer}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Hold one request for a feed: which validators it carried and what it was answered."""

    round: int
    feed: str
    method: str
    if_none_match: str | None
    if_modified_since: str | None
    user_agent: str
    status: int

    def as_json(self) -> Mapping[str, object]:
        """Give everything as plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


class Ledger:
    """Keep the round, the faults still to be made, and all that arrived."""

    def __init__(self, folder: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._folder = folder
        self.on_arrival: Callable[[], None] = lambda: None
        """Called when a message was taken over, before its sender is told so."""
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
        self._clear()

    @property
    def round(self) -> int:
        """Give the round that is told now."""
        with self._lock:
            return self._round

    def turn_to(self, number: int) -> None:
        """Tell another round from now on.

        Raises:
            ValueError: there is no such round.
        """
        if number not in ROUNDS:
            raise ValueError(f"there is no round {number}; the rounds are {', '.join(map(str, ROUNDS))}")
        with self._lock:
            self._round = number

    def reset(self) -> None:
        """Forget everything and tell the first round again."""
        with self._lock:
            self._clear()

    def order(self, fault: Fault) -> None:
        """Have a fault made, after those ordered before."""
        with self._lock:
            self._faults.append(fault)

    def next_fault(self, channel: Channel, recipient: str | None = None) -> Fault | None:
        """Take the fault to be made now for a whole message, or for one recipient."""
        with self._lock:
            for place, fault in enumerate(self._faults):
                if fault.channel == channel and fault.recipient == recipient:
                    rest = [fault.model_copy(update={"count": fault.count - 1})] if fault.count > 1 else []
                    self._faults[place : place + 1] = rest
                    return fault
        return None

    def keep_mail(self, sender: str, recipients: tuple[str, ...], message: bytes) -> None:
        """Remember a mail that was taken over."""
        with self._lock:
            mail = Mail(index=self._arrived(), round=self._round, sender=sender, recipients=recipients, message=message)
            self._mails.append(mail)
            self._append("mails", mail.as_json())
        self.on_arrival()

    def keep_alert(self, headers: Mapping[str, str], payload: Mapping[str, object]) -> None:
        """Remember an alert that was taken over."""
        with self._lock:
            alert = Alert(index=self._arrived(), round=self._round, headers=headers, payload=payload)
            self._alerts.append(alert)
            self._append("alerts", alert.as_json())
        self.on_arrival()

    def keep_refusal(self, channel: Channel, status: int, answer: str) -> None:
        """Remember an attempt that was refused."""
        with self._lock:
            refusal = Refusal(round=self._round, channel=channel, status=status, answer=answer)
            self._refusals.append(refusal)
            self._append("refusals", refusal.as_json())

    def keep_request(self, request: Request) -> None:
        """Remember a request for a feed, in the round that is told now."""
        with self._lock:
            self._requests.append(replace(request, round=self._round))

    @property
    def mails(self) -> tuple[Mail, ...]:
        """Give all mails in order of arrival."""
        with self._lock:
            return tuple(self._mails)

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Give all alerts in order of arrival."""
        with self._lock:
            return tuple(self._alerts)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Give all refused attempts in order of arrival."""
        with self._lock:
            return tuple(self._refusals)

    @property
    def requests(self) -> tuple[Request, ...]:
        """Give all requests for feeds in the order of their answers."""
        with self._lock:
            return tuple(self._requests)

    def _clear(self) -> None:
        self._round = ROUNDS[0]
        self._faults: list[Fault] = []
        self._mails: list[Mail] = []
        self._alerts: list[Alert] = []
        self._refusals: list[Refusal] = []
        self._requests: list[Request] = []

    def _arrived(self) -> int:
        return len(self._mails) + len(self._alerts) + 1

    def _append(self, name: str, record: Mapping[str, object]) -> None:
        if self._folder:
            with (self._folder / f"{name}.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
