"""The three signature fields of a plan: built into the rendered PDF before anything is signed.

Everything that a later signer's program reads stands in the field already: a readable name, the meaning that the
signature will carry, the lock, an appearance, and the tag that keeps the file PDF/UA-1 and PDF/A-2a (signing.md, "How a
plan is sealed and signed"). There is no other form field in a plan, ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from typing import Any, Protocol

import pikepdf
from pikepdf import Array, Dictionary, Name, NumberTree, ObjectStreamMode, Pdf, Stream, String

from cpdocs.core.verdicts import Slot
from cpdocs.errors import InputFault
from cpdocs.signing.field_names import FIELD_OF_SLOT, FIELDS, MEANING, SEAL_FIELD, SLOT_OF_FIELD

DIGESTS = ("SHA256", "SHA384", "SHA512")

_LABELS = {
    "MemberSig": "Signature of the member or the member's representative",
    "PCPSig": "Signature of the PCP or the PCP's designee",
    SEAL_FIELD: "Seal of the organization that issued this plan",
}
_REASONS_REQUIRED = 1 << 3
_DIGEST_REQUIRED = 1 << 6
_PRINT = 1 << 2
_LOCKED = 1 << 7
_SIGNATURES_EXIST_APPEND_ONLY = 3


class Box(Protocol):
    """A rectangle on a page: ``page`` counted from 0, corners in PDF points from the lower left."""

    @property
    def page(self) -> int: ...
    @property
    def x0(self) -> float: ...
    @property
    def y0(self) -> float: ...
    @property
    def x1(self) -> float: ...
    @property
    def y1(self) -> float: ...


def add_fields(pdf: bytes, boxes: Mapping[str, Box]) -> bytes:
    """``pdf`` rewritten with the fields ``MemberSig``, ``PCPSig`` and ``OrganizationSeal``, all empty.

    ``boxes`` says where; the seal needs none and is then invisible. The same input gives the same bytes. Objects are
    written outside object streams: comparing revisions of a tagged file is quadratic in pages otherwise.

    Raises:
        InputFault: the plan's template has no box for the member's or the PCP's signature, or the PDF has a form
        already.
    """
    missing = [name for name in FIELD_OF_SLOT.values() if name not in boxes]
    if missing:
        raise InputFault(
            f"The plan's template has no box for {' and '.join(missing)}.",
            todo=(
                'Give the signature page an element with that id, such as <div id="MemberSig" data-field="MemberSig">.'
            ),
        )
    return _with_fields(pdf, FIELDS, boxes)


def add_seal_field(pdf: bytes) -> bytes:
    """``pdf`` rewritten with the field ``OrganizationSeal`` alone, empty and invisible: a paper that nobody signs."""
    return _with_fields(pdf, (SEAL_FIELD,), {})


def _with_fields(pdf: bytes, names: Iterable[str], boxes: Mapping[str, Box]) -> bytes:
    with Pdf.open(BytesIO(pdf)) as document:
        if Name.AcroForm in document.Root:
            raise InputFault(
                "The rendered plan has a form in it already.", todo="Take form elements out of the plan's template."
            )
        tags = _Tags(document)
        fields = [_add_field(document, tags, name, boxes.get(name)) for name in names]
        document.Root.AcroForm = document.make_indirect(
            Dictionary(Fields=Array(fields), SigFlags=_SIGNATURES_EXIST_APPEND_ONLY)
        )
        # PAdES in a PDF 1.7 file says so (EN 319 142-1, 5.5); said here, no signer need touch the catalog for it.
        document.Root.Extensions = Dictionary(ESIC=Dictionary(BaseVersion=Name("/1.7"), ExtensionLevel=1))
        out = BytesIO()
        document.save(
            out, object_stream_mode=ObjectStreamMode.disable, deterministic_id=True, fix_metadata_version=False
        )
    return out.getvalue()


class _Tags:
    """The structure tree: finds the element made for a field, and ties an annotation to a Form element in it."""

    def __init__(self, document: Pdf) -> None:
        root = document.Root.get(Name.StructTreeRoot)
        if root is None:
            raise InputFault("The rendered plan is not tagged.", todo="Render plans with the profile for plans.")
        self._document = document
        self._root: Any = root
        self._places = {str(item.T): item for item in _elements(root) if Name.T in item and str(item.T) in FIELDS}
        self._numbers = NumberTree(root.ParentTree)
        self._next = max((int(key) for key in self._numbers), default=-1) + 1

    def add_form(self, widget: Any, page: Any, name: str) -> None:
        """A Form element for ``widget`` inside the element titled ``name``, else at the end of the document."""
        parent = self._places.get(name) or _first_element(self._root)
        reference = Dictionary(Type=Name.OBJR, Obj=widget, Pg=page)
        # The reference stands in /K itself, not in an array: where it does, validators that follow every path to a
        # changed field (pyHanko's standard policy among them) know it for the field's tag.
        form = self._document.make_indirect(
            Dictionary(Type=Name.StructElem, S=Name.Form, P=parent, Pg=page, K=reference, Alt=String(_LABELS[name]))
        )
        kids = parent.get(Name.K)
        if kids is None:
            parent.K = Array([form])
        elif isinstance(kids, Array):
            kids.append(form)
        else:
            parent.K = Array([kids, form])
        widget.StructParent = self._next
        self._numbers[self._next] = form
        self._next += 1
        self._root.ParentTreeNextKey = self._next


def _elements(node: Any) -> Iterator[Any]:
    """Every structure element below ``node``, without recursion: a plan's tree can be deep."""
    waiting = [node]
    while waiting:
        kids = waiting.pop().get(Name.K)
        for kid in kids if isinstance(kids, Array) else [kids]:
            if isinstance(kid, Dictionary) and Name.S in kid:
                yield kid
                waiting.append(kid)


