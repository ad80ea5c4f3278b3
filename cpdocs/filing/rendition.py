"""The upload PDF: one flat, plain file that any chart can hold (ehr.md, "The package").

A rendition, never an original: what signatures show is drawn into the pages, what held only until the plan was approved
is taken out of them (``redrawn``), and so is everything that acts, hides or could be changed. The signed originals lie
beside it untouched.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from cpdocs.core.filed_copy import FiledPage, PageOrigin, Place
from cpdocs.errors import Defect
from cpdocs.filing.redrawn import redraw

_CATALOG_EXTRAS = (
    "/AcroForm", "/Perms", "/DSS", "/OpenAction", "/AA", "/AF", "/Collection", "/Extensions", "/Legal",
    "/Requirements", "/URI", "/Threads",
)  # fmt: skip
_PAGE_EXTRAS = ("/Annots", "/AA", "/AF", "/Thumb", "/PieceInfo", "/B")
_ACTIVE_NAMES = ("/EmbeddedFiles", "/JavaScript", "/AlternatePresentations", "/Renditions")
_ACTIVE_KEYS = frozenset({"/JS", "/JavaScript", "/Launch", "/EmbeddedFile", "/RichMedia", "/XFA"})


@dataclass(frozen=True, slots=True)
class Upload:
    """The rendition's bytes and what each of its pages is."""

    pdf: bytes
    sheets: tuple[FiledPage, ...]

    @property
    def pages(self) -> int:
        """How many pages it has."""
        return len(self.sheets)


def compose(
    issued: bytes,
    *,
    signed: Sequence[bytes] = (),
    scan: bytes = b"",
    places: Sequence[int] = (),
    certificate: bytes,
    title: str,
) -> Upload:
    """The rendition of one complete version: the plan as issued with what its signatures show, and the certificate
    page.

    Every page of the plan is drawn from ``issued``, the bytes that we kept. Of each file in ``signed``, which continues
    them, nothing is taken but the pictures of the signatures in the plan's own fields: its pages are a stranger's, and
    two readers may find other ones in them. The first file's signatures are shown in the whole plan; of each further
    one, a copy signed separately, the pages with a signature field are shown once more.

    ``scan`` are plain pictures of paper; ``places`` tells which page of the plan each of them is (0: none). They stand
    in place of those issued, after them where a signature was put into one's fields too; what is no page of the plan
    comes behind it. Of the pages issued the words that asked for approval and the count of the plan's own pages are
    gone; ``Upload.sheets`` tells where what is true now belongs. The same input gives the same bytes.

    Raises:
        Defect: one of our own files can't be opened, or something active would be left.
    """
    with _opened(issued) as out:
        shown = _show_signatures(out, signed[0]) if signed else ()
        sheets = _sheets(redraw(out), range(len(out.pages)), shown)
        signature_pages = _signature_pages(out)
        _flatten(out)
        for copy in signed[1:]:
            with _opened(issued) as source:
                shown = _show_signatures(source, copy)
                sheets += _sheets(redraw(source), signature_pages, shown)
                _flatten(source)
                _append(out, source, signature_pages)
        if scan:
            with _opened(scan) as paper:
                _flatten(paper)
                sheets = _insert(out, sheets, paper, places, also_issued=signature_pages if signed else ())
        with _opened(certificate) as source:
            _flatten(source)
            _append(out, source, range(len(source.pages)))
            sheets += [FiledPage(PageOrigin.CERTIFICATE)] * len(source.pages)
        _describe(out, title)
        target = io.BytesIO()
        out.save(target, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate, linearize=False)
    data = target.getvalue()
    left = what_acts(data)
    if left:
        raise Defect("The upload PDF would still hold " + ", ".join(left) + ".")
    return Upload(data, tuple(sheets))


def _sheets(places: Mapping[int, tuple[Place, ...]], numbers: Iterable[int], shown: Collection[str]) -> list[FiledPage]:
    """What these pages of a plan (from 0) are, with the fields ``shown`` as signed."""
    return [
        FiledPage(
            PageOrigin.PLAN,
            number + 1,
            places.get(number, ()),
            tuple(place.name for place in places.get(number, ()) if place.name in shown),
        )
        for number in numbers
    ]


def stamp(upload: bytes, bands: bytes) -> bytes:
    """The rendition with each page of ``bands``, which has as many, laid over its page: what is true of it now.

    Raises Defect where the two don't fit.
    """
    with _opened(upload) as out, _opened(bands) as lines:
        if len(out.pages) != len(lines.pages):
            raise Defect("The filed pages and their lines differ in number.")
        for page, line in zip(out.pages, lines.pages, strict=True):
            if "/StructParents" in line.obj:
                del line.obj["/StructParents"]
            _lay_over(out, pikepdf.Page(page), pikepdf.Page(line))
        target = io.BytesIO()
        out.save(target, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate, linearize=False)
        return target.getvalue()


