"""Files that hold other files: mail messages, S/MIME, Outlook's winmail.dat, ZIP, gzip, tar, PDF portfolios. Opened
within limits, or named.

For a child process with limits: every format here has been used to fill disks and crash readers. Nothing is written,
nothing is run, names inside are never used, and what is encrypted stays so.
"""

from __future__ import annotations

import email
import gzip
import io
import re
import tarfile
import zipfile
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from email.policy import default
from typing import IO

from cpdocs.core.file_kind import PICTURES, WRAPPERS, kind_of, the_mail
from cpdocs.intake import tnef

MOST_FILES = 40
"""Files that are taken out of one: a practice's day of signed plans and more."""
_DEEPEST = 3
"""Wrappers within wrappers: a ZIP in a mail that was sent on in a mail."""
_CHUNK = 1 << 16
_MOST_PARTS = 400
"""Parts of a mail or entries of an archive that are looked at."""
_TAG = re.compile(r"<(script|style).*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]")
_ARMOR = re.compile(rb"-----[^\r\n]*-----|\s+")
_LITTER = (b"\x00\x05\x16\x07", b"\x00\x00\x00\x01Bud1", b"[.ShellClassInfo]", b"BEGIN:VCARD")
"""What programs add by themselves, by how it begins: resource forks and folder views of macOS, Windows' of a folder, a
business card."""


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """What was found in a file: PDFs and pictures, in order. ``letters`` is how many letters of its own a mail says
    beside them; ``left`` how many files are none that we take (a word processor's document, a spreadsheet, a text), or
    couldn't be taken out. ``problem`` is empty, ``encrypted``, ``limit`` (more than is taken) or ``unreadable``."""

    files: tuple[bytes, ...] = ()
    letters: int = 0
    problem: str = ""
    left: int = 0


class _Stopped(Exception):
    """What kept a file from being opened to its end."""


def is_wrapped(data: bytes) -> bool:
    """Whether ``data`` holds other files and is none that could be a plan itself."""
    kind = kind_of(data)
    return kind in WRAPPERS or (kind == "pdf" and (b"/Collection" in data or _may_be_portfolio(data)))


def _may_be_portfolio(data: bytes) -> bool:
    """Whether a PDF has files in it and hides what else it is in compressed object streams."""
    return b"/EmbeddedFile" in data and b"/ObjStm" in data


def unwrap(data: bytes, *, most_bytes: int) -> Unwrapped:
    """The PDFs and pictures within ``data``; at most ``most_bytes`` of each file and twice that in all. Never raises
    for bad bytes."""
    search = _Search(most_bytes)
    problem = ""
    try:
        search.open(data, 0)
    except _Stopped as stopped:
        problem = str(stopped)
    except Exception:  # noqa: BLE001 parsers of strangers' archives throw anything; it all means the same
        problem = "unreadable"
    return Unwrapped(tuple(search.found), search.letters, problem, search.left)


