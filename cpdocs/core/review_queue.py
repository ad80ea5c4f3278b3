"""The review queue: what waits for a person, one item for one document's paper however many files it came in.

Pages of one plan that come in several scans, over days, are one item (contract §8): together they are whole, or the
pages that are still missing are named. Whatever isn't paper is an item by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

from cpdocs.core.findings import finding
from cpdocs.core.page_facts import BoxReading, PageKind
from cpdocs.core.parts import PartPages
from cpdocs.core.reply_slips import Answer, together
from cpdocs.core.return_record import Decision, ReturnRecord
from cpdocs.core.verdicts import Finding, Lane, Slot

WHOSE_BOX: Mapping[Slot, str] = {Slot.MEMBER: "the member's", Slot.PCP: "the PCP's"}
"""What the box of each slot is called in a finding."""
_TELLING = (BoxReading.SIGNED, BoxReading.UNSURE, BoxReading.EMPTY)


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the queue: the ``parts`` of returned files that are decided on together, in order of arrival."""

    parts: tuple[ReturnRecord, ...]

    @property
    def first(self) -> ReturnRecord:
        return self.parts[0]

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What was decided about each part."""
        return tuple(part.decision for part in self.parts if part.decision is not None)

    @property
    def files(self) -> tuple[str, ...]:
        """The SHA-256 of each file, in order of arrival."""
        return tuple(dict.fromkeys(part.sha256 for part in self.parts))

    @property
    def document_id(self) -> str:
        return self.first.document_id

    @property
    def pages(self) -> PartPages:
        """The pages of all its files together."""
        return reduce(PartPages.together, (decision.pages for decision in self.decisions))

    @property
    def kind(self) -> PageKind:
        """What it is together: a plan as soon as one of its parts is."""
        kinds = [decision.kind for decision in self.decisions]
        return PageKind.PLAN if PageKind.PLAN in kinds else kinds[0]

    @property
    def answer(self) -> Answer | None:
        """What a reply slip says; None for anything else."""
        said = [Answer(each.answer) for each in self.decisions if each.answer]
        return together(said) if said else None

    @property
    def boxes(self) -> Mapping[Slot, BoxReading]:
        """What is seen in each box whose page is there: ink that was seen once is there."""
        found = {slot: {each.boxes[slot] for each in self.decisions if slot in each.boxes} for slot in Slot}
        return {slot: next(each for each in _TELLING if each in seen) for slot, seen in found.items() if seen}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding once, as the files come to together: pages that came in another of them aren't missing, and a
        box in which another shows ink isn't empty."""
        if len(self.parts) == 1:
            return tuple({each.message: each for decision in self.decisions for each in decision.findings}.values())
        found = {each.code: each for decision in self.decisions for each in decision.findings}
        for code, about in self._together.items():
            if code in found and about:
                found[code] = finding(code, about)
            else:
                found.pop(code, None)
        return tuple(found.values())

    @property
    def _together(self) -> Mapping[str, str]:
        """What is missing and empty in all the files together, in words; empty: nothing is."""
        pages = self.pages
        said = [each.message for decision in self.decisions for each in decision.findings if each.code == "box_empty"]
        empty = [
            whose
            for slot, whose in WHOSE_BOX.items()
            if self.boxes.get(slot) is BoxReading.EMPTY and any(whose in each for each in said)
        ]
        missing = f"not seen: {', '.join(map(str, pages.missing))} of {pages.of}" if pages.missing else ""
        return {"pages_missing": missing, "box_empty": " and ".join(empty)}

    def holding(self, slot: Slot) -> ReturnRecord:
        """The part on whose pages the box of ``slot`` is, as far as it was read; else the one with the last page."""
        with_box = [part for part in self.parts if part.decision and slot in part.decision.boxes]
        signed = [part for part in with_box if part.decision and part.decision.boxes[slot] is self.boxes[slot]]
        if signed:
            return signed[-1]
        return max(self.parts, key=lambda part: max(part.decision.pages.seen, default=0) if part.decision else 0)


def items(records: Iterable[ReturnRecord]) -> list[Item]:
    """The items that these parts make, in order of arrival of each one's first part."""
    together: dict[str, list[ReturnRecord]] = {}
    for record in records:
        together.setdefault(item_key(record), []).append(record)
    return [Item(tuple(parts)) for parts in together.values()]


def item_key(record: ReturnRecord) -> str:
    """What the parts of one item have in common: the document whose paper they are; else each is by itself."""
    paper = record.decision is not None and record.decision.lane is Lane.INK and record.document_id
    return record.document_id if paper else f"{record.sha256}:{record.part}"
