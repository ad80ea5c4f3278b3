"""Changes written as a further revision: each takes a writer on the plan and changes one thing in it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

Writer = IncrementalPdfFileWriter
Change = Callable[[Writer], None]

N = generic.NumberObject


def revise(data: bytes, change: Change) -> bytes:
    """``data`` with one more revision in which ``change`` was made."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    writer._update_meta = lambda: None  # type: ignore[method-assign]
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def dictionary(**entries: Any) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name("/" + key): value for key, value in entries.items()})


def name(text: str) -> generic.NameObject:
    return pdf_name("/" + text)


def numbers(*values: float) -> generic.ArrayObject:
    return generic.ArrayObject(generic.FloatObject(value) for value in values)


def _page(writer: Writer, number: int = 0) -> Any:
    return writer.root["/Pages"]["/Kids"][number]


def _field(writer: Writer, wanted: str) -> Any:
    return next(each.get_object() for each in writer.root["/AcroForm"]["/Fields"] if each.get_object()["/T"] == wanted)


def _form_stream(writer: Writer, drawing: bytes) -> Any:
    stream = generic.StreamObject(
        dictionary(Type=name("XObject"), Subtype=name("Form"), BBox=numbers(0, 0, 300, 60)), stream_data=drawing
    )
    return writer.add_object(stream)


def _add_annotation(writer: Writer, **entries: Any) -> None:
    page = _page(writer)
    annotation = writer.add_object(dictionary(Type=name("Annot"), Rect=numbers(50, 600, 350, 760), F=N(4), **entries))
    if "/Annots" in page:
        page["/Annots"].append(annotation)
        writer.update_container(page["/Annots"])
    else:
        page["/Annots"] = generic.ArrayObject([annotation])
    writer.update_container(page)


def free_text(writer: Writer) -> None:
    _add_annotation(writer, Subtype=name("FreeText"), Contents=pdf_string("Goal: none"), DA=pdf_string("/Helv 12 Tf"))


def stamp_picture(writer: Writer) -> None:
    """A pasted picture of a signature, with none behind it."""
    appearance = dictionary(N=_form_stream(writer, b"0 0 m 200 40 l S"))
    _add_annotation(writer, Subtype=name("Stamp"), AP=appearance)


def link(writer: Writer) -> None:
    _add_annotation(writer, Subtype=name("Link"), A=dictionary(S=name("URI"), URI=pdf_string("https://example.org")))


def redaction_box(writer: Writer) -> None:
    _add_annotation(writer, Subtype=name("Square"), IC=numbers(1, 1, 1), C=numbers(1, 1, 1))


def replace_page_text(writer: Writer) -> None:
    page = _page(writer)
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    writer.update_container(page)


def overwrite_content_stream(writer: Writer) -> None:
    page = _page(writer)
    raw = page.raw_get("/Contents")
    raw = raw if isinstance(raw, generic.IndirectObject) else raw[0]
    stream = raw.get_object()
    stream._data = b"BT ET"
    stream._encoded_data = None
    writer.mark_update(raw.reference)


def add_page(writer: Writer) -> None:
    pages = writer.root["/Pages"]
    page = dictionary(
        Type=name("Page"),
        Parent=writer.root.raw_get("/Pages"),
        MediaBox=numbers(0, 0, 612, 792),
        Resources=dictionary(),
    )
    pages["/Kids"].append(writer.add_object(page))
    pages["/Count"] = N(len(pages["/Kids"]))
    writer.update_container(pages)


def remove_page(writer: Writer) -> None:
    pages = writer.root["/Pages"]
    pages["/Kids"] = generic.ArrayObject(list(pages["/Kids"])[1:])
    pages["/Count"] = N(len(pages["/Kids"]))
    writer.update_container(pages)


def swap_pages(writer: Writer) -> None:
    pages = writer.root["/Pages"]
    pages["/Kids"] = generic.ArrayObject(reversed(list(pages["/Kids"])))
    writer.update_container(pages)


def rotate_page(writer: Writer) -> None:
    _page(writer)["/Rotate"] = N(180)
    writer.update_container(_page(writer))


