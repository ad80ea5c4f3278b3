"""The organization's keys on a PKCS#11 token, through the real commands: made there, found there, used there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cpdocs.signing.keyfiles import read_pkcs12
from tests import hsm
from tests.conftest import CommandLine
from tests.flows.conftest import Office, Sample
from tests.flows.returning import Desk, codes

HOW = ("--identity", "badge seen", "--by", "Sam Sample")
WHY = ("--reason", "to the token", "--by", "Sam Sample")


def certificate(root: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((root / "state" / "keys" / f"{name}.crt").read_bytes())


def revoked_in(root: Path, list_name: str, authority: x509.Certificate) -> set[str]:
    """The serial numbers in a published list, which must be ``authority``'s."""
    found = x509.load_der_x509_crl((root / "outbox" / "crl" / list_name).read_bytes())
    key = authority.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
    assert found.is_signature_valid(key)
    return {f"{each.serial_number:x}" for each in found}


def doctor(cli: CommandLine) -> dict[str, tuple[str, str]]:
    answers: list[dict[str, Any]] = cli("doctor", "--json", status=None).json["checks"]
    return {each["check"]: (each["level"], each["message"]) for each in answers}


def put_on_tokens(cli: CommandLine, **places: hsm.TokenPlace) -> None:
    settings = cli.root / "cpdocs.toml"
    settings.write_text(settings.read_text() + hsm.settings(**places))


@pytest.fixture
def made(tmp_path: Path, sample: Sample, token: hsm.Token) -> Office:
    """A workspace whose root, issuing key and seal were made on the token by ``init``, with people on record."""
    cli = CommandLine(tmp_path / "ws")
    cli.root.mkdir()
    from cpdocs.settings import default_text

    places = {name: token.place(name) for name in ("root", "issuing", "seal")}
    (cli.root / "cpdocs.toml").write_text(default_text() + hsm.settings(**places))
    cli("init", cli.root, "--sandbox", "--token-pin-file", token.pin_file, workspace=False)
    for table in ("practices", "clinicians", "designations", "roster"):
        cli("import", table, getattr(sample, table))
    return Office(cli, sample, {})


def test_a_plan_goes_the_whole_road_with_root_issuing_key_and_seal_on_a_token(
    made: Office, token: hsm.Token, tmp_path: Path
) -> None:
    cli, pin = made.cli, ("--token-pin-file", token.pin_file)
    keys = cli.root / "state" / "keys"
    assert not [each.name for name in ("root", "issuing", "seal") for each in keys.glob(f"{name}.p*")]
    row = cli("plan", "issue", made.sample.plans["bh"], *pin, "--json").json[0]
    desk = Desk(Office(cli, made.sample, {"bh": row["document_id"]}))
    out = tmp_path / "pcp.p12"
    issue = (
        "keys",
        "issue",
        "--npi",
        made.sample.npis["pcp1"],
        *HOW,
        "--out",
        out,
        "--passphrase-file",
        desk.passphrase,
    )
    issued = cli(*issue, *pin, "--json").json
    desk.keys["pcp1"] = out
    signed = desk.sign_pcp(desk.sign_member(desk.issued_file()))
    assert desk.take(signed)["slots_filled"] == ["member", "pcp"], (
        "no PIN of the token is asked where returns are judged and plans filed"
    )
    assert made.status(row["document_id"])["state"] == "filed"
    cli("keys", "revoke", issued["serial"], "--reason", "superseded", *pin, now="2026-11-05T15:00:00Z")
    assert revoked_in(cli.root, "issuing.crl", certificate(cli.root, "issuing")) == {issued["serial"]}
    cli("keys", "crl", "--root", *pin, now="2026-11-06T15:00:00Z")
    assert revoked_in(cli.root, "root.crl", certificate(cli.root, "root")) == set()
    said = doctor(cli)
    assert all(said[f"{name} key"][0] == "ok" for name in ("root", "issuing", "seal"))
    cli("audit", "verify", now="2026-11-06T16:00:00Z")
    everything = b"".join(path.read_bytes() for path in cli.root.rglob("*") if path.is_file())
    assert hsm.PIN not in everything


