"""New keys of the organization through the real commands: what the old ones sealed or certified stays good, new ones
take over."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from cpdocs.demo.files import write_sample
from tests.conftest import CommandLine
from tests.flows.conftest import AS_OF, Office
from tests.flows.returning import RETURN, SIGN, Desk, codes

WHY = ("--reason", "ends soon", "--by", "Sam Sample")
ROTATE = ("keys", "rotate", "seal", *WHY)


def certificate(office: Office, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((office.cli.root / "state" / "keys" / f"{name}.crt").read_bytes())


def mark(found: x509.Certificate) -> str:
    return found.fingerprint(hashes.SHA256()).hex()


def listed_by(office: Office, authority: x509.Certificate, name: str) -> set[int]:
    """The serial numbers in a published list, which must be ``authority``'s."""
    found = x509.load_der_x509_crl((office.cli.root / "outbox" / "crl" / name).read_bytes())
    key = authority.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert found.is_signature_valid(key)
    return {each.serial_number for each in found}


def complaints(office: Office, now: str) -> list[str]:
    checks: list[dict[str, Any]] = office.cli("doctor", "--json", now=now, status=None).json["checks"]
    return [each["message"] for each in checks if each["level"] != "ok"]


def test_plans_of_the_old_and_of_the_new_seal_are_both_accepted(office: Office) -> None:
    first = office.cli("plan", "issue", office.sample.plans["bh"], "--json").json[0]["document_id"]
    made = office.cli(*ROTATE, "--json", now="2026-11-02T16:00:00Z").json
    second = office.cli("plan", "issue", office.sample.plans["ltss"], "--json", now="2026-11-02T17:00:00Z").json[0][
        "document_id"
    ]
    desk = Desk(Office(office.cli, office.sample, {"bh": first, "ltss": second}))
    seals = {event.data["document_id"]: event.data["seal_fingerprint"] for event in desk.events("plan.issued")}
    assert seals[second] == made["fingerprint"] != seals[first]
    for plan in ("bh", "ltss"):
        signed = desk.sign_member(desk.issued_file(plan), now=SIGN)
        assert desk.take(signed, plan=plan, name=f"{plan}.pdf", now=RETURN)["verdict"] == "accepted"
    (event,) = desk.events("organization_key.rotated")
    assert (event.data["replaces"], event.data["by"]) == (seals[first], "Sam Sample")


def test_without_the_root_or_with_another_one_the_seal_stays(office: Office) -> None:
    keys = office.cli.root / "state" / "keys"
    before = (keys / "seal.p12").read_bytes()
    for name in ("p12", "pass"):
        (keys / f"root.{name}").rename(keys / f"kept.{name}")
        (keys / f"root.{name}").write_bytes((keys / f"seal.{name}").read_bytes())
    assert "not the one on record" in office.cli(*ROTATE, status=4).err
    (keys / "root.p12").unlink()
    assert "Bring root.p12" in office.cli(*ROTATE, status=4).err
    assert (keys / "seal.p12").read_bytes() == before
    assert Desk(office).events("organization_key.rotated") == []


def test_a_new_issuing_key_takes_over_while_the_old_one_answers_for_what_it_certified(issued: Office) -> None:
    desk = Desk(issued)
    desk.key("pcp1")
    (old,) = issued.cli("keys", "list", "--json").json
    before, rows = certificate(issued, "issuing"), desk.events("key.issued")
    assert rows[0].data["authority"] == mark(before)
    done = issued.cli("keys", "rotate", "issuing", *WHY, "--json", now="2026-11-02T16:00:00Z").json
    after = certificate(issued, "issuing")
    assert (done["fingerprint"], done["lists_missing"]) == (mark(after), [])
    desk.key("rn1")
    assert desk.events("key.issued")[-1].data["authority"] == mark(after)
    former = f"issuing-{mark(before)[:12]}.crl"
    assert listed_by(issued, before, former) == listed_by(issued, after, "issuing.crl") == set()
    signed = desk.sign_pcp(desk.sign_member(desk.issued_file()))
    assert desk.take(signed)["slots_filled"] == ["member", "pcp"]
    renewed = issued.cli.root.parent / "renewed.p12"
    who = ("--by", "Sam Sample", "--out", renewed, "--passphrase-file", desk.passphrase)
    issued.cli("keys", "renew", old["serial"], *who, now="2026-11-05T15:00:00Z")
    assert desk.events("key.issued")[-1].data["authority"] == mark(after), "the successor is the new key's"
    issued.cli("keys", "revoke", old["serial"], "--reason", "superseded", now="2026-11-05T16:00:00Z")
    assert listed_by(issued, before, former) == {int(old["serial"], 16)}
    assert listed_by(issued, after, "issuing.crl") == set()
    later = desk.sign_pcp(desk.issued_file("ltss"), now="2026-11-06T15:00:00Z")
    assert "revoked" in codes(desk.take(later, plan="ltss", name="later.pdf", now="2026-11-06T16:00:00Z"))
    stale = [each for each in complaints(issued, "2026-12-04T15:00:00Z") if "crl" in each]
    assert len(stale) == 2, "both lists end on the same day"
    issued.cli("keys", "crl", now="2026-12-04T15:00:00Z")
    assert not [each for each in complaints(issued, "2026-12-04T16:00:00Z") if "crl" in each]
    gone = issued.cli("keys", "crl", "--json", now="2028-01-04T15:00:00Z").json
    assert gone["lists_missing"] == []
    assert x509.load_der_x509_crl(
        (issued.cli.root / "outbox" / "crl" / former).read_bytes()
    ).last_update_utc < datetime(2027, 1, 1, tzinfo=UTC)
    issued.cli("audit", "verify", now="2028-01-04T16:00:00Z")