def crop_page(writer: Writer) -> None:
    _page(writer)["/CropBox"] = numbers(0, 0, 100, 100)
    writer.update_container(_page(writer))


def swap_page_resources(writer: Writer) -> None:
    _page(writer)["/Resources"] = dictionary()
    writer.update_container(_page(writer))


def _new_field(writer: Writer, title: str, kind: str, rect: tuple[float, ...], **entries: Any) -> None:
    field = dictionary(
        Type=name("Annot"),
        Subtype=name("Widget"),
        FT=name(kind),
        T=pdf_string(title),
        Rect=numbers(*rect),
        F=N(4),
        **entries,
    )
    writer.root["/AcroForm"]["/Fields"].append(writer.add_object(field))
    writer.update_container(writer.root["/AcroForm"]["/Fields"])


def invisible_signature_field(writer: Writer) -> None:
    _new_field(writer, "Another", "Sig", (0, 0, 0, 0))


def visible_signature_field(writer: Writer) -> None:
    _new_field(writer, "Another", "Sig", (50, 50, 250, 100))


def text_field(writer: Writer) -> None:
    _new_field(writer, "Note", "Tx", (50, 50, 250, 100), V=pdf_string("no services"), DA=pdf_string("/Helv 12 Tf"))


def second_field_of_our_name(writer: Writer) -> None:
    _new_field(writer, "PCPSig", "Sig", (50, 50, 250, 100))


def child_field(writer: Writer) -> None:
    field = _field(writer, "MemberSig")
    kid = dictionary(
        T=pdf_string("inner"), FT=name("Sig"), Rect=numbers(0, 0, 0, 0), Type=name("Annot"), Subtype=name("Widget")
    )
    field["/Kids"] = generic.ArrayObject([writer.add_object(kid)])
    writer.update_container(field)


def remove_field(writer: Writer) -> None:
    form = writer.root["/AcroForm"]
    kept = [each for each in form["/Fields"] if each.get_object()["/T"] != "MemberSig"]
    form["/Fields"] = generic.ArrayObject(kept)
    writer.update_container(form)


def _change_field(writer: Writer, title: str, key: str, value: Any) -> None:
    field = _field(writer, title)
    field[pdf_name(key)] = value
    writer.update_container(field)


def move_member_field(writer: Writer) -> None:
    _change_field(writer, "MemberSig", "/Rect", numbers(10, 10, 110, 60))


def enlarge_member_field(writer: Writer) -> None:
    _change_field(writer, "MemberSig", "/Rect", numbers(0, 0, 612, 792))


def rename_member_field(writer: Writer) -> None:
    _change_field(writer, "MemberSig", "/T", pdf_string("Witness"))


def relabel_member_field(writer: Writer) -> None:
    _change_field(writer, "MemberSig", "/TU", pdf_string("Signature refusing this plan"))


def field_script(writer: Writer) -> None:
    script = dictionary(S=name("JavaScript"), JS=pdf_string("app.alert(1)"))
    _change_field(writer, "MemberSig", "/AA", dictionary(E=script))


def picture_in_unsigned_field(writer: Writer) -> None:
    """The member's empty field made to look signed."""
    _change_field(writer, "MemberSig", "/AP", dictionary(N=_form_stream(writer, b"0 0 m 200 40 l S")))


def hide_member_field(writer: Writer) -> None:
    _change_field(writer, "MemberSig", "/F", N(2))


def print_another_field(writer: Writer) -> None:
    """The PCP's own field, which is about to be signed, kept off the screen and the paper."""
    _change_field(writer, "PCPSig", "/F", N(1 << 5))


def layer_for_a_field(writer: Writer) -> None:
    _change_field(writer, "PCPSig", "/OC", dictionary(Type=name("OCG"), Name=pdf_string("x")))


def looser_lock(writer: Writer) -> None:
    _change_field(
        writer,
        "PCPSig",
        "/Lock",
        dictionary(Type=name("SigFieldLock"), Action=name("Include"), Fields=generic.ArrayObject([])),
    )


