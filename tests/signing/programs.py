"""Signed plans as other programs write them, byte for byte in their manner: Acrobat, poppler, PDFBox, iText.

The revision is laid out by hand, with room for the value; the value is made by pyHanko over the bytes that remain. What
each program writes (where objects begin, how lines end, what is written anew) was read from files of its making for
poppler; the others follow what is known of their manner, and a file of theirs may differ.
"""

from __future__ import annotations

import asyncio
import io
import re
import zlib
from collections.abc import Callable
from hashlib import sha256

import pikepdf
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes

from cpdocs.core.verdicts import Slot
from cpdocs.signing.field_names import MEANING
from tests.signing import builder as b

Make = Callable[[], bytes]

_ROOM = 16_384
_RANGE = b"[0 0000000000 0000000000 0000000000]"


def _field(title: str = "PCPSig") -> tuple[int, bytes, int]:
    """The field's object number, its dictionary's text without brackets and picture, and the picture's number."""
    data = b.issued().data
    with pikepdf.open(io.BytesIO(data)) as document:
        field = next(each for each in document.Root.AcroForm.Fields if str(each.T) == title)
        number, picture = field.objgen[0], field.AP.N.objgen[0]
    body = re.findall(rb"(?<!\d)%d 0 obj\s*<<(.*?)>>\s*endobj" % number, data, re.DOTALL)[-1]
    return number, re.sub(rb"/AP\s*<<[^>]*>>", b"", body), picture


def _trailer_of(data: bytes) -> tuple[int, bytes]:
    """Where the issued plan's last table stands; root, information and identity as its trailer names them."""
    with pikepdf.open(io.BytesIO(data)) as document:
        root, info = document.Root.objgen[0], document.trailer.Info.objgen[0]
        first = bytes(document.trailer.ID[0]).hex().encode()
    start = int(re.findall(rb"startxref\s+(\d+)", data)[-1])
    return start, b"/Root %d 0 R/Info %d 0 R/ID[<%s><%s>]" % (root, info, first, sha256(data).hexdigest()[:32].encode())


def _filled(data: bytes) -> bytes:
    """``data`` with its byte range written in and the value made: the last ``/ByteRange`` and ``/Contents`` in it."""
    at = data.rindex(b"/Contents<") + 9
    end = at + _ROOM + 2
    ranges = b"[0 %d %d %d]" % (at, end, len(data) - end)
    place = data.rindex(_RANGE)
    data = data[:place] + ranges.ljust(len(_RANGE)) + data[place + len(_RANGE) :]
    signer = b.signer_of(b.office().clinician())
    digest = sha256(data[:at] + data[end:]).digest()
    attributes = PdfCMSSignedAttributes(signing_time=b.office().now)
    value = asyncio.run(signer.async_sign(digest, "sha256", signed_attr_settings=attributes)).dump()
    return data[: at + 1] + value.hex().encode().ljust(_ROOM, b"0") + data[end - 1 :]


def _value(line: bytes = b"\n") -> bytes:
    """A signature dictionary with room for its value."""
    reason = MEANING[Slot.PCP].encode()
    return (
        b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/Name(Olga Examplesen)/Reason(%s)"
        b"/M(D:20261129065121Z)/ByteRange %s%s/Contents<%s>>>" % (reason, _RANGE, line, b"0" * _ROOM)
    )


def _classic(
    objects: dict[int, bytes], *, line: bytes, behind: bytes = b"", begin: bytes = b"", note: bytes = b""
) -> bytes:
    """A revision with a table, ``line`` at the end of its lines; ``note`` before its end."""
    data = b.issued().data
    start, trailer = _trailer_of(data)
    out = bytearray(data + begin)
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj%s%s%sendobj%s" % (number, line, body, line, line)
    table = len(out)
    rows = b"".join(b"%d 1%s%010d 00000 n%s" % (n, line, at, line.rjust(2)) for n, at in sorted(places.items()))
    size = max(*places, *(int(each) for each in re.findall(rb"/Size (\d+)", data))) + 1
    out += b"xref%s0 1%s0000000000 65535 f%s%strailer%s<</Size %d%s/Prev %d>>%s" % (
        *(line, line, line.rjust(2), rows, line, size, trailer, start, line),
    )
    return _filled(bytes(out + note + b"startxref%s%d%s%%%%EOF%s" % (line, table, line, behind)))


