"""The sections of a plan out of a bundle's resources: needs, goals and their steps, services, medicines, people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cpdocs.core.found_plan import Item, Said
from cpdocs.intake.fhir_tree import Node
from cpdocs.intake.fhir_values import (
    SOURCE,
    codes_of,
    day_of,
    name_of,
    part2_mark,
    period_of,
    phone_of,
    quantity_of,
    relations_of,
    words_of,
)

MOST_ITEMS = 300
_GONE = frozenset({"resolved", "inactive", "remission", "refuted", "entered-in-error"})
_GOALS = {
    "proposed": "new", "planned": "new", "accepted": "new", "active": "in_progress", "on-hold": "in_progress",
}  # fmt: skip
_ORDERED = frozenset({"active", "draft", "on-hold", "requested", "ready", "received", "accepted", "in-progress"})
_TO_DO = frozenset({"not-started", "scheduled", "in-progress", "on-hold", "unknown"})
_PAYS = "whether it is paid: true or false"


@dataclass(slots=True)
class Sections:
    """The sections of a draft. ``at`` finds what a reference names, ``of_kind`` resources by type; ``left_out`` says of
    resources, by their path, why they were left out on purpose."""

    at: Callable[[Node, Node], Node | None]
    of_kind: Callable[..., list[Node]]
    patient: Node
    plans: list[Node]
    left_out: dict[str, str] = field(default_factory=dict)
    _named_once: set[str] = field(default_factory=set)

    def about(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Strengths and preferences, as observed."""
        strengths: list[str] = []
        preferences: list[str] = []
        for each in self._mine("Observation", {"final", "amended", "corrected", "preliminary"}):
            codes = {coding.get("code").code.casefold() for coding in each.get("code").each("coding")}
            codes.add(each.get("code", "text").code.casefold())
            into = strengths if "strength" in codes else preferences if codes & {"preference", "95541-9"} else None
            if into is not None and (text := each.get("valueString").words()):
                into.append(text)
                self._read(each, "code", "category")
        return tuple(strengths), tuple(preferences)

    def needs(self) -> tuple[Item, ...]:
        """Conditions that stand, whether a plan addresses them or they are on the problem list."""
        found = []
        for each in self._mine("Condition"):
            state = {
                coding.get("code").code
                for key in ("clinicalStatus", "verificationStatus")
                for coding in each.get(key).each("coding")
            }
            if state & _GONE:
                self.left_out[each.path] = "it is over, refuted or entered in error"
                continue
            if not (text := words_of(each.get("code"))):
                continue
            codes = {coding.get("code").code for one in each.each("category") for coding in one.each("coding")}
            domain = "social" if "sdoh" in codes else ""
            ask = "" if domain else "which: physical_health, mental_health, substance_use, ltss, social"
            comment = " ".join(filter(None, (note.get("text").words() for note in each.each("note"))))
            self._read(each, "clinicalStatus", "verificationStatus", "category")
            found.append((Said("domain", domain, ask), Said("need", text), Said("comment", comment), *part2_mark(each)))
        return tuple(found[:MOST_ITEMS])

    def goals(self) -> tuple[Item, ...]:
        """Goals that are pursued, each with the steps that pertain to it."""
        found = []
        for each in self._mine("Goal"):
            state = each.get("lifecycleStatus").code
            if state not in _GOALS:
                self.left_out[each.path] = "it is over, refused or entered in error"
                continue
            if not (text := words_of(each.get("description"))):
                continue
            targets = [day_of(target.get("dueDate")) for target in each.each("target")]
            progress = [words_of(each.get("achievementStatus"))]
            progress += [note.get("text").words() for note in each.each("note")]
            self._read(each, "lifecycleStatus")
            steps = tuple(self._steps(each))
            found.append(
                (
                    Said("goal", text),
                    Said("target_date", next(filter(None, targets), "")),
                    Said("status", _GOALS[state]),
                    Said("progress", "; ".join(filter(None, progress))),
                    *((Said("steps", items=steps),) if steps else ()),
                    *part2_mark(each),
                )
            )
        return tuple(found[:MOST_ITEMS])

    def services(self) -> tuple[Item, ...]:
        """Services asked for, and activities that the plans only describe and that pertain to no goal."""
        found = []
        for each in self._mine("ServiceRequest"):
            if each.get("status").code not in _ORDERED:
                self.left_out[each.path] = "it isn't active"
                continue
            if name := words_of(each.get("code")):
                self._read(each)
                found.append((Said("name", name), *self._service(each), *part2_mark(each)))
        for plan in self.plans:
            for activity in plan.each("activity"):
                detail = activity.get("detail")
                self.at(activity.get("reference"), plan)
                if detail.value is None or detail.each("goal") or detail.get("status").code not in _TO_DO:
                    continue
                text = words_of(detail.get("code")) or detail.get("description").words()
                if not text:
                    continue
                provider = next(filter(None, (self._name(one, plan)[0] for one in detail.each("performer"))), "")
                more = detail.get("description").words()
                found.append(
                    (
                        Said("name", text),
                        Said("provider", provider),
                        *period_of(detail, "scheduledPeriod"),
                        Said("paid", ask=_PAYS),
                        Said("comment", more if more != text else ""),
                        *part2_mark(plan),
                    )
                )
        return tuple(found[:MOST_ITEMS])

    def medications(self) -> tuple[Item, ...]:
        """Medicines that are ordered or stated, and stand."""
        found = []
        for each in self._mine("MedicationRequest", "MedicationStatement"):
            if each.get("status").code not in ("active", "on-hold", "draft"):
                self.left_out[each.path] = "it isn't active"
                continue
            name = words_of(each.get("medicationCodeableConcept"))
            if not name and (medicine := self.at(each.get("medicationReference"), each)) is not None:
                name = words_of(medicine.get("code"))
            if not name:
                continue
            dosages = [*each.each("dosageInstruction"), *each.each("dosage")]
            told = [one.get("text").words() or one.get("patientInstruction").words() for one in dosages]
            on = day_of(each.get("authoredOn")) or day_of(each.get("dateAsserted"))
            prescriber, _ = self._name(each.get("requester"), each)
            self._read(each)
            found.append(
                (
                    Said("name", name),
                    Said("directions", "; ".join(filter(None, told))),
                    Said("source", f"{SOURCE}, {each.kind}"),
                    Said("as_of", on),
                    Said("prescriber", prescriber),
                    *part2_mark(each),
                )
            )
        return tuple(found[:MOST_ITEMS])

    def risks(self) -> tuple[Item, ...]:
        """Risks that were assessed, each with what is done about them all."""
        found = []
        for each in self._mine("RiskAssessment"):
            if each.get("status").code in ("cancelled", "entered-in-error"):
                self.left_out[each.path] = "it is cancelled or entered in error"
                continue
            measure = each.get("mitigation").words()
            texts = [words_of(prediction.get("outcome")) for prediction in each.each("prediction")]
            told = [text for text in texts if text] or ([""] if measure else [])
            found += [
                (
                    Said("risk", text, "" if text else "which; the source has a code alone"),
                    Said("measure", measure),
                    *part2_mark(each),
                )
                for text in told
            ]
        return tuple(found[:MOST_ITEMS])

    def contacts(self) -> tuple[Item, ...]:
        """Whom to call in an emergency, as the patient's record names them."""
        found = []
        for each in self.patient.each("contact"):
            codes = codes_of(each.each("relationship"))
            name, phone = name_of(each), phone_of(each)
            if name and "C" in codes:
                relation = ", ".join(relations_of(each.each("relationship")))
                found.append(
                    (
                        Said("name", name),
                        Said("phone", phone, "" if phone else "the number"),
                        Said("relation", relation),
                    )
                )
        return tuple(found[:MOST_ITEMS])

    def representative(self) -> Item:
        """The first whom the source calls a guardian."""
        for each in self.patient.each("contact"):
            if "GUARD" in codes_of(each.each("relationship")) and (name := name_of(each)):
                return self._acts(name, each)
        for each in self._mine("RelatedPerson"):
            if "GUARD" in codes_of(each.each("relationship")) and (name := name_of(each)):
                self._read(each)
                return self._acts(name, each)
        return ()

    def team(self) -> tuple[Item, ...]:
        """The plan's author, the care manager, and whoever a care team of the patient names; each once."""
        found: dict[tuple[str, str], Item] = {}

        def add(reference: Node, owner: Node, role: str) -> None:
            name, where = self._name(reference, owner)
            if name and where is not self.patient:
                organization = self._organization(where)
                phone = phone_of(where) if where is not None else ""
                found.setdefault(
                    (name, role),
                    (
                        Said("name", name),
                        Said("role", role, "" if role else "the role"),
                        Said("organization", organization if organization != name else ""),
                        Said("phone", phone),
                    ),
                )

        for plan in self.plans:
            add(plan.get("author"), plan, "Author of the plan in the bundle")
            for each in plan.each("careTeam"):
                self.at(each, plan)
        for each in self._mine("EpisodeOfCare"):
            if each.get("status").code in ("planned", "waitlist", "active", "onhold"):
                add(each.get("careManager"), each, "Care manager")
        for each in self._mine("CareTeam"):
            if each.get("status").code in ("inactive", "entered-in-error"):
                self.left_out[each.path] = "it isn't active"
                continue
            for one in each.each("participant"):
                roles = [words_of(role) for role in one.each("role")]
                add(one.get("member"), each, ", ".join(filter(None, roles)))
                self.at(one.get("onBehalfOf"), each)
        return tuple(list(found.values())[:MOST_ITEMS])

    def _mine(self, *kinds: str | set[str]) -> Iterator[Node]:
        """The resources of these kinds that are about the patient; a set narrows them by status."""
        states = next((each for each in kinds if isinstance(each, set)), None)
        for each in self.of_kind(*(kind for kind in kinds if isinstance(kind, str))):
            subject = each.get("subject") if each.get("subject").value else each.get("patient")
            if states and each.get("status").code not in states:
                continue
            unnamed = subject.value is None and each.path in self._named()
            if unnamed or self.at(subject, each) is self.patient:
                yield each
            elif subject.value is not None:
                self.left_out[each.path] = "it is about somebody else"

    def _named(self) -> set[str]:
        """The paths of what the plans rest on, by their own references: it is about their patient, whether it says so
        or not."""
        if not self._named_once:
            keys = ("addresses", "supportingInfo", "goal", "careTeam")
            found = (self.at(each, plan) for plan in self.plans for key in keys for each in plan.each(key))
            self._named_once = {each.path for each in found if each is not None} | {""}
        return self._named_once

    def _steps(self, goal: Node) -> Iterator[Item]:
        for task in self.of_kind("Task"):
            for extension in task.each("extension"):
                pertains = extension.get("url").code.casefold().endswith("pertainstogoal")
                if pertains and self.at(extension.get("valueReference"), task) is goal:
                    stands = task.get("status").code in _ORDERED
                    if stands and (text := task.get("description").words()):
                        extension.take()
                        self._read(task, "priority", "code", "for")
                        yield self._step(text, task.get("owner"), task)
        for plan in self.plans:
            for activity in plan.each("activity"):
                detail = activity.get("detail")
                about = [self.at(each, plan) for each in detail.each("goal")]
                if not any(each is goal for each in about) or detail.get("status").code not in _TO_DO:
                    continue
                if text := detail.get("description").words() or words_of(detail.get("code")):
                    yield self._step(text, next(iter(detail.each("performer")), detail.get("performer")), plan)

    def _step(self, text: str, owner: Node, within: Node) -> Item:
        name, who = self._name(owner, within)
        name = "The member" if who is self.patient else name
        return (Said("step", text), Said("who", name, "" if name else "who does it"))

    def _service(self, each: Node) -> Iterator[Said]:
        names, phones, relations = [], [], []
        for reference in each.each("performer"):
            name, who = self._name(reference, each)
            names.append(name)
            if who is not None:
                phones.append(phone_of(who))
                relations += relations_of(who.each("relationship")) if who.kind == "RelatedPerson" else []
        yield Said("provider", "; ".join(filter(None, names)))
        yield Said("contact", "; ".join(filter(None, phones)))
        yield Said("funding_source", self._payer(each))
        yield from period_of(each, "occurrencePeriod")
        yield Said("paid", ask=_PAYS)
        directed = [
            extension
            for extension in each.each("extension")
            if extension.get("url").code.casefold().endswith("directedby")
        ]
        if any(one.get("valueCodeableConcept", "text").code.casefold() == "self" for one in directed):
            for one in directed:
                one.take()
            yield Said("self_directed", "true")
        yield Said("relationship", ", ".join(relations))
        yield Said("delivery_address", self._place(each))
        if quantity := tuple(quantity_of(each)):
            yield Said("quantity", block=quantity)
        notes = [note.get("text").words() for note in each.each("note")]
        yield Said("comment", " ".join(filter(None, notes)))

    def _payer(self, each: Node) -> str:
        for reference in each.each("insurance"):
            if (coverage := self.at(reference, each)) is not None:
                for payor in coverage.each("payor"):
                    name, _ = self._name(payor, coverage)
                    if name:
                        return name
        return ""

    def _place(self, each: Node) -> str:
        for reference in each.each("locationReference"):
            if (place := self.at(reference, each)) is not None:
                return place.get("address", "text").words() or place.get("name").words()
        return ""

    def _acts(self, name: str, each: Node) -> Item:
        relation = ", ".join(one for one in relations_of(each.each("relationship")) if one != "Emergency Contact")
        return (
            Said("name", name),
            Said("relation", relation or "guardian"),
            Said("authority", "", "by which paper, and since when; a bundle's word gives no right to sign"),
            Said("phone", phone_of(each)),
        )

    def _name(self, reference: Node, owner: Node) -> tuple[str, Node | None]:
        """Whom a reference names: the name, and the resource where it is in the bundle."""
        who = self.at(reference, owner) if reference.value is not None else None
        if who is not None and who.kind == "PractitionerRole":
            inner = who.get("practitioner") if who.get("practitioner").value else who.get("organization")
            name, person = self._name(inner, who)
            return name, person or who
        if who is not None:
            name = who.get("name").words() or name_of(who)
            if name:
                return name, who
        return reference.get("display").words(), who

    def _organization(self, who: Node | None) -> str:
        return who.get("name").words() if who is not None and who.kind == "Organization" else ""

    def _read(self, each: Node, *keys: str) -> None:
        for key in (*keys, "subject", "patient"):
            if each.get(key).value is not None:
                each.get(key).take()