def spoken_field(writer: Writer) -> None:
    """What a screen reader says of the PCP's field."""
    parents = writer.root["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    number = _field(writer, "PCPSig")["/StructParent"]
    element = parents[list(parents).index(number) + 1].get_object()
    element["/Alt"] = pdf_string("Signature refusing this plan")
    writer.update_container(element)


def change_seed_value(writer: Writer) -> None:
    _change_field(
        writer, "MemberSig", "/SV", dictionary(Type=name("SV"), Reasons=generic.ArrayObject([pdf_string("I refuse.")]))
    )


def strip_seal(writer: Writer) -> None:
    field = _field(writer, "OrganizationSeal")
    del field["/V"]
    writer.update_container(field)


def drop_permissions(writer: Writer) -> None:
    del writer.root["/Perms"]
    writer.update_root()


def info_title(writer: Writer) -> None:
    info = writer.trailer_view["/Info"]
    info["/Title"] = pdf_string("Discharge plan")
    writer.update_container(info)


def _xmp(writer: Writer) -> tuple[generic.Reference, bytes]:
    reference = writer.root.raw_get("/Metadata").reference
    return reference, writer.prev.get_object(reference).data


def xmp_title(writer: Writer) -> None:
    reference, packet = _xmp(writer)
    changed = packet.replace(b"Care Plan", b"Discharge")
    assert changed != packet
    stream = generic.StreamObject(dictionary(Type=name("Metadata"), Subtype=name("XML")), stream_data=changed)
    writer.objects[reference.generation, reference.idnum] = stream


def open_action(writer: Writer) -> None:
    script = dictionary(S=name("JavaScript"), JS=pdf_string("this.getField('x')"))
    writer.root["/OpenAction"] = writer.add_object(script)
    writer.update_root()


def embedded_file(writer: Writer) -> None:
    stream = writer.add_object(generic.StreamObject(dictionary(Type=name("EmbeddedFile")), stream_data=b"hello"))
    spec = dictionary(Type=name("Filespec"), F=pdf_string("a.exe"), EF=dictionary(F=stream))
    writer.root["/Names"] = dictionary(
        EmbeddedFiles=dictionary(Names=generic.ArrayObject([pdf_string("a.exe"), writer.add_object(spec)]))
    )
    writer.update_root()


def xfa_form(writer: Writer) -> None:
    form = writer.root["/AcroForm"]
    form["/XFA"] = writer.add_object(generic.StreamObject(stream_data=b"<xdp/>"))
    writer.update_container(form)


def hidden_layer(writer: Writer) -> None:
    group = writer.add_object(dictionary(Type=name("OCG"), Name=pdf_string("plan")))
    writer.root["/OCProperties"] = dictionary(
        OCGs=generic.ArrayObject([group]), D=dictionary(OFF=generic.ArrayObject([group]))
    )
    writer.update_root()


def other_language(writer: Writer) -> None:
    writer.root["/Lang"] = pdf_string("xx")
    writer.update_root()


def swap_font(writer: Writer) -> None:
    """The words stay; a font that draws other letters takes the place of ours. Old signing programs rewrite fonts
    too."""
    fonts = _page(writer)["/Resources"]["/Font"]
    raw = fonts.raw_get(next(iter(fonts)))
    raw.get_object()["/BaseFont"] = name("OtherFont")
    writer.mark_update(raw.reference)


def spoken_text(writer: Writer) -> None:
    """What a screen reader says instead of what stands there."""
    root = writer.root["/StructTreeRoot"]
    kids = root["/K"]
    first = kids[0] if isinstance(kids, generic.ArrayObject) else kids
    first["/ActualText"] = pdf_string("Nothing")
    writer.update_container(first)


def free_the_seal(writer: Writer) -> None:
    """The seal's field taken out of the form and off its page."""
    form = writer.root["/AcroForm"]
    form["/Fields"] = generic.ArrayObject(
        each for each in form["/Fields"] if each.get_object()["/T"] != "OrganizationSeal"
    )
    writer.update_container(form)


def unknown_store_entry(writer: Writer) -> None:
    writer.root["/DSS"] = writer.add_object(dictionary(Type=name("DSS"), Extra=pdf_string("x")))
    writer.update_root()


def page_beside_store(writer: Writer) -> None:
    writer.root["/DSS"] = writer.add_object(dictionary(Type=name("DSS")))
    writer.update_root()
    rotate_page(writer)


def false_timestamp_field(writer: Writer) -> None:
    value = dictionary(
        Type=name("DocTimeStamp"), SubFilter=name("ETSI.RFC3161"), Contents=generic.ByteStringObject(b"\0" * 50)
    )
    _new_field(writer, "Timestamp", "Sig", (0, 0, 0, 0), V=writer.add_object(value))


def visible_timestamp_field(writer: Writer) -> None:
    value = dictionary(
        Type=name("DocTimeStamp"), SubFilter=name("ETSI.RFC3161"), Contents=generic.ByteStringObject(b"\0" * 50)
    )
    _new_field(writer, "Timestamp", "Sig", (0, 0, 612, 792), V=writer.add_object(value))


def many_objects(writer: Writer) -> None:
    for _ in range(5_000):
        writer.add_object(dictionary(A=N(1)))


def _contents_overwritten(writer: Writer, **entries: Any) -> Any:
    """The first page's contents, other words in them, under the same number: for a second use in which they may
    change."""
    raw = _page(writer).raw_get("/Contents")
    reference = (raw if isinstance(raw, generic.IndirectObject) else raw[0]).reference
    words = b"BT /F1 24 Tf 50 500 Td (Nothing) Tj ET"
    writer.objects[reference.generation, reference.idnum] = generic.StreamObject(
        dictionary(**entries), stream_data=words
    )
    return generic.IndirectObject(reference.idnum, reference.generation, writer)


def contents_as_stored_certificate(writer: Writer) -> None:
    """The page's contents overwritten, and named in the security store, whose parts may be new."""
    store = dictionary(Type=name("DSS"), Certs=generic.ArrayObject([_contents_overwritten(writer)]))
    writer.root["/DSS"] = writer.add_object(store)
    writer.update_root()


def contents_as_appearance(writer: Writer) -> None:
    drawn = _contents_overwritten(writer, Type=name("XObject"), Subtype=name("Form"), BBox=numbers(0, 0, 10, 10))
    _change_field(writer, "PCPSig", "/AP", dictionary(N=drawn))


def contents_as_extensions(writer: Writer) -> None:
    writer.root["/Extensions"] = _contents_overwritten(writer)
    writer.update_root()


def contents_as_form_resource(writer: Writer) -> None:
    form = writer.root["/AcroForm"]
    form["/DR"] = dictionary(XObject=dictionary(A=_contents_overwritten(writer)))
    writer.update_container(form)


CHANGES: tuple[Change, ...] = (
    contents_as_stored_certificate,
    contents_as_appearance,
    contents_as_extensions,
    contents_as_form_resource,
    free_text,
    stamp_picture,
    link,
    redaction_box,
    replace_page_text,
    overwrite_content_stream,
    add_page,
    remove_page,
    swap_pages,
    rotate_page,
    crop_page,
    swap_page_resources,
    invisible_signature_field,
    visible_signature_field,
    text_field,
    second_field_of_our_name,
    child_field,
    remove_field,
    move_member_field,
    enlarge_member_field,
    rename_member_field,
    relabel_member_field,
    field_script,
    picture_in_unsigned_field,
    hide_member_field,
    print_another_field,
    layer_for_a_field,
    looser_lock,
    spoken_field,
    change_seed_value,
    strip_seal,
    drop_permissions,
    info_title,
    xmp_title,
    open_action,
    embedded_file,
    xfa_form,
    hidden_layer,
    other_language,
    swap_font,
    spoken_text,
    free_the_seal,
    unknown_store_entry,
    page_beside_store,
    false_timestamp_field,
    visible_timestamp_field,
    many_objects,
)
"""Every change that may be made before or after a signer signs; none may be accepted either way."""


def add_nothing(writer: Writer) -> None:
    """A revision that means nothing."""
    writer.update_root()


def form_resources(writer: Writer) -> None:
    """A font for filling in forms: what programs add when a field is filled."""
    font = writer.add_object(dictionary(Type=name("Font"), Subtype=name("Type1"), BaseFont=name("Helvetica")))
    form = writer.root["/AcroForm"]
    form["/DR"] = dictionary(Font=dictionary(Helv=font))
    writer.update_container(form)
