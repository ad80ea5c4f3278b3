"""The pictures of what waits for review: drawn when a return is taken in, kept until it is decided.

``state/derived/pictures/`` has a file for each returned file and the plan that it is laid beside, named by digests. All
of it can be deleted at any time: what is missing or damaged is drawn anew when somebody looks. What doesn't wait any
more is deleted when something is taken in or decided.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpdocs.core.page_facts import BoxReading, Place
from cpdocs.core.verdicts import Slot
from cpdocs.index.queries import files_waiting
from cpdocs.returns.album import Album, Box, Leaf, Shot, album, bound
from cpdocs.returns.comparing import MOST_DRAWN, ToDraw, draw_file, named_in, to_draw
from cpdocs.system.durable import disk_fault, write_durably

if TYPE_CHECKING:
    from cpdocs.core.page_facts import FilePages, NamedPage
    from cpdocs.workspace import Workspace

_VERSION = 1
"""To be raised with every change of how pages are drawn: what an older cpdocs drew is then drawn anew."""
_MOST_KEPT = 2000
"""Files whose pictures are kept on the disk, a megabyte each: beyond, they are drawn when somebody looks."""
_INDEX = "album.json"


def _folder(ws: Workspace) -> Path:
    return ws.paths.derived / "pictures"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which pictures are meant: those of a returned file (its SHA-256) beside the document (empty: none is known);
    ``how`` is a digest of whatever else they depend on."""

    sha256: str
    document_id: str
    how: str

    @classmethod
    def of(cls, ws: Workspace, digest: str, document_id: str) -> Wanted:
        """Those that a look at this file would show now."""
        (named,) = named_in(ws, [digest])
        depends = (_VERSION, document_id, sorted(named.items()), ws.options.max_return_pages)
        return cls(digest, document_id, sha256(repr(depends).encode()).hexdigest()[:16])

    def _path(self, ws: Workspace) -> Path:
        return _folder(ws) / f"{self.sha256}-{self.how}.zip"

    def are_kept(self, ws: Workspace) -> bool:
        """Whether there is a file of them."""
        return self._path(ws).is_file()

    def kept(self, ws: Workspace) -> Album | None:
        """The pictures, where they are kept and whole."""
        try:
            return _unpacked(self._path(ws).read_bytes())
        except Exception:  # noqa: BLE001 absent or damaged, whatever the damage: it is drawn anew
            return None

    def drawing(self, ws: Workspace, *, keep: bool, pages: FilePages | None = None) -> Drawing:
        """What they are drawn of; ``pages`` is what was read of the file, where that is known. Raises what the store
        and a print file do."""
        named: Sequence[Mapping[int, NamedPage]] = named_in(ws, [self.sha256])
        given = to_draw(ws, [self.sha256], self.document_id, named)
        return Drawing(given, pages, ws.options.max_return_pages, self._path(ws) if keep else None)


@dataclass(frozen=True, slots=True)
class Drawing:
    """What one file's pictures are drawn of; ``path`` is where they are kept then (None: nowhere)."""

    given: ToDraw
    pages: FilePages | None
    most_pages: int
    path: Path | None

    @property
    def size(self) -> int:
        """Bytes of the returned file."""
        return sum(map(len, self.given.files))

    def draw(self) -> Album:
        """The pictures; without pages where none can be drawn within the limits."""
        return album(draw_file(self.given, self.pages, most_pages=self.most_pages))

    def keep(self, drawn: Album) -> None:
        """Keeps what was drawn, where it is to be kept and there is something. Raises WorkspaceFault where the disk
        refuses."""
        if self.path is not None and drawn.leaves:
            write_durably(self.path, _packed(drawn), overwrite=True)


def item_album(albums: Sequence[Album]) -> Album:
    """The pictures of all files of one item."""
    return bound(albums, MOST_DRAWN)


def draw_ahead(ws: Workspace, digest: str, document_id: str, pages: FilePages | None) -> None:
    """Draws the pictures of a returned file that waits, unless they are there or enough are. Raises CpdocsError as
    :meth:`Wanted.drawing` and :meth:`Drawing.keep`."""
    wanted = Wanted.of(ws, digest, document_id)
    if wanted.are_kept(ws) or len(_names(ws)) >= _MOST_KEPT:
        return
    drawing = wanted.drawing(ws, keep=True, pages=pages)
    if drawing.size <= ws.options.max_return_bytes:
        drawing.keep(drawing.draw())


def drop_decided(ws: Workspace) -> None:
    """Deletes the pictures of what doesn't wait any more. Raises WorkspaceFault where the disk refuses."""
    names = _names(ws)
    if not names:
        return
    waiting = files_waiting(ws.index)
    try:
        for name in names:
            if name.partition("-")[0] not in waiting:
                (_folder(ws) / name).unlink(missing_ok=True)
    except OSError as error:
        raise disk_fault(error, _folder(ws), "delete in") from error


def _names(ws: Workspace) -> list[str]:
    try:
        return [each.name for each in _folder(ws).iterdir() if each.suffix == ".zip"]
    except FileNotFoundError:
        return []


def _packed(made: Album) -> bytes:
    """An album as the bytes of a ZIP archive: its pictures, and what is known of each."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:

        def put(name: str, shot: Shot | None) -> dict[str, Any] | None:
            if shot is None:
                return None
            archive.writestr(name, shot.png)
            return {"png": name, "width": shot.width, "height": shot.height}

        leaves = [
            {
                "title": leaf.title,
                "plan_page": leaf.plan_page,
                "came": put(f"page-{at}-came.png", leaf.came),
                "issued": put(f"page-{at}-issued.png", leaf.issued),
                "marks": [[mark.left, mark.top, mark.right, mark.bottom] for mark in leaf.marks],
                "number": leaf.number,
                "unread": leaf.unread,
            }
            for at, leaf in enumerate(made.leaves, 1)
        ]
        boxes = [
            {
                "slot": box.slot.value,
                "reading": box.reading.value if box.reading else None,
                "came": put(f"box-{at}-came.png", box.came),
                "issued": put(f"box-{at}-issued.png", box.issued),
            }
            for at, box in enumerate(made.boxes, 1)
        ]
        archive.writestr(_INDEX, json.dumps({"leaves": leaves, "boxes": boxes, "cut_short": made.cut_short}))
    return out.getvalue()


def _unpacked(data: bytes) -> Album:
    """The album that ``_packed`` packed. Raises whatever a damaged archive makes its readers raise."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        found = json.loads(archive.read(_INDEX))

        def shot(about: Mapping[str, Any]) -> Shot:
            return Shot(archive.read(about["png"]), about["width"], about["height"])

        leaves = [
            Leaf(
                each["title"],
                each["plan_page"],
                shot(each["came"]),
                shot(each["issued"]) if each["issued"] else None,
                [Place(*mark) for mark in each["marks"]],
                number=each["number"],
                unread=each["unread"],
            )
            for each in found["leaves"]
        ]
        boxes = [
            Box(
                Slot(each["slot"]),
                BoxReading(each["reading"]) if each["reading"] else None,
                shot(each["came"]),
                shot(each["issued"]) if each["issued"] else None,
            )
            for each in found["boxes"]
        ]
        return Album(leaves, boxes, found["cut_short"])
