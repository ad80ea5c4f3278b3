"""Are the document's particulars (title, author, identifier …) what they were when it was sealed?

The library lets them be changed after sealing (shared signing rules, check 10). Signing programs honestly change the
dates of modification and the name of the program; nothing else may differ.
"""

from __future__ import annotations

from typing import Any

from lxml import etree
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader

_MAY_CHANGE = frozenset({"/ModDate", "/Producer"})
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_SAY_NOTHING = (
    # Which copy of which copy a program thinks it handles: said of the file, not of the document.
    "{http://ns.adobe.com/xap/1.0/mm/}",
    # Which properties a validator is to expect (PDF/A extension schemas): every program writes this tree its own way.
    "{http://www.aiim.org/pdfa/ns/extension/}",
)
_XMP_MAY_CHANGE = frozenset(
    {
        "{http://ns.adobe.com/xap/1.0/}ModifyDate",
        "{http://ns.adobe.com/xap/1.0/}MetadataDate",
        "{http://ns.adobe.com/pdf/1.3/}Producer",
    }
)


def same_particulars(reader: PdfFileReader, sealed_revision: int) -> bool:
    """Whether every revision's information dictionary and XMP say what ``sealed_revision``'s said."""
    sealed = reader.get_historical_resolver(sealed_revision)
    info, packet = _info(sealed), _packet(sealed)
    for number in range(sealed_revision + 1, reader.xrefs.total_revisions):
        later = reader.get_historical_resolver(number)
        if _info(later) != info or not _same_packet(packet, _packet(later)):
            return False
    return True


def _info(revision: HistoricalResolver) -> dict[str, str]:
    info = _resolve(revision, revision.trailer_view, "/Info")
    if info is None:
        return {}
    if not isinstance(info, generic.DictionaryObject):
        return {"/": "not a dictionary"}
    return {str(key): _text(info[key]) for key in info if key not in _MAY_CHANGE}


def _resolve(revision: HistoricalResolver, holder: generic.DictionaryObject, key: str) -> Any:
    """What ``key`` leads to in that very revision. The trailer's references lead to the newest one otherwise, and an
    XMP packet asked for by its key comes parsed, which a revision can't hold."""
    try:
        raw = holder.raw_get(key)
    except KeyError:
        return None
    return revision.get_object(raw.reference) if isinstance(raw, generic.IndirectObject) else raw


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | bytes | int | float) else repr(type(value))


def _packet(revision: HistoricalResolver) -> bytes | None:
    stream = _resolve(revision, revision.root, "/Metadata")
    if stream is None:
        return None
    return stream.read_data(DecodePurpose.XMP_METADATA) if isinstance(stream, generic.StreamObject) else b""


def _same_packet(sealed: bytes | None, later: bytes | None) -> bool:
    if sealed == later:
        return True
    if sealed is None or later is None:
        return False
    return _statements(sealed) == _statements(later)


def _statements(packet: bytes) -> frozenset[tuple[str, str]]:
    """What the packet says of the document: (property, value) pairs. RDF writes one statement as an attribute or as an
    element, in one description or in several; programs re-write it freely."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    found: set[tuple[str, str]] = set()
    # Descriptions within a value are parts of that value.
    for description in etree.fromstring(packet, parser).iterfind(f".//{_RDF}RDF/{_RDF}Description"):
        found |= {(str(name), str(value)) for name, value in description.attrib.items() if _tells(str(name))}
        found |= {
            (child.tag, _value(child)) for child in description if isinstance(child.tag, str) and _tells(child.tag)
        }
    return frozenset(found)


def _tells(name: str) -> bool:
    """Whether the property says something of the document that may not change."""
    return not name.startswith((_RDF, *_SAY_NOTHING)) and name not in _XMP_MAY_CHANGE


def _value(element: Any) -> str:
    """An element's value: plain text as it stands, anything nested as canonical XML."""
    if len(element) == 0 and not element.attrib:
        return (element.text or "").strip()
    parts = []
    for each in element.iter():
        if isinstance(each.tag, str):
            parts += [each.tag if each is not element else "", (each.text or "").strip(), each.get(_XML_LANGUAGE, "")]
            parts += [f"{name}={value}" for name, value in sorted(each.attrib.items()) if name != _XML_LANGUAGE]
    return "\n".join(parts)
