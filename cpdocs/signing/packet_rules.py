"""What may differ when a program writes the plan's XMP packet anew: dates, identifiers, the producer's name.

``metadata`` compares what the packet says of the document; here nothing else is let in beside it: no comment, no text
that wasn't there and is neither a date nor an identifier.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from cpdocs.signing.syntax import Stream, Unclear, Value
from cpdocs.signing.tables import decoded

_PROGRAMS = frozenset({"{http://ns.adobe.com/pdf/1.3/}Producer", "{adobe:ns:meta/}xmptk"})
"""Where the program that wrote the packet, and the library that it used, name themselves."""
_PROGRAM = re.compile(r"(?=.*[0-9])[ -~®]{3,120}")
"""A program's name with its version."""
_SAYS_NOTHING = re.compile(
    r"[0-9]{4}-[0-9]{2}(?:-[0-9]{2}(?:T[0-9:.]{5,15}(?:Z|[+-][0-9]{2}:[0-9]{2})?)?)?"  # a date
    r"|(?:uuid:|xmp\.[a-z]id:)[0-9A-Fa-f-]{16,40}"  # which copy of which file
)
_WORDS = "the plan's particulars were written anew with something added"


def check_packet(old: Value, new: Value) -> None:
    """Whether the packet ``new`` adds nothing to ``old`` but what says nothing. Raises Unclear."""
    if not isinstance(old, Stream) or not isinstance(new, Stream):
        raise Unclear(_WORDS)
    if not new.entries.keys() <= {"Type", "Subtype", "Length", "Filter"}:
        raise Unclear(_WORDS)
    try:
        known = {text for _, text in _texts(decoded(old))}
        added = [(name, text) for name, text in _texts(decoded(new)) if text not in known]
    except etree.XMLSyntaxError:
        raise Unclear(_WORDS) from None
    for name, text in added:
        if _SAYS_NOTHING.fullmatch(text) is None and not (name in _PROGRAMS and _PROGRAM.fullmatch(text)):
            raise Unclear(_WORDS)


def _texts(packet: bytes) -> Iterator[tuple[str, str]]:
    """Every text and attribute of the packet, with the name that it stands under."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    root = etree.fromstring(packet, parser)
    for each in root.iter():
        if not isinstance(each.tag, str):
            raise Unclear(_WORDS)
        for name, text in ((each.tag, each.text), *each.attrib.items(), ("", each.tail)):
            if text and text.strip():
                yield str(name), str(text).strip()
    for aside in (*root.itersiblings(preceding=True), *root.itersiblings()):
        if not isinstance(aside, etree._ProcessingInstruction) or aside.target != "xpacket":
            raise Unclear(_WORDS)
