"""What a returned file is, by its first bytes. A file's name says nothing: strangers choose it."""

from __future__ import annotations

import re

HEAD = 1024
"""How many bytes decide: a PDF may begin anywhere within the first KiB, as readers allow."""

_STARTS = {
    b"II*\x00": "tif",
    b"MM\x00*": "tif",
    b"II+\x00": "tif",
    b"MM\x00+": "tif",
    b"\x89PNG": "png",
    b"\xff\xd8\xff": "jpg",
}
_PACKED = {b"PK\x03\x04": "zip", b"\x1f\x8b\x08": "gz", b"\x78\x9f\x3e\x22": "tnef"}
"""Asked first: a file that is only stored in them may show its own beginning."""
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_PUT_BEFORE = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:\d{1,9}[ \t]*\r?\n)?(?:>?From [^\r\n]*\r?\n)?")
"""What programs put before a mail that they keep: a byte order mark, empty lines, its length (Apple Mail), the line
that begins it in a mailbox (RFC 4155)."""
_MAIL = re.compile(
    rb"\A(?:[!-9;-~]+:[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*)*"
    rb"(?:from|to|subject|received|mime-version|message-id|return-path|delivered-to|date|content-type):",
    re.IGNORECASE,
)
"""Header lines (RFC 5322 §2.2), one of them one that every mail has."""
_CMS = re.compile(rb"\A\x30[\x80-\x84].{0,4}?\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07", re.DOTALL)
"""A SEQUENCE that begins with an object identifier of PKCS #7 (RFC 5652 §3): S/MIME without a mail around it."""
_CMS_TEXT = re.compile(
    rb"\A\s*(?:-----BEGIN (?:PKCS7|CMS)-----\s+)?MI[A-Za-z0-9+/]{2,6}(?:YJKoZIhvcNAQc|CSqGSIb3DQEH|BgkqhkiG9w0BB)"
)
"""The same in base 64, in an envelope of lines or bare (RFC 7468 §8, §9): the identifier at each of the three places
where it may begin in a group of four letters."""
_TAR = (257, b"ustar")
"""Where a tape archive's first header says what it is (POSIX.1-2017, pax, "ustar Interchange Format")."""

PICTURES = frozenset({"tif", "png", "jpg", "webp", "heic"})
WRAPPERS = frozenset({"zip", "gz", "tar", "tnef", "eml", "p7m"})
"""What holds other files and is none of ours itself."""


def looks_like_pdf(head: bytes) -> bool:
    """Whether ``head``, a file's first bytes or all of them, says that it is a PDF."""
    return kind_of(head) == "pdf"


def kind_of(head: bytes) -> str:
    """``pdf``, one of ``PICTURES`` or of ``WRAPPERS``; empty for anything else."""
    head = head[:HEAD]
    packed = next((kind for start, kind in _PACKED.items() if head.startswith(start)), "")
    if not packed and head[_TAR[0] :].startswith(_TAR[1]) and not head.startswith(b"%PDF-"):
        packed = "tar"
    if packed or b"%PDF-" in head:
        return packed or "pdf"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return "heic"
    found = next((kind for start, kind in _STARTS.items() if head.startswith(start)), "")
    if found or _CMS.match(head) or _CMS_TEXT.match(head):
        return found or "p7m"
    return "eml" if _MAIL.match(the_mail(head)) else ""


def the_mail(data: bytes) -> bytes:
    """``data`` without what a program put before the mail in it."""
    return _PUT_BEFORE.sub(b"", data, count=1)


_NAMES = (
    (re.compile(rb"GIF8[79]a"), "a GIF picture"),
    (re.compile(rb"BM.{12}[\x0c\x28\x38\x6c\x7c]\x00\x00\x00", re.DOTALL), "a BMP picture"),
    (re.compile(rb"\x00\x00\x00\x0cjP  |\xff\x4f\xff\x51"), "a JPEG 2000 picture"),
    (re.compile(rb".{4}ftypavi[fs]", re.DOTALL), "an AVIF picture"),
    (re.compile(rb".{128}DICM", re.DOTALL), "a DICOM picture"),
    (re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "an Outlook message or an old Office document"),
    (re.compile(rb"Rar!\x1a\x07"), "a RAR archive"),
    (re.compile(rb"7z\xbc\xaf\x27\x1c"), "a 7-Zip archive"),
    (re.compile(rb"\{\\rtf"), "an RTF document"),
    (re.compile(rb"%!PS"), "a PostScript file"),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)", re.IGNORECASE), "a web page"),
)
"""What offices send besides, by how it begins: named, so that the sender can be told what it is, and not opened."""
_OF_A_KIND = {"tif": "TIFF", "png": "PNG", "jpg": "JPEG", "webp": "WebP", "heic": "HEIC"}


def name_of(data: bytes) -> str:
    """What a file is that is neither a PDF nor holds others, in words; empty where nothing tells."""
    kind = kind_of(data)
    if kind in PICTURES:
        return f"a {_OF_A_KIND[kind]} picture"
    return next((name for start, name in _NAMES if start.match(data[:HEAD])), "")
