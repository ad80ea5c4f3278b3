"""What is the same each time and dear to make, kept for the session: many tests hand in the very same fax, and issue
the very same plan.

Each picture is still read in a confined child, and each paper laid out, once; the workers of a run share what they
kept. Of children's answers only those about pictures are kept, which hang on nothing but the bytes handed in:
signatures are read every time. Of papers those are kept that are made from the shipped templates alone.
"""

from __future__ import annotations

import os
import pickle
import secrets
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from cpdocs.sandbox.run import run_sandboxed

ASK = ("returns.comparing", "returns.judging", "sandbox.drawing")
"""The modules that ask a child about pictures."""
WRITE = (
    *("certificate", "consent_form", "filed_bands", "leaflets", "letter_papers"),
    *("medication_cover", "medication_list", "notices", "plans", "verdict"),
)
"""The modules that lay papers out."""
ABOUT_PICTURES = ("cpdocs.sandbox.reading:", "cpdocs.scans.")
MOST_BYTES = 192 << 20
"""Of all that one worker keeps; what comes later is made each time."""


class Kept:
    """Values by what they were made from, in a folder that the workers of a run share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._room = MOST_BYTES

    def get(self, made_from: Any, make: Callable[[], Any]) -> Any:
        """The value made from ``made_from``, now or earlier. Raises as ``make`` does; what it raises isn't kept."""
        path = self.folder / sha256(pickle.dumps(made_from)).hexdigest()
        try:
            return pickle.loads(path.read_bytes())
        except FileNotFoundError:
            value = make()
        said = pickle.dumps(value)
        if len(said) <= self._room:
            self._room -= len(said)
            begun = path.with_suffix(f".{os.getpid()}{secrets.token_hex(4)}")
            begun.write_bytes(said)
            begun.replace(path)
        return value


def keep_answers(patch: pytest.MonkeyPatch, kept: Kept) -> None:
    """Has the use cases ask a child once about the same pictures, and lay the same paper out once, until ``patch`` is
    undone."""
    from cpdocs.documents import pdf

    shipped = Path(__file__).parent.parent / "templates"

    def answer(function: str, *given: Any, **named: Any) -> Any:
        if not function.startswith(ABOUT_PICTURES):
            return run_sandboxed(function, *given, **named)
        return kept.get((function, given, named), lambda: run_sandboxed(function, *given, **named))

    laid_out = pdf.to_pdf

    def to_pdf(html: str, **named: Any) -> pdf.Rendered:
        if named["folders"] != (shipped,):
            return laid_out(html, **named)
        said = {**named, "painters": _made_of(named.get("painters"))}
        made: pdf.Rendered = kept.get((html, said), lambda: laid_out(html, **named))
        return made

    for asking in ASK:
        patch.setattr(f"cpdocs.{asking}.run_sandboxed", answer)
    for writing in WRITE:
        patch.setattr(f"cpdocs.documents.{writing}.to_pdf", to_pdf)


def _made_of(function: FunctionType | None) -> Any:
    """What a function that was made inside another hangs on: its code's place, and what it took from there."""
    return function and (function.__qualname__, [cell.cell_contents for cell in function.__closure__ or ()])
