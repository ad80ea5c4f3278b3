"""Bytes behind the issued plan that two readers read differently, or that nobody has vouched for: written by hand."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import pikepdf
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from cpdocs.core.verdicts import Slot
from cpdocs.signing.appearance import Picture
from cpdocs.signing.field_names import MEANING
from cpdocs.signing.increment import Statement, append_signature
from tests.signing import archival
from tests.signing import builder as b
from tests.signing.attacks import revisions, structure
from tests.signing.attacks.revisions import dictionary, name

Bytes = Callable[[bytes], bytes]
WORDS = b"This plan is void. The services named in it were refused.\n"


def signed(data: bytes | None = None) -> bytes:
    return b.sign(data or b.issued().data, "PCPSig", b.office().clinician())


@cache
def signed_once() -> bytes:
    """One plan signed by the PCP, the same each time."""
    return signed()


@dataclass(frozen=True)
class _Known:
    """What a revision by hand needs to know of the file that it is put behind."""

    root: int
    info: int
    size: int
    start: int
    identity: bytes
    contents: int
    page: int


def _known(data: bytes) -> _Known:
    with pikepdf.open(io.BytesIO(data)) as document:
        page = document.pages[0].obj
        return _Known(
            document.Root.objgen[0],
            document.trailer.Info.objgen[0],
            max(int(each) for each in re.findall(rb"/Size (\d+)", data)),
            int(re.findall(rb"startxref\s+(\d+)", data)[-1]),
            re.findall(rb"/ID\s*\[[^\]]*\]", data)[-1],
            page.Contents.objgen[0],
            page.objgen[0],
        )


def _row(number: int, offset: int, generation: int = 0, kind: bytes = b"n") -> bytes:
    return b"%d 1\n%010d %05d %s \n" % (number, offset, generation, kind)


def _append(
    data: bytes,
    objects: Sequence[tuple[int, bytes]] = (),
    *,
    before: bytes = b"",
    after: bytes = b"",
    rows: Callable[[dict[int, int]], bytes] | None = None,
    trailer: bytes = b"",
    size: int = 0,
) -> bytes:
    """``data`` with one revision: ``before``, the objects, ``after``, their table (or what ``rows`` makes of their
    offsets), and a trailer with more in it. An object's number may be negative: its offset isn't listed."""
    known = _known(data)
    out = bytearray(data + before)
    places: dict[int, int] = {}
    for number, body in objects:
        if number > 0:
            places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (abs(number), body)
    out += after
    start = len(out)
    listed = rows(places) if rows else b"".join(_row(number, at) for number, at in sorted(places.items()))
    size = size or max([known.size, *(number + 1 for number in places)])
    out += b"xref\n%strailer\n<</Size %d/Root %d 0 R/Info %d 0 R/Prev %d %s%s>>\nstartxref\n%d\n%%%%EOF\n" % (
        *(listed or b"0 0\n", size, known.root, known.info, known.start, known.identity, trailer, start),
    )
    return bytes(out)


def _original(data: bytes, number: int) -> int:
    """Where the object of that number stood first."""
    return data.index(b"\n%d 0 obj" % number) + 1


def entry_listed_twice(data: bytes) -> bytes:
    """Page 1's content anew under its own number, which the table lists twice: some readers take the first entry, some
    the last."""
    number = _known(data).contents

    def rows(places: dict[int, int]) -> bytes:
        return _row(number, places[number]) + _row(number, _original(data, number))

    return _append(data, [(number, structure.OTHER_WORDS)], rows=rows)


def entry_listed_twice_the_other_way(data: bytes) -> bytes:
    number = _known(data).contents

    def rows(places: dict[int, int]) -> bytes:
        return _row(number, _original(data, number)) + _row(number, places[number])

    return _append(data, [(number, structure.OTHER_WORDS)], rows=rows)


def object_that_no_table_lists(data: bytes) -> bytes:
    """Found by readers that search the bytes."""
    known = _known(data)
    return _append(data, [(-known.contents, structure.OTHER_WORDS), (known.size, b"<<>>")])


def empty_table_with_words(data: bytes) -> bytes:
    return _append(data, before=WORDS)


def empty_table_with_a_comment(data: bytes) -> bytes:
    return _append(data, before=b"% " + WORDS)


def empty_table_with_a_second_document(data: bytes) -> bytes:
    return _append(data, before=b.issued(title="Discharge plan of").data)


def revision_of_nothing(data: bytes) -> bytes:
    return _append(data)


def object_that_nothing_refers_to(data: bytes) -> bytes:
    return _append(data, [(_known(data).size, b"(%s)" % WORDS.strip())])


def picture_that_nothing_refers_to(data: bytes) -> bytes:
    return _append(data, [(_known(data).size, structure.OTHER_WORDS)])


def linearization_dictionary(data: bytes) -> bytes:
    return _append(data, [(_known(data).size, b"<</Linearized 1/L 9999/H[1 1]/O 4/E 99/N 1/T 99>>")])


def comment_between_objects(data: bytes) -> bytes:
    size = _known(data).size
    return _append(data, [(size, b"<<>>")], after=b"% " + WORDS)


def second_header(data: bytes) -> bytes:
    return _append(data, [(_known(data).size, b"<<>>")], before=b"%PDF-1.3\n")


def second_end_in_one_revision(data: bytes) -> bytes:
    return _append(data, after=b"startxref\n%d\n%%%%EOF\n" % _known(data).start)


def second_start_before_the_signature(data: bytes) -> bytes:
    """The end named once more, between the issued plan and what is signed."""
    return data + b"startxref\n%d\n%%%%EOF\n" % _known(data).start


def flood_of_white_space(data: bytes) -> bytes:
    return _append(data, before=b" " * 4096 + b"\n")


def entry_into_a_stream(data: bytes) -> bytes:
    """An object that stands in another one's data: a second reading of the same bytes."""
    known = _known(data)
    hidden = b"\n%d 0 obj\n%s\nendobj\n" % (known.contents, structure.OTHER_WORDS)
    body = b"<</Length %d>>stream\n%s\nendstream" % (len(hidden), hidden)

    def rows(places: dict[int, int]) -> bytes:
        at = places[known.size] + len(b"%d 0 obj\n<</Length %d>>stream\n" % (known.size, len(hidden))) + 1
        return _row(known.contents, at) + _row(known.size, places[known.size])

    return _append(data, [(known.size, body)], rows=rows)


