"""A digital ID's successor through the real commands: both sign until the first ends, and identity isn't made up
anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.conftest import Office
from tests.flows.returning import RETURN, SIGN, Desk


def renew(desk: Desk, serial: str, out: Path, **how: object) -> object:
    words = (
        "keys",
        "renew",
        serial,
        "--by",
        "Sam Sample",
        "--out",
        out,
        "--passphrase-file",
        desk.passphrase,
        "--json",
    )
    return desk.office.cli(*words, **how)  # type: ignore[arg-type]


def test_old_and_new_both_sign_until_the_old_one_ends(issued: Office, tmp_path: Path) -> None:
    desk = Desk(issued)
    desk.key("pcp1")
    old = issued.cli("keys", "list", "--json").json[0]
    made = renew(desk, old["serial"], tmp_path / "next.p12").json  # type: ignore[attr-defined]
    assert (made["renews"], made["npi"], made["status"]) == (old["serial"], old["npi"], "good")
    assert [each["status"] for each in issued.cli("keys", "list", "--json").json] == ["good", "good"]
    with_old = desk.sign_pcp(desk.issued_file("bh"))
    desk.keys["pcp1"] = tmp_path / "next.p12"
    with_new = desk.sign_pcp(desk.issued_file("bh"), name="new.pdf")
    verdicts = [issued.cli("verify", each, "--json", now=RETURN).json["verdict"] for each in (with_old, with_new)]
    assert verdicts == ["accepted", "accepted"]
    issued.cli("keys", "revoke", old["serial"], "--reason", "superseded", now="2026-11-06T15:00:00Z")
    later = [
        issued.cli("verify", each, "--json", now="2026-11-07T15:00:00Z", status=None).json["verdict"]
        for each in (with_old, with_new)
    ]
    assert later == ["rejected", "accepted"]


def test_the_ledger_says_that_identity_was_established_for_the_first(issued: Office, tmp_path: Path) -> None:
    desk = Desk(issued)
    desk.key("pcp1")
    first = issued.cli("keys", "list", "--json").json[0]["serial"]
    second = renew(desk, first, tmp_path / "2.p12").json["serial"]  # type: ignore[attr-defined]
    renew(desk, second, tmp_path / "3.p12")
    said = [event.data["identity"] for event in desk.events("key.issued")]
    assert said[1] == f"renewal of {first}, for which: badge seen"
    assert said[2] == f"renewal of {second}, for which: {first}, for which: badge seen"


@pytest.mark.parametrize(
    ("ending", "words"), [("revoked", "was revoked"), ("expired", "ended on"), ("unknown", "No digital ID")]
)
def test_what_has_ended_is_not_renewed(issued: Office, tmp_path: Path, ending: str, words: str) -> None:
    desk = Desk(issued)
    desk.key("pcp1")
    serial = issued.cli("keys", "list", "--json").json[0]["serial"]
    if ending == "revoked":
        issued.cli("keys", "revoke", serial, "--reason", "superseded", now=SIGN)
    now = "2028-11-02T15:00:00Z" if ending == "expired" else RETURN
    done = renew(desk, "00ff" if ending == "unknown" else serial, tmp_path / "next.p12", now=now, status=3)
    assert words in done.err  # type: ignore[attr-defined]
    assert not (tmp_path / "next.p12").exists()
