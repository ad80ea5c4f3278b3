"""What a run's letters were made from, kept by hash, so that any of them can be made again years later.

Three things are put into the store and named by the event that stages the run: the assignments as they were used, one a
line; the template folders, the fonts in them included, packed into one file; and every font of the system that may have
drawn. What the templates say today plays no part when a letter is made again, nor do fonts that came later.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from cpdocs.core.events import JSON
from cpdocs.core.members import Assignment, Program, assignment_key
from cpdocs.core.senders import Payer, Sender, Senders
from cpdocs.errors import InputFault

if TYPE_CHECKING:
    from cpdocs.core.members import AssignmentKey
    from cpdocs.letters.renderers import RendererPool
    from cpdocs.workspace import Workspace

_NAMES = tuple(field.name for field in fields(Assignment))
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of every packed file: the same templates give the same bytes."""
_SHIPPED, _SITE = "shipped", "site"


@dataclass(frozen=True, slots=True)
class MadeFrom:
    """Where a run's letters came from: SHA-256 of the assignments and of the packed templates, of system fonts by file
    name, and who sent."""

    assignments: str
    templates: str
    fonts: Mapping[str, str]
    senders: Senders

    def event_data(self) -> dict[str, JSON]:
        """As the event that stages the run carries it."""
        return {
            "assignments_sha256": self.assignments,
            "templates_sha256": self.templates,
            "fonts": [{"name": name, "sha256": sha} for name, sha in self.fonts.items()],
            "senders": json.loads(json.dumps(asdict(self.senders))),
        }


def made_from(data: Mapping[str, Any]) -> MadeFrom:
    """What an event of a staged run says. Raises InputFault for a run that was staged before it was recorded."""
    kept = data.get("made_from")
    if kept is None:
        raise InputFault(
            "What this letter was made from was not recorded; it can't be made again.",
            todo="`cpdocs letters pages` shows its pages as they were printed.",
        )
    fonts = {font["name"]: font["sha256"] for font in kept["fonts"]}
    return MadeFrom(kept["assignments_sha256"], kept["templates_sha256"], fonts, _senders(kept["senders"]))


def _senders(data: Mapping[str, Any]) -> Senders:
    return Senders(
        **{
            **data,
            "organization": Sender(**data["organization"]),
            "cp_orgs": {name: Sender(**sender) for name, sender in data["cp_orgs"].items()},
            "payers": {name: Payer(**payer) for name, payer in data["payers"].items()},
        }
    )


def keep(ws: Workspace, room: RendererPool, assignments: Iterable[Assignment], languages: Iterable[str]) -> MadeFrom:
    """Puts what the letters to ``assignments`` are made from into the store. ``languages`` are those of the letters."""
    people, text = _packed_people(assignments)
    fonts = {path.name: ws.blobs.put_file(path) for path in _system_fonts(room, text, languages)}
    return MadeFrom(ws.blobs.put(people), ws.blobs.put(packed_templates(room)), fonts, room.senders)


def _packed_people(assignments: Iterable[Assignment]) -> tuple[bytes, set[str]]:
    """The assignments as lines of JSON, deflated, and every character in what they may print."""
    deflating = zlib.compressobj(1)
    parts: list[bytes] = []
    text: set[str] = set()
    for item in assignments:
        line = json.dumps({name: getattr(item, name) for name in _NAMES}, ensure_ascii=False, default=_plain)
        text.update(line)
        parts.append(deflating.compress(line.encode() + b"\n"))
    return b"".join([*parts, deflating.flush()]), text


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def packed_templates(room: RendererPool) -> bytes:
    """Both template folders as one file: the same templates give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as pack:
        for name, folder in ((_SHIPPED, room.shipped), (_SITE, room.site)):
            for path in sorted(folder.rglob("*")):
                if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
                    pack.writestr(
                        zipfile.ZipInfo(f"{name}/{path.relative_to(folder).as_posix()}", _EPOCH), path.read_bytes()
                    )
    return out.getvalue()


def _system_fonts(room: RendererPool, text: set[str], languages: Iterable[str]) -> list[Path]:
    """The fonts of the system that have a character which these letters may print and the templates' own fonts lack."""
    from cpdocs.documents.fonts import fonts_for

    renderer = room.renderer()
    text = text.union(json.dumps(asdict(room.senders), ensure_ascii=False), renderer.notice.title)
    for item in renderer.notice.languages:
        text.update(item.name, item.text)
    for language in languages:
        if language in renderer.catalogues:
            text.update(*renderer.catalogues[language].messages.values())
    return fonts_for(text, renderer.folders)


def assignment(ws: Workspace, kept: MadeFrom, key: AssignmentKey) -> Assignment:
    """The assignment with this key as the run used it. Raises BlobMissing, BlobDamaged; LookupError where it isn't
    there."""
    for values in _kept_values(ws, kept):
        if assignment_key(*(values[name] for name in ("member_id", "program", "cp_org", "assigned_on"))) == key:
            return _assignment(values)
    raise LookupError(key)


def assignments(ws: Workspace, kept: MadeFrom) -> Iterator[Assignment]:
    """Every assignment as the run used it. Raises BlobMissing, BlobDamaged."""
    return map(_assignment, _kept_values(ws, kept))


def _kept_values(ws: Workspace, kept: MadeFrom) -> Iterator[dict[str, Any]]:
    return map(json.loads, zlib.decompress(ws.blobs.get(kept.assignments)).splitlines())


def _assignment(values: dict[str, Any]) -> Assignment:
    for name in ("dob", "assigned_on", "end_on"):
        values[name] = date.fromisoformat(values[name]) if values[name] else None
    return Assignment(
        **{**values, "program": Program(values["program"]), "exclusion_flags": tuple(values["exclusion_flags"])}
    )


@contextmanager
def room_of(ws: Workspace, kept: MadeFrom) -> Iterator[RendererPool]:
    """A press room with the templates, fonts and names that a run used and no others, while this lasts.

    Raises BlobMissing or BlobDamaged.
    """
    from cpdocs.documents.fonts import ALL_FONTS
    from cpdocs.letters.renderers import RendererPool

    with TemporaryDirectory(dir=ws.paths.state, prefix=".letter-") as name:
        folder = Path(name)
        (folder / _SITE).mkdir()
        with zipfile.ZipFile(io.BytesIO(ws.blobs.get(kept.templates))) as pack:
            pack.extractall(folder)
        fonts = folder / _SHIPPED / "fonts"
        for font, sha in kept.fonts.items():
            (fonts / Path(font).name).write_bytes(ws.blobs.get(sha))
        (fonts / ALL_FONTS).touch()
        yield RendererPool(folder / _SHIPPED, folder / _SITE, kept.senders)