def length_that_is_too_short(data: bytes) -> bytes:
    """Readers that go by the length see one object, readers that search for the end another."""
    size = _known(data).size
    return _append(data, [(size, b"<</Length 3>>stream\n%s\nendstream" % WORDS)])


def length_that_is_too_long(data: bytes) -> bytes:
    size = _known(data).size
    return _append(data, [(size, b"<</Length 300>>stream\n%s\nendstream" % WORDS)])


def length_in_the_issued_plan(data: bytes) -> bytes:
    size = _known(data).size
    return _append(data, [(size, b"<</Length %d 0 R>>stream\n%s\nendstream" % (_known(data).root, WORDS))])


def unused_number_set_free(data: bytes) -> bytes:
    size = _known(data).size
    rows = lambda _: _row(size + 3, 0, 1, b"f")  # noqa: E731
    return _append(data, rows=rows, size=size + 4)


def contents_set_free(data: bytes) -> bytes:
    number = _known(data).contents
    return _append(data, rows=lambda _: _row(number, 0, 1, b"f"))


def empty_picture_of_a_further_generation(data: bytes) -> bytes:
    """As poppler does with a field's picture, but with a page's content."""
    number = _known(data).contents
    changed = _append(
        data, [(number, b"<</Length 0>>stream\n\nendstream")], rows=lambda at: _row(number, at[number], 1)
    )
    cut = len(data)
    return changed[:cut] + changed[cut:].replace(b"%d 0 obj" % number, b"%d 1 obj" % number)


def words_in_a_picture_of_a_further_generation(data: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(data)) as document:
        number = document.Root.AcroForm.Fields[0].AP.N.objgen[0]
    body = b"<</Subtype/Form/BBox[0 0 9 9]/Length %d>>stream\n%s\nendstream" % (len(WORDS), WORDS)
    changed = _append(data, [(number, body)], rows=lambda at: _row(number, at[number], 1))
    cut = len(data)
    return changed[:cut] + changed[cut:].replace(b"%d 0 obj" % number, b"%d 1 obj" % number)


def words_in_the_trailer(data: bytes) -> bytes:
    return _append(data, [(_known(data).size, b"<<>>")], trailer=b"/Note(%s)" % WORDS.strip())


def second_table_named_in_the_trailer(data: bytes) -> bytes:
    return _append(data, [(_known(data).size, b"<<>>")], trailer=b"/XRefStm %d" % _known(data).start)


def another_identity(data: bytes) -> bytes:
    changed = _append(data, [(_known(data).size, b"<<>>")])
    cut = len(data)
    return changed[:cut] + re.sub(rb"/ID\s*\[[^\]]*\]", b"/ID[<00><01>]", changed[cut:])


