"""What a mail or an archive holds is taken out within limits, and nothing it does makes the rest fail."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from email.message import EmailMessage

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cpdocs.intake.unwrapping import is_wrapped, unwrap

PDF = b"%PDF-1.7\n" + b"x" * 2000 + b"\n%%EOF\n"
MOST = 1_000_000


def picture(kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("L", (40, 40), 255).save(out, kind)
    return out.getvalue()


def mail(*attached: tuple[bytes, str, str], text: str = "Attached.\n", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@practice.example.org", "b@cp.example.org", "plan"
    message.set_content(text)
    for data, main, sub in attached:
        message.add_attachment(data, maintype=main, subtype=sub, filename="x")
    return message.as_bytes()


def zipped(*files: bytes, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for number, data in enumerate(files):
            archive.writestr(f"../{number}", data)
    return out.getvalue()


def tar(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo("../plan.pdf")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def winmail(*files: bytes, messages: int = 0) -> bytes:
    """A winmail.dat with these files attached, and so many messages of which nothing can be taken out."""
    attributes = [(1, 0x00078008, b"IPM.Note\0")]
    for data in files:
        attributes += [(2, 0x00069002, bytes(14)), (2, 0x0006800F, data)]
    attributes += [(2, 0x00069002, bytes(14))] * messages
    packed = [struct.pack("<BII", *each[:2], len(each[2])) + each[2] + b"\0\0" for each in attributes]
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(packed)


WRAPPED = {
    "mail": mail((PDF, "application", "pdf")),
    "mail called something else": mail((PDF, "application", "octet-stream")),
    "zip": zipped(PDF),
    "zip that only stores": zipped(PDF, how=zipfile.ZIP_STORED),
    "gzip": gzip.compress(PDF),
    "zip in a mail": mail((zipped(PDF), "application", "zip")),
    "mail out of a mailbox": b"From a@practice.example.org Mon Nov  2 10:00:00 2026\n"
    + mail((PDF, "application", "pdf")),
    "mail as Apple's program keeps it": b"2481\n" + mail((PDF, "application", "pdf")) + b"<plist/>",
    "tar": tar(PDF),
    "tar within gzip": gzip.compress(tar(PDF)),
    "winmail.dat": winmail(PDF),
    "winmail.dat in a mail": mail((winmail(PDF), "application", "ms-tnef")),
}


@pytest.mark.parametrize("kind", WRAPPED)
def test_the_plan_inside_comes_out_as_it_went_in(kind: str) -> None:
    assert is_wrapped(WRAPPED[kind])
    found = unwrap(WRAPPED[kind], most_bytes=MOST)
    assert (found.files, found.problem) == ((PDF,), "")


def test_a_plan_by_itself_is_no_wrapper() -> None:
    assert not is_wrapped(PDF)
    assert not is_wrapped(b"Dear all, here is nothing\n")


def test_a_portfolio_gives_up_what_it_holds() -> None:
    out = io.BytesIO()
    with pikepdf.new() as portfolio:
        portfolio.add_blank_page()
        portfolio.attachments["plan.pdf"] = pikepdf.AttachedFileSpec(portfolio, PDF, filename="plan.pdf")
        portfolio.Root.Collection = pikepdf.Dictionary(Type=pikepdf.Name.Collection)
        portfolio.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    assert is_wrapped(out.getvalue())
    assert unwrap(out.getvalue(), most_bytes=MOST).files == (PDF,)


def test_a_portfolio_that_packs_its_objects_gives_up_what_it_holds_and_a_plan_with_a_file_in_it_is_none() -> None:
    for portfolio in (True, False):
        out = io.BytesIO()
        with pikepdf.new() as document:
            document.add_blank_page()
            document.attachments["plan"] = pikepdf.AttachedFileSpec(document, PDF)
            if portfolio:
                document.Root.Collection = pikepdf.Dictionary(Type=pikepdf.Name.Collection)
            document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        assert (b"/Collection" in out.getvalue(), is_wrapped(out.getvalue())) == (False, True)
        assert unwrap(out.getvalue(), most_bytes=MOST).files == ((PDF,) if portfolio else ())


def test_what_isnt_taken_out_is_counted_and_what_programs_add_by_themselves_is_not() -> None:
    words = zipped(b"<w:document/>")
    beside = mail((PDF, "application", "pdf"), (words, "application", "octet-stream"), (b"see", "text", "plain"))  # type: ignore[arg-type]
    assert unwrap(beside, most_bytes=MOST).left == 2
    assert (
        unwrap(zipped(PDF, b"\0\5\x16\7" + bytes(80), b"BEGIN:VCARD\n", b"[.ShellClassInfo]\r\n"), most_bytes=MOST).left
        == 0
    )
    assert unwrap(winmail(PDF), most_bytes=MOST).left == 1
    assert unwrap(mail((winmail(PDF), "application", "ms-tnef")), most_bytes=MOST).left == 0
    assert unwrap(mail((winmail(PDF, messages=1), "application", "ms-tnef")), most_bytes=MOST).left == 1


def test_a_signed_mail_gives_up_what_was_signed_and_an_encrypted_one_stays_shut() -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

    from tests.signing import builder as b

    signer = b.self_signed("Front Desk")
    certificate, key = signer.certificate, signer.key
    signed = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(mail((PDF, "application", "pdf")))
        .add_signer(certificate, key, hashes.SHA256())
        .sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    )
    assert unwrap(signed, most_bytes=MOST).files == (PDF,)
    whole = EmailMessage()
    whole["From"] = "a@practice.example.org"
    whole.set_content(signed, maintype="application", subtype="pkcs7-mime", filename="smime.p7m")
    assert unwrap(whole.as_bytes(), most_bytes=MOST).files == (PDF,)
    # RFC 5652 §6: the object identifier of enveloped data, and nothing that could be read.
    shut = bytes.fromhex("3081d606092a864886f70d010703a081c80481c5") + bytes(197)
    assert unwrap(shut, most_bytes=MOST).problem == "encrypted"


def test_a_letterheads_picture_is_no_page_unless_it_is_all_there_is() -> None:
    message = EmailMessage()
    message["From"] = "a@practice.example.org"
    message.set_content("Attached.")
    message.add_attachment(picture(), maintype="image", subtype="png", disposition="inline")
    assert unwrap(message.as_bytes(), most_bytes=MOST).files == (picture(),)
    message.add_attachment(PDF, maintype="application", subtype="pdf")
    assert unwrap(message.as_bytes(), most_bytes=MOST).files == (PDF,)


def test_what_a_mail_says_is_counted_and_an_alternative_only_once() -> None:
    message = EmailMessage()
    message["From"] = "a@practice.example.org"
    message.set_content("Please change the pharmacy first.")
    message.add_alternative("<p>Please change the <b>pharmacy</b> first.</p>", subtype="html")
    message.add_attachment(PDF, maintype="application", subtype="pdf")
    assert unwrap(message.as_bytes(), most_bytes=MOST).letters == len("Pleasechangethepharmacyfirst")


def test_what_swells_or_nests_beyond_the_limits_stops_and_says_so() -> None:
    bomb = gzip.compress(b"%PDF-1.7" + b"\0" * (MOST * 3))
    assert unwrap(bomb, most_bytes=MOST).problem == "limit"
    nested = PDF
    for _ in range(6):
        nested = zipped(nested)
    assert unwrap(nested, most_bytes=MOST).problem == "limit"
    many = unwrap(zipped(*[PDF + bytes([number]) for number in range(60)]), most_bytes=MOST)
    assert (len(many.files), many.problem) == (40, "limit")


def test_a_locked_archive_is_said_to_be_one() -> None:
    data = bytearray(zipped(PDF))
    data[6] |= 1
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    assert unwrap(bytes(data), most_bytes=MOST).problem == "encrypted"


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(WRAPPED)), st.data())
def test_a_damaged_wrapper_raises_nothing(kind: str, data: st.DataObject) -> None:
    damaged = bytearray(WRAPPED[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    unwrap(bytes(damaged[: data.draw(st.integers(1, len(damaged)))]), most_bytes=MOST)
