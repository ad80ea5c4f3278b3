"""Letters that are merged rather than laid out one by one, on several cores, and the print file that they go into.

What the renderers give back waits in a file without a name inside state/, which is gone with this process however it
ends. The print file's bytes follow from the letters and their order alone, not from how many processes merged them.
"""

from __future__ import annotations

import gc
import pickle
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Any, BinaryIO

from cpdocs.ledger.blobs import BlobStore
from cpdocs.letters.cluster import Cluster, on_cluster
from cpdocs.letters.renderers import RendererPool, on_cores
from cpdocs.system.durable import disk_fault

if TYPE_CHECKING:
    from pathlib import Path

    from cpdocs.documents.letters import Letter, PrintedLetter, Unprintable
    from cpdocs.documents.mail_merge.internals.canvas import Face
    from cpdocs.documents.mail_merge.merged import MergedLetter, SharedPart
    from cpdocs.documents.mail_merge.printing import MergedPrintFile
    from cpdocs.documents.mail_merge.renderer import MailMerge

_CHUNK = 64
_CHUNK_WITH_FILES = 8
"""Letters that come over the network at once with their own PDFs, of some 200 KB each."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A letter that was made: its pages, the SHA-256 of what is drawn on them or of its PDF, where it waits for the
    print file (None where its PDF is in the store), whether there is room for a barcode on it, and the SHA-256 of its
    own tagged PDF where that was put into the store."""

    pages: int
    sha256: str
    place: int | None
    barcode: bool
    archived: str = ""


@dataclass(frozen=True, slots=True)
class _Chunk:
    """What a press made of some letters, the SHA-256 of their own PDFs in the store (empty where there is none; the
    PDFs themselves where the store is elsewhere), and the shared parts and faces that go with them."""

    made: tuple[MergedLetter | PrintedLetter | Unprintable, ...]
    archived: tuple[str | bytes, ...]
    shared: dict[bytes, SharedPart]
    faces: dict[str, Face]


class MergedLetters:
    """The letters of one run, from the presses to the print file. Close it when done."""

    def __init__(self, room: RendererPool, folder: Path, archive: Path | None = None) -> None:
        """``folder`` takes what waits; into the store at ``archive`` goes every letter's own tagged PDF."""
        self._room, self._folder, self._archive = room, folder, archive
        self._run = next(_RUNS)
        self._spool: BinaryIO = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # closed by close()
        self._end = 0
        self._shared: dict[bytes, SharedPart] = {}
        self._faces: dict[str, Face] = {}

    def close(self) -> None:
        """Lets go of what waits."""
        _PRESSES.pop(self._run, None)
        self._spool.close()

    def make(
        self, letters: Sequence[Letter], jobs: int, cluster: Cluster | None = None
    ) -> Iterator[Waiting | Unprintable]:
        """Every letter made and preflighted, in order.

        Raises InputFault for a template's fault; MailMergeDiffers or FacesDiffer where mail merge can't be trusted:
        nothing made so far is good then.
        """
        from cpdocs.documents.mail_merge.internals.canvas import merge_faces

        size = _CHUNK if cluster is None or self._archive is None else min(_CHUNK, _CHUNK_WITH_FILES)
        starts = range(0, len(letters), size)
        chunks = (tuple(letters[start : start + size]) for start in starts)
        store = BlobStore(self._archive) if self._archive else None
        with ExitStack() as until_done:
            if cluster is None:
                done = on_cores(partial(merge, self._room, self._run, self._archive), chunks, min(jobs, len(starts)))
            else:
                client = until_done.enter_context(cluster.client())
                work = partial(merge_in_child, self._room, client.id, files=store is not None)
                done = on_cluster(client, self._room, work, chunks)
            for chunk in done:
                self._shared |= chunk.shared
                merge_faces(self._faces, chunk.faces)
                for item, archived in zip(chunk.made, chunk.archived, strict=True):
                    if isinstance(archived, bytes):
                        archived = store.put(archived) if store is not None and archived else ""
                    yield self._kept(item, archived)

    def _kept(self, item: MergedLetter | PrintedLetter | Unprintable, archived: str) -> Waiting | Unprintable:
        from cpdocs.documents.letters import PrintedLetter, Unprintable

        if isinstance(item, Unprintable):
            return item
        place = self._end
        try:
            self._end += self._spool.write(pickle.dumps(item, pickle.HIGHEST_PROTOCOL))
        except OSError as error:
            raise disk_fault(error, self._folder) from error
        if isinstance(item, PrintedLetter):
            return Waiting(item.pages, sha256(item.pdf).hexdigest(), place, item.address.barcode, archived)
        return Waiting(len(item.sides), item.sha256, place, item.barcode, archived)

    def print_file(self, run_id: str, target: BinaryIO) -> MergedPrintFile:
        """The print file to be written to ``target``."""
        from cpdocs.documents.mail_merge.printing import MergedPrintFile

        return MergedPrintFile(run_id, target, self._shared, self._room.renderer().sheet_text)

    def add(self, target: MergedPrintFile, letter: Waiting, piece: int, barcode: bytes) -> int:
        """Adds a letter to the print file as piece number ``piece``; gives its first page's number, counted from 1."""
        from cpdocs.documents.letters import PrintedLetter

        assert letter.place is not None
        self._spool.seek(letter.place)
        item: Any = pickle.load(self._spool)  # noqa: S301  # written by this very process
        if isinstance(item, PrintedLetter):
            return target.add_foreign(item.pdf, piece, barcode)
        return target.add_letter(item, piece, barcode)

    def finish(self, target: MergedPrintFile) -> str:
        """Ends the print file with the fonts; gives its SHA-256."""
        from cpdocs.documents.mail_merge.renderer import MailMerge

        return target.finish(self._faces, MailMerge(self._room.renderer()).lay)


