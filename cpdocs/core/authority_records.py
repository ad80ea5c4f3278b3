"""Authorities outside the organization whose certificates are believed, folded from their events, and what of theirs
was revoked.

What each event carries in ``data``:

``AUTHORITY_TRUSTED``
    fingerprint, serial, name, not_before, not_after, pem, vouches_for (a ``Binding``), organizations (only certificates
    of these; empty: of any), crl_urls and ocsp_url (where it may be asked what it revoked), by (who decided it).
``AUTHORITY_DROPPED``
    fingerprint, reason, by.
``REVOCATIONS_IMPORTED``
    authority (fingerprint), kind (``crl`` | ``ocsp``), sha256 (the bytes as they came), this_update, next_update; of a
    list number, revoked (how many) and scope (the distribution points for which it stands; empty: for all); of an
    answer serial, revoked_at and reason (both empty: it is good).

Each has ``ca:`` and the authority's fingerprint as its subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from cpdocs.core.events import Event, EventType

AUTHORITY_EVENTS = (EventType.AUTHORITY_TRUSTED, EventType.AUTHORITY_DROPPED, EventType.REVOCATIONS_IMPORTED)


class Binding(StrEnum):
    """The one thing that an authority is believed for: where in its certificates it states whose each is, or the time
    in its stamps."""

    SERIAL_NUMBER = "npi-in-serial-number"
    SAN = "npi-in-san"
    USER_ID = "npi-in-user-id"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class ListRecord:
    """A list of revoked certificates (CRL) on record. Times aware; ``scope`` are the distribution points for which
    alone it stands (empty: it stands for all). ``der`` are its bytes, where they were taken out of the store; the
    authority's signature on it was checked when it was imported."""

    sha256: str
    this_update: datetime
    next_update: datetime
    number: str
    revoked: int
    scope: tuple[str, ...] = ()
    der: bytes = b""


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """An authority's answer (OCSP) about one certificate: good, or revoked at a time for a reason."""

    sha256: str
    serial: str
    this_update: datetime
    next_update: datetime
    revoked_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AuthorityRecord:
    """One outside authority. Of its lists the newest of each scope, of its answers the newest for each serial
    number."""

    fingerprint: str
    serial: str
    name: str
    not_before: datetime
    not_after: datetime
    pem: str
    binding: Binding
    organizations: tuple[str, ...]
    by: str
    trusted_at: datetime
    crl_urls: tuple[str, ...] = ()
    ocsp_url: str = ""
    dropped_at: datetime | None = None
    reason: str = ""
    lists: Mapping[tuple[str, ...], ListRecord] = field(default_factory=lambda: MappingProxyType({}))
    answers: Mapping[str, AnswerRecord] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def trusted(self) -> bool:
        """Whether its certificates are believed."""
        return self.dropped_at is None


def fold_authorities(events: Iterable[Event]) -> Mapping[str, AuthorityRecord]:
    """Every outside authority that was ever believed, by fingerprint. One that was dropped may be believed anew."""
    found: dict[str, AuthorityRecord] = {}
    for event in events:
        data = event.data
        match event.type:
            case EventType.AUTHORITY_TRUSTED:
                before = found.get(data["fingerprint"])
                record = _record(event)
                found[record.fingerprint] = (
                    replace(record, lists=before.lists, answers=before.answers) if before else record
                )
            case EventType.AUTHORITY_DROPPED if data["fingerprint"] in found:
                found[data["fingerprint"]] = replace(
                    found[data["fingerprint"]], dropped_at=event.at, reason=data["reason"]
                )
            case EventType.REVOCATIONS_IMPORTED if data["authority"] in found:
                found[data["authority"]] = _with_material(found[data["authority"]], data)
            case _:
                pass
    return found


def _record(event: Event) -> AuthorityRecord:
    data = event.data
    return AuthorityRecord(
        fingerprint=data["fingerprint"],
        serial=data["serial"],
        name=data["name"],
        not_before=_moment(data["not_before"]),
        not_after=_moment(data["not_after"]),
        pem=data["pem"],
        binding=Binding(data["vouches_for"]),
        organizations=tuple(data["organizations"]),
        by=data["by"],
        trusted_at=event.at,
        crl_urls=tuple(data.get("crl_urls", ())),
        ocsp_url=data.get("ocsp_url", ""),
    )


def _with_material(record: AuthorityRecord, data: Mapping[str, Any]) -> AuthorityRecord:
    this_update, next_update = _moment(data["this_update"]), _moment(data["next_update"])
    if data["kind"] == "crl":
        scope = tuple(data["scope"])
        found = ListRecord(data["sha256"], this_update, next_update, data["number"], data["revoked"], scope)
        before = record.lists.get(scope)
        newer = before is None or before.this_update <= this_update
        return replace(record, lists=MappingProxyType({**record.lists, scope: found})) if newer else record
    revoked_at = _moment(data["revoked_at"]) if data["revoked_at"] else None
    answer = AnswerRecord(data["sha256"], data["serial"], this_update, next_update, revoked_at, data["reason"])
    earlier = record.answers.get(answer.serial)
    if earlier is not None and earlier.this_update > this_update:
        return record
    return replace(record, answers=MappingProxyType({**record.answers, answer.serial: answer}))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
