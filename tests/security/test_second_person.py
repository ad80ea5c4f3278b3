"""Nobody stands at both ends of one approval: who issues a clinician's key can't witness the member alone."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import pytest

from cpdocs.core.clock import eastern_date
from tests.conftest import CommandLine
from tests.security.conftest import events, real_now

pytestmark = pytest.mark.ledger_file

USER = getpass.getuser()
APPROVED = (
    "--slot",
    "member",
    "--how",
    "telephone",
    "--on",
    eastern_date(real_now()).isoformat(),
    "--by",
    "Sam Sample",
)


def signed_by_pcp(real: CommandLine, ready: dict[str, Any], folder: Path) -> Path:
    """The plan signed in the PCP's slot with a key that the account itself issued."""
    pin, key, signed = ("--pin-file", ready["pin"]), folder / "pcp.p12", folder / "signed.pdf"
    real("user", "add", USER, "--role", "issuer", "--role", "witness", *pin)
    said = ("--identity", "badge seen", "--by", "Sam Sample", "--passphrase-file", ready["pin"])
    real("keys", "issue", "--npi", ready["npi"], *said, "--out", key, *pin)
    real("sign", ready["file"], "--slot", "pcp", "--key", key, "--passphrase-file", ready["pin"], "-o", signed)
    return signed


def the_part(rows: list[dict[str, Any]]) -> dict[str, Any]:
    (row,) = rows
    return row


def test_a_plan_whose_witness_issued_the_signers_key_is_held_for_a_second_person(
    real: CommandLine, ready: dict[str, Any], tmp_path: Path
) -> None:
    pin = ("--pin-file", ready["pin"])
    signed = signed_by_pcp(real, ready, tmp_path)
    real("plan", "approve", ready["plan"], *APPROVED, *pin)
    row = the_part(real("intake", signed, "--json").json)
    assert row["verdict"] == "held", row
    assert "second_person_needed" in {each["code"] for each in row["findings"]}
    real("user", "add", "rea", "--role", "reviewer", *pin, "--new-pin-file", ready["wrong"])
    rea = ("--as", "rea", "--pin-file", ready["wrong"])
    real("held", "accept", row["sha256"][:12], "--reason", "asked by phone", *rea)
    filled = [event for event in events(real.root) if event.type.value == "slot.filled"]
    assert [(event.data["slot"], event.person) for event in filled] == [("member", USER), ("pcp", "rea")]


def test_who_issued_the_key_in_the_pcps_slot_takes_down_no_approval(
    real: CommandLine, ready: dict[str, Any], tmp_path: Path
) -> None:
    pin = ("--pin-file", ready["pin"])
    row = the_part(real("intake", signed_by_pcp(real, ready, tmp_path), "--json").json)
    assert row["verdict"] == "accepted", row
    refused = real("plan", "approve", ready["plan"], *APPROVED, *pin, status=1)
    assert "nobody stands at both ends" in refused.err
    real("user", "add", "wim", "--role", "witness", *pin, "--new-pin-file", ready["wrong"])
    real("plan", "approve", ready["plan"], *APPROVED, "--as", "wim", "--pin-file", ready["wrong"])