def fewer_objects_than_there_are(data: bytes) -> bytes:
    return _append(data, [(_known(data).size, b"<<>>")], size=5)


def table_in_lines_of_another_length(data: bytes) -> bytes:
    size = _known(data).size
    return _append(data, [(size, b"<<>>")], rows=lambda at: b"%d 1\n%010d 00000 n\n" % (size, at[size]))


def catalog_with_a_comment_in_it(data: bytes) -> bytes:
    """A comment that some readers end at a carriage return, some at a line feed alone."""
    root = _known(data).root
    body = structure.catalog_of(data)
    other = body + b"% \r/Lang (xx)\n"
    return _append(data, [(root, b"<<%s>>" % other)])


def store_of_plain_words(data: bytes) -> bytes:
    return _with_store(data, b"<</Note(%s)>>" % WORDS.strip())


def store_with_words_for_a_certificate(data: bytes) -> bytes:
    size = _known(data).size
    stream = b"<</Length %d>>stream\n%s\nendstream" % (len(WORDS), WORDS)
    return _with_store(data, b"<</Type/DSS/Certs[%d 0 R]>>" % (size + 1), (size + 1, stream))


def store_with_words_behind_a_certificate(data: bytes) -> bytes:
    size = _known(data).size
    content = archival.clock_der() + WORDS
    stream = b"<</Length %d>>stream\n%s\nendstream" % (len(content), content)
    return _with_store(data, b"<</Type/DSS/Certs[%d 0 R]>>" % (size + 1), (size + 1, stream))


def store_with_a_certificate_for_an_answer(data: bytes) -> bytes:
    size = _known(data).size
    content = archival.clock_der()
    stream = b"<</Length %d>>stream\n%s\nendstream" % (len(content), content)
    return _with_store(data, b"<</Type/DSS/OCSPs[%d 0 R]>>" % (size + 1), (size + 1, stream))


def store_with_a_page_for_a_certificate(data: bytes) -> bytes:
    return _with_store(data, b"<</Type/DSS/Certs[%d 0 R]>>" % _known(data).contents)


def store_with_words_about_a_signature(data: bytes) -> bytes:
    return _with_store(data, b"<</Type/DSS/VRI<</%s<</TU(%s)>>>>>>" % (b"AB" * 20, WORDS.strip()))


def store_of_nothing(data: bytes) -> bytes:
    return _with_store(data, b"<</Type/DSS/Certs[]/CRLs[]/OCSPs[]>>")


def _with_store(data: bytes, store: bytes, *more: tuple[int, bytes]) -> bytes:
    known = _known(data)
    catalog = b"<<%s/DSS %d 0 R>>" % (structure.catalog_of(data), known.size)
    return _append(data, [(known.root, catalog), (known.size, store), *more])


def words_as_the_files_identity(data: bytes) -> bytes:
    changed = archival.with_validation_material(data)
    known, cut = _known(data), len(data)
    first = known.identity[known.identity.index(b"[") + 1 :].split()[0]
    return changed[:cut] + re.sub(rb"/ID\s*\[[^\]]*\]", b"/ID[%s(%s)]" % (first, WORDS.strip()), changed[cut:])


def length_in_the_place_of_a_page(data: bytes) -> bytes:
    """The number of a page's content, given to a number that says how long a stream is."""
    known = _known(data)
    content = archival.clock_der()
    stream = b"<</Length %d 0 R>>stream\n%s\nendstream" % (known.contents, content)
    more = ((known.size + 1, stream), (known.contents, b"%d" % len(content)))
    return _with_store(data, b"<</Type/DSS/Certs[%d 0 R]>>" % (known.size + 1), *more)


def _beside_a_store(data: bytes, change: revisions.Change) -> bytes:
    """A security store that is one, and in the same revision a change."""

    def both(writer: revisions.Writer) -> None:
        certificate = generic.StreamObject(stream_data=archival.clock_der())
        certificates = generic.ArrayObject([writer.add_object(certificate)])
        writer.root["/DSS"] = writer.add_object(dictionary(Type=name("DSS"), Certs=certificates))
        writer.update_root()
        change(writer)

    return revisions.revise(data, both)


def words_as_the_producer_beside_a_store(data: bytes) -> bytes:
    def change(writer: revisions.Writer) -> None:
        info = writer.trailer["/Info"]
        info["/Producer"] = pdf_string(WORDS.decode())
        writer.update_container(info)

    return _beside_a_store(data, change)


