"""The first look at a stranger's file: what it is, how big, and whether it may be parsed further at all.

In this order, so that the cheap and the safe come first: bytes, header and end, then one structural parse (qpdf)
for encryption, pages and active content. Active content is found through the objects, not by searching text: names
can be written in a hundred ways and objects hide in compressed streams. What an empty password opens is searched like
any other file, since a reader opens it without a question. A file that can't be searched to its last object holds
``unsearchable``: "nothing was found" is never said of what wasn't looked at. Never raises for any bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from cpdocs.core.file_kind import WRAPPERS, kind_of, looks_like_pdf, name_of
from cpdocs.signing.file_facts import GateFacts
from cpdocs.signing.record import Limits

MOST_OBJECTS = 200_000
_REPAIR = "reconstruct cross-reference"
"""What qpdf says when it gives up the cross-reference and searches for objects."""
_UNSEARCHED = "object stream"
"""In each of qpdf's warnings of objects that it can't take out of the stream that packs them; it reads them as null."""
_HEX_IN_NAME = re.compile(rb"#([0-9A-Fa-f]{2})")
_END_WITHIN = 1024
_ACTIONS = frozenset(
    {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/ResetForm", "/GoToR", "/GoToE", "/Rendition"}
    | {"/Movie", "/Sound", "/Hide", "/RichMediaExecute", "/GoTo3DView", "/SetOCGState"}
)
_ANNOTATIONS = frozenset({"/FileAttachment", "/Screen", "/Movie", "/Sound", "/RichMedia", "/3D"})
_KEYS = (
    "/JS",
    "/JavaScript",
    "/AA",
    "/OpenAction",
    "/EmbeddedFiles",
    "/EF",
    "/XFA",
    "/RichMediaContent",
    "/Collection",
)


def look(data: bytes, limits: Limits) -> GateFacts:
    """The first look at ``data``."""
    is_pdf = looks_like_pdf(data)
    ends_well = b"%%EOF" in data[-_END_WITHIN:]
    early = _early(data, limits, is_pdf=is_pdf)
    if early is not None:
        return GateFacts(is_pdf, False, ends_well, 0, (), (early,))
    try:
        with Pdf.open(BytesIO(data), suppress_warnings=True) as document:
            return _inside(document, limits, ends_well=ends_well)
    except pikepdf.PasswordError:
        return GateFacts(True, False, ends_well, 0, (), (("encrypted", ""),))
    except Exception:  # noqa: BLE001 whatever a parser throws at a stranger's bytes means: nobody has looked inside
        # A protection that qpdf doesn't know (a recipient's certificate) is an error to it, not a matter of passwords.
        code = "encrypted" if says_encrypted(data) else "unsearchable"
        return GateFacts(True, False, ends_well, 0, (), ((code, ""),))


def says_encrypted(data: bytes) -> bool:
    """Whether the name of an encryption dictionary stands anywhere outside compressed streams, which neither a trailer
    nor a cross-reference stream's dictionary can be (ISO 32000-2, 7.5.8.2), however it is written."""
    return b"/Encrypt" in _HEX_IN_NAME.sub(lambda found: bytes([int(found[1], 16)]), data)


def what_acts(data: bytes, limits: Limits) -> tuple[str, ...]:
    """Why ``data`` may not be given to a chart: the kinds of active content in it, ``encryption``, ``more than can be
    searched``. Empty where nothing acts, and for a picture file, in which nothing can."""
    if not looks_like_pdf(data):
        return ()
    report = look(data, limits)
    shut = {"encrypted": "encryption", "active_content": ""}
    others = [shut.get(code, "more than can be searched") for code, _ in report.noted]
    return (*report.active, *(each for each in dict.fromkeys(others) if each))


def _early(data: bytes, limits: Limits, *, is_pdf: bool) -> tuple[str, str] | None:
    if not data:
        return ("empty_file", "")
    if len(data) > limits.bytes:
        return ("too_large", f"{len(data)} bytes; at most {limits.bytes}")
    if is_pdf:
        return None
    kind = kind_of(data)
    if kind == "eml" and b"multipart/report" in data[:65536].lower():
        return ("wrapped_file", "a mail system's report, such as a bounce or a receipt")
    return ("wrapped_file", _WRAPPED[kind]) if kind in WRAPPERS else ("not_a_pdf", name_of(data))


_WRAPPED = {
    "eml": "a mail message",
    "zip": "a ZIP archive",
    "gz": "a gzip file",
    "tar": "a tar archive",
    "tnef": "a winmail.dat of Outlook",
    "p7m": "an S/MIME message",
}


def _inside(document: Pdf, limits: Limits, *, ends_well: bool) -> GateFacts:
    pages = len(document.pages)
    noted: list[tuple[str, str]] = []
    active: tuple[str, ...] = ()
    if pages > limits.pages:
        noted.append(("too_many_pages", f"{pages}; at most {limits.pages}"))
    elif len(document.objects) > MOST_OBJECTS:
        noted.append(("resource_limit", f"more than {MOST_OBJECTS} objects"))
    else:
        active = tuple(sorted(set(_active(document))))
        if active:
            noted.append(("active_content", ", ".join(active)))
    if document.is_encrypted:
        noted.append(("encrypted", ""))
    warnings = [str(each) for each in document.get_warnings()]
    if any(_UNSEARCHED in each for each in warnings):
        noted.append(("unsearchable", ""))
    return GateFacts(True, True, ends_well, pages, active, tuple(noted), any(_REPAIR in each for each in warnings))


def _active(document: Pdf) -> Iterator[str]:
    """The kinds of active content in any object, reachable or not: what isn't used now may be used by another
    reader."""
    for item in document.objects:
        yield from _active_in(item)


def _active_in(top: Any) -> Iterator[str]:
    """Looks through one object's own dictionaries and arrays, without recursion and without following references."""
    waiting = [top]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Array):
            waiting += [each for each in item if not _is_reference(each)]
            continue
        dictionary = item.stream_dict if isinstance(item, pikepdf.Stream) else item
        if not isinstance(dictionary, Dictionary):
            continue
        keys = set(dictionary.keys())
        yield from (key.removeprefix("/") for key in _KEYS if key in keys)
        if "/S" in keys and _name(dictionary.get(Name.S)) in _ACTIONS:
            yield _name(dictionary.get(Name.S)).removeprefix("/")
        if "/Subtype" in keys and _name(dictionary.get(Name.Subtype)) in _ANNOTATIONS:
            yield _name(dictionary.get(Name.Subtype)).removeprefix("/")
        waiting += [
            each for each in dictionary.values() if isinstance(each, Array | Dictionary) and not _is_reference(each)
        ]


def _is_reference(item: Any) -> bool:
    return isinstance(item, pikepdf.Object) and item.is_indirect


def _name(item: Any) -> str:
    return str(item) if isinstance(item, Name) else ""
