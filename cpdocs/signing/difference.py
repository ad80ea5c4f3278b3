"""What changed between the issued plan and what came back: a tighter policy than the library's, in linear time.

Why the library is quadratic on tagged files, measured (13 tagged pages: over 70 s):

1. It fetches each object of an object stream by decoding the stream and reading its table of contents from the
   start: cost per object proportional to the stream. ``Reader`` reads each stream's table once.
2. To learn by which paths an overwritten object is used, it lists every path to every object of the signed revision,
   structure tree included, and does so again for each signature. A graph with shared branches has exponentially many.

``Revision`` leaves the second out. The list of paths guards against a base document whose author let one object play
two parts, so that an allowed change of the one changes the other. Our base is not a stranger's: its bytes are the plan
as we issued it (check 1, done first), whose catalog, form and fields are used nowhere else; and in what is appended,
no object that an earlier increment brought in may be overwritten (``StrictPolicy``, rule c).

What ``StrictPolicy`` lets pass after the seal, and nothing else (shared signing rules, checks 4 and 6):

a. the library's rules for the catalog, the information dictionary, XMP, cross-reference and object streams, the DSS;
b. a signature put into one of our fields, with its appearance; a new field only for a document time stamp, invisible
   and filled;
c. of objects that a returned increment brought in, none overwritten, except the security store that it extends;
d. no font of ours written anew: old signing programs do that, so it is for a person, never let through;
e. no more revisions and no more objects than signing needs, so that the work is bounded before it begins.

Objects that nothing refers to are let be here, as the library does; ``increment_rules`` holds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.misc import PdfStrictReadError
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader, RawPdfPath
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    DiffResult,
    FieldComparisonContext,
    FormUpdate,
    FormUpdatingRule,
    ModificationLevel,
    QualifiedWhitelistRule,
    ReferenceUpdate,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    SuspiciousModification,
)
from pyhanko.sign.diff_analysis.constants import VALUE_UPDATE_KEYS
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm

MOST_OBJECTS = 4_000
"""Objects that one of those revisions may write: an appearance with embedded fonts has a few dozen."""
MOST_OVERWRITTEN = 40
"""Objects of an earlier revision that one may overwrite."""
_SIGNED_KEYS = VALUE_UPDATE_KEYS | {"/M", "/MK"}
"""What a signing program may change in the field that it signs; ``increment_rules`` says to what. poppler dates it."""
MOST_PAGES = 1_000
MOST_IN_STREAM = 100_000


class Reader(PdfFileReader):
    """The library's reader, with each object stream decoded and indexed once, and revisions that list no paths."""

    def __init__(self, data: bytes, passed_over: Sequence[tuple[int, int]] = ()) -> None:
        """``passed_over``: objects that nothing refers to and every reader passes over (``additions``), as their number
        and the offset of the table entry that lists them. The library, which knows no such thing, isn't shown them."""
        self._tables: dict[int, tuple[bytes, list[tuple[int, int]]]] = {}
        self._revisions: dict[int, Revision] = {}
        shown = bytearray(data)
        for _, entry in passed_over:
            shown[entry : entry + 18] = b"0000000000 00001 f"
        super().__init__(BytesIO(bytes(shown)), strict=True)
        for section in self.xrefs._xref_sections if passed_over else ():
            for number, _ in passed_over:
                section.xref_data.freed.pop(number, None)
                section.xref_data.explicit_refs_in_revision.discard((number, 0))
        self.stream = BytesIO(data)

    def _get_object_from_stream(self, idnum: int, stmnum: int, idx: int) -> Any:
        data, table = self._table(stmnum)
        if not 0 <= idx < len(table) or table[idx][0] != idnum:
            raise PdfStrictReadError("an object stream doesn't hold the object that the cross-reference names")
        source = BytesIO(data)
        source.seek(table[idx][1])
        found = generic.read_object(source, generic.Reference(idnum, 0, self))
        if isinstance(found, generic.StreamObject | generic.IndirectObject):
            raise PdfStrictReadError("an object stream holds a kind of object that it may not")
        return found

    def _table(self, stmnum: int) -> tuple[bytes, list[tuple[int, int]]]:
        """The stream's data, and (object number, offset) for each of its objects in order."""
        known = self._tables.get(stmnum)
        if known is None:
            stream = generic.Reference(stmnum, 0, self).get_object()
            if not isinstance(stream, generic.StreamObject) or stream["/Type"] != "/ObjStm":
                raise PdfStrictReadError("an object stream is something else")
            count, first = int(stream["/N"]), int(stream["/First"])
            if not 0 <= count <= MOST_IN_STREAM:
                raise PdfStrictReadError("an object stream claims more objects than it can hold")
            data = stream.read_data(DecodePurpose.OBJECT_STREAM)
            numbers = [int(each) for each in data[:first].split(None, 2 * count)[: 2 * count]]
            if len(numbers) != 2 * count:
                raise PdfStrictReadError("an object stream's table is cut off")
            known = self._tables[stmnum] = (data, [(numbers[2 * i], first + numbers[2 * i + 1]) for i in range(count)])
        return known

    def get_historical_resolver(self, revision: int) -> Revision:
        if revision not in self._revisions:
            self._revisions[revision] = Revision(self, revision)
        return self._revisions[revision]


