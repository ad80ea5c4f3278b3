"""What a signature's appearance may be made of: shapes, text in fonts, pictures; nothing from elsewhere, nothing that
is shown or not as the reader likes.

By list: a key that no font, picture or form needs isn't let stand. So neither an external file (``/F``), nor optional
content (``/OC``), nor another page's content (``/Ref``), nor an alternate picture can be in it.
"""

from __future__ import annotations

from collections.abc import Callable

from cpdocs.signing.syntax import Name, Ref, Stream, Unclear, Value, names

Follow = Callable[[Ref], Value]
"""Gives the object that a reference names and remembers that it is accounted for; raises Unclear where the revision may
not use it here."""

_MOST_DEEP = 24
_CATEGORIES = frozenset({"Font", "XObject", "ExtGState", "ColorSpace", "Pattern", "Shading", "Encoding"})
"""``Encoding`` stands in the form's default resources alone, where Acrobat puts it."""
_KEYS = names(
    # any object, and how a stream is packed (ISO 32000-1, 7.3.8)
    "Type Subtype Length Filter DecodeParms Predictor Colors Columns BitsPerComponent EarlyChange K EndOfLine "
    "EncodedByteAlign Rows EndOfBlock BlackIs1 DamagedRowsBeforeError ColorTransform JBIG2Globals "
    # forms and their groups (8.10, 11.6.6), pictures (8.9)
    "FormType BBox Matrix Group S CS I Name Width Height ColorSpace Decode ImageMask Mask SMask Matte Interpolate "
    "Intent "
    # graphics states (8.4.5), shadings, functions and patterns (8.7, 7.10), colour spaces (8.6)
    "CA ca BM AIS SA OP op OPM LW LC LJ ML D RI G BC TR ShadingType Coords Domain Function Extend Background AntiAlias "
    "FunctionType C0 C1 N Bounds Encode Functions Size Order BitsPerSample PatternType PaintType TilingType XStep "
    "YStep Shading Range Alternate "
    # fonts (9.6 to 9.10)
    "BaseFont Encoding FirstChar LastChar Widths FontDescriptor FontName Flags FontBBox Ascent Descent CapHeight "
    "XHeight Leading "
    "StemV StemH AvgWidth MaxWidth MissingWidth ItalicAngle FontFile FontFile2 FontFile3 CharSet CIDSet "
    "FontFamily FontStretch FontWeight Lang DescendantFonts ToUnicode CIDSystemInfo Registry Ordering Supplement DW W "
    "DW2 W2 CIDToGIDMap Length1 Length2 Length3 Differences BaseEncoding CMapName UseCMap WMode"
)
_TYPES = frozenset(
    ["XObject", "Font", "FontDescriptor", "Encoding", "ExtGState", "Group", "Mask", "Pattern", "CMap", "Metrics"]
)
_SUBTYPES = names("Form Image Type0 Type1 TrueType MMType1 CIDFontType0 CIDFontType2 Type1C CIDFontType0C OpenType")
_FILTERS = names(
    "FlateDecode LZWDecode RunLengthDecode ASCIIHexDecode ASCII85Decode DCTDecode CCITTFaxDecode JBIG2Decode JPXDecode"
)


def check_appearance(value: Value, follow: Follow) -> None:
    """Whether ``value`` is an appearance dictionary with one picture, the normal one, and that is made of what is on
    the list. Raises Unclear."""
    if isinstance(value, Ref):
        value = follow(value)
    if not isinstance(value, dict) or value.keys() != {"N"}:
        raise Unclear("a signature shows another picture at times")
    form = value["N"]
    stream = follow(form) if isinstance(form, Ref) else form
    if not isinstance(stream, Stream) or stream.entries.get("Subtype") != Name("Form"):
        raise Unclear("a signature's picture isn't one")
    _check(stream, follow, 0)


def check_resources(value: Value, follow: Follow, depth: int = 0) -> None:
    """Whether ``value`` are resources for drawing, made of what is on the list. Raises Unclear."""
    resources = follow(value) if isinstance(value, Ref) else value
    if not isinstance(resources, dict):
        raise Unclear("a signature's picture is drawn with something that isn't for drawing")
    for category, named in resources.items():
        if category == "ProcSet":
            _check(named, follow, depth + 1)
            continue
        if category not in _CATEGORIES:
            raise Unclear("a signature's picture is drawn with something that a reader may hide or show")
        items = follow(named) if isinstance(named, Ref) else named
        if not isinstance(items, dict):
            raise Unclear("a signature's picture is drawn with something that isn't for drawing")
        for item in items.values():
            _check(item, follow, depth + 1)


def _check(value: Value, follow: Follow, depth: int) -> None:
    if depth > _MOST_DEEP:
        raise Unclear("a signature's picture is made of more parts than any signing program makes")
    if isinstance(value, Ref):
        value = follow(value)
    if isinstance(value, list):
        for each in value:
            _check(each, follow, depth + 1)
        return
    entries = value.entries if isinstance(value, Stream) else value
    if not isinstance(entries, dict):
        return
    for key, item in entries.items():
        if key == "Resources":
            check_resources(item, follow, depth + 1)
        elif key not in _KEYS:
            raise Unclear("a signature's picture holds something that drawing doesn't need")
        elif not (isinstance(item, int | float) and not isinstance(item, bool)):
            _check(item, follow, depth + 1)
    if isinstance(value, Stream):
        _check_packing(entries)
    for key, allowed in (("Type", _TYPES), ("Subtype", _SUBTYPES)):
        kind = entries.get(key)
        if kind is not None and (not isinstance(kind, Name) or kind not in allowed):
            raise Unclear("a signature's picture holds something that drawing doesn't need")


def _check_packing(entries: dict[str, Value]) -> None:
    packed = entries.get("Filter")
    names = packed if isinstance(packed, list) else [] if packed is None else [packed]
    if any(not isinstance(each, Name) or each not in _FILTERS for each in names):
        raise Unclear("a signature's picture is packed in a way that drawing doesn't need")
