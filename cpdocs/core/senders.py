"""Who sends: the organization, its Community Partners, coordinators and the payers' terms (contract §2, settings)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from cpdocs.core.organizations import compared_name


@dataclass(frozen=True, slots=True)
class Sender:
    """A letterhead: who writes, from where, and how to answer. Lines are plain text."""

    name: str
    address1: str
    city: str
    state: str
    zip: str
    phone: str
    hours: str
    tty: str
    address2: str = ""
    fax: str = ""
    email: str = ""
    email_secure: bool = False
    correction_email: str = ""


EXAMPLE_NAME = "Example Community Partners"
"""The shipped example's organization: nothing goes out under it (contract §7)."""
_EXAMPLE = {
    "name": EXAMPLE_NAME,
    "address1": "100 Example Street",
    "phone": "(617) 555-0100",
    "fax": "(617) 555-0101",
    "email": "plans@cp.example.org",
    "correction_email": "corrections@cp.example.org",
}


def still_shipped(organization: Sender) -> tuple[str, ...]:
    """The keys of ``[organization]`` that still hold what the shipped example does."""
    return tuple(key for key, value in _EXAMPLE.items() if getattr(organization, key) == value)


@dataclass(frozen=True, slots=True)
class Payer:
    """One health plan's terms: ``due_days`` business days to approve (``due_days_stated``: by its settings, else the
    organization's own period), whether a chart note may fill the PCP slot; what members call it and the number that
    they may call. ``channel`` names the ``[channel.NAME]`` by which letters to it leave (empty: by hand), ``fax`` and
    ``email`` are where that one finds it."""

    name: str
    due_days: int = 7
    chart_notes: bool = False
    enrollees: int | None = None
    due_days_stated: bool = False
    member_name: str = ""
    phone: str = ""
    channel: str = ""
    fax: str = ""
    email: str = ""


@dataclass(frozen=True)
class Senders:
    """Everyone who may stand on a letterhead, and the payers' terms. Unknown names fall back to the organization's."""

    organization: Sender
    cp_orgs: Mapping[str, Sender] = field(default_factory=dict)
    coordinator_phones: Mapping[str, str] = field(default_factory=dict)
    payers: Mapping[str, Payer] = field(default_factory=dict)
    masshealth_phone: str = "800-841-2900"
    masshealth_tty: str = "711"
    masshealth_hours: str = "Monday to Friday, 8 a.m. to 5 p.m."
    ombudsman_name: str = "My Ombudsman"
    ombudsman_phone: str = "855-781-9898"

    def for_cp(self, cp_org: str) -> Sender:
        """The letterhead of ``cp_org``: its own where settings name one, else the organization's."""
        return self._by_compared_name.get(compared_name(cp_org), self.organization)

    @cached_property
    def _by_compared_name(self) -> Mapping[str, Sender]:
        return {compared_name(name): sender for name, sender in self.cp_orgs.items()}

    @property
    def compared_cp_orgs(self) -> frozenset[str]:
        """The partners that settings name, as compared; empty where they name none."""
        return frozenset(self._by_compared_name)

    def phone_of(self, coordinator: str, cp_org: str) -> str:
        """The number to call for ``coordinator``; the sender's own where settings name none."""
        return self.coordinator_phones.get(coordinator) or self.for_cp(cp_org).phone

    def payer(self, name: str) -> Payer:
        """The terms of the payer called ``name``; the defaults where settings name none."""
        return self.payers.get(name) or Payer(name)
