"""Attacks with signatures: reused values, stripped and replaced seals, one signer in both slots, changed
appearances."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pikepdf
from pyhanko.pdf_utils import generic
from pyhanko.sign.fields import SigFieldSpec

from cpdocs.signing import authority
from cpdocs.signing.difference import Reader
from cpdocs.signing.identity import Person
from cpdocs.signing.keyfiles import KeyPair
from tests.signing import builder as b
from tests.signing.attacks.revisions import N, Writer, _field, _form_stream, dictionary, name, revise


def _pcp(data: bytes | None = None, **options: Any) -> bytes:
    return b.sign(data or b.issued().data, "PCPSig", b.office().clinician(), **options)


def one_value_in_two_fields() -> bytes:
    """The PCP's signature object put into the member's field as well."""

    def share(writer: Writer) -> None:
        member = _field(writer, "MemberSig")
        member["/V"] = _field(writer, "PCPSig").raw_get("/V")
        writer.update_container(member)

    return revise(_pcp(), share)


def seal_as_approval() -> bytes:
    """The seal's signature object put into the PCP's field."""

    def share(writer: Writer) -> None:
        field = _field(writer, "PCPSig")
        field["/V"] = _field(writer, "OrganizationSeal").raw_get("/V")
        writer.update_container(field)

    return revise(b.issued().data, share)


def copied_value() -> bytes:
    """A copy of the PCP's signature dictionary in the member's field."""

    def copy(writer: Writer) -> None:
        value = _field(writer, "PCPSig")["/V"]
        member = _field(writer, "MemberSig")
        member["/V"] = writer.add_object(generic.DictionaryObject(value))
        writer.update_container(member)

    return revise(_pcp(), copy)


def value_from_another_plan() -> bytes:
    """The PCP's signature on one plan, carried over to another."""
    other = _pcp(b.issued(title="Discharge plan of").data)
    value_reference = Reader(other).root["/AcroForm"]["/Fields"][1].get_object().raw_get("/V")

    def carry(writer: Writer) -> None:
        field = _field(writer, "PCPSig")
        field["/V"] = writer.import_object(value_reference)
        writer.update_container(field)

    return revise(b.issued().data, carry)


def one_certificate_in_both_slots() -> bytes:
    pair = b.office().clinician()
    return b.sign(b.sign(b.issued().data, "MemberSig", pair), "PCPSig", pair)


def one_key_in_both_slots() -> bytes:
    """Two certificates over one key."""
    first = b.office().clinician()
    second = b.office().clinician(b.DESIGNEE, key=first.key)
    return b.sign(b.sign(b.issued().data, "MemberSig", first), "PCPSig", second)


def seal_key_in_pcp_slot() -> bytes:
    return b.sign(b.issued().data, "PCPSig", b.office().seal)


def _stripped() -> bytes:
    """The plan rewritten without signatures, its fields empty."""
    with pikepdf.open(io.BytesIO(b.issued().data)) as document:
        for field in document.Root.AcroForm.Fields:
            if "/V" in field:
                del field["/V"]
        if "/Perms" in document.Root:
            del document.Root["/Perms"]
        out = io.BytesIO()
        document.save(out)
    return out.getvalue()


def stripped_and_signed() -> bytes:
    return _pcp(_stripped())


def resealed_by_another_organization() -> bytes:
    """Sealed anew with another organization's seal, then signed by the PCP."""
    other = b.Office.open()
    resealed = b.certify(_stripped(), other.seal)
    return _pcp(resealed)


def resealed_by_a_trusted_clinician() -> bytes:
    """Sealed anew with a key that we trust for something else."""
    return _pcp(b.certify(_stripped(), b.office().clinician(b.DESIGNEE)))


def seal_replaced_in_place() -> bytes:
    """Our seal emptied in a further revision and filled by somebody else."""

    def empty(writer: Writer) -> None:
        field = _field(writer, "OrganizationSeal")
        del field["/V"]
        writer.update_container(field)

    return _pcp(b.sign(revise(b.issued().data, empty), "OrganizationSeal", b.Office.open().seal))


