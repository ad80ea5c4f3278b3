"""A proof: one kind of letter to invented members, in every language and both sizes, to be read before it is used."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pikepdf

from cpdocs.core.members import Program
from cpdocs.documents.letter_lint import SAMPLE, sample_letters
from cpdocs.documents.letters import Letter, LetterRenderer, PrintedLetter
from cpdocs.errors import Defect

_MARK = b"q 0.75 0 0 rg BT /Proof 10 Tf 243 772 Td (PROOF - not for mailing) Tj ET Q"
_FACE = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name("/Helvetica-Bold"))


@dataclass(frozen=True, slots=True)
class Proof:
    """The proof's bytes, and its letters in order: (language, standard or large_print, program, pages)."""

    pdf: bytes
    letters: tuple[tuple[str, str, str, int], ...]


def make_proof(press: LetterRenderer, kind: str, on: date, languages: Sequence[str]) -> Proof:
    """A proof of ``kind`` in ``languages`` (BCP 47), dated ``on``. Raises InputFault for a fault of a template."""
    made = []
    with pikepdf.Pdf.new() as target:
        for letter in _letters(kind, on, languages):
            printed = press.make(letter)
            if not isinstance(printed, PrintedLetter):
                raise Defect(f"A sample letter can't be printed: {printed.code}.", todo="Mend the site's templates.")
            with pikepdf.open(io.BytesIO(printed.pdf)) as source:
                before = len(target.pages)
                target.pages.extend(source.pages)
            _mark(target.pages[before:])
            size = "large_print" if letter.large_print else "standard"
            made.append((letter.language, size, letter.assignment.program.value, printed.pages))
        out = io.BytesIO()
        target.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return Proof(out.getvalue(), tuple(made))


def marked(pdf: bytes) -> bytes:
    """A letter's PDF with the mark of a proof on every page."""
    with pikepdf.open(io.BytesIO(pdf)) as target:
        _mark(target.pages)
        out = io.BytesIO()
        target.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def _mark(pages: Iterable[pikepdf.Page]) -> None:
    for page in pages:
        page.resources["/Font"]["/Proof"] = _FACE
        page.contents_add(b"q", prepend=True)
        page.contents_add(b"Q\n" + _MARK)


def _letters(kind: str, on: date, languages: Sequence[str]) -> Iterator[Letter]:
    """For each language an adult's letter in both sizes, and in English besides one of each other sort of the
    samples."""
    for language in languages:
        first = next(sample_letters(kind, on, language))
        yield first
        yield replace(first, large_print=True)
    samples = list(sample_letters(kind, on))
    minors = [letter for letter in samples if letter.to_guardian]
    yield from (letter for letter in samples if letter.assignment.program is Program.LTSS and not letter.to_guardian)
    yield from minors[:1]
    long = replace(
        SAMPLE,
        address1="c/o Sample Family Shelter",
        address2="444 Example Avenue, Apt 12",
        first_name="Ángel",
        last_name="Núñez-O’Brien",
    )
    yield replace(samples[0], assignment=long)