def _lay_over(out: Pdf, page: pikepdf.Page, line: pikepdf.Page) -> None:
    """``line`` over ``page``, under a name of its own: pikepdf's overlay gives a random one, and a package that is
    built again after a crash has to be the same."""
    form = out.copy_foreign(line.as_form_xobject())
    name = page.add_resource(form, pikepdf.Name.XObject, pikepdf.Name.FiledLine)
    whole = pikepdf.Rectangle(*map(float, page.mediabox))
    drawn = page.calc_form_xobject_placement(
        form, name, whole, invert_transformations=True, allow_shrink=True, allow_expand=True
    )
    page.contents_add(b"q\n", prepend=True)
    page.contents_add(b"Q\n" + drawn)
    page.contents_coalesce()


def what_acts(pdf: bytes) -> list[str]:
    """What a chart must not be given, found through the objects: forms, scripts, embedded files, encryption; empty when
    plain."""
    found: set[str] = set()
    try:
        with Pdf.open(io.BytesIO(pdf)) as opened:
            if opened.is_encrypted:
                found.add("encryption")
            if "/AcroForm" in opened.Root:
                found.add("a form")
            if "/OpenAction" in opened.Root or "/AA" in opened.Root:
                found.add("an action on opening")
            for page in opened.pages:
                if "/Annots" in page.obj or "/AA" in page.obj:
                    found.add("annotations")
            for item in _dictionaries(opened):
                found.update(_active(item))
    except pikepdf.PasswordError:
        return ["encryption"]
    except (pikepdf.PdfError, ValueError, TypeError, RuntimeError):
        return ["something that can't be read"]
    return sorted(found)


def page_count(pdf: bytes) -> int:
    """How many pages one of our own files has."""
    with _opened(pdf) as opened:
        return len(opened.pages)


def _dictionaries(pdf: Pdf) -> Iterator[Any]:
    """Every dictionary and stream of the file, also those that stand inside another."""
    waiting = list(pdf.objects)
    while waiting:
        item = waiting.pop()
        if isinstance(item, Array):
            held = list(item)
        elif isinstance(item, (Dictionary, pikepdf.Stream)):
            yield item
            held = [value for _, value in item.items()]
        else:
            continue
        # What is indirect is on the list of its own accord.
        waiting.extend(value for value in held if isinstance(value, (Array, Dictionary)) and not value.is_indirect)


def _active(item: Any) -> Iterator[str]:
    for key in item.keys():  # noqa: SIM118 a pikepdf dictionary is iterated by its keys
        if key in _ACTIVE_KEYS:
            yield "an embedded file" if key in {"/EmbeddedFile", "/RichMedia"} else "a script"
    if item.get("/S") in (Name.JavaScript, Name.Launch, Name.SubmitForm, Name.ImportData):
        yield "a script"
    if item.get("/Type") in (Name.EmbeddedFile, Name.Filespec):
        yield "an embedded file"
    if item.get("/FT") is not None:
        yield "a form field"


@contextmanager
def _opened(data: bytes) -> Iterator[Pdf]:
    try:
        # What was accepted reads without repair; a reader that searches the bytes for objects might find others.
        pdf = Pdf.open(io.BytesIO(data), attempt_recovery=False)
    except pikepdf.PdfError:
        raise Defect(
            "A stored PDF can't be opened for its rendition; `cpdocs audit verify` tells whether the store is whole."
        ) from None
    try:
        yield pdf
    finally:
        pdf.close()


def _show_signatures(plan: Pdf, signed: bytes) -> list[str]:
    """Gives each signature field of ``plan`` the picture that it has in the file ``signed``, where it is filled; the
    names of those."""
    shown = []
    fields = {str(each.get("/T")): each for each in _fields(plan)}
    with _opened(signed) as copy:
        for theirs in _fields(copy):
            field = fields.get(str(theirs.get("/T")))
            if field is None or field.get("/FT") != Name.Sig or theirs.get("/V") is None:
                continue
            picture = theirs.get("/AP", Dictionary()).get("/N")
            if isinstance(picture, pikepdf.Stream):
                field.AP = Dictionary(N=plan.copy_foreign(picture))
                shown.append(str(field.T))
    return shown


def _fields(pdf: Pdf) -> list[Any]:
    """The form's fields; a plan's have no fields below them."""
    return [each for each in pdf.Root.get("/AcroForm", Dictionary()).get("/Fields", Array()) if "/T" in each]


def _signature_pages(pdf: Pdf) -> list[int]:
    """The pages that show a signature field, by number from 0."""
    shown = []
    for number, page in enumerate(pdf.pages):
        annotations = page.obj.get("/Annots", Array())
        if any(_is_signature(annotation) for annotation in annotations):
            shown.append(number)
    return shown


def _is_signature(annotation: Any) -> bool:
    field = annotation
    while field.get("/FT") is None and field.get("/Parent") is not None:
        field = field.Parent
    if field.get("/FT") != Name.Sig:
        return False
    left, bottom, right, top = (float(side) for side in annotation.get("/Rect", Array([0, 0, 0, 0])))
    return right > left and top > bottom


