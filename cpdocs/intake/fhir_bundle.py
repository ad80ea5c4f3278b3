"""A FHIR R4 bundle with a care plan (HL7 eLTSS, US Core CarePlan, Synthea) to what a plan file has a place for.

1. The plans are the bundle's CarePlans that are active, on hold or drafts and part of no other; one that is part of
   such a plan is its backup plan. Whom they are about must be one patient.
2. What maps is taken as the source words it. What it doesn't say (a need's domain, who takes a step, who authorized a
   quantity, whether a service is paid) stays open, with a question. Nothing is made up.
3. What is entered in error, refused, over or refuted is left out, and said. So is what must be asked anew: choices and
   signatures.
4. Everything else is listed by its path, never by its value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from cpdocs.core.cells import parse_date
from cpdocs.core.found_plan import FoundPlan, Item, Patient, Said
from cpdocs.intake.fhir_sections import Sections
from cpdocs.intake.fhir_tree import MAX_ENTRIES, Node, Unreadable, read_json, untaken

_OPEN = frozenset({"active", "on-hold", "draft"})
_ASKED_ANEW = {
    "QuestionnaireResponse": "choices are asked anew",
    "Contract": "signatures aren't carried over",
    "Consent": "consents are asked anew",
}
_TODO = "Ask for a FHIR R4 bundle (JSON) with the CarePlan and what it refers to, or write the plan file by hand."
_NAMED = 6
_PLACE = re.compile(r"\[\d+\]")


def read_bundle(data: bytes, name: str) -> FoundPlan:
    """What the bundle says. Never raises for any bytes: what can't be read is said."""
    try:
        return _Bundle(read_json(data)).found()
    except Unreadable as why:
        return FoundPlan(fault=f"{name} {why}", todo=_TODO)