_RUNS = count()
_PRESSES: dict[int | str, MailMerge] = {}


def merge_in_child(room: RendererPool, run: str, letters: Sequence[Letter], *, files: bool) -> _Chunk:
    """As ``merge``, on a machine whose other results may be lost with it: the shared parts of these letters all come
    along, and with ``files`` each letter's own PDF."""
    if run in _PRESSES:
        _PRESSES[run].forget()
    return _merge(room, run, bytes if files else None, letters)


def merge(room: RendererPool, run: int | str, archive: Path | None, letters: Sequence[Letter]) -> _Chunk:
    """Makes some letters, in whatever process this is; the press is kept for the next ones of the same ``run``.

    With ``archive`` each letter's own PDF is put into the store there.
    """
    return _merge(room, run, BlobStore(archive).put if archive else None, letters)


def _merge(
    room: RendererPool, run: int | str, keep: Callable[[bytes], str | bytes] | None, letters: Sequence[Letter]
) -> _Chunk:
    """``keep`` is given each letter's own PDF; without it none is made."""
    from cpdocs.documents.mail_merge.internals.canvas import NotMergeable
    from cpdocs.documents.mail_merge.renderer import MailMerge

    if run not in _PRESSES:
        _PRESSES.clear()
        _PRESSES[run] = MailMerge(room.renderer())
        # Layouts are large and live long: looking through them again and again costs more than it frees.
        gc.set_threshold(20_000, 20, 20)
    renderer = _PRESSES[run]
    made: list[MergedLetter | PrintedLetter | Unprintable] = []
    archived: list[str | bytes] = []
    for letter in letters:
        try:
            made.append(renderer.make(letter))
        except NotMergeable:
            made.append(renderer.whole(letter))
        archived.append(_kept_file(keep, renderer, letter, made[-1]) if keep else "")
    return _Chunk(tuple(made), tuple(archived), *renderer.taken())


def _kept_file(
    keep: Callable[[bytes], str | bytes],
    renderer: MailMerge,
    letter: Letter,
    item: MergedLetter | PrintedLetter | Unprintable,
) -> str | bytes:
    """What ``keep`` makes of the letter's own tagged PDF. A letter that isn't merged for certain is laid out."""
    from cpdocs.documents.letters import PrintedLetter, Unprintable
    from cpdocs.documents.mail_merge.renderer import MailMergeDiffers

    if isinstance(item, Unprintable):
        return ""
    pdf = item.pdf if isinstance(item, PrintedLetter) else renderer.own_pdf(letter)
    if pdf is None:
        whole = renderer.whole(letter)
        if isinstance(whole, Unprintable):
            raise MailMergeDiffers
        pdf = whole.pdf
    return keep(pdf)