class Revision(HistoricalResolver):
    """One revision of the file, which doesn't list the paths by which objects are reached (see the module's
    account)."""

    def _load_reverse_xref_cache(self) -> None:
        """Nothing to prepare: no paths are listed."""

    def _get_usages_of_ref(self, ref: generic.Reference) -> set[RawPdfPath]:
        return set()


class UnclearModification(SuspiciousModification):
    """A change that real signing programs also make, or that can't be judged: for a person, never let through."""


class _FontRewriteRule(QualifiedWhitelistRule):
    """Explains overwritten fonts of the plan's pages, and counts them: old signing programs write fonts anew, and so
    does who wants other words to be read in the same page. Never let through (``StrictPolicy``); all else must be
    explained."""

    def __init__(self) -> None:
        self.rewritten = 0

    def apply_qualified(
        self, old: HistoricalResolver, new: HistoricalResolver
    ) -> Iterator[tuple[ModificationLevel, ReferenceUpdate]]:
        written = {ref for ref in new.explicit_refs_in_revision() if not old.is_ref_unassignable(ref)}
        for ref in written & _font_refs(old) if written - _usual_refs(old) else set():
            self.rewritten += 1
            yield ModificationLevel.LTA_UPDATES, ReferenceUpdate(ref)
            for added in new.collect_dependencies(new.get_object(ref), since_revision=old.revision + 1):
                yield ModificationLevel.LTA_UPDATES, ReferenceUpdate(added)


def _usual_refs(revision: HistoricalResolver) -> set[generic.Reference]:
    """What every signing program overwrites: the catalog, the form and its fields, dates in the metadata."""
    found = {revision.root_ref}
    for holder, key in ((revision.root, "/AcroForm"), (revision.root, "/Metadata"), (revision.trailer_view, "/Info")):
        raw = holder.raw_get(key) if key in holder else None
        if isinstance(raw, generic.IndirectObject):
            found.add(raw.reference)
    form = item(revision.root, "/AcroForm")
    if isinstance(form, generic.DictionaryObject):
        found |= {each.reference for each in item(form, "/Fields", ()) if isinstance(each, generic.IndirectObject)}
    return found


def _font_refs(revision: HistoricalResolver) -> set[generic.Reference]:
    """The fonts in the pages' own resources, and what they are made of."""
    found: set[generic.Reference] = set()
    waiting: list[Any] = [item(revision.root, "/Pages")]
    pages = 0
    while waiting and pages < MOST_PAGES:
        node = waiting.pop()
        pages += 1
        waiting += [each.get_object() for each in item(node, "/Kids", ())]
        fonts = item(item(node, "/Resources", generic.DictionaryObject()), "/Font")
        if isinstance(fonts, generic.DictionaryObject):
            for name in fonts:
                found |= revision.collect_dependencies(fonts.raw_get(name))
    return found


class _TimestampFieldRule(SigFieldCreationRule):
    """New fields: only an invisible one that holds a document time stamp (rule b)."""

    def apply(self, context: FieldComparisonContext) -> Iterable[tuple[ModificationLevel, FormUpdate]]:
        for spec in context.field_specs.values():
            new = spec.new_field
            if spec.old_field_ref is None and new is not None and not is_timestamp_field(new):
                raise SuspiciousModification("a form field was added that holds no document time stamp")
        return super().apply(context)