def _size() -> int:
    return max(int(each) for each in re.findall(rb"/Size (\d+)", b.issued().data))


def pdfbox() -> bytes:
    """Begins with an empty line, and writes the field and the signature and nothing besides."""
    number, body, picture = _field()
    new = _size()
    field = b"<<%s/AP<</N %d 0 R>>/V %d 0 R>>" % (body, picture, new)
    return _classic({number: field, new: _value()}, line=b"\n", begin=b"\r\n", behind=b"\n")


def itext() -> bytes:
    """Names itself in a comment between trailer and end; the picture is in layers, one form within another."""
    number, body, _ = _field()
    new = _size()
    field = b"<<%s/AP<</N %d 0 R>>/V %d 0 R>>" % (body, new + 1, new)
    inner = (
        b"<</Type/XObject/Subtype/Form/FormType 1/BBox[0 0 100 100]/Resources<<>>/Length 8>>stream\n% DSBlnk\nendstream"
    )
    middle = (
        b"<</Type/XObject/Subtype/Form/FormType 1/BBox[0 0 225 45]/Matrix[1 0 0 1 0 0]"
        b"/Resources<</XObject<</n0 %d 0 R>>>>/Length 6>>stream\n/n0 Do\nendstream" % (new + 3)
    )
    outer = (
        b"<</Type/XObject/Subtype/Form/FormType 1/BBox[0 0 225 45]"
        b"/Resources<</ProcSet[/PDF/Text]/XObject<</FRM %d 0 R>>>>/Length 7>>stream\n/FRM Do\nendstream" % (new + 2)
    )
    objects = {number: field, new: _value(), new + 1: outer, new + 2: middle, new + 3: inner}
    return _classic(objects, line=b"\n", note=b"%iText-8.0.2\n", behind=b"\n")


def acrobat_with_a_table() -> bytes:
    """Carriage returns, fonts for the form, and a build dictionary that says which program signed."""
    number, body, _ = _field()
    new = _size()
    data = b.issued().data
    with pikepdf.open(io.BytesIO(data)) as document:
        form = document.Root.AcroForm.objgen[0]
        fields = b" ".join(b"%d 0 R" % each.objgen[0] for each in document.Root.AcroForm.Fields)
    build = (
        b"/Prop_Build<</Filter<</Name/Adobe.PPKLite/R 131104>>/PubSec<</NonEFontNoWarn true/R 131105>>"
        b"/App<</Name/Acrobat#20Pro/OS[/Win]/R 1507328/REx(2024.001.20604)/TrustedMode true>>>>"
    )
    outer = (
        b"<</BBox[0.0 0.0 225.0 45.0]/FormType 1/Matrix[1.0 0.0 0.0 1.0 0.0 0.0]/Resources<</Font<</Helv %d 0 R>>"
        b"/ProcSet[/PDF/Text]>>/Subtype/Form/Type/XObject/Filter/FlateDecode/Length %d>>stream\r\n%s\r\nendstream"
    )
    content = zlib.compress(b"q BT /Helv 9 Tf 2 20 Td (Olga Examplesen) Tj ET Q")
    objects = {
        form: b"<</DA(/Helv 0 Tf 0 g )/DR<</Encoding<</PDFDocEncoding %d 0 R>>/Font<</Helv %d 0 R>>>>"
        b"/Fields[%s]/SigFlags 3>>" % (new + 3, new + 2, fields),
        number: b"<<%s/AP<</N %d 0 R>>/V %d 0 R/MK<<>>>>" % (body, new + 1, new),
        new: _value(b"").replace(b"/Contents<", build + b"/Contents<"),
        new + 1: outer % (new + 2, len(content), content),
        new + 2: b"<</BaseFont/Helvetica/Encoding %d 0 R/Name/Helv/Subtype/Type1/Type/Font>>" % (new + 3),
        new + 3: b"<</Differences[24/breve/caron 39/quotesingle]/Type/Encoding>>",
    }
    return _classic(objects, line=b"\r\n", behind=b"\r\n")


