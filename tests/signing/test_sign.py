"""Signing a slot: both orders, both formats, what is refused, and that nothing but a signature is added."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from PIL import Image, ImageDraw
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from cpdocs.core.verdicts import Slot, Verdict
from cpdocs.errors import InputFault
from cpdocs.signing.appearance import Ink, read_ink
from cpdocs.signing.field_names import MEANING
from cpdocs.signing.increment import Format
from cpdocs.signing.keyfiles import KeyPair
from cpdocs.signing.sign import Signatory, sign_slot, signatory_of
from cpdocs.signing.unsigned import look
from tests.signing import builder as b

FONT = (Path(__file__).parents[2] / "templates" / "fonts" / "NotoSans-Regular.ttf").read_bytes()
VISITED = Signatory("Testina Samplewick", witness="Wil Examplewitness")


def ink_png(*, blank: bool = False) -> bytes:
    picture = Image.new("RGBA", (400, 160), (0, 0, 0, 0))
    if not blank:
        ImageDraw.Draw(picture).line([(20, 120), (90, 30), (180, 130), (370, 40)], fill=(10, 10, 90, 255), width=6)
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def as_pcp(data: bytes, pair: KeyPair | None = None, **options: object) -> bytes:
    pair = pair or b.office().clinician()
    return sign_slot(data, Slot.PCP, pair, signatory_of(pair.certificate), now=b.office().now, font=FONT, **options)  # type: ignore[arg-type]


def as_member(data: bytes, pair: KeyPair | None = None, ink: Ink | None = None) -> bytes:
    pair = pair or b.office().one_time(data)
    return sign_slot(data, Slot.MEMBER, pair, VISITED, now=b.office().now, font=FONT, ink=ink)


def judged_by_pyhanko(data: bytes) -> dict[str, bool]:
    """Whether the library finds each signature intact, trusted and followed by nothing that it would refuse."""
    from asn1crypto import x509
    from cryptography.hazmat.primitives import serialization

    root = x509.Certificate.load(b.office().root.certificate.public_bytes(serialization.Encoding.DER))
    # As of the keys' own time: a member's is good for ten minutes, which a slow machine's tests take longer than.
    context = ValidationContext(trust_roots=[root], moment=b.office().now + timedelta(minutes=1))
    found = PdfFileReader(BytesIO(data)).embedded_regular_signatures
    return {item.field_name: validate_pdf_signature(item, context).bottom_line for item in found}


@pytest.mark.parametrize("packing", list(Format))
def test_the_pcp_signs_in_either_format_and_the_library_finds_all_of_it_sound(packing: Format) -> None:
    signed = as_pcp(b.issued().data, packing=packing)
    assert signed.startswith(b.issued().data)
    assert judged_by_pyhanko(signed) == {"OrganizationSeal": True, "PCPSig": True}


def test_an_rsa_key_signs_too() -> None:
    assert judged_by_pyhanko(as_pcp(b.issued().data, b.office().clinician(key=b.rsa_key()))) == {
        "OrganizationSeal": True,
        "PCPSig": True,
    }


def test_member_first_and_pcp_first_both_work_and_each_keeps_what_was_there() -> None:
    for first, second in ((as_member, as_pcp), (as_pcp, as_member)):
        half = first(b.issued().data)
        whole = second(half)
        assert whole.startswith(half)
        assert judged_by_pyhanko(whole) == {"OrganizationSeal": True, "MemberSig": True, "PCPSig": True}


def test_two_copies_signed_apart_are_each_sound_and_neither_begins_the_other() -> None:
    member, pcp = as_member(b.issued().data), as_pcp(b.issued().data)
    assert all(judged_by_pyhanko(member).values())
    assert all(judged_by_pyhanko(pcp).values())
    assert not member.startswith(pcp)
    assert not pcp.startswith(member)


def test_our_own_verdict_accepts_what_sign_makes() -> None:
    pair = b.office().one_time(b.issued().data)
    whole = as_pcp(as_member(b.issued().data, pair))
    examination = b.verdict(whole, trust=b.trust(witnessed=b.witnessed(pair, b.issued().data)))
    assert (examination.verdict, set(examination.fills)) == (Verdict.ACCEPTED, {Slot.MEMBER, Slot.PCP}), (
        examination.findings
    )


def test_a_signature_says_who_when_and_what_it_means() -> None:
    value = PdfFileReader(BytesIO(as_pcp(b.issued().data))).embedded_signatures[-1].sig_object
    assert (value["/Name"], value["/Reason"]) == ("Olga Examplesen, MD", MEANING[Slot.PCP])
    assert value["/M"].startswith(f"D:{b.office().now:%Y%m%d%H%M}")


def test_the_same_key_file_and_time_give_the_same_bytes() -> None:
    pair = b.office().clinician()
    assert as_pcp(b.issued().data, pair) == as_pcp(b.issued().data, pair)


def test_signing_leaves_title_and_dates_of_the_document_alone() -> None:
    before, after = pikepdf.open(BytesIO(b.issued().data)), pikepdf.open(BytesIO(as_pcp(b.issued().data)))
    assert before.docinfo == after.docinfo
    assert before.Root.get("/Metadata") == after.Root.get("/Metadata")
    assert "/Version" not in after.Root


def test_the_picture_shows_name_npi_date_and_meaning_in_an_embedded_font() -> None:
    document = pikepdf.open(BytesIO(as_pcp(b.issued().data)))
    field = next(item for item in document.Root.AcroForm.Fields if str(item.T) == "PCPSig")
    picture = field.AP.N
    font = picture.Resources.Font.F0
    assert "/FontFile2" in font.DescendantFonts[0].FontDescriptor
    text = shown(picture.read_bytes(), font.ToUnicode.read_bytes())
    for part in ("Olga Examplesen, MD", f"NPI {b.PCP}", MEANING[Slot.PCP][:20]):
        assert part in text
    assert "/StructParent" in field


def shown(content: bytes, to_unicode: bytes) -> str:
    """The text of a picture's content stream, lines joined by spaces."""
    import re

    codes = dict(re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]{4})>", to_unicode))
    lines = re.findall(rb"<([0-9A-F]+)> Tj", content)
    return " ".join("".join(chr(int(codes[line[i : i + 4]], 16)) for i in range(0, len(line), 4)) for line in lines)