def _first_element(root: Any) -> Any:
    return next(_elements(root))


def _add_field(document: Pdf, tags: _Tags, name: str, box: Box | None) -> pikepdf.Object:
    page = document.pages[box.page if box else 0]
    rectangle = [box.x0, box.y0, box.x1, box.y1] if box else [0, 0, 0, 0]
    width, height = rectangle[2] - rectangle[0], rectangle[3] - rectangle[1]
    appearance = Stream(
        document,
        b"q Q",
        Type=Name.XObject,
        Subtype=Name.Form,
        BBox=Array([0, 0, width, height]),
        Resources=Dictionary(),
    )
    widget = document.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Sig,
            T=String(name),
            TU=String(_LABELS[name]),
            Rect=Array(rectangle),
            P=page.obj,
            F=_PRINT | _LOCKED,
            AP=Dictionary(N=document.make_indirect(appearance)),
        )
    )
    slot = SLOT_OF_FIELD.get(name)
    if slot is not None:
        widget.SV = document.make_indirect(_seed_value(slot))
        widget.Lock = document.make_indirect(_lock(name))
    if Name.Annots not in page.obj:
        page.obj.Annots = Array()
    page.obj.Annots.append(widget)
    page.obj.Tabs = Name.S
    tags.add_form(widget, page.obj, name)
    return widget


def _seed_value(slot: Slot) -> Dictionary:
    """The meaning and a sound digest are required; neither a format nor a certificate: PAdES and adbe.pkcs7.detached
    both count."""
    return Dictionary(
        Type=Name.SV,
        Ff=_REASONS_REQUIRED | _DIGEST_REQUIRED,
        Reasons=Array([String(MEANING[slot])]),
        DigestMethod=Array([String(digest) for digest in DIGESTS]),
    )


def _lock(name: str) -> Dictionary:
    """A signature locks its own field and the seal's. Locking more would keep the other slot from being signed after
    it."""
    return Dictionary(Type=Name.SigFieldLock, Action=Name.Include, Fields=Array([String(name), String(SEAL_FIELD)]))
