"""Files in and out of an encrypted tar, one after the other: nothing but the chunk at hand is in memory.

The format is plain POSIX tar under plain age, so that ``age -d FILE | tar x`` opens a backup without cpdocs.
"""

from __future__ import annotations

import os
import tarfile
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from cpdocs.system.age import SealBroken, decrypt
from cpdocs.system.durable import CHUNK, write_all

if TYPE_CHECKING:
    from cpdocs.system.age import Identity

END = b"\0" * 2 * tarfile.BLOCKSIZE


@dataclass(frozen=True, slots=True)
class Unpacked:
    """One file of an archive: its name (POSIX, relative, no ``..``), time of change, and its bytes, to be read at
    once."""

    name: str
    mtime: int
    chunks: Iterator[bytes]


def header(name: str, size: int, mtime: float) -> bytes:
    """What stands before a file's bytes. Owner and mode say nothing about this machine: 0600 and nobody."""
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, int(mtime), 0o600
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def padding(size: int) -> bytes:
    """What stands after ``size`` bytes."""
    return b"\0" * (-size % tarfile.BLOCKSIZE)


class Unpacking:
    """The files of an encrypted archive, in order. After the last one ``sha256`` and ``size`` are the encrypted
    file's."""

    def __init__(self, file: Path, identities: Sequence[Identity]) -> None:
        self._file = file
        self._identities = identities
        self._fault: Exception | None = None
        self._given_up = threading.Event()
        self.sha256 = ""
        self.size = 0

    def members(self) -> Generator[Unpacked]:
        """Raises WrongKey, SealBroken, InputFault; what was given before a fault is authentic, but not all there
        was."""
        reading, writing = os.pipe()
        opener = threading.Thread(target=self._decrypt, args=(writing,), name="decrypting")
        opener.start()
        broken = False
        try:
            with os.fdopen(reading, "rb", buffering=CHUNK) as stream:
                yield from self._unpack(stream)
                while stream.read(CHUNK):
                    pass
        except tarfile.TarError:
            broken = True
        finally:
            opener.join()
        if broken or self._fault is not None:
            raise self._why()

    def _unpack(self, stream: IO[bytes]) -> Iterator[Unpacked]:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=CHUNK, errors="surrogateescape") as tar:
            for info in tar:
                content = tar.extractfile(info) if info.isreg() else None
                if content is None or not _safe(info.name):
                    raise SealBroken(
                        f"{self._file.name} holds an entry that no backup has.",
                        todo="Don't use this file; find out who made it.",
                    )
                yield Unpacked(info.name, int(info.mtime), self._chunks(content))
                tar.members = []  # type: ignore[attr-defined]  # it would keep every entry

    def _chunks(self, content: IO[bytes]) -> Iterator[bytes]:
        try:
            while chunk := content.read(CHUNK):
                yield chunk
        except tarfile.TarError:  # the stream has ended: whoever decrypts has given up
            self._given_up.wait()
            raise self._why() from None

    def _why(self) -> Exception:
        return self._fault or SealBroken(
            f"{self._file.name} holds no archive of ours.", todo="Give a file that `cpdocs backup create` made."
        )

    def _decrypt(self, writing: int) -> None:
        try:
            self.sha256, self.size = decrypt(self._file, lambda data: write_all(writing, data), self._identities)
        except BrokenPipeError:
            pass  # whoever reads wants no more
        except Exception as error:  # noqa: BLE001 raised where the files are read
            self._fault = error
        finally:
            self._given_up.set()
            with suppress(OSError):
                os.close(writing)


def _safe(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\0" not in name and bool(path.parts)