def appearance_swapped_after_signing() -> bytes:
    """A visible signature's picture exchanged afterwards."""

    def swap(writer: Writer) -> None:
        field = _field(writer, "PCPSig")
        field["/AP"] = dictionary(N=_form_stream(writer, b"0 0 m 100 40 l S"))
        writer.update_container(field)

    return revise(_pcp(visible=True), swap)


def appearance_stream_overwritten() -> bytes:
    """The picture's own stream overwritten, its reference kept."""

    def overwrite(writer: Writer) -> None:
        raw = _field(writer, "PCPSig")["/AP"].raw_get("/N")
        writer.objects[raw.generation, raw.idnum] = generic.StreamObject(
            dictionary(Type=name("XObject"), Subtype=name("Form")), stream_data=b"0 0 m S"
        )

    return revise(_pcp(visible=True), overwrite)


def signature_value_removed() -> bytes:
    """The PCP's refusal undone: a signature taken out again, another put in its place."""

    def empty(writer: Writer) -> None:
        field = _field(writer, "PCPSig")
        del field["/V"]
        writer.update_container(field)

    return b.sign(revise(_pcp(), empty), "PCPSig", b.office().clinician(b.DESIGNEE))


def member_signs_over_a_change() -> bytes:
    """Changed between the PCP's and the member's signature: only the PCP's and the seal notice."""
    changed = revise(_pcp(), lambda writer: _rotate(writer))
    return b.sign(changed, "MemberSig", b.office().one_time(changed))


def _rotate(writer: Writer) -> None:
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Rotate"] = N(90)
    writer.update_container(page)


def shadow_replace() -> bytes:
    """Shadow attack: a second page tree lies ready in one revision and is switched to in the next."""

    def lay_ready(writer: Writer) -> None:
        pages = writer.root["/Pages"]
        writer.add_object(
            dictionary(Type=name("Pages"), Kids=generic.ArrayObject(list(pages["/Kids"])[:1]), Count=N(1))
        )

    signed = _pcp(revise(b.issued().data, lay_ready))

    def switch(writer: Writer) -> None:
        pages = writer.root["/Pages"]
        writer.root["/Pages"] = writer.add_object(
            dictionary(Type=name("Pages"), Kids=generic.ArrayObject(list(pages["/Kids"])[:1]), Count=N(1))
        )
        writer.update_root()

    return revise(signed, switch)


def shadow_hide() -> bytes:
    """Shadow attack: an overlay drawn by the signature's own appearance is emptied after signing."""
    return appearance_stream_overwritten()


def shadow_hide_and_replace() -> bytes:
    """Shadow attack: a hidden copy of a page's contents under an object number that a later revision points to."""

    def lay_ready(writer: Writer) -> None:
        writer.add_object(generic.StreamObject(stream_data=b"BT ET"))

    signed = _pcp(revise(b.issued().data, lay_ready))

    def point(writer: Writer) -> None:
        page = writer.root["/Pages"]["/Kids"][0]
        page["/Contents"] = generic.IndirectObject(writer._lastobj_id, 0, writer)
        writer.update_container(page)

    return revise(signed, point)


def _sneaked(data: bytes) -> bytes:
    """SSA: a signature of a stranger's own, in a field of their own, whose picture covers the page."""
    spec = SigFieldSpec("Approval", on_page=0, box=(0, 0, 612, 792))
    return b.sign(data, "Approval", b.self_signed("Mallory Examplesen"), visible=True, spec=spec)


def sneaky_signature_before_the_pcps() -> bytes:
    return _pcp(_sneaked(b.issued().data))


def sneaky_signature_after_the_pcps() -> bytes:
    return _sneaked(_pcp())