def test_a_members_ink_is_a_grey_picture_without_transparency() -> None:
    document = pikepdf.open(BytesIO(as_member(b.issued().data, ink=read_ink(ink_png(), name="ink.png"))))
    field = next(item for item in document.Root.AcroForm.Fields if str(item.T) == "MemberSig")
    ink = field.AP.N.Resources.XObject.Ink
    assert (ink.ColorSpace, ink.BitsPerComponent) == ("/DeviceGray", 8)
    assert "/SMask" not in ink


def test_a_name_that_the_font_cannot_draw_is_pointed_to_not_drawn_as_boxes() -> None:
    pair = b.office().one_time(b.issued().data)
    signed = sign_slot(b.issued().data, Slot.MEMBER, pair, Signatory("សុខ", witness="W"), now=b.office().now, font=FONT)
    document = pikepdf.open(BytesIO(signed))
    field = next(item for item in document.Root.AcroForm.Fields if str(item.T) == "MemberSig")
    text = shown(field.AP.N.read_bytes(), field.AP.N.Resources.Font.F0.ToUnicode.read_bytes())
    assert "the person named in the signature's certificate" in text


# What is refused, before anything is written


def test_a_slot_is_signed_once() -> None:
    with pytest.raises(InputFault, match="signed for the PCP or designee already"):
        as_pcp(as_pcp(b.issued().data))


def test_a_file_that_is_not_an_issued_plan_is_refused() -> None:
    for data in (b"", b"Dear PCP", b.unsealed()[0], b"%PDF-1.7\n%%EOF"):
        with pytest.raises(InputFault):
            as_pcp(data)


def test_a_plan_changed_since_it_was_sealed_is_refused() -> None:
    sealed = b.issued().data
    spot = sealed.index(b"/Contents <") + 2000
    changed = sealed[: sealed.index(b"FlateDecode")] + b"flateDecode" + sealed[sealed.index(b"FlateDecode") + 11 :]
    for data in (
        changed,
        sealed + b"\nmore",
        sealed[:-400],
        sealed[:spot] + bytes([sealed[spot] ^ 1]) + sealed[spot + 1 :],
    ):
        with pytest.raises(InputFault, match=r"changed since|damaged"):
            as_pcp(data)


def test_neither_the_seal_nor_the_members_key_can_sign_for_the_pcp() -> None:
    with pytest.raises(InputFault, match="signed this plan already"):
        as_pcp(b.issued().data, b.office().seal)
    pair = b.office().one_time(b.issued().data)
    with pytest.raises(InputFault, match="one-time key can't sign for the PCP"):
        as_pcp(b.issued().data, pair)


def test_one_digital_id_cannot_sign_both_slots() -> None:
    pair = b.office().clinician()
    half = sign_slot(b.issued().data, Slot.MEMBER, pair, VISITED, now=b.office().now, font=FONT)
    with pytest.raises(InputFault, match="signed this plan already"):
        as_pcp(half, pair)


def test_an_expired_digital_id_does_not_sign() -> None:
    pair = b.office().clinician()
    late = pair.certificate.not_valid_after_utc + timedelta(days=1)
    with pytest.raises(InputFault, match="expired"):
        sign_slot(b.issued().data, Slot.PCP, pair, signatory_of(pair.certificate), now=late, font=FONT)


def test_a_certificate_that_is_not_for_signing_does_not_sign() -> None:
    with pytest.raises(InputFault, match="not meant for signing"):
        as_pcp(b.issued().data, b.self_signed(usage="encryption"))


def test_the_certificate_of_a_one_time_key_ties_it_to_the_bytes_that_were_shown() -> None:
    data = b.issued().data
    signed = as_member(data)
    certificate = PdfFileReader(BytesIO(signed)).embedded_signatures[-1].signer_cert
    from cryptography import x509

    from cpdocs.signing.identity import named_in

    named = named_in(x509.load_der_x509_certificate(certificate.dump()))
    assert (named.document_id, named.digest) == (look(data, name="plan.pdf").document_id, sha256(data).hexdigest())


@pytest.mark.parametrize("png", [b"", b"GIF89a", ink_png()[:60], ink_png(blank=True)])
def test_a_picture_without_ink_is_refused(png: bytes) -> None:
    with pytest.raises(InputFault):
        read_ink(png, name="ink.png")


def test_ink_is_cut_to_what_is_written_and_bounded() -> None:
    ink = read_ink(ink_png(), name="ink.png")
    assert 0 < ink.width < 400
    assert len(ink.pixels) == ink.width * ink.height