def test_a_former_key_that_cannot_be_opened_is_said_and_stops_nothing_else(office: Office) -> None:
    desk = Desk(office)
    desk.key("pcp1")
    (old,) = office.cli("keys", "list", "--json").json
    name = f"issuing-{mark(certificate(office, 'issuing'))[:12]}"
    office.cli("keys", "rotate", "issuing", *WHY)
    (office.cli.root / "state" / "keys" / f"{name}.p12").unlink()
    done = office.cli("keys", "revoke", old["serial"], "--reason", "keyCompromise", "--json").json
    assert (done["status"], done["lists_missing"]) == ("revoked", [name])
    assert name in office.cli("keys", "crl").err


def test_members_sign_under_a_new_in_person_key_and_what_they_signed_before_stands(issued: Office) -> None:
    desk = Desk(issued)
    before = desk.sign_member(desk.issued_file("bh"))
    issued.cli("keys", "rotate", "in-person", *WHY, now="2026-11-03T16:00:00Z")
    after = desk.sign_member(desk.issued_file("ltss"), now="2026-11-03T17:00:00Z")
    for plan, signed in (("bh", before), ("ltss", after)):
        assert desk.take(signed, plan=plan, name=f"{plan}.pdf")["verdict"] == "accepted"


def test_a_new_root_is_certified_by_the_old_one_and_certifies_from_now_on(issued: Office) -> None:
    desk, keys = Desk(issued), issued.cli.root / "state" / "keys"
    desk.key("pcp1")
    old = certificate(issued, "root")
    done = issued.cli("keys", "rotate", "root", *WHY, "--json", now="2026-11-02T16:00:00Z").json
    new, cross = (
        certificate(issued, "root"),
        x509.load_pem_x509_certificate(Path(done["cross_certificate"]).read_bytes()),
    )
    cross.verify_directly_issued_by(old)
    assert (cross.public_key(), cross.subject) == (new.public_key(), new.subject)
    assert desk.take(desk.sign_pcp(desk.issued_file("bh")))["slots_filled"] == ["pcp"], (
        "all is still under the old root"
    )
    for name in ("issuing", "in-person", "seal"):
        issued.cli("keys", "rotate", name, *WHY, now="2026-11-04T16:00:00Z")
        certificate(issued, name).verify_directly_issued_by(new)
    signed = desk.sign_pcp(
        desk.sign_member(desk.issued_file("ltss"), now="2026-11-04T17:00:00Z"), now="2026-11-04T17:00:00Z"
    )
    row = desk.take(signed, plan="ltss", name="ltss.pdf", now="2026-11-05T15:00:00Z")
    assert (row["verdict"], row["slots_filled"]) == ("accepted", ["member", "pcp"]), row
    former = f"root-{mark(old)[:12]}"
    assert listed_by(issued, new, "root.crl") == listed_by(issued, old, f"{former}.crl") == set()
    (keys / f"{former}.p12").unlink()
    assert former in issued.cli("keys", "crl", "--root", now="2026-11-06T15:00:00Z").err


def test_the_root_list_says_which_keys_others_may_have(office: Office) -> None:
    root, lost = certificate(office, "root"), certificate(office, "issuing")
    office.cli("keys", "rotate", "seal", *WHY)
    office.cli("keys", "rotate", "issuing", *WHY, "--compromised")
    assert listed_by(office, root, "root.crl") == {lost.serial_number}
    found = x509.load_der_x509_crl((office.cli.root / "outbox" / "crl" / "root.crl").read_bytes())
    assert found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 3
    assert not [each for each in complaints(office, "2027-08-01T15:00:00Z") if "root.crl" in each]
    assert [each for each in complaints(office, "2027-10-01T15:00:00Z") if "root.crl" in each]


def test_a_new_issuing_key_is_locked_with_the_issuers_pin_and_the_former_one_moves_with_it(tmp_path: Path) -> None:
    cli = CommandLine(tmp_path / "real", now="")
    sample = write_sample(tmp_path / "sample", AS_OF)
    for name, text in (("pin", "123456 mine"), ("next", "654321 mine"), ("secret", "correct horse")):
        (tmp_path / name).write_text(f"{text}\n")
        (tmp_path / name).chmod(0o600)
    pin, after = ("--pin-file", tmp_path / "pin"), ("--pin-file", tmp_path / "next")
    cli.init_administered(tmp_path / "pin")
    cli("import", "practices", sample.practices)
    cli("import", "clinicians", sample.clinicians, *pin)
    cli("user", "add", getpass.getuser(), "--role", "issuer", *pin)
    cli("keys", "protect", *pin)
    issue = ("keys", "issue", "--npi", sample.npis["pcp1"], "--identity", "badge seen", "--by", "Sam Sample")
    cli(*issue, "--out", tmp_path / "1.p12", "--passphrase-file", tmp_path / "secret", *pin)
    cli("keys", "rotate", "issuing", *WHY, *pin)
    keys = cli.root / "state" / "keys"
    assert not list(keys.glob("issuing*.pass"))
    assert len(list(keys.glob("issuing*.p12"))) == 2
    cli("user", "pin", getpass.getuser(), *pin, "--new-pin-file", tmp_path / "next")
    assert cli("keys", "crl", *after, "--json").json["lists_missing"] == []
