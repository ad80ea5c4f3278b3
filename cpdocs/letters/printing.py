"""The print file of a run while it is made: written beside the store, read back from its bytes, then kept."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from cpdocs.letters.renderers import RendererPool
from cpdocs.system.durable import disk_fault

if TYPE_CHECKING:
    from cpdocs.documents.mail_merge.printing import MergedPrintFile
    from cpdocs.documents.printfile import PrintFile
    from cpdocs.letters.mail_merge import MergedLetters, Waiting
    from cpdocs.workspace import Workspace

_PART = "print-file.part"
_SHOWN = 20


class Printing(Protocol):
    """A print file to which separators and letters are added, in mailing order."""

    @property
    def pages(self) -> int:
        """Sides so far."""

    @property
    def blank_pages(self) -> int:
        """Blank backs so far."""

    @property
    def separator_pages(self) -> int:
        """Sides of separators so far."""

    def add_separator(self, pdf: bytes) -> None:
        """Adds a separator, which takes a sheet of its own."""

    def add(self, letter: Waiting, piece: int, barcode: bytes) -> int:
        """Adds a letter, with the operators of its barcode; gives its first page's number, counted from 1."""

    def finish(self, expected: Sequence[str]) -> list[str]:
        """Ends the file and reads it back: where it differs from ``expected``, a document id or nothing for each
        page."""

    def keep(self) -> str:
        """Puts the file into the store; gives its SHA-256."""


@contextmanager
def print_file(ws: Workspace, run_id: str, merged: MergedLetters | None) -> Iterator[Printing]:
    """A print file of letters from the store, or of ``merged`` ones, which is written beside it page by page."""
    if merged is None:
        yield _Merged(ws, run_id)
        return
    path = ws.paths.state / _PART
    try:
        path.unlink(missing_ok=True)
        with path.open("xb") as target:
            path.chmod(0o600)
            yield _Written(ws, run_id, merged, path, target)
    except OSError as error:
        raise disk_fault(error, path.parent) from error
    finally:
        path.unlink(missing_ok=True)


class _Counted:
    """What both ways of making the file say of it."""

    _file: PrintFile | MergedPrintFile

    @property
    def pages(self) -> int:
        return self._file.pages

    @property
    def blank_pages(self) -> int:
        return self._file.blank_pages

    @property
    def separator_pages(self) -> int:
        return self._file.separator_pages

    def add_separator(self, pdf: bytes) -> None:
        self._file.add_separator(pdf)


class _Merged(_Counted):
    """Letters that are PDFs of their own, merged in memory."""

    def __init__(self, ws: Workspace, run_id: str) -> None:
        from cpdocs.documents.printfile import PrintFile

        self._ws = ws
        room = RendererPool(ws.shipped_templates, ws.paths.templates, ws.senders)
        self._file: PrintFile = PrintFile(run_id, room.renderer().sheet_text)
        self._pdf = b""

    def add(self, letter: Waiting, piece: int, barcode: bytes) -> int:
        return self._file.add_letter(self._ws.blobs.get(letter.sha256), piece, barcode)

    def finish(self, expected: Sequence[str]) -> list[str]:
        from cpdocs.documents.printfile import recount

        self._pdf = self._file.finish()
        return recount(self._pdf).differences(expected)

    def keep(self) -> str:
        return self._ws.blobs.put(self._pdf)


class _Written(_Counted):
    """Merged letters, written to ``target`` one after the other."""

    def __init__(self, ws: Workspace, run_id: str, merged: MergedLetters, path: Path, target: BinaryIO) -> None:
        self._ws, self._merged, self._path, self._target = ws, merged, path, target
        self._file: MergedPrintFile = merged.print_file(run_id, target)

    def add(self, letter: Waiting, piece: int, barcode: bytes) -> int:
        return self._merged.add(self._file, letter, piece, barcode)

    def finish(self, expected: Sequence[str]) -> list[str]:
        from cpdocs.documents.mail_merge.readback import document_ids

        self._merged.finish(self._file)
        self._target.flush()
        found: list[str] = []
        try:
            for number, (ids, wanted) in enumerate(zip_longest(document_ids(self._path), expected), start=1):
                if ids is None or wanted is None:
                    return [*found, f"The print file doesn't have {len(expected)} pages."]
                if ids != ((wanted,) if wanted else ()) and len(found) < _SHOWN:
                    found.append(
                        f"Page {number} shows {' and '.join(ids) or 'no document id'}, not {wanted or 'none'}."
                    )
        except (ValueError, LookupError, TypeError, zlib.error) as fault:
            found.append(f"The print file can't be read back ({type(fault).__name__}).")
        return found

    def keep(self) -> str:
        return self._ws.blobs.put_file(self._path)
