"""Power cuts without a disk: what a command did to its files is recorded, and what it hadn't made durable is taken away
again.

strace records every call that changes a file. A model of the disk plays them back and gives, for each moment, what a
cut may leave. It assumes no more than POSIX and journals give:

- a file has the bytes it had at its last fsync, whatever was written since;
- a change of names (create, link, rename, remove) is whole or absent, and lasts once one of its folders was synced,
  together with every earlier one that touches the same folders; until then it may be lost;
- so may be the names while the bytes last, and the bytes while the names last: the three kinds of :data:`CUTS`.

ext4 is kinder: any fsync makes earlier changes of names last. The cut of a real ext4 is in ``images``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from tests.crash.forks import Command, Prepare, nothing
from tests.crash.system_calls import run_traced

CUTS = ("nothing that wasn't synced", "names without their bytes", "bytes without their names")
"""What of that which wasn't synced is lost: all, the bytes, the names."""

_TRACED = (
    *(
        "openat",
        "write",
        "pwrite64",
        "fsync",
        "fdatasync",
        "ftruncate",
        "lseek",
        "rename",
        "renameat",
        "renameat2",
        "link",
        "linkat",
    ),
    *("unlink", "unlinkat", "mkdir", "mkdirat", "rmdir"),
)
_LINE = re.compile(r"^(\w+)\((.*)\)\s+= (-?\d+)")
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")
_AT = re.compile(r"^(?:AT_FDCWD|(\d+))(?:<(.*)>)?$")


class _File:
    """A file's bytes as they are, and as they were at its last fsync."""

    def __init__(self, data: bytes, *, durable: bool) -> None:
        self.data = bytearray(data)
        self.durable = bytes(data) if durable else b""
        self._sums: dict[bool, bytes] = {}

    def changed(self) -> None:
        """Its bytes, or the durable ones, aren't what they were."""
        self._sums.clear()

    def sum(self, *, durable: bool) -> bytes:
        if durable not in self._sums:
            self._sums[durable] = sha256(self.durable if durable else self.data).digest()
        return self._sums[durable]


class _Folder:
    """A folder's names as they are, and as they last."""

    def __init__(self) -> None:
        self.names: dict[str, _File | _Folder] = {}
        self.durable: dict[str, _File | _Folder] = {}


@dataclass(frozen=True)
class _Change:
    """One change of names: what each folder gains (or loses, where None)."""

    parts: tuple[tuple[_Folder, str, _File | _Folder | None], ...]

    def folders(self) -> set[int]:
        return {id(folder) for folder, _, _ in self.parts}


