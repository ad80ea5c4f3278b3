"""Practices, clinicians and designations, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Practice:
    """A primary care office: where its plans go, by which way back, and who there is the key contact."""

    practice_id: str
    name: str
    provider_id: str
    address1: str
    city: str
    state: str
    zip: str
    phone: str
    fax: str
    key_contact: str
    key_contact_email: str
    return_channel: str
    ehr: str
    suffolk_holidays: bool
    channel: str = ""
    """The ``[channel.NAME]`` by which it is reached; empty: the one named like its ``return_channel``."""


@dataclass(frozen=True, slots=True)
class Clinician:
    """A clinician at one practice (one row per practice). ``credential`` is upper case, ``role`` pcp or staff."""

    npi: str
    last_name: str
    first_name: str
    credential: str
    practice_id: str
    role: str
    active: bool

    @property
    def display_name(self) -> str:
        """As it stands on paper: first and last name, credential."""
        return f"{self.first_name} {self.last_name}, {self.credential}"


@dataclass(frozen=True, slots=True)
class Designation:
    """A PCP's designation of somebody to act: what for, since when, under which attestations (contract §6).

    ``member_ids`` narrows ``on_care_team`` where it isn't empty. ``recorded_at`` is when cpdocs first learned of
    exactly this designation (aware UTC).
    """

    designee_npi: str
    pcp_npi: str
    tasks: frozenset[str]
    on_care_team: bool
    face_to_face_with_pcp: bool
    valid_from: date
    valid_to: date | None
    attested_by: str
    recorded_at: datetime
    member_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Directory:
    """Every practice, clinician and designation on record."""

    practices: Mapping[str, Practice] = field(default_factory=dict)
    clinicians: Mapping[str, tuple[Clinician, ...]] = field(default_factory=dict)
    designations: tuple[Designation, ...] = ()
    people: frozenset[str] = frozenset()
    """The names of everybody who was ever enrolled here, for paper and for ``--as``: who may attest a designation."""

    def rows_of(self, npi: str) -> tuple[Clinician, ...]:
        """The clinician's rows, one per practice; empty where the NPI is not on record."""
        return self.clinicians.get(npi, ())