def _flatten(pdf: Pdf) -> None:
    """Draws every annotation's appearance into its page and takes out all that acts."""
    pdf.flatten_annotations(mode="all")
    _drop_object_references(pdf)
    for key in _CATALOG_EXTRAS:
        if key in pdf.Root:
            del pdf.Root[key]
    names = pdf.Root.get("/Names")
    if names is not None:
        for key in _ACTIVE_NAMES:
            if key in names:
                del names[key]
    for page in pdf.pages:
        for key in _PAGE_EXTRAS:
            if key in page.obj:
                del page.obj[key]


def _drop_object_references(pdf: Pdf) -> None:
    """Takes the annotations, now drawn, out of the structure tree; else it would keep the form fields alive."""
    root = pdf.Root.get("/StructTreeRoot")
    if root is None:
        return
    waiting = [root]
    seen: set[tuple[int, int]] = set()
    while waiting:
        element = waiting.pop()
        if element.is_indirect:
            if element.objgen in seen:
                continue
            seen.add(element.objgen)
        kids = element.get("/K")
        if kids is None:
            continue
        listed = list(kids) if isinstance(kids, Array) else [kids]
        kept = [kid for kid in listed if not (isinstance(kid, Dictionary) and kid.get("/Type") == Name.OBJR)]
        if len(kept) < len(listed):
            element.K = Array(kept)
        waiting.extend(kid for kid in kept if isinstance(kid, Dictionary) and "/S" in kid)
    tree = root.get("/ParentTree")
    if tree is not None:
        _drop_annotation_parents(tree)


def _drop_annotation_parents(tree: Any) -> None:
    """Leaves in the parent tree the pages' arrays alone: the entries of annotations are single elements."""
    numbers = pikepdf.NumberTree(tree)
    for key in [key for key, value in numbers.items() if not isinstance(value, Array)]:
        del numbers[key]


def _append(out: Pdf, source: Pdf, numbers: Iterable[int]) -> None:
    """Appends pages without their marks of structure, which belong to another tree."""
    for number in numbers:
        page = source.pages[number]
        if "/StructParents" in page.obj:
            del page.obj["/StructParents"]
        out.pages.append(page)


def _insert(
    out: Pdf, sheets: Sequence[FiledPage], paper: Pdf, places: Sequence[int], *, also_issued: Collection[int]
) -> list[FiledPage]:
    """Puts pictures of paper in place of the plan's pages, and gives what the pages are then. Those issued are kept
    ``also`` (numbers from 0) where they show something that paper doesn't; the tree of structure goes, since it would
    hold on to the pages that went."""
    if "/StructTreeRoot" in out.Root:
        del out.Root["/StructTreeRoot"]
    issued = list(out.pages)
    for page in issued:
        if "/StructParents" in page.obj:
            del page.obj["/StructParents"]
    where = {place: number for number, place in enumerate(places) if place}
    order: list[tuple[FiledPage, Any]] = []
    for sheet, page in zip(sheets, issued, strict=True):
        # Each page of the paper is shown once, though a second signed copy shows the plan's page again.
        scanned = where.pop(sheet.number, None)
        if scanned is None or sheet.number - 1 in also_issued:
            order.append((sheet, page))
        if scanned is not None:
            order.append((FiledPage(PageOrigin.PAPER, sheet.number), paper.pages[scanned]))
    of_plan = {sheet.number for sheet in sheets}
    order += [
        (FiledPage(PageOrigin.PAPER), paper.pages[number])
        for number, place in enumerate(places)
        if place not in of_plan
    ]
    gone = {page.obj.objgen: sheet.number for sheet, page in zip(sheets, issued, strict=True)}
    for _, page in order:
        gone.pop(page.obj.objgen if page in issued else (0, 0), None)
    del out.pages[:]
    out.pages.extend(page for _, page in order)
    papers = {sheet.number: n for n, (sheet, _) in enumerate(order) if sheet.origin is PageOrigin.PAPER}
    _lead_to(out, {page: out.pages[papers[number]].obj for page, number in gone.items() if number in papers})
    return [sheet for sheet, _ in order]


def _lead_to(pdf: Pdf, instead: Mapping[tuple[int, int], Any]) -> None:
    """Bookmarks and named places (ISO 32000-2, 12.3.2) lead to the picture that took a page's place; else they would
    keep the page that went in the file, unseen."""
    waiting: list[Any] = list(pdf.objects)
    while waiting:
        item = waiting.pop()
        if isinstance(item, Array):
            if len(item) and isinstance(item[0], Dictionary) and item[0].objgen in instead:
                item[0] = instead[item[0].objgen]
            waiting += [each for each in item if isinstance(each, Array | Dictionary) and not each.is_indirect]
        elif isinstance(item, Dictionary):
            waiting += [each for each in item.values() if isinstance(each, Array | Dictionary) and not each.is_indirect]


def _describe(pdf: Pdf, title: str) -> None:
    """Titles the rendition, claims PDF/A-2b and takes back what held for the original alone (PDF/A-2a, PDF/UA)."""
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
        metadata["dc:title"] = title
        for claim in ("pdfaid:part", "pdfaid:conformance", "pdfaid:rev", "pdfuaid:part"):
            if claim in metadata:
                del metadata[claim]
        metadata["pdfaid:part"], metadata["pdfaid:conformance"] = "2", "B"
    pdf.docinfo[Name.Title] = title
