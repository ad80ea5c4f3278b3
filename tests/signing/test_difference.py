"""The strict difference policy: as severe as the library's own at least, in work that grows with the file and no
faster."""

from __future__ import annotations

import asyncio
import io
import logging

import pikepdf
import pytest
from pyhanko.pdf_utils.generic import ArrayObject
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature, async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from cpdocs.core.verdicts import Verdict
from cpdocs.signing.difference import MOST_OBJECTS, Reader, StrictPolicy
from tests.signing import builder as b
from tests.signing.attacks import revisions, signatures
from tests.signing.attacks.revisions import Change, Writer, dictionary, revise


def library_accepts(data: bytes, policy: StrictPolicy | None) -> bool:
    """Whether every signature's difference analysis is content: the library's own policy, or ours on our reader."""
    logging.disable(logging.CRITICAL)
    try:
        reader = Reader(data) if policy else PdfFileReader(io.BytesIO(data))
        statuses = []
        for signature in reader.embedded_signatures:
            fresh = EmbeddedPdfSignature(reader, signature.sig_field, signature.fq_name)
            statuses.append(
                asyncio.run(async_validate_pdf_signature(fresh, ValidationContext(trust_roots=[]), diff_policy=policy))
            )
        return all(status.docmdp_ok for status in statuses)
    finally:
        logging.disable(logging.NOTSET)


KINDS = (
    revisions.free_text,
    revisions.replace_page_text,
    revisions.add_page,
    revisions.enlarge_member_field,
    revisions.picture_in_unsigned_field,
    revisions.strip_seal,
    revisions.swap_font,
    revisions.hidden_layer,
)


@pytest.mark.parametrize("change", KINDS, ids=lambda change: change.__name__)
def test_nothing_that_the_library_refuses_is_let_pass(change: Change) -> None:
    data = revise(b.sign(b.issued().data, "PCPSig", b.office().clinician()), change)
    try:
        theirs = library_accepts(data, None)
        ours = library_accepts(data, StrictPolicy(2))
    except Exception as error:  # noqa: BLE001 what can't be read is refused by both
        pytest.skip(f"{type(error).__name__}")
    assert theirs or not ours


@pytest.mark.parametrize("make", [signatures.appearance_swapped_after_signing, signatures.member_signs_over_a_change])
def test_signature_attacks_that_the_library_refuses_are_refused(make: object) -> None:
    assert not library_accepts(make(), StrictPolicy(2))  # type: ignore[operator]


def test_what_genuine_signers_write_passes_both() -> None:
    data = b.sign(
        b.sign(b.issued().data, "PCPSig", b.office().clinician(), visible=True),
        "MemberSig",
        b.self_signed(),
        visible=True,
    )
    assert library_accepts(data, None)
    assert library_accepts(data, StrictPolicy(2))


def test_branches_that_meet_again_sixty_times_over_cost_no_more_than_their_number() -> None:
    """Each level refers twice to the next: 2 to the power of 60 paths, which the library would list one by one."""

    def diamonds(writer: Writer) -> None:
        level = writer.add_object(dictionary())
        for _ in range(60):
            level = writer.add_object(ArrayObject([level, level]))
        field = revisions._field(writer, "MemberSig")
        field["/AP"] = dictionary(N=revisions._form_stream(writer, b"0 0 m S"))
        field["/AP"]["/N"].get_object()["/Resources"] = dictionary(Properties=level)
        writer.update_container(field)

    data = b.sign(revise(b.issued().data, diamonds), "PCPSig", b.office().clinician())
    assert b.verdict(data).verdict is not Verdict.ACCEPTED


def test_a_signature_whose_own_picture_is_such_a_thicket_is_still_judged() -> None:
    signed = b.sign(b.issued().data, "PCPSig", b.office().clinician(), visible=True)

    def diamonds(writer: Writer) -> None:
        level = writer.add_object(dictionary())
        for _ in range(60):
            level = writer.add_object(ArrayObject([level, level]))
        writer.root["/DSS"] = writer.add_object(dictionary(Type=revisions.name("DSS"), VRI=level))
        writer.update_root()

    changed = revise(signed, diamonds)
    data = b.sign(changed, "MemberSig", b.office().one_time(changed))
    assert b.verdict(data).verdict is not Verdict.ACCEPTED


def test_each_object_stream_is_decoded_once_however_many_objects_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    with pikepdf.open(io.BytesIO(b.unsealed(5)[0])) as document:
        out = io.BytesIO()
        document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    reader = Reader(out.getvalue())
    decoded: list[int] = []
    original = Reader._table

    def counting(self: Reader, stmnum: int) -> object:
        if stmnum not in self._tables:
            decoded.append(stmnum)
        return original(self, stmnum)

    monkeypatch.setattr(Reader, "_table", counting)
    plain = PdfFileReader(io.BytesIO(out.getvalue()))
    for reference in sorted(reader.xrefs.explicit_refs_in_revision(0), key=lambda each: each.idnum):
        ours, theirs = reader.get_object(reference), plain.get_object(reference)
        assert type(ours) is type(theirs)
        assert ours == theirs
    assert len(decoded) == len(set(decoded)) > 0


def test_a_revision_with_more_objects_than_signing_needs_is_for_a_person() -> None:
    data = revise(b.sign(b.issued().data, "PCPSig", b.office().clinician()), revisions.many_objects)
    examination = b.verdict(data)
    assert "changes_unclear" in {each.code for each in examination.findings}
    assert MOST_OBJECTS < 5_000


def test_more_revisions_than_signing_needs_are_for_a_person() -> None:
    data = b.issued().data
    for _ in range(30):
        data = revise(data, revisions.add_nothing)
    examination = b.verdict(data)
    assert {each.code for each in examination.findings} == {"too_many_revisions"}
