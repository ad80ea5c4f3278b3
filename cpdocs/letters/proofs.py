"""``letters proof``: what a kind of letter looks like, before anybody gets one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.errors import InputFault
from cpdocs.ledger.blobs import write_durably
from cpdocs.letters.renderers import RendererPool
from cpdocs.system.input_files import read_input

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


def write_review(ws: Workspace, tag: str, file: Path | None) -> Path:
    """Writes the page on which somebody fluent reads a language beside the English. Raises InputFault where there is no
    such language."""
    from cpdocs.documents.html import template_folders
    from cpdocs.documents.letter_languages import catalogue_file, load_catalogue
    from cpdocs.documents.letter_review import review_page

    folders = template_folders(ws.shipped_templates, ws.paths.templates)
    catalogue_file(folders, tag)
    target = file or ws.paths.letters / f"review-{tag}.html"
    write_durably(target, review_page(load_catalogue(folders, tag)).encode(), overwrite=True)
    return target


def take_review(ws: Workspace, tag: str, marked: Path) -> tuple[Path, int]:
    """Takes a marked page back into the site's own catalogue; gives that file and how many texts changed. What was a
    draft stays one. Raises InputFault where the page can't be used; then nothing is changed."""
    from cpdocs.documents.html import template_folders
    from cpdocs.documents.letter_languages import LOCALE, catalogue_file, load_catalogue
    from cpdocs.documents.letter_review import marked_changes, with_changes

    folders = template_folders(ws.shipped_templates, ws.paths.templates)
    source = catalogue_file(folders, tag)
    changed = marked_changes(_cells(marked), load_catalogue(folders, tag), marked.name)
    target = ws.paths.templates / LOCALE / source.name
    if changed:
        write_durably(target, with_changes(source.read_text("utf-8"), changed).encode(), overwrite=True)
        load_catalogue(folders, tag)
    return target, len(changed)


_SECONDS, _MEGABYTES = 20, 512


def _cells(marked: Path) -> dict[str, str]:
    """The marked cells of a page that came back, read in a child. Raises InputFault where it can't be read."""
    from cpdocs.intake.marked_page import MAX_BYTES
    from cpdocs.sandbox.run import Stopped, run_sandboxed

    data = read_input(marked, MAX_BYTES)
    try:
        cells: dict[str, str] = run_sandboxed(
            "cpdocs.intake.marked_page:read_cells", data, seconds=_SECONDS, megabytes=_MEGABYTES
        )
    except Stopped:
        raise InputFault(
            f"{marked.name} can't be read within its limits.",
            todo="Make the page anew, and let the reviewer mark that one.",
        ) from None
    return cells
