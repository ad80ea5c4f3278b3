"""The letter that an assignment, or a seed in the settings, gets in a run: its language, its form, its identity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpdocs.core.letters import RunRecord, letter_id, seed_id
from cpdocs.core.roster import RosterOutcome
from cpdocs.core.seeds import Seed, seed_assignment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cpdocs.core.members import Assignment
    from cpdocs.documents.letters import Letter
    from cpdocs.letters.renderers import Terms


@dataclass(frozen=True, slots=True)
class Addressing:
    """What every letter of a run has in common: the run, the kind and its languages, by line the occasion of a letter
    that has one, and whether there are barcodes."""

    id_secret: bytes
    run: RunRecord
    terms: Terms
    occasions: Mapping[int, str]
    barcodes: bool

    def document_id(self, outcome: RosterOutcome) -> str:
        """The reference number that the letter for a line has, or would have; empty where the line couldn't be read."""
        if outcome.assignment is None:
            return ""
        occasion = self.occasions.get(outcome.line, "")
        return letter_id(self.id_secret, self.run.kind, outcome.assignment.key, occasion)

    def letter(self, outcome: RosterOutcome) -> Letter:
        """The letter for a line that is to be mailed."""
        assert outcome.assignment is not None
        return self._to(outcome.assignment, self.document_id(outcome), self.occasions.get(outcome.line, ""))

    def seed_letter(self, number: int, seed: Seed) -> Letter:
        """The seed piece to the seed that stands at that place in the settings, from 1."""
        return self._to(seed_assignment(seed, self.run.on), seed_id(self.id_secret, self.run.run_id, number), "")

    def _to(self, assignment: Assignment, document_id: str, occasion: str) -> Letter:
        from cpdocs.documents.letter_languages import ENGLISH
        from cpdocs.documents.letters import Letter

        language = self.terms.languages.tag_for(assignment.language_written or assignment.language_spoken)
        return Letter(
            kind=self.run.kind,
            document_id=document_id,
            on=self.run.on,
            language=language or ENGLISH,
            large_print=assignment.format_need == "large_print",
            assignment=assignment,
            occasion=occasion,
            barcode=self.barcodes,
        )