class _Search:
    """Opens wrapper after wrapper and keeps count."""

    def __init__(self, most_bytes: int) -> None:
        self.found: list[bytes] = []
        self.letters = 0
        self.left = 0
        self._most_bytes = most_bytes
        self._left = 2 * most_bytes

    def open(self, data: bytes, depth: int) -> None:
        """Searches one wrapper."""
        if depth >= _DEEPEST:
            raise _Stopped("limit")
        kind = kind_of(data)
        if kind == "zip":
            self._all(_zipped(data, self._read), depth)
        elif kind == "gz":
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                self._all([self._read(stream)], depth)
        elif kind == "tar":
            self._all(_archived(data, self._read), depth)
        elif kind == "tnef":
            files, lost = tnef.attached(data)
            # A mail around it says in plain text what its own message says; alone, nobody could read that.
            self.left += lost + (depth == 0)
            self._all(files, depth)
        elif kind == "eml":
            self._mail(email.message_from_bytes(the_mail(data), policy=default), depth)
        elif kind == "p7m":
            self._all([_signed_content(data)], depth)
        elif kind == "pdf":
            self._all(_portfolio(data), depth)

    def _all(self, files: Iterator[bytes] | list[bytes], depth: int) -> None:
        for data in files:
            self._take(data, depth)

    def _take(self, data: bytes, depth: int) -> None:
        if is_wrapped(data):
            self.open(data, depth + 1)
            return
        if kind_of(data) != "pdf" and kind_of(data) not in PICTURES:
            self.left += bool(data) and not data.startswith(_LITTER)
            return
        self._left -= len(data)
        if len(data) > self._most_bytes or self._left < 0 or len(self.found) >= MOST_FILES:
            raise _Stopped("limit")
        self.found.append(data)

    def _read(self, stream: IO[bytes] | gzip.GzipFile) -> bytes:
        """A stream's bytes; stops where it swells beyond what is taken."""
        parts, size = [], 0
        while part := stream.read(_CHUNK):
            size += len(part)
            if size > self._most_bytes:
                raise _Stopped("limit")
            parts.append(part)
        return b"".join(parts)

    def _mail(self, message: Message, depth: int) -> None:
        attached: list[bytes] = []
        shown: list[bytes] = []
        for number, part in enumerate(message.walk()):
            if number >= _MOST_PARTS:
                raise _Stopped("limit")
            if part.is_multipart() and part.get_content_type() != "message/rfc822":
                continue
            data = _payload(part)
            if part.get_content_maintype() == "text" and part.get_content_disposition() != "attachment":
                self.letters = max(self.letters, _letters_in(data, part))
            elif kind_of(data) in PICTURES and (part.get("Content-ID") or part.get_content_disposition() == "inline"):
                shown.append(data)  # a letterhead's logo, unless there is nothing else
            else:
                attached.append(data)
        before = len(self.found)
        self._all(attached, depth)
        if len(self.found) == before:
            self._all(shown, depth)


def _payload(part: Message) -> bytes:
    if part.get_content_type() == "message/rfc822":
        return b""  # its own parts are walked
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _letters_in(data: bytes, part: Message) -> int:
    text = data.decode(part.get_content_charset("utf-8") or "utf-8", "replace") if data else ""
    if part.get_content_subtype() == "html":
        text = _TAG.sub(" ", text)
    return len(_LETTERS.findall(text))


def _zipped(data: bytes, read: Callable[[IO[bytes]], bytes]) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        if len(entries) > _MOST_PARTS:
            raise _Stopped("limit")
        for entry in entries:
            if entry.is_dir():
                continue
            if entry.flag_bits & 1:
                raise _Stopped("encrypted")
            try:
                with archive.open(entry) as stream:
                    yield read(stream)
            except zlib.error:
                raise _Stopped("unreadable") from None


def _archived(data: bytes, read: Callable[[IO[bytes]], bytes]) -> Iterator[bytes]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for number, entry in enumerate(archive):
            if number >= _MOST_PARTS:
                raise _Stopped("limit")
            stream = archive.extractfile(entry) if entry.isreg() else None
            if stream is not None:
                yield read(stream)


def _signed_content(data: bytes) -> bytes:
    """What an S/MIME message without a mail around it was signed over (RFC 5652 §5.2); one that is encrypted stays
    so."""
    from asn1crypto import cms

    info = cms.ContentInfo.load(data if data.startswith(b"0") else b64decode(_ARMOR.sub(b"", data)))
    if info["content_type"].native != "signed_data":
        raise _Stopped("encrypted")
    content = info["content"]["encap_content_info"]["content"].native
    return content if isinstance(content, bytes) else b""


def _portfolio(data: bytes) -> Iterator[bytes]:
    import pikepdf

    with pikepdf.open(io.BytesIO(data)) as document:
        if "/Collection" not in document.Root:
            return
        for number, attached in enumerate(document.attachments.values()):
            if number >= _MOST_PARTS:
                raise _Stopped("limit")
            yield attached.get_file().read_bytes()