def signature_of_a_stranger_in_the_members_field() -> bytes:
    return b.sign(_pcp(), "MemberSig", b.self_signed("Mallory Examplesen"))


def second_certification() -> bytes:
    """The PCP's signature made a certification of its own, which would forbid the member's."""
    from cpdocs.signing.increment import Statement, append_signature

    said = Statement(name="Olga Examplesen", reason="I approve.", signed_at=b.office().now)
    return append_signature(b.issued().data, "PCPSig", b.office().clinician(), said, certify=True)


def certificate_from_a_clinician() -> bytes:
    """A clinician's certificate used as if it were an authority's, to certify somebody else as the PCP."""
    designee = b.office().clinician(b.DESIGNEE)
    key = authority.new_key()
    span = authority.Validity(b.office().now - timedelta(days=1), b.office().now + timedelta(days=1))
    made = authority.certify_person(designee, Person(b.PCP, "Olga", "Examplesen", "MD"), key.public_key(), span)
    return b.sign(b.issued().data, "PCPSig", KeyPair(key, made, (designee.certificate, *designee.chain)))


def certificate_from_an_authority_of_our_name() -> bytes:
    """Everything in the certificate as in the PCP's own, by an authority that bears our name; ours are enclosed."""
    other = b.Office.open()
    pair = other.clinician()
    ours = b.office()
    return b.sign(
        b.issued().data,
        "PCPSig",
        KeyPair(pair.key, pair.certificate, (ours.issuing.certificate, ours.root.certificate)),
    )


def certificate_from_the_seals_key() -> bytes:
    """The seal's key used as an authority's."""
    seal = b.office().seal
    key = authority.new_key()
    span = authority.Validity(b.office().now - timedelta(days=1), b.office().now + timedelta(days=1))
    made = authority.certify_person(seal, Person(b.PCP, "Olga", "Examplesen", "MD"), key.public_key(), span)
    return b.sign(b.issued().data, "PCPSig", KeyPair(key, made, (seal.certificate, *seal.chain)))


def npi_in_the_name() -> bytes:
    """Signed by a digital ID that somebody made themselves, with the PCP's NPI in its name."""
    return b.sign(b.issued().data, "PCPSig", b.self_signed(f"NPI:{b.PCP} Olga Examplesen, MD"))


EXPECTED = {
    value_from_another_plan: {"signature_broken"},
    one_value_in_two_fields: {"same_signature_twice"},
    seal_as_approval: {"same_signature_twice", "seal_in_slot"},
    copied_value: {"same_signature_twice"},
    one_certificate_in_both_slots: {"same_certificate_both_slots"},
    one_key_in_both_slots: {"same_certificate_both_slots"},
    seal_key_in_pcp_slot: {"seal_in_slot"},
    stripped_and_signed: {"esign_service_file"},
    resealed_by_another_organization: {"seal_not_ours"},
    resealed_by_a_trusted_clinician: {"seal_not_ours"},
    seal_replaced_in_place: {"seal_not_ours"},
    appearance_swapped_after_signing: {"changed_after_signing"},
    appearance_stream_overwritten: set(),
    signature_value_removed: {"changed_after_signing"},
    member_signs_over_a_change: {"changed_after_signing"},
    shadow_replace: {"changed_after_signing"},
    shadow_hide: set(),
    shadow_hide_and_replace: {"changed_after_signing"},
    sneaky_signature_before_the_pcps: {"extra_field", "changed_after_signing"},
    sneaky_signature_after_the_pcps: {"extra_field", "changed_after_signing"},
    signature_of_a_stranger_in_the_members_field: {"self_signed_unpinned"},
    second_certification: {"unverifiable"},
    certificate_from_a_clinician: {"unknown_ca"},
    certificate_from_an_authority_of_our_name: {"unknown_ca"},
    certificate_from_the_seals_key: {"unknown_ca"},
    npi_in_the_name: {"self_signed_unpinned"},
}
"""Each file and the findings that it must at least give."""
