"""What another system's plan says, as far as a plan file has a place for it: found in a FHIR bundle, drafted by us.

Nothing is judged here and nothing is made up: a field that the source leaves open stays open, with a question beside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from cpdocs.core.members import Assignment
from cpdocs.core.names import may_be, name_words
from cpdocs.errors import Problem


@dataclass(frozen=True, slots=True)
class Said:
    """One key of a draft: its value as text (empty: open), what is asked beside it, and for a block or list what is in
    it."""

    key: str
    value: str = ""
    ask: str = ""
    block: tuple[Said, ...] = ()
    items: tuple[tuple[Said, ...], ...] = ()
    texts: tuple[str, ...] = ()


Item: TypeAlias = tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Patient:
    """Whom the source is about. ``identifiers`` are all values; ``medicaid`` those that it calls Medicaid numbers;
    ``names`` are (family, given)."""

    identifiers: tuple[str, ...] = ()
    medicaid: tuple[str, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    dob: date | None = None


@dataclass(frozen=True, slots=True)
class FoundPlan:
    """What was found. ``lists`` are items by the plan's key (``needs``, ``goals`` …), ``blocks`` its blocks, ``texts``
    its texts; ``untaken`` the paths of what has no place in a plan file, or was left out on purpose and why.
    ``fault`` and ``todo`` say why nothing could be read."""

    patient: Patient = field(default_factory=Patient)
    lists: tuple[tuple[str, tuple[Item, ...]], ...] = ()
    blocks: tuple[tuple[str, Item], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    begins: date | None = None
    ends: date | None = None
    untaken: tuple[str, ...] = ()
    fault: str = ""
    todo: str = ""

    def items(self, key: str) -> tuple[Item, ...]:
        """The items found for a list of the plan."""
        return dict(self.lists).get(key, ())

    def block(self, key: str) -> Item:
        """What was found for a block of the plan."""
        return dict(self.blocks).get(key, ())

    def text(self, key: str) -> str:
        """What was found for a text of the plan."""
        return dict(self.texts).get(key, "")


def mismatches(patient: Patient, member: Assignment) -> Iterator[Problem]:
    """Why the source may be about somebody else: an identifier, the name and the date of birth must all be the
    member's. Messages hold no value of either."""
    ours = {member.member_id, *({member.mrn} if member.mrn else ())}
    if any(value != member.member_id for value in patient.medicaid):
        yield _differs("identifier", "names another Medicaid number.")
    elif not ours & set(patient.identifiers):
        yield _differs("identifier", "has neither the member's MassHealth id nor the MRN on record.")
    if not any(
        name_words(family) == name_words(member.last_name) and may_be(f"{given} {family}", member.first_name, family)
        for family, given in patient.names
    ):
        yield _differs("name", "has another name.")
    if patient.dob != member.dob:
        yield _differs("birthDate", "has another date of birth, or none.")


def _differs(where: str, message: str) -> Problem:
    return Problem("patient_differs", message, f"Patient.{where}", "")
