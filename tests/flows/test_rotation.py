"""A new seal through the real commands: what the old one sealed still comes back, and the new one seals from now on."""

from __future__ import annotations

from tests.flows.conftest import Office
from tests.flows.returning import RETURN, SIGN, Desk

ROTATE = ("keys", "rotate", "seal", "--reason", "ends soon", "--by", "Sam Sample")


def test_plans_of_the_old_and_of_the_new_seal_are_both_accepted(office: Office) -> None:
    first = office.cli("plan", "issue", office.sample.plans["bh"], "--json").json[0]["document_id"]
    made = office.cli(*ROTATE, "--json", now="2026-11-02T16:00:00Z").json
    second = office.cli("plan", "issue", office.sample.plans["ltss"], "--json", now="2026-11-02T17:00:00Z").json[0]["document_id"]
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
