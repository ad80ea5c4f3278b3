"""Outside authorities through the real commands: believed, asked about revocation, dropped; and a return judged by
each."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cpdocs.signing.keyfiles import KeyPair, certificate_pem, write_pkcs12
from tests.conftest import NOW
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, SIGN, Desk, codes
from tests.signing.outsiders import Outsider

THEN = datetime.fromisoformat(NOW)
RECEIVED = datetime.fromisoformat(RETURN)
HOW = ("--vouches-for", "npi-in-serial-number", "--by", "Sam Sample")


@pytest.fixture
def hospital(tmp_path: Path) -> Outsider:
    """An authority, its certificate in ``ca.crt``."""
    made = Outsider.open(THEN)
    (tmp_path / "ca.crt").write_bytes(certificate_pem(made.pair.certificate))
    return made


def kept(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def signed_by(desk: Desk, pair: KeyPair, tmp_path: Path) -> Path:
    key = kept(tmp_path / "theirs.p12", write_pkcs12(pair, b"correct horse", friendly_name="own", rounds=2048))
    out = tmp_path / "theirs.pdf"
    issued = desk.issued_file()
    desk.office.cli(
        "sign", issued, "--slot", "pcp", "--key", key, "--passphrase-file", desk.passphrase, "-o", out, now=SIGN
    )
    return out


def recheck(desk: Desk, now: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = desk.office.cli("held", "recheck", "--json", now=now).json
    return rows


def test_a_return_waits_for_the_authority_then_for_its_list_and_is_accepted_with_both(
    issued: Office, hospital: Outsider, tmp_path: Path
) -> None:
    desk = Desk(issued)
    signed = signed_by(desk, hospital.certify(issued.sample.npis["pcp1"]), tmp_path)
    assert codes(desk.take(signed)) == ["unknown_ca"]
    made = issued.cli("keys", "import-ca", tmp_path / "ca.crt", *HOW, "--json", now=RETURN).json
    assert (made["status"], made["vouches_for"], made["lists"]) == ("trusted", "npi-in-serial-number", [])
    assert codes(desk.take(signed, now="2026-11-04T16:00:00Z", name="again.pdf")) == ["revocation_unknown"]
    crl = kept(tmp_path / "their.crl", hospital.crl(made=RECEIVED - timedelta(hours=2)))
    done = issued.cli("keys", "import-crl", crl, "--json", now="2026-11-04T17:00:00Z").json
    assert (done["authority"], done["kind"], done["revoked"], done["new"]) == (made["fingerprint"], "crl", 0, True)
    row = desk.take(signed, now="2026-11-04T18:00:00Z", name="third.pdf")
    assert (row["verdict"], row["slots_filled"]) == ("accepted", ["pcp"])
    signature = desk.events("return.decided")[-1].data["signatures"][-1]
    assert (signature["revocation_source"], signature["revocation_sha256"]) == ("crl", done["sha256"])
    assert signature["identity"] == "issued by an outside authority that is believed"
    issued.cli("audit", "verify", now="2026-11-04T19:00:00Z")


def test_what_was_held_for_want_of_a_list_is_decided_again_when_it_is_there(
    issued: Office, hospital: Outsider, tmp_path: Path
) -> None:
    desk = Desk(issued)
    issued.cli("keys", "import-ca", tmp_path / "ca.crt", *HOW)
    pair = hospital.certify(issued.sample.npis["pcp1"])
    assert codes(desk.take(signed_by(desk, pair, tmp_path))) == ["revocation_unknown"]
    gone = hospital.crl([(pair, RECEIVED - timedelta(hours=1), "superseded")], made=RECEIVED)
    issued.cli("keys", "import-crl", kept(tmp_path / "their.crl", gone), now="2026-11-04T17:00:00Z")
    (row,) = recheck(desk, "2026-11-04T18:00:00Z")
    assert (row["verdict"], codes(row)) == ("rejected", ["revoked"])


def test_a_dropped_authority_vouches_for_nobody_and_what_it_vouched_for_stands(
    issued: Office, hospital: Outsider, tmp_path: Path
) -> None:
    desk = Desk(issued)
    made = issued.cli("keys", "import-ca", tmp_path / "ca.crt", *HOW, "--json").json
    issued.cli("keys", "import-crl", kept(tmp_path / "their.crl", hospital.crl(life=timedelta(days=30))))
    signed = signed_by(desk, hospital.certify(issued.sample.npis["pcp1"]), tmp_path)
    row = desk.take(signed)
    drop = ("keys", "drop-ca", made["fingerprint"][:12], "--reason", "contract ended", "--by", "Sam Sample")
    assert issued.cli(*drop, "--json", now="2026-11-05T15:00:00Z").json["status"] == "dropped"
    assert "dropped already" in issued.cli(*drop, status=3, now="2026-11-05T15:00:00Z").err
    assert issued.status(row["document_id"], now="2026-11-05T16:00:00Z")["slots"]["pcp"]
    later = issued.cli("verify", signed, "--json", now="2026-11-05T16:00:00Z", status=None).json
    assert "unknown_ca" in codes(later)
    assert [each["status"] for each in issued.cli("keys", "cas", "--json", now="2026-11-05T17:00:00Z").json] == [
        "dropped"
    ]


def test_the_same_again_changes_nothing_and_an_older_list_is_refused(
    issued: Office, hospital: Outsider, tmp_path: Path
) -> None:
    for _ in range(2):
        issued.cli("keys", "import-ca", tmp_path / "ca.crt", *HOW)
    assert len(Desk(issued).events("authority.trusted")) == 1
    newer = kept(tmp_path / "newer.crl", hospital.crl())
    assert [issued.cli("keys", "import-crl", newer, "--json").json["new"] for _ in range(2)] == [True, False]
    older = kept(tmp_path / "older.crl", hospital.crl(made=THEN - timedelta(days=2)))
    assert "older than the one on record" in issued.cli("keys", "import-crl", older, status=3).err
    ahead = kept(tmp_path / "ahead.crl", hospital.crl(made=datetime.fromisoformat("2999-01-01T00:00:00Z")))
    assert "hasn't come yet" in issued.cli("keys", "import-crl", ahead, status=3).err


def test_a_list_by_nobody_on_record_and_what_is_no_authority_are_refused(
    issued: Office, hospital: Outsider, tmp_path: Path
) -> None:
    crl = kept(tmp_path / "their.crl", hospital.crl())
    assert "by no authority that is on record" in issued.cli("keys", "import-crl", crl, status=3).err
    person = kept(tmp_path / "person.crt", certificate_pem(hospital.certify(issued.sample.npis["pcp1"]).certificate))
    assert "not an authority's" in issued.cli("keys", "import-ca", person, *HOW, status=3).err
    for name in ("root", "issuing", "in-person"):
        ours = issued.cli.root / "state" / "keys" / f"{name}.crt"
        assert "this organization's own" in issued.cli("keys", "import-ca", ours, *HOW, status=3).err
    assert issued.cli("keys", "cas", "--json").json == []


def test_the_doctor_says_when_an_authoritys_word_grows_old(issued: Office, hospital: Outsider, tmp_path: Path) -> None:
    def said(now: str) -> list[str]:
        checks = issued.cli("doctor", "--json", now=now, status=None).json["checks"]
        return [
            each["message"] for each in checks if each["check"] == "outside authority" and each["level"] == "warning"
        ]

    assert said(NOW) == []
    issued.cli("keys", "import-ca", tmp_path / "ca.crt", *HOW)
    assert "no list" in said(NOW)[0]
    issued.cli("keys", "import-crl", kept(tmp_path / "their.crl", hospital.crl(life=timedelta(days=10))))
    assert said(NOW) == []
    assert "2026-11-12" in said("2026-11-11T15:00:00Z")[0]
    assert "out of date" in said("2026-11-20T15:00:00Z")[0]
