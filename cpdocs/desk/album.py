"""The pictures of the items at hand, as the desk's pages show them: mostly drawn when the return was taken in, else
ahead of being asked for where that can be known, in a confined child, one after the other beside the answers."""

from __future__ import annotations

import io
from collections import OrderedDict
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, TypeAlias

from cpdocs.errors import CpdocsError, WorkspaceFault
from cpdocs.returns.album import Album, Shot
from cpdocs.returns.drawn_albums import Drawing, Wanted, item_album

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cpdocs.scans.page_pictures import PagePicture
    from cpdocs.workspace import Workspace

_KEPT = 12
"""Items whose pictures are kept in memory: a page has some 150 KB with the issued one."""
_Given: TypeAlias = list[Album | Drawing]
"""The pictures of an item's files: those that are kept, and what the others are drawn of."""


class Albums:
    """The albums of the items at hand, drawn one after the other beside the answers: by a thread that keeps nobody from
    ending."""

    def __init__(self) -> None:
        self._drawn: OrderedDict[tuple[Wanted, ...], Future[Album]] = OrderedDict()
        self._wanted: SimpleQueue[tuple[Future[Album], _Given]] = SimpleQueue()
        self._thread: Thread | None = None

    def begin(self, ws: Workspace, files: Sequence[str], document_id: str, *, keep: bool = False) -> Future[Album]:
        """Takes the pictures of these files (by SHA-256) beside the plan (empty: none is known) where they are kept,
        and has them drawn where not. ``keep`` keeps what is drawn for the next who looks: of what waits."""
        key = tuple(Wanted.of(ws, each, document_id) for each in files)
        if key not in self._drawn:
            future = self._drawn[key] = Future()
            try:
                given: _Given = [each.kept(ws) or each.drawing(ws, keep=keep) for each in key]
            except CpdocsError as error:  # whoever looks at it is told, and whoever only sees the list is not kept
                future.set_exception(error)
                return self._drawn.pop(key)
            if all(isinstance(each, Album) for each in given):
                future.set_result(_drawn(given))
            elif sum(each.size for each in given if isinstance(each, Drawing)) > ws.options.max_return_bytes:
                future.set_result(Album())
            else:
                self._wanted.put((future, given))
                self._work()
        self._drawn.move_to_end(key)
        while len(self._drawn) > _KEPT:
            _, unwanted = self._drawn.popitem(last=False)
            unwanted.cancel()
        return self._drawn[key]

    def forget(self) -> None:
        """Keeps nothing in memory that nobody is looking at: the next look is as the first."""
        self._drawn.clear()

    def _work(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._draw, name="drawing", daemon=True)
            self._thread.start()

    def _draw(self) -> None:
        while True:
            future, given = self._wanted.get()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(_drawn(given))
                except BaseException as error:  # noqa: BLE001 whoever asks for the pictures is told
                    future.set_exception(error)

    def of(self, ws: Workspace, files: Sequence[str], document_id: str, *, keep: bool = False) -> Album:
        """Their album; without pages where none can be drawn within the limits."""
        return self.begin(ws, files, document_id, keep=keep).result()


def _drawn(given: _Given) -> Album:
    return item_album([each if isinstance(each, Album) else _draw(each) for each in given])


def _draw(drawing: Drawing) -> Album:
    made = drawing.draw()
    with suppress(WorkspaceFault):  # a full disk keeps nobody from seeing them: they are drawn again another time
        drawing.keep(made)
    return made


def png_of(page: PagePicture) -> Shot:
    """Bare gray pixels from a child as a PNG packed here."""
    from PIL import Image

    out = io.BytesIO()
    Image.frombytes("L", (page.width, page.height), page.pixels).save(out, "PNG", compress_level=1)
    return Shot(out.getvalue(), page.width, page.height)