def item(dictionary: generic.DictionaryObject, key: str, default: Any = None) -> Any:
    """The value under ``key``, reference followed: the library's own ``get`` doesn't."""
    try:
        return dictionary[key]
    except KeyError:
        return default


def is_timestamp_field(field: generic.DictionaryObject) -> bool:
    """Whether ``field`` is what PAdES adds for a document time stamp: a signature field, filled with one, showing
    nothing."""
    try:
        value = field["/V"]
        rectangle = item(field, "/Rect", [0, 0, 0, 0])
        return (
            field["/FT"] == "/Sig"
            and isinstance(value, generic.DictionaryObject)
            and item(value, "/Type") == "/DocTimeStamp"
            and item(value, "/SubFilter") == "/ETSI.RFC3161"
            and "/Kids" not in field
            and (rectangle[2] - rectangle[0]) * (rectangle[3] - rectangle[1]) == 0
        )
    except (KeyError, TypeError, IndexError):
        return False


def _field_rules() -> list[Any]:
    created = _TimestampFieldRule()  # type: ignore[no-untyped-call]  # the library's own gap
    return [created, SigFieldModificationRule(value_update_keys=_SIGNED_KEYS)]


class StrictPolicy(StandardDiffPolicy):
    """The difference policy for a file that begins with the plan as issued; ``issued_revisions`` of its revisions are
    ours."""

    def __init__(self, issued_revisions: int) -> None:
        super().__init__(
            global_rules=DEFAULT_DIFF_POLICY.global_rules,
            form_rule=FormUpdatingRule(field_rules=_field_rules()),
        )
        self._issued = issued_revisions
        self._fonts = _FontRewriteRule()
        self.global_rules = [*self.global_rules, self._fonts]

    def apply(
        self,
        old: HistoricalResolver,
        new: HistoricalResolver,
        field_mdp_spec: FieldMDPSpec | None = None,
        doc_mdp: MDPPerm | None = None,
    ) -> DiffResult:
        written = new.explicit_refs_in_revision()
        if len(written) > MOST_OBJECTS:
            raise UnclearModification("a revision writes more objects than signing needs")
        overwritten = [ref for ref in written if not old.is_ref_unassignable(ref)]
        if len(overwritten) > MOST_OVERWRITTEN:
            raise UnclearModification("a revision overwrites more objects than signing needs")
        self._refuse_overwriting_increments(overwritten, new)
        self._fonts.rewritten = 0
        result = super().apply(old, new, field_mdp_spec, doc_mdp)
        if self._fonts.rewritten:
            raise UnclearModification("fonts of the plan were written anew")
        return result

    def _refuse_overwriting_increments(self, overwritten: list[generic.Reference], new: HistoricalResolver) -> None:
        """Rule c: what an earlier increment brought in stays as it is, save the parts of the security store."""
        xrefs = new.reader.xrefs
        store = _store_refs(new)
        for ref in overwritten:
            introduced = xrefs.get_introducing_revision(ref)
            if self._issued <= introduced < new.revision and ref not in store and not _is_field_of(new, ref):
                raise UnclearModification("an object that an earlier signature brought in was overwritten")


def _store_refs(revision: HistoricalResolver) -> set[generic.Reference]:
    """The security store's own dictionaries and arrays (not the streams in them)."""
    found: set[generic.Reference] = set()
    try:
        raw = revision.root.raw_get("/DSS")
    except KeyError:
        return found
    waiting: list[tuple[Any, int]] = [(raw, 0)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, generic.IndirectObject):
            found.add(item.reference)
            item = item.get_object()
        if isinstance(item, generic.DictionaryObject) and not isinstance(item, generic.StreamObject) and depth < 3:
            waiting += [(item.raw_get(key), depth + 1) for key in item if key != "/Type"]
    return found


def _is_field_of(revision: HistoricalResolver, ref: generic.Reference) -> bool:
    """Whether ``ref`` is the form, its list of fields, or a field in it: the rules on fields judge those."""
    try:
        form = revision.root.raw_get("/AcroForm")
        parts = [form, form.get_object().raw_get("/Fields")]
        parts += list(parts[1].get_object())
    except (KeyError, TypeError, AttributeError):
        return False
    return any(isinstance(part, generic.IndirectObject) and part.reference == ref for part in parts)
