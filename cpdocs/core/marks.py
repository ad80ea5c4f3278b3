"""The page mark: what the codes on our pages say, and how it is read back from a fax.

``CP/7K3M9QXW2RC/3/12`` is page 3 of 12 of plan 7K3M-9QXW-2RC and ``CP/7K3M9QXW2RC/C1/1`` page 1 of 1 of its cover;
``R7K3M9QXW2RC``, in bars, is the reply slip of a letter. Only characters of a QR code's alphanumeric mode, at most 20
of them up to page 12 of 12, so that it fits the smallest symbol at level M (mailroom.md, "Codes that survive a fax").
No member data: an id means something only to the ledger that gave it out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from cpdocs.core.ids import parse_document_id

_MARK = re.compile(r"CP/([0-9A-Z]{11})/(C?)([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")
_SLIP = re.compile(r"R([0-9A-Z]{11})")


class Paper(StrEnum):
    """What of a document a mark stands on; the value is the letter before the page or the document."""

    PLAN = ""
    COVER = "C"
    REPLY_SLIP = "R"


@dataclass(frozen=True, slots=True)
class PageMark:
    """One page of one issued document: ``page`` counts from 1 and is at most ``pages``."""

    document_id: str
    page: int
    pages: int
    paper: Paper = Paper.PLAN

    @property
    def text(self) -> str:
        """What the page's codes hold."""
        if self.paper is Paper.REPLY_SLIP:
            return self.slip_text(self.document_id)
        return f"CP/{self.document_id.replace('-', '')}/{self.paper.value}{self.page}/{self.pages}"

    @staticmethod
    def slip_text(document_id: str) -> str:
        """What the code on a letter's reply slip holds."""
        return f"R{document_id.replace('-', '')}"


def parse_mark(text: str) -> PageMark | None:
    """The mark in a code's ``text``, or None where it isn't one of ours: wrong form, check character or page count."""
    slip = _SLIP.fullmatch(text)
    if slip is not None:
        letter = parse_document_id(slip[1])
        return None if letter is None else PageMark(letter, 1, 1, Paper.REPLY_SLIP)
    match = _MARK.fullmatch(text)
    if match is None:
        return None
    document_id = parse_document_id(match[1])
    page, pages = int(match[3]), int(match[4])
    if document_id is None or page > pages:
        return None
    return PageMark(document_id, page, pages, Paper(match[2]))
