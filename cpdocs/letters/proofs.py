"""``letters proof``: what a kind of letter looks like, before anybody gets one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.ledger.blobs import write_durably
from cpdocs.letters.renderers import RendererPool

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class WrittenProof:
    """Where a proof lies, its letters (language, size, program, pages), and the languages that nobody has reviewed."""

    file: Path
    letters: tuple[tuple[str, str, str, int], ...]
    unreviewed: tuple[str, ...]


def write_proof(ws: Workspace, kind: str, file: Path | None) -> WrittenProof:
    """Writes a proof of ``kind`` in every language that has all its texts, drafts too; over an earlier one of that
    name.

    It goes to outbox/letters/proof-KIND.pdf where no ``file`` is named. Nothing is recorded: it is about invented
    members. Raises InputFault for a kind that can't be sent.
    """
    from cpdocs.documents.letter_proof import make_proof

    room = RendererPool(ws.shipped_templates, ws.paths.templates, ws.senders)
    today = eastern_date(ws.clock.now())
    terms = room.terms(kind, ws.options.letter_kinds, today, drafts=True)
    proof = make_proof(room.renderer(), kind, today, [*terms.languages.tags])
    target = file or ws.paths.letters / f"proof-{kind}.pdf"
    write_durably(target, proof.pdf, overwrite=True)
    return WrittenProof(target, proof.letters, tuple(sorted(terms.unreviewed)))
