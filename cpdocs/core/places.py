"""Where deliveries go: the keys of a ``[[filing.target]]`` or ``[channel.NAME]`` that tell a transport what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cpdocs.core.providers import Practice


@dataclass(frozen=True, slots=True)
class Place:
    """One target's or channel's way out. A key that its kind doesn't have is empty; docs/delivery.md tells each.

    ``edition`` of a channel: ``sealed`` (the files as they are) or ``fax`` (black and white pictures).
    ``tls`` is ``tls``, ``starttls`` or ``none`` (loopback alone). ``tells_apart``: the receiver knows a repeated
    delivery by its ids and keeps one document of it. ``mode`` is octal text for files; folders get a matching one.
    """

    host: str = ""
    port: int = 0
    tls: str = "tls"
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    user: str = ""
    password_file: str = ""
    sender: str = ""
    to: str = ""
    edition: str = "sealed"
    folder: str = ""
    host_key: str = ""
    acknowledgement_folder: str = ""
    group: str = ""
    mode: str = ""
    url: str = ""
    mrn_system: str = ""
    token_url: str = ""
    client_id: str = ""
    scope: str = ""
    sending_application: str = ""
    sending_facility: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""
    mrn_authority: str = ""
    txa2: str = ""
    txa17: str = ""
    on_error: str = "hold"
    tells_apart: bool = False
    deadline_seconds: int = 60
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Channel:
    """How packets reach a practice: its name in the settings, its kind (``folder``, ``smtp``, ``sftp``), and where."""

    name: str
    kind: str
    place: Place = field(default_factory=Place)


def channel_for(channels: Sequence[Channel], practice: Practice) -> Channel | None:
    """The channel that reaches a practice: the one that its record names, else the one named like its
    ``return_channel``, whatever the case; None where there is none, and a person carries things there."""
    wanted = (practice.channel or practice.return_channel).strip().casefold()
    return next((channel for channel in channels if channel.name.casefold() == wanted), None)