def words_as_an_extension_beside_a_store(data: bytes) -> bytes:
    def change(writer: revisions.Writer) -> None:
        entries = {"BaseVersion": name("1.7"), "ExtensionLevel": revisions.N(1), "URL": pdf_string(WORDS.decode())}
        writer.root["/Extensions"]["/ADBE"] = dictionary(**entries)
        writer.update_container(writer.root["/Extensions"])

    return _beside_a_store(data, change)


def comment_in_the_metadata_beside_a_store(data: bytes) -> bytes:
    return _with_packet(data, lambda packet: packet.replace(b"<rdf:RDF", b"<!-- " + WORDS + b"--><rdf:RDF", 1))


def words_about_the_copy_beside_a_store(data: bytes) -> bytes:
    """In a property that no comparison of particulars looks at."""
    said = b'<rdf:Description rdf:about="" xmlns:m="http://ns.adobe.com/xap/1.0/mm/" m:Manager="%s"/></rdf:RDF>'
    return _with_packet(data, lambda packet: packet.replace(b"</rdf:RDF>", said % WORDS.strip(), 1))


def _with_packet(data: bytes, spoil: Bytes) -> bytes:
    with pikepdf.open(io.BytesIO(data)) as document:
        packet = document.Root.Metadata.read_bytes()
    changed = spoil(packet)
    assert changed != packet

    def change(writer: revisions.Writer) -> None:
        raw = writer.root.raw_get("/Metadata")
        head = dictionary(Type=name("Metadata"), Subtype=name("XML"))
        writer.objects[raw.generation, raw.idnum] = generic.StreamObject(head, stream_data=changed)

    return _beside_a_store(data, change)


def form_setting(data: bytes) -> bytes:
    def change(writer: revisions.Writer) -> None:
        form = writer.root["/AcroForm"]
        form["/NeedAppearances"] = generic.BooleanObject(True)
        writer.update_container(form)

    return revisions.revise(data, change)


def program_name_alone(data: bytes) -> bytes:
    def change(writer: revisions.Writer) -> None:
        info = writer.trailer["/Info"]
        info["/Producer"] = pdf_string("Another program")
        writer.update_container(info)

    return revisions.revise(data, change)


def widget_listed_twice_on_its_page(data: bytes) -> bytes:
    def change(writer: revisions.Writer) -> None:
        form = writer.root["/AcroForm"]
        page = form["/Fields"][0].get_object()["/P"]
        page["/Annots"].append(form["/Fields"].raw_get(0))
        writer.update_container(page)

    return revisions.revise(data, change)


def _signing(change: revisions.Change) -> bytes:
    """The PCP signs, and ``change`` is made in that very revision."""
    writer = IncrementalPdfFileWriter(io.BytesIO(b.issued().data))
    change(writer)
    return b.sign_with(writer, "PCPSig", b.office().clinician())


def own_field_hidden() -> bytes:
    return _signing(lambda writer: revisions._change_field(writer, "PCPSig", "/F", revisions.N(2)))


def own_field_not_printed() -> bytes:
    return _signing(lambda writer: revisions._change_field(writer, "PCPSig", "/F", revisions.N(128)))


def tags_switched_off() -> bytes:
    def change(writer: revisions.Writer) -> None:
        writer.root["/MarkInfo"] = dictionary(Marked=generic.BooleanObject(False))
        writer.update_root()

    return _signing(change)


def other_reader_settings() -> bytes:
    def change(writer: revisions.Writer) -> None:
        writer.root["/ViewerPreferences"] = dictionary(HideToolbar=generic.BooleanObject(True))
        writer.update_root()

    return _signing(change)


def object_beside_the_signature() -> bytes:
    return _signing(lambda writer: writer.add_object(pdf_string(WORDS.decode())) and None)


def _drawn(**entries: Any) -> bytes:
    """The PCP signs with a picture whose stream says more."""

    class Drawing:
        def draw(self, writer: Any, width: float, height: float) -> generic.IndirectObject:
            head = dictionary(Type=name("XObject"), Subtype=name("Form"), BBox=revisions.numbers(0, 0, width, height))
            made = {key: value(writer) if callable(value) else value for key, value in entries.items()}
            head.update(dictionary(**made))
            return cast(
                generic.IndirectObject, writer.add_object(generic.StreamObject(head, stream_data=b"0 0 m 9 9 l S"))
            )

    statement = Statement(name="Olga Examplesen", reason=MEANING[Slot.PCP], signed_at=b.office().now)
    picture = cast(Picture, Drawing())
    return append_signature(b.issued().data, "PCPSig", b.office().clinician(), statement, picture=picture)