def acrobat_with_a_stream() -> bytes:
    """The field in an object stream, and a cross-reference stream with a predictor, as Acrobat writes for newer
    files."""
    number, body, picture = _field()
    new = _size()
    data = b.issued().data
    start, trailer = _trailer_of(data)
    out = bytearray(data)
    field = b"<<%s/AP<</N %d 0 R>>/V %d 0 R>>" % (body, picture, new)
    head = b"%d 0 " % number
    packed = zlib.compress(head + field)
    bodies = {
        new: _value(b""),
        new + 1: b"<</Filter/FlateDecode/First %d/Length %d/N 1/Type/ObjStm>>stream\r\n%s\r\nendstream"
        % (len(head), len(packed), packed),
    }
    places = {}
    for each, text in bodies.items():
        places[each] = len(out)
        out += b"%d 0 obj\r%s\rendobj\r" % (each, text)
    table = len(out)
    rows = {
        0: (0, 0, 255),
        number: (2, new + 1, 0),
        **{n: (1, at, 0) for n, at in places.items()},
        new + 2: (1, table, 0),
    }
    index = b" ".join(b"%d 1" % each for each in sorted(rows))
    above, filtered = bytes(6), b""
    for each in sorted(rows):
        kind, place, third = rows[each]
        row = bytes([kind]) + place.to_bytes(4, "big") + bytes([third])
        filtered += b"\2" + bytes((one - up) & 0xFF for one, up in zip(row, above, strict=True))
        above = row
    content = zlib.compress(filtered)
    out += b"%d 0 obj\r<</DecodeParms<</Columns 6/Predictor 12>>/Filter/FlateDecode/Index[%s]/Length %d%s/Prev %d" % (
        *(new + 2, index, len(content), trailer, start),
    )
    out += b"/Size %d/Type/XRef/W[1 4 1]>>stream\r\n%s\r\nendstream\rendobj\rstartxref\r\n%d\r\n%%%%EOF\r\n" % (
        *(new + 3, content, table),
    )
    return _filled(bytes(out))


def poppler(*, picture: bytes = b"") -> bytes:
    """``pdfsig -sign`` and Okular: the field's own empty picture again as generation 1, which nothing refers to, and a
    date in the field. ``picture`` is what that one draws."""
    number, body, old = _field()
    new = _size()
    field = b"<</M (D:20261129065121Z) %s /AP <</N %d 0 R >> /AS /N /V %d 0 R >> " % (body, new, new + 1)
    empty = b"<</Length %d /Subtype /Form /BBox [0 0 225 45 ] >> stream\r\n%s\r\nendstream\r\n"
    objects = {number: field, old: empty % (len(picture), picture), new: empty % (0, b""), new + 1: _value(b" ") + b" "}
    data = b.issued().data
    start, trailer = _trailer_of(data)
    out = bytearray(data)
    places = {}
    for each, text in objects.items():
        places[each] = len(out)
        out += b"%d %d obj\n%s\nendobj\n" % (each, each == old, text)
    table = len(out)
    rows = b"".join(b"%d 1\n%010d %05d n\r\n" % (n, at, n == old) for n, at in sorted(places.items()))
    out += b"xref\n0 1\n0000000001 65535 f\r\n%strailer\n<</Size %d %s /Prev %d >> \nstartxref\n%d\n%%%%EOF\n" % (
        *(rows, new + 2, trailer, start, table),
    )
    return _filled(bytes(out))


ALL: tuple[Make, ...] = (pdfbox, itext, acrobat_with_a_table, acrobat_with_a_stream, poppler)