@dataclass
class Disk:
    """The folder ``root`` as a disk that may lose what wasn't synced."""

    root: Path
    top: _Folder = field(default_factory=_Folder)
    _pending: list[_Change] = field(default_factory=list)
    _offsets: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path) -> Disk:
        """The disk as it is now, all of it durable."""
        disk = cls(root)
        for path in sorted(root.rglob("*")):
            made: _File | _Folder = _Folder() if path.is_dir() else _File(path.read_bytes(), durable=True)
            folder, name = disk._place(str(path))
            folder.names[name] = folder.durable[name] = made
        return disk

    def left(self, cut: str, target: Path) -> None:
        """Writes what such a cut leaves into ``target``, a new folder."""
        self._put(self.top, cut, target)

    def state(self, cut: str) -> str:
        """A digest of what such a cut leaves."""
        digest = sha256()
        self._add(self.top, cut, "", digest.update)
        return digest.hexdigest()

    def play(self, line: str) -> bool:
        """Does what a line of the trace says; whether it touched this disk."""
        found = _LINE.match(line)
        if not found or int(found[3]) < 0:
            return False
        name, words, result = found[1], found[2].split(", "), int(found[3])
        try:
            return bool(getattr(self, f"_{name.removesuffix('at2').removesuffix('at')}")(name, words, result))
        except KeyError:
            return False  # a file that lies elsewhere, or has no name

    def _add(self, folder: _Folder, cut: str, prefix: str, add: Callable[[bytes], object]) -> None:
        names = folder.names if cut == CUTS[1] else folder.durable
        for name, found in sorted(names.items()):
            path = f"{prefix}/{name}"
            add(os.fsencode(path) + b"\0")
            if isinstance(found, _Folder):
                self._add(found, cut, path, add)
            else:
                add(found.sum(durable=cut != CUTS[2]))

    def _put(self, folder: _Folder, cut: str, target: Path) -> None:
        target.mkdir(mode=0o700)
        names = folder.names if cut == CUTS[1] else folder.durable
        for name, found in names.items():
            if isinstance(found, _Folder):
                self._put(found, cut, target / name)
            else:
                path = target / name
                path.touch(0o600, exist_ok=False)
                path.write_bytes(bytes(found.data) if cut == CUTS[2] else found.durable)

    # What each call does. All take its name, its words and its result, and say whether it touched this disk.

    def _open(self, _: str, words: list[str], result: int) -> bool:
        self._offsets[str(result)] = 0
        flags = words[2].split("|")
        if "O_CREAT" not in flags or "O_TMPFILE" in flags:
            return False
        folder, name = self._place(_path(words[0], words[1]))
        found = folder.names.get(name)
        if found is None:
            self._change((folder, name, _File(b"", durable=False)))
        elif isinstance(found, _File) and "O_TRUNC" in flags:
            found.data.clear()
            found.changed()
        return True

    def _write_at(self, words: list[str], offset: int, written: int) -> bool:
        data = self._file(words[0]).data
        if len(data) < offset:
            data.extend(bytes(offset - len(data)))
        data[offset : offset + written] = _bytes(words[1])[:written]
        return True

    def _write(self, _: str, words: list[str], result: int) -> bool:
        number = words[0].partition("<")[0]
        offset = self._offsets.get(number, 0)
        self._offsets[number] = offset + result
        return self._write_at(words, offset, result)

    def _pwrite64(self, _: str, words: list[str], result: int) -> bool:
        return self._write_at(words, int(words[3]), result)

    def _lseek(self, _: str, words: list[str], result: int) -> bool:
        self._offsets[words[0].partition("<")[0]] = result
        return False

    def _ftruncate(self, _: str, words: list[str], result: int) -> bool:
        data, length = self._file(words[0]).data, int(words[1])
        del data[length:]
        data.extend(bytes(length - len(data)))
        return True

    def _fsync(self, _: str, words: list[str], result: int) -> bool:
        found = self._find(_opened(words[0]))
        if isinstance(found, _File):
            found.durable = bytes(found.data)
            found.changed()
            return True
        needed = {id(found)}
        lasting = []
        for change in reversed(self._pending):
            if change.folders() & needed:
                needed |= change.folders()
                lasting.append(change)
        for change in reversed(lasting):
            self._pending.remove(change)
            for folder, name, made in change.parts:
                if made is None:
                    folder.durable.pop(name, None)
                else:
                    folder.durable[name] = made
        return True

    _fdatasync = _fsync

    def _mkdir(self, name: str, words: list[str], result: int) -> bool:
        folder, made = self._place(_path(*words[:2]) if name == "mkdirat" else _path("", words[0]))
        self._change((folder, made, _Folder()))
        return True

    def _rename(self, name: str, words: list[str], result: int) -> bool:
        (old, before), (new, after) = self._two(name, words)
        found = old.names[before]
        if (old, before) != (new, after):
            self._change((old, before, None), (new, after, found))
        return True

    def _link(self, name: str, words: list[str], result: int) -> bool:
        (old, before), (new, after) = self._two(name, words)
        self._change((new, after, old.names[before]))
        return True

    def _unlink(self, name: str, words: list[str], result: int) -> bool:
        folder, gone = self._place(_path(*words[:2]) if name == "unlinkat" else _path("", words[0]))
        self._change((folder, gone, None))
        return True

    _rmdir = _unlink

    def _two(self, name: str, words: list[str]) -> tuple[tuple[_Folder, str], tuple[_Folder, str]]:
        if "at" in name:
            return self._place(_path(*words[:2])), self._place(_path(*words[2:4]))
        return self._place(_path("", words[0])), self._place(_path("", words[1]))

    def _change(self, *parts: tuple[_Folder, str, _File | _Folder | None]) -> None:
        for folder, name, made in parts:
            if made is None:
                del folder.names[name]
            else:
                folder.names[name] = made
        self._pending.append(_Change(parts))

    def _place(self, path: str) -> tuple[_Folder, str]:
        """The folder that a path's last name is in, and that name. Raises KeyError for what lies elsewhere."""
        folder, _, name = path.rpartition("/")
        found = self._find(folder)
        if not isinstance(found, _Folder):
            raise KeyError(path)
        return found, name

    def _find(self, path: str) -> _File | _Folder:
        root = str(self.root)
        if path != root and not path.startswith(f"{root}/"):
            raise KeyError(path)
        found: _File | _Folder = self.top
        for name in path[len(root) :].split("/"):
            if name:
                if not isinstance(found, _Folder):
                    raise KeyError(path)
                found = found.names[name]
        return found

    def _file(self, word: str) -> _File:
        """The open file, about to be changed."""
        found = self._find(_opened(word))
        if not isinstance(found, _File):
            raise KeyError(word)
        found.changed()
        return found


def trace(root: Path, command: Command, log: Path, prepare: Prepare = nothing) -> list[str]:
    """Runs the command to its end in the workspace ``root``; the lines of what it did."""
    options = ("-y", "-xx", "-s", str(1 << 28), "-e", f"trace={','.join(_TRACED)}")
    assert run_traced(root, command, options, log, prepare) == 0
    return log.read_text("ascii").splitlines()


def cuts(disk: Disk, lines: list[str]) -> Iterator[tuple[str, str]]:
    """Plays the lines; stops at every moment whose cut leaves what no earlier one left, and says which line and which
    cut."""
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        touched = disk.play(line)
        if not touched and number < len(lines):
            continue
        for cut in CUTS:
            state = disk.state(cut)
            if state not in seen:
                seen.add(state)
                yield f"after call {number} ({line.partition('(')[0]})", cut


def _path(at: str, word: str) -> str:
    name = os.fsdecode(_bytes(word))
    return name if name.startswith("/") else f"{_opened(at)}/{name}".rstrip("/")


def _opened(word: str) -> str:
    """The path that strace gives for an open file; empty where it gives none."""
    found = _AT.match(word)
    return os.fsdecode(_unescaped(found[2] or "")) if found else ""


def _bytes(word: str) -> bytes:
    return _unescaped(word.strip('"'))


def _unescaped(text: str) -> bytes:
    return bytes.fromhex("".join(_ESCAPED.findall(text)))
