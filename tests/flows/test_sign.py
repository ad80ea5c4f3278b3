"""Signing through the real command: an office with nothing but the plan, and a member at a visit."""

from __future__ import annotations

import getpass
import io
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from PIL import Image, ImageDraw

from cpdocs import wiring
from cpdocs.signing.field_names import MEANING
from cpdocs.signing.identity import named_in
from tests.conftest import CommandLine
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, SIGN, Desk, codes
from tests.signing.attacks import appended

USER = getpass.getuser()


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


def in_person(desk: Desk, file: Path, out: Path, *more: str | Path, now: str = SIGN, status: int = 0) -> Any:
    arguments = ("--slot", "member", "--in-person", "--witness", "Wil Examplewitness", "-o", out)
    return desk.office.cli("sign", file, *arguments, *more, now=now, status=status)


def ink(path: Path) -> Path:
    picture = Image.new("RGB", (400, 160), "white")
    ImageDraw.Draw(picture).line([(20, 120), (90, 30), (180, 130), (370, 40)], fill="navy", width=6)
    picture.save(path)
    return path


def test_at_a_visit_a_plan_with_more_behind_it_than_signatures_is_refused_before_this_process_reads_it(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = desk.sign_pcp(desk.issued_file())
    (tmp_path / "strange.pdf").write_bytes(appended.store_of_plain_words(signed.read_bytes()))
    in_person(desk, signed, tmp_path / "both.pdf")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a stranger's file was read outside the confined child")

    monkeypatch.setattr("pyhanko.pdf_utils.reader.PdfFileReader.__init__", refuse)
    refused = in_person(desk, tmp_path / "strange.pdf", tmp_path / "out.pdf", status=3)
    assert "holds more than the plan and signatures" in refused.err
    assert not (tmp_path / "out.pdf").exists()


# The PCP's office


def test_an_office_needs_no_workspace_to_sign(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    issued, key = desk.issued_file().read_bytes(), desk.key("pcp1").read_bytes()
    elsewhere = tmp_path / "office"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.delenv("CPDOCS_WORKSPACE", raising=False)
    Path("plan.pdf").write_bytes(issued)
    Path("me.p12").write_bytes(key)
    monkeypatch.setattr(wiring.SystemClock, "true_now", lambda _: datetime.fromisoformat(SIGN))
    office = CommandLine(elsewhere, now="")
    done = office(
        "sign", "plan.pdf", "--slot", "pcp", "--key", "me.p12", "--passphrase-file", desk.passphrase, workspace=False
    )
    assert Path("plan-signed.pdf").read_bytes().startswith(issued)
    assert "send it back" in done.err.lower()


def test_a_signed_plan_says_whose_signature_it_is(desk: Desk, tmp_path: Path) -> None:
    key = ("--key", desk.key("rn1"), "--passphrase-file", desk.passphrase)
    done = desk.office.cli(
        "sign", desk.issued_file(), "--slot", "pcp", *key, "-o", tmp_path / "s.pdf", "--json", now=SIGN
    ).json
    assert done == {
        "file": str(tmp_path / "s.pdf"),
        "document_id": desk.office.documents["bh"],
        "slot": "pcp",
        "signer": "Bravo Mockford, RN",
        "npi": desk.office.sample.npis["rn1"],
        "credential": "RN",
        "timestamped": False,
    }


def test_an_output_that_is_there_is_never_written_over(desk: Desk, tmp_path: Path) -> None:
    out = tmp_path / "s.pdf"
    out.write_text("precious")
    key = ("--key", desk.key("pcp1"), "--passphrase-file", desk.passphrase)
    assert (
        "left alone"
        in desk.office.cli("sign", desk.issued_file(), "--slot", "pcp", *key, "-o", out, now=SIGN, status=3).err
    )
    assert out.read_text() == "precious"


def test_what_cannot_be_signed_is_refused_by_name(desk: Desk, tmp_path: Path) -> None:
    key = ("--key", desk.key("pcp1"), "--passphrase-file", desk.passphrase)
    signed = desk.sign_pcp(desk.issued_file())
    cover = next(desk.issued_file().parent.glob("*-cover.pdf"))
    damaged, empty, text = tmp_path / "damaged.pdf", tmp_path / "empty.pdf", tmp_path / "text.pdf"
    damaged.write_bytes(desk.issued_file().read_bytes()[:-300])
    empty.write_bytes(b"")
    text.write_text("Dear PCP")
    for file, words in (
        (signed, "signed for the PCP or designee already"),
        (cover, "not a plan that a Community Partner issued"),
        (damaged, "damaged"),
        (empty, "is empty"),
        (text, "is not a PDF"),
        (tmp_path / "absent.pdf", "can't be read"),
    ):
        done = desk.office.cli("sign", file, "--slot", "pcp", *key, "-o", tmp_path / "out.pdf", now=SIGN, status=3)
        assert words in done.err
        assert not (tmp_path / "out.pdf").exists()


def test_a_wrong_a_missing_and_another_passphrase_are_told_apart(desk: Desk, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong horse\n")
    wrong.chmod(0o600)
    sign = ("sign", desk.issued_file(), "--slot", "pcp", "--key", desk.key("pcp1"), "-o", tmp_path / "out.pdf")
    assert "does not open" in desk.office.cli(*sign, "--passphrase-file", wrong, now=SIGN, status=3).err
    assert "protected by a passphrase" in desk.office.cli(*sign, now=SIGN, status=3).err
    assert "is not a PKCS#12" in desk.office.cli(*sign[:5], desk.issued_file(), *sign[6:], now=SIGN, status=3).err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--slot", "pcp"),
        ("--slot", "member"),
        ("--slot", "member", "--in-person"),
        ("--slot", "member", "--key", "me.p12"),
        ("--slot", "pcp", "--key", "me.p12", "--witness", "Wil"),
        ("--slot", "nurse", "--key", "me.p12"),
    ],
)
def test_a_call_that_makes_no_sense_is_a_usage_error(desk: Desk, arguments: tuple[str, ...]) -> None:
    desk.office.cli("sign", desk.issued_file(), *arguments, now=SIGN, status=2)


# The member at a visit


def test_the_visit_is_on_record_before_the_file_is_handed_out(desk: Desk, tmp_path: Path) -> None:
    file, out = desk.issued_file(), tmp_path / "visit.pdf"
    in_person(desk, file, out, "--ink", ink(tmp_path / "ink.png"))
    (event,) = desk.events("signing.witnessed")
    data = event.data
    assert data["before_sha256"] == sha256(file.read_bytes()).hexdigest()
    assert data["after_sha256"] == sha256(out.read_bytes()).hexdigest()
    assert (data["document_id"], data["witness"], data["witness_user"]) == (
        desk.office.documents["bh"],
        "Wil Examplewitness",
        USER,
    )
    assert (data["role"], data["ink"]) == ("member", True)
    certificate = x509.load_pem_x509_certificate(data["pem"].encode())
    assert named_in(certificate).digest == data["before_sha256"]
    assert out.read_bytes().startswith(file.read_bytes())


def test_the_one_time_certificate_says_nothing_about_the_member(desk: Desk, tmp_path: Path) -> None:
    in_person(desk, desk.issued_file(), tmp_path / "visit.pdf")
    (event,) = desk.events("signing.witnessed")
    certificate = x509.load_pem_x509_certificate(event.data["pem"].encode())
    text = certificate.subject.rfc4514_string() + str(certificate.extensions)
    assert event.data["signer"].split()[-1] not in text
    assert desk.office.sample.member_ids["bh"] not in text


def test_a_visit_fills_the_members_slot_as_witnessed_and_not_as_the_members_own(desk: Desk, tmp_path: Path) -> None:
    out = tmp_path / "visit.pdf"
    in_person(desk, desk.issued_file(), out)
    row = desk.take(out)
    assert (row["verdict"], row["slots_filled"]) == ("accepted", ["member"])
    slot = desk.office.status(row["document_id"])["slots"]["member"]
    assert slot["evidence"] == "witnessed_signature"


def test_a_one_time_signature_without_its_event_counts_for_nothing(issued: Office, tmp_path: Path) -> None:
    """The key file alone makes certificates that look right; the ledger doesn't know of the visit."""
    from cpdocs.core.verdicts import Slot
    from cpdocs.signing import authority
    from cpdocs.signing.keyfiles import KeyPair, read_pkcs12
    from cpdocs.signing.sign import Signatory, sign_slot

    desk = Desk(issued)
    keys = issued.cli.root / "state" / "keys"
    maker = read_pkcs12(
        (keys / "in-person.p12").read_bytes(), (keys / "in-person.pass").read_bytes().strip(), name="in-person.p12"
    )
    pdf, now, key = desk.issued_file().read_bytes(), datetime.fromisoformat(SIGN), authority.new_key()
    span = authority.Validity.at(now, authority.ONE_TIME_LIFE)
    certificate = authority.certify_one_time(
        maker, issued.documents["bh"], sha256(pdf).hexdigest(), key.public_key(), span
    )
    font = (Path(__file__).parents[2] / "templates" / "fonts" / "NotoSans-Regular.ttf").read_bytes()
    forged = sign_slot(
        pdf,
        Slot.MEMBER,
        KeyPair(key, certificate, (maker.certificate,)),
        Signatory("Anyone", witness="W"),
        now=now,
        font=font,
    )
    file = tmp_path / "forged.pdf"
    file.write_bytes(forged)
    row = desk.take(file)
    assert (row["verdict"], row["slots_filled"]) == ("held", [])
    assert "not_witnessed" in codes(row)


def test_a_minors_representative_signs_and_is_named_with_their_right(office: Office, tmp_path: Path) -> None:
    rows = office.cli("plan", "issue", office.sample.plans["minor"], "--json").json
    desk = Desk(Office(office.cli, office.sample, {"minor": rows[0]["document_id"]}))
    in_person(desk, desk.issued_file("minor"), tmp_path / "visit.pdf")
    (event,) = desk.events("signing.witnessed")
    assert event.data["role"] == "representative"
    assert "of the member" in event.data["on_behalf_of"]
    assert desk.take(tmp_path / "visit.pdf", plan="minor")["slots_filled"] == ["member"]


def test_an_adult_signs_for_themselves_unless_the_plan_names_somebody_who_may(desk: Desk, tmp_path: Path) -> None:
    done = in_person(desk, desk.issued_file(), tmp_path / "visit.pdf", "--representative", status=3)
    assert "names no representative" in done.err
    assert desk.events("signing.witnessed") == []


def test_only_our_own_open_plan_with_an_empty_slot_is_signed_at_a_visit(desk: Desk, tmp_path: Path) -> None:
    file, out = desk.issued_file(), tmp_path / "visit.pdf"
    in_person(desk, file, out)
    assert "already" in in_person(desk, out, tmp_path / "twice.pdf", status=3).err
    desk.take(out)
    assert "already filled" in in_person(desk, file, tmp_path / "again.pdf", now=RETURN, status=3).err
    other = desk.issued_file("ltss")
    desk.office.cli("plan", "withdraw", desk.office.documents["ltss"], "--reason", "moved away", now=SIGN)
    assert "withdrawn" in in_person(desk, other, tmp_path / "late.pdf", now=RETURN, status=3).err
    assert len(desk.events("signing.witnessed")) == 1


def test_a_plan_of_another_workspace_is_not_signed_here(desk: Desk, tmp_path: Path) -> None:
    stranger = CommandLine(tmp_path / "other")
    stranger("init", stranger.root, "--sandbox", workspace=False)
    arguments = ("--slot", "member", "--in-person", "--witness", "W", "-o", tmp_path / "x.pdf")
    done = stranger("sign", desk.issued_file(), *arguments, now=SIGN, status=3)
    assert "no plan of this workspace" in done.err


def test_the_meaning_stands_on_the_page_and_in_the_signature(desk: Desk, tmp_path: Path) -> None:
    from pyhanko.pdf_utils.reader import PdfFileReader

    from cpdocs.core.verdicts import Slot

    in_person(desk, desk.issued_file(), tmp_path / "visit.pdf")
    signatures = PdfFileReader(io.BytesIO((tmp_path / "visit.pdf").read_bytes())).embedded_signatures
    assert signatures[-1].sig_object["/Reason"] == MEANING[Slot.MEMBER]


def test_outside_a_sandbox_the_witness_is_who_runs_it_with_their_pin(tmp_path: Path) -> None:
    real = CommandLine(tmp_path / "real", now="")
    pin = tmp_path / "pin"
    real.init_administered(pin)
    from cpdocs.core.people import Role
    from cpdocs.errors import WorkspaceFault
    from cpdocs.people import people
    from cpdocs.plans import signing
    from cpdocs.wiring import open_workspace

    real("user", "add", USER, "--role", "witness", "--full-name", "Wil Examplewitness", "--pin-file", pin)
    ws = open_workspace(real.root)
    acting = people.require(ws, Role.WITNESS, lambda: b"739 114")
    assert signing.witness_name(ws, acting, "wil examplewitness") == "Wil Examplewitness"
    assert signing.witness_name(ws, acting, USER) == "Wil Examplewitness"
    with pytest.raises(WorkspaceFault, match="must be who runs this command"):
        signing.witness_name(ws, acting, "Somebody Else")