def test_without_the_pin_or_with_a_wrong_one_nothing_is_made(made: Office, token: hsm.Token, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("correct horse\n")
    issue = (
        "keys",
        "issue",
        "--npi",
        made.sample.npis["pcp1"],
        *HOW,
        "--out",
        tmp_path / "x.p12",
        "--passphrase-file",
        tmp_path / "secret",
    )
    assert "--token-pin-file" in made.cli(*issue, status=2).err
    (tmp_path / "wrong").write_bytes(hsm.WRONG)
    plans = [made.sample.plans["bh"], made.sample.plans["ltss"]]
    for command in (issue, ("plan", "issue", *plans)):
        done = made.cli(*command, "--token-pin-file", tmp_path / "wrong", status=3)
        assert "does not open the token" in done.err
        assert hsm.WRONG.decode() not in done.err
    assert made.cli("keys", "list", "--json").json == made.cli("status", "--json").json == []
    assert not (tmp_path / "x.p12").exists()
    made.cli(*issue, "--token-pin-file", token.pin_file)


def test_ids_of_a_key_in_a_file_stay_good_when_a_key_on_a_token_follows_it(issued: Office, token: hsm.Token) -> None:
    desk, cli, root = Desk(issued), issued.cli, issued.cli.root
    old_key = desk.key("pcp1")
    (old,) = cli("keys", "list", "--json").json
    before = certificate(root, "issuing")
    put_on_tokens(cli, issuing=token.place("issuing"))
    assert doctor(cli)["issuing key"][0] == "warning", "the settings say token, the key is in a file"
    done = cli("keys", "rotate", "issuing", *WHY, "--token-pin-file", token.pin_file, "--json").json
    assert (done["on_token"], done["adopted"], done["lists_missing"]) == (True, False, [])
    after = certificate(root, "issuing")
    assert (after.subject, after.public_key()) != (before.subject, before.public_key())
    out = root.parent / "rn.p12"
    issue = (
        "keys",
        "issue",
        "--npi",
        issued.sample.npis["rn1"],
        *HOW,
        "--out",
        out,
        "--passphrase-file",
        desk.passphrase,
    )
    new = cli(*issue, "--token-pin-file", token.pin_file, "--json").json
    assert old_key.exists()
    assert desk.take(desk.sign_pcp(desk.issued_file()))["slots_filled"] == ["pcp"]
    pair = read_pkcs12(out.read_bytes(), b"correct horse", name="rn.p12")
    pair.certificate.verify_directly_issued_by(after)
    for serial in (old["serial"], new["serial"]):
        cli(
            "keys",
            "revoke",
            serial,
            "--reason",
            "superseded",
            "--token-pin-file",
            token.pin_file,
            now="2026-11-05T15:00:00Z",
        )
    former = f"issuing-{before.fingerprint(before.signature_hash_algorithm).hex()[:12]}.crl"  # type: ignore[arg-type]
    assert revoked_in(root, "issuing.crl", after) == {new["serial"]}
    assert revoked_in(root, former, before) == {old["serial"]}
    later = desk.sign_pcp(desk.issued_file("ltss"), now="2026-11-06T15:00:00Z")
    assert "revoked" in codes(desk.take(later, plan="ltss", name="later.pdf", now="2026-11-06T16:00:00Z"))


def test_a_key_that_was_copied_to_the_token_is_adopted_and_its_file_goes(office: Office, token: hsm.Token) -> None:
    keys = office.cli.root / "state" / "keys"
    passphrase = (keys / "seal.pass").read_bytes().strip()
    place = token.place("seal")
    token.bring(read_pkcs12((keys / "seal.p12").read_bytes(), passphrase, name="seal.p12").key, place)
    put_on_tokens(office.cli, seal=place)
    before = certificate(office.cli.root, "seal")
    rotate = ("keys", "rotate", "seal", *WHY, "--token-pin-file", token.pin_file)
    assert office.cli(*rotate, "--json").json["adopted"] is True
    assert certificate(office.cli.root, "seal") == before
    assert not (keys / "seal.p12").exists()
    office.cli("plan", "issue", office.sample.plans["bh"], "--token-pin-file", token.pin_file)
    assert "another label" in office.cli(*rotate, status=3).err


def test_an_rsa_key_made_elsewhere_certifies_and_a_token_that_is_away_is_a_fault(
    office: Office, token: hsm.Token, tmp_path: Path
) -> None:
    place = token.place("issuing")
    token.bring(rsa.generate_private_key(65537, 2048), place)
    put_on_tokens(office.cli, issuing=place)
    office.cli("keys", "rotate", "issuing", *WHY, "--token-pin-file", token.pin_file)
    (tmp_path / "secret").write_text("correct horse\n")
    issue = (
        "keys",
        "issue",
        "--npi",
        office.sample.npis["pcp1"],
        *HOW,
        "--out",
        tmp_path / "x.p12",
        "--passphrase-file",
        tmp_path / "secret",
    )
    office.cli(*issue, "--token-pin-file", token.pin_file)
    assert isinstance(certificate(office.cli.root, "issuing").public_key(), rsa.RSAPublicKey)
    file = office.cli.root / "state" / "keys" / "issuing.token"
    file.write_text(file.read_text().replace(token.label, "elsewhere"))
    assert doctor(office.cli)["issuing key"][0] == "fault"
    assert "no token labelled elsewhere" in office.cli("keys", "crl", "--token-pin-file", token.pin_file, status=4).err


def test_a_key_of_a_kind_that_readers_refuse_is_not_taken(office: Office, token: hsm.Token) -> None:
    place = token.place("seal")
    token.bring(rsa.generate_private_key(65537, 1024), place)
    put_on_tokens(office.cli, seal=place)
    before = (office.cli.root / "state" / "keys" / "seal.p12").read_bytes()
    assert (
        "can't be used here"
        in office.cli("keys", "rotate", "seal", *WHY, "--token-pin-file", token.pin_file, status=3).err
    )
    assert (office.cli.root / "state" / "keys" / "seal.p12").read_bytes() == before


@pytest.mark.ledger_file
def test_settings_name_a_module_a_token_and_a_key_and_never_a_pin(office: Office, token: hsm.Token) -> None:
    settings = office.cli.root / "cpdocs.toml"
    good = settings.read_text()
    settings.write_text(good + hsm.settings(issuing=token.place()) + 'pin = "8273645"\n')
    assert "unknown key 'token.issuing.pin'" in office.cli("status", status=4).err
    settings.write_text(good + '\n[token.issuing]\nmodule = "softhsm.so"\ntoken = "t"\nkey = "k"\n')
    assert "token.issuing.module" in office.cli("status", status=4).err