class _Bundle:
    """The bundle's resources, by what refers to them."""

    def __init__(self, value: object) -> None:
        if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
            raise Unreadable("is no FHIR bundle.")
        entries = value.get("entry")
        if not isinstance(entries, list) or not entries:
            raise Unreadable("is an empty bundle.")
        if len(entries) > MAX_ENTRIES:
            raise Unreadable(f"has more than {MAX_ENTRIES} entries.")
        self.resources: list[Node] = []
        self._by_name: dict[str, Node | None] = {}
        for place, entry in enumerate(entries):
            held = entry.get("resource") if isinstance(entry, dict) else None
            if not isinstance(held, dict):
                continue
            node = Node(held, f"entry[{place}].resource")
            self.resources.append(node)
            names = {f"{node.kind}/{held.get('id')}", entry.get("fullUrl")}
            for each in names:
                if isinstance(each, str):
                    # Of two resources under one name nobody knows which is meant.
                    self._by_name[each] = None if each in self._by_name else node

    def of_kind(self, *kinds: str) -> list[Node]:
        """The resources of these kinds, in the bundle's order."""
        return [each for each in self.resources if each.kind in kinds]

    def at(self, reference: Node, owner: Node) -> Node | None:
        """The resource that a reference names, in the bundle or in what holds it; None where nobody knows."""
        named = reference.get("reference").value
        if not isinstance(named, str):
            return None
        if named.startswith("#"):
            inside = [each for each in owner.each("contained") if each.get("id").value == named[1:]]
            return inside[0] if len(inside) == 1 else None
        return self._by_name.get(named) or self._by_name.get("/".join(named.split("/")[-2:]))

    def _known(self, reference: object) -> bool:
        """Whether it refers to something in the bundle: that is listed by itself where it wasn't taken."""
        return isinstance(reference, str) and (
            reference.startswith("#")
            or reference in self._by_name
            or "/".join(reference.split("/")[-2:]) in self._by_name
        )

    def found(self) -> FoundPlan:
        """Everything that maps, and the paths of everything that doesn't."""
        plans, backups = self._plans()
        patient = self._patient(plans)
        sections = Sections(self.at, self.of_kind, patient, plans)
        begins, ends = _period(plans)
        strengths, preferences = sections.about()
        lists: dict[str, tuple[Item, ...]] = {
            "needs": sections.needs(),
            "goals": sections.goals(),
            "services": sections.services(),
            "medications": sections.medications(),
            "risks": sections.risks(),
            "emergency_contacts": sections.contacts(),
            "care_team": sections.team(),
        }
        about = tuple(
            Said(key, texts=texts) for key, texts in (("strengths", strengths), ("preferences", preferences)) if texts
        )
        acts = sections.representative()
        texts = [each.get("description").words() for each in backups]
        return FoundPlan(
            patient=_who(patient),
            lists=tuple((key, items) for key, items in lists.items() if items),
            blocks=tuple((key, item) for key, item in (("about_me", about), ("representative", acts)) if item),
            texts=(("backup_plan", "\n".join(filter(None, texts))),) if any(texts) else (),
            begins=begins,
            ends=ends,
            untaken=tuple(self._untaken(sections.left_out)),
        )

    def _plans(self) -> tuple[list[Node], list[Node]]:
        every = self.of_kind("CarePlan")
        if not every:
            raise Unreadable("holds no CarePlan.")
        standing = [each for each in every if each.get("status").code in _OPEN]
        if not standing:
            raise Unreadable("holds no CarePlan that is active, on hold or a draft.")
        parts: list[Node] = []
        wholes: list[Node] = []
        for plan in standing:
            whole = [self.at(part, plan) for part in plan.each("partOf")]
            (parts if any(each is not None for each in whole) else wholes).append(plan)
        if not wholes:
            raise Unreadable("holds no CarePlan that isn't part of another.")
        return wholes, parts

    def _patient(self, plans: Iterable[Node]) -> Node:
        found: list[Node] = []
        for plan in plans:
            one = self.at(plan.get("subject"), plan)
            if one is None or one.kind != "Patient":
                raise Unreadable("holds a CarePlan of nobody in the bundle.")
            if one not in found:
                found.append(one)
        if len(found) != 1:
            raise Unreadable("holds CarePlans of several patients.")
        return found[0]

    def _untaken(self, reasons: dict[str, str]) -> Iterator[str]:
        """A line for each kind of resource, or element of one, with the entries in which it stands."""
        found: dict[tuple[str, str, str], list[str]] = {}
        for resource in self.resources:
            why = reasons.get(resource.path) or _ASKED_ANEW.get(resource.kind, "")
            entry = resource.path.partition(".")[0]
            for path in untaken(resource, self._known):
                inside = path.removeprefix(resource.path).lstrip(".")
                found.setdefault((resource.kind, _PLACE.sub("", inside), why), []).append(entry)
        for (kind, inside, why), entries in found.items():
            places = list(dict.fromkeys(entries))
            named = ", ".join(places[:_NAMED]) + (f" and {len(places) - _NAMED} more" if len(places) > _NAMED else "")
            yield f"{kind}{f'.{inside}' if inside else ''}: {named}{f' ({why})' if why else ''}"


def _period(plans: list[Node]) -> tuple[date | None, date | None]:
    """From when until when the one plan holds; of several nobody knows."""
    if len(plans) != 1:
        return None, None
    days: list[date | None] = []
    for key in ("start", "end"):
        node = plans[0].get("period", key)
        day = parse_date(node.value[:10]) if isinstance(node.value, str) else None
        if day is not None:
            node.take()
        days.append(day)
    return days[0], days[1]


def _who(patient: Node) -> Patient:
    identifiers, medicaid, names = [], [], []
    for each in patient.each("identifier"):
        value = each.get("value").raw().strip()
        codes = {coding.get("code").code for coding in each.get("type").each("coding")}
        told = " ".join(each.get(*keys).code for keys in (("type", "text"), ("system",)))
        if value:
            each.take()
            identifiers.append(value)
            if "MA" in codes or "medicaid" in told.casefold() or "masshealth" in told.casefold():
                medicaid.append(value)
    for each in patient.each("name"):
        if each.get("use").code in ("old", "maiden", "nickname"):
            continue
        given = " ".join(filter(None, (one.words() for one in each.each("given"))))
        if family := each.get("family").words():
            names.append((family, given))
            each.take()
    born = patient.get("birthDate")
    dob = parse_date(born.value) if isinstance(born.value, str) else None
    if dob:
        born.take()
    return Patient(tuple(identifiers), tuple(medicaid), tuple(names), dob)
