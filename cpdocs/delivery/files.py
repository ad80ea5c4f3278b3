"""Targets that are folders: files under their names, each whole or absent, never one in the place of another.

What is given to a folder may be taken away by whoever reads it, at any moment. So where an earlier attempt may have
come so far, the folder is looked at first: a file that lies there under its name with its bytes is delivered, one that
doesn't may have been taken, and nobody can say; it isn't written a second time without a person.
"""

from __future__ import annotations

import csv
import grp
import io
import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path, PurePosixPath

from cpdocs.core.csvsafe import csv_text
from cpdocs.core.deliveries import Answer, Outcome
from cpdocs.core.places import Place
from cpdocs.delivery.parcel import Content, NothingSent, Parcel, accepted, refused
from cpdocs.errors import WorkspaceFault
from cpdocs.system.durable import OutputExists, make_folder, read_plain, write_durably

INDEX = "index.csv"
INDEX_COLUMNS = (
    "action", "mrn", "last_name", "first_name", "dob", "document_id", "version", "doc_type", "doc_date", "signed_on",
    "signer", "signer_npi", "practice_id", "practice", "confidentiality", "loinc", "supersedes", "file", "sha256",
    "pages", "description",
)  # fmt: skip


def send(parcel: Parcel, place: Place) -> Answer:
    """Puts the files of ``parcel`` into the target's folder, the index last.

    Raises WorkspaceFault where the disk refuses: then nothing is said of the delivery, and it is tried again.
    """
    root = Path(place.folder) if place.folder else parcel.folder
    access = _Access(place)  # raises NothingSent
    if parcel.look_first:
        seen = [_there(root / PurePosixPath(part.name), part) for part in parcel.parts]
        if not all(seen):
            return Answer(
                Outcome.HANDED_OVER,
                "An earlier attempt was cut short, and the file isn't in the folder: it was taken away already, or "
                "never came there. Ask whoever reads the folder.",
            )
    try:
        for part in parcel.parts:
            access.folder((root / PurePosixPath(part.name)).parent)
    except WorkspaceFault as error:  # before the first file has a name nothing was handed to anybody
        raise NothingSent(error.message, todo=error.todo) from error
    for part in parcel.parts:
        file = root / PurePosixPath(part.name)
        try:
            write_durably(file, part.data, access.mode)
        except OutputExists:
            return refused("Another file lies in the folder under the same name; it was left alone.")
        access.file(file)
        if not _there(file, part):
            return refused("What can be read back from the folder isn't what was written.")
    if row := parcel.details.get("row"):
        folder = (root / PurePosixPath(parcel.parts[0].name)).parent
        _index(folder / INDEX, row)
        access.file(folder / INDEX)
    if place.acknowledgement_folder:
        return Answer(Outcome.HANDED_OVER, "It lies in the folder; its acknowledgement is awaited.")
    return accepted("It lies in the folder under its name, read back and the same.")


def acknowledgements(folder: Path) -> list[tuple[Path, bytes]]:
    """The acknowledgement files (``*.csv``, at most 16 MiB each) that lie in ``folder``, oldest name first."""
    names = sorted(folder.glob("*.csv")) if folder.is_dir() else []
    plain = [each for each in names if each.is_file() and not each.is_symlink() and each.stat().st_size <= 16 << 20]
    return [(each, read_plain(each)) for each in plain]


def _there(file: Path, part: Content) -> bool:
    try:
        return sha256(read_plain(file)).hexdigest() == part.sha256
    except OSError:
        return False


def _index(file: Path, row: Mapping[str, str]) -> None:
    """Adds one line to the index of a day's folder, once; the file changes in one step."""
    rows = _read_index(file)
    key = ("action", "document_id", "file")
    if not any(all(each.get(name) == row.get(name) for name in key) for each in rows):
        write_durably(file, csv_text(INDEX_COLUMNS, [*rows, row]).encode(), overwrite=True)


def _read_index(file: Path) -> Sequence[dict[str, str]]:
    try:
        text = read_plain(file).decode()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise WorkspaceFault(f"{file} can't be read.", todo="Move it away; a new one is begun.") from error
    # Our own neutralizing apostrophe is taken off, or it would grow with every line that is added.
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [{name: _plain(row.get(name) or "") for name in INDEX_COLUMNS} for row in rows]


def _plain(cell: str) -> str:
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in "=+-@\t\r" else cell


class _Access:
    """Who may read what is put there: the mode of files, and the group that files and folders are given."""

    def __init__(self, place: Place) -> None:
        self.mode = int(place.mode or "0600", 8)
        self._group = -1
        if place.group:
            try:
                self._group = grp.getgrnam(place.group).gr_gid
            except KeyError:
                raise NothingSent(
                    f"There is no group {place.group!r} on this machine.", todo="Mend `group` of the target."
                ) from None

    def folder(self, folder: Path) -> None:
        """A folder that may be entered by whoever may read its files."""
        if folder.is_dir():
            return
        mode = self.mode | (self.mode & 0o444) >> 2
        make_folder(folder)
        self._give(folder, mode)

    def file(self, file: Path) -> None:
        self._give(file, self.mode)

    def _give(self, path: Path, mode: int) -> None:
        try:
            if self._group >= 0:
                os.chown(path, -1, self._group)
            path.chmod(mode)
        except FileNotFoundError:
            return  # taken away already: that is what it is there for
        except OSError as error:
            raise WorkspaceFault(
                f"Group and mode can't be set in {path.parent}: {error.strerror}.",
                todo="The service's account must be a member of the target's group.",
            ) from error