def picture_in_an_external_file() -> bytes:
    return _drawn(F=pdf_string("https://example.org/picture"))


def picture_in_a_layer() -> bytes:
    return _drawn(OC=dictionary(Type=name("OCG"), Name=pdf_string("x")))


def picture_with_layers_in_it() -> bytes:
    layer = dictionary(Type=name("OCG"), Name=pdf_string("x"))
    return _drawn(Resources=dictionary(Properties=dictionary(L=layer)))


def picture_of_another_files_page() -> bytes:
    return _drawn(Ref=dictionary(F=pdf_string("other.pdf"), Page=revisions.N(0)))


def picture_with_an_alternate() -> bytes:
    def image(writer: Any) -> Any:
        head = dictionary(Type=name("XObject"), Subtype=name("Image"), Width=revisions.N(1), Height=revisions.N(1))
        head.update(dictionary(BitsPerComponent=revisions.N(8), ColorSpace=name("DeviceGray")))
        head.update(
            dictionary(Alternates=generic.ArrayObject([dictionary(DefaultForPrinting=generic.BooleanObject(True))]))
        )
        return dictionary(XObject=dictionary(I=writer.add_object(generic.StreamObject(head, stream_data=b"\0"))))

    return _drawn(Resources=image)


def picture_by_a_page_of_the_plan() -> bytes:
    def contents(writer: Any) -> Any:
        return dictionary(XObject=dictionary(P=writer.root["/Pages"]["/Kids"].raw_get(0)))

    return _drawn(Resources=contents)


def picture_in_a_font_of_drawings() -> bytes:
    """A Type 3 font draws anything at all."""
    font = dictionary(Type=name("Font"), Subtype=name("Type3"), CharProcs=dictionary())
    return _drawn(Resources=dictionary(Font=dictionary(F=font)))


def packed_object_that_nothing_refers_to() -> bytes:
    return signed(structure._with_stream({}, {structure._size() + 1: b"(void)"}))


def table_as_a_stream_beside_words() -> bytes:
    return signed(structure._with_stream({structure._size() + 1: b"(%s)" % WORDS.strip()}, {}))


NOT_READ = (
    empty_picture_of_a_further_generation,
    words_in_a_picture_of_a_further_generation,
    second_table_named_in_the_trailer,
    fewer_objects_than_there_are,
    catalog_with_a_comment_in_it,
)
"""Which the library itself doesn't read, and no program that goes by it would sign."""

HAND = (
    entry_listed_twice,
    entry_listed_twice_the_other_way,
    object_that_no_table_lists,
    empty_table_with_words,
    empty_table_with_a_comment,
    empty_table_with_a_second_document,
    revision_of_nothing,
    object_that_nothing_refers_to,
    picture_that_nothing_refers_to,
    linearization_dictionary,
    comment_between_objects,
    second_header,
    second_end_in_one_revision,
    flood_of_white_space,
    entry_into_a_stream,
    length_that_is_too_short,
    length_that_is_too_long,
    length_in_the_issued_plan,
    unused_number_set_free,
    contents_set_free,
    words_in_the_trailer,
    another_identity,
    table_in_lines_of_another_length,
    store_of_plain_words,
    store_of_nothing,
    store_with_words_for_a_certificate,
    store_with_words_behind_a_certificate,
    store_with_a_certificate_for_an_answer,
    store_with_a_page_for_a_certificate,
    store_with_words_about_a_signature,
    words_as_the_files_identity,
    length_in_the_place_of_a_page,
    words_as_the_producer_beside_a_store,
    words_as_an_extension_beside_a_store,
    comment_in_the_metadata_beside_a_store,
    words_about_the_copy_beside_a_store,
    form_setting,
    program_name_alone,
    widget_listed_twice_on_its_page,
)
"""Each made before the PCP signs, and after."""

SIGNING = (
    own_field_hidden,
    own_field_not_printed,
    tags_switched_off,
    other_reader_settings,
    object_beside_the_signature,
    picture_in_an_external_file,
    picture_in_a_layer,
    picture_with_layers_in_it,
    picture_of_another_files_page,
    picture_with_an_alternate,
    picture_by_a_page_of_the_plan,
    picture_in_a_font_of_drawings,
    packed_object_that_nothing_refers_to,
    table_as_a_stream_beside_words,
)
"""Made in the very revision that the PCP signs, or under it."""
