"""The seal and the fields that it leaves to be signed."""

from __future__ import annotations

from functools import cache
from io import BytesIO

import pikepdf
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm

from cpdocs.core.verdicts import Slot
from cpdocs.errors import InputFault
from cpdocs.signing.field_names import FIELDS, MEANING
from cpdocs.signing.fields import add_fields
from cpdocs.signing.unsigned import look
from tests.signing import builder as b


@cache
def opened() -> pikepdf.Pdf:
    return pikepdf.open(BytesIO(b.issued().data))


def field(name: str) -> pikepdf.Object:
    document = opened()
    return next(item for item in document.Root.AcroForm.Fields if str(item.T) == name)


def test_a_sealed_plan_has_our_three_fields_and_only_the_seal_is_filled() -> None:
    document = pikepdf.open(BytesIO(b.issued().data))
    found = {str(item.T): "/V" in item for item in document.Root.AcroForm.Fields}
    assert found == {"MemberSig": False, "PCPSig": False, "OrganizationSeal": True}
    assert all(item.FT == "/Sig" for item in document.Root.AcroForm.Fields)


def test_the_seal_certifies_and_allows_filling_in_and_signing() -> None:
    signature = PdfFileReader(BytesIO(b.issued().data)).embedded_signatures[0]
    assert signature.docmdp_level == MDPPerm.FILL_FORMS
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"


def test_sealing_the_same_plan_twice_gives_the_same_bytes() -> None:
    pdf, boxes = b.unsealed()
    assert b.seal_with(b.office().seal, pdf, boxes) == b.seal_with(b.office().seal, pdf, boxes)


def test_each_field_stands_where_the_template_put_it_and_says_what_it_is_for() -> None:
    member, box = field("MemberSig"), b.issued().boxes["MemberSig"]
    assert [float(side) for side in member.Rect] == [box.x0, box.y0, box.x1, box.y1]
    assert "member" in str(member.TU)
    assert "PCP" in str(field("PCPSig").TU)


def test_a_field_asks_for_its_meaning_and_a_sound_digest_but_for_no_format_and_no_certificate() -> None:
    for name, slot in (("MemberSig", Slot.MEMBER), ("PCPSig", Slot.PCP)):
        wanted = field(name).SV
        assert [str(reason) for reason in wanted.Reasons] == [MEANING[slot]]
        assert [str(digest) for digest in wanted.DigestMethod] == ["SHA256", "SHA384", "SHA512"]
        assert "/SubFilter" not in wanted
        assert "/Cert" not in wanted


def test_a_field_locks_itself_and_the_seal_but_never_the_other_slot() -> None:
    assert {str(name) for name in field("MemberSig").Lock.Fields} == {"MemberSig", "OrganizationSeal"}
    assert {str(name) for name in field("PCPSig").Lock.Fields} == {"PCPSig", "OrganizationSeal"}


def test_each_field_is_tagged_as_a_form_and_the_tag_leads_back_to_it() -> None:
    document = pikepdf.open(BytesIO(b.issued().data))
    parents = pikepdf.NumberTree(document.Root.StructTreeRoot.ParentTree)
    for item in document.Root.AcroForm.Fields:
        tag = parents[int(item.StructParent)]
        assert tag.S == "/Form"
        assert tag.K.Obj.objgen == item.objgen


def test_a_fields_tag_stands_where_the_template_marked_its_place() -> None:
    pdf, boxes = b.unsealed()
    document = pikepdf.open(BytesIO(pdf))
    place = document.Root.StructTreeRoot.K[0].K[0]
    place.T = pikepdf.String("PCPSig")
    out = BytesIO()
    document.save(out)
    made = pikepdf.open(BytesIO(add_fields(out.getvalue(), boxes)))
    place = made.Root.StructTreeRoot.K[0].K[0]
    assert str(place.T) == "PCPSig"
    assert place.K[-1].S == "/Form"
    assert str(place.K[-1].K.Obj.T) == "PCPSig"


def test_no_object_streams_are_left_in_a_plan() -> None:
    document = pikepdf.open(BytesIO(b.issued().data))
    assert not [
        item for item in document.objects if isinstance(item, pikepdf.Stream) and item.get("/Type") == "/ObjStm"
    ]


def test_a_template_without_a_box_is_named_with_what_it_lacks() -> None:
    pdf, boxes = b.unsealed()
    with pytest.raises(InputFault, match="no box for PCPSig"):
        add_fields(pdf, {"MemberSig": boxes["MemberSig"]})


def test_a_plan_that_has_a_form_already_is_refused() -> None:
    pdf, boxes = b.unsealed()
    with pytest.raises(InputFault, match="has a form in it already"):
        add_fields(add_fields(pdf, boxes), boxes)


def test_an_untagged_rendering_is_refused() -> None:
    blank = pikepdf.new()
    blank.add_blank_page()
    out = BytesIO()
    blank.save(out)
    with pytest.raises(InputFault, match="not tagged"):
        add_fields(out.getvalue(), b.unsealed()[1])


def test_the_seal_carries_the_document_id_that_a_reader_of_the_file_finds() -> None:
    seen = look(b.issued().data, name="plan.pdf")
    assert seen.document_id == b.DOCUMENT_ID
    assert seen.seal_fingerprint == b.issued().plan.seal_fingerprint
    assert seen.signed == {}
    assert len(FIELDS) == 3
