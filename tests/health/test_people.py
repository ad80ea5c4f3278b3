"""What `doctor` says about people: roles that nobody has, what removed people hold, what was done within a month."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import pytest

from cpdocs.demo.files import write_sample
from tests.conftest import CommandLine
from tests.flows.conftest import AS_OF

pytestmark = pytest.mark.ledger_file

USER = getpass.getuser()


@pytest.fixture
def real(tmp_path: Path) -> CommandLine:
    """A workspace that is no sandbox, whose administrator is the account; ``ida`` is issuer by her own PIN."""
    line = CommandLine(tmp_path / "real", now="")
    line.init_administered(tmp_path / "pin")
    (tmp_path / "ida").write_text("ida 482916\n")
    (tmp_path / "ida").chmod(0o600)
    line("user", "add", "ida", "--role", "issuer", "--pin-file", tmp_path / "pin", "--new-pin-file", tmp_path / "ida")
    return line


def told(cli: CommandLine, check: str = "people") -> dict[str, str]:
    rows: list[dict[str, Any]] = cli("doctor", "--json", status=None).json["checks"]
    return {row["message"]: row["level"] for row in rows if row["check"] == check}


def test_a_role_that_nobody_has_is_a_fault(real: CommandLine, tmp_path: Path) -> None:
    said = told(real)
    assert {message.split(",")[0]: level for message, level in said.items() if level == "fault"} == {
        "Nobody is reviewer": "fault",
        "Nobody is witness": "fault",
    }
    new = ("--pin-file", tmp_path / "pin", "--new-pin-file", tmp_path / "pin")
    real("user", "add", "rea", "--role", "reviewer", "--role", "witness", *new)
    assert told(real)["Every role has somebody."] == "ok"


def test_what_a_removed_issuer_still_holds_is_named_until_it_changes_hands(real: CommandLine, tmp_path: Path) -> None:
    pin, ida = ("--pin-file", tmp_path / "pin"), ("--as", "ida", "--pin-file", tmp_path / "ida")
    sample = write_sample(tmp_path / "sample", AS_OF)
    real("import", "practices", sample.practices)
    real("import", "clinicians", sample.clinicians, *pin)
    real("keys", "protect", *ida)
    said = ("--identity", "badge seen", "--by", "Sam Sample", "--passphrase-file", tmp_path / "ida")
    real("keys", "issue", "--npi", sample.npis["pcp1"], *said, "--out", tmp_path / "1.p12", *ida)
    real("user", "remove", "ida", *pin)
    found = told(real)
    assert "fault" in {level for message, level in found.items() if "opens with the PIN of ida" in message}
    assert "warning" in {level for message, level in found.items() if "ida" in message and "1 digital IDs" in message}
    assert "warning" in {level for message, level in found.items() if f"{USER} removed ida" in message}
    real("user", "add", "new", "--role", "issuer", *pin, "--new-pin-file", tmp_path / "pin")
    real("keys", "protect", "--as", "new", *pin, "--old-pin-file", tmp_path / "ida")
    assert not [message for message in told(real) if "opens with the PIN" in message]


def test_wrong_pins_and_resets_are_told_with_whose_they_were(real: CommandLine, tmp_path: Path) -> None:
    real("keys", "crl", "--as", "ida", "--pin-file", tmp_path / "pin", status=4)
    once = real("user", "reset", "ida", "--pin-file", tmp_path / "pin", "--json").json["one_time_pin"]
    assert told(real, "wrong PIN") == {"1 wrong PIN was given for ida within 30 days.": "warning"}
    assert [level for message, level in told(real).items() if f"{USER} reset the PIN of ida" in message] == ["warning"]
    (tmp_path / "once").write_text(once)
    (tmp_path / "once").chmod(0o600)
    crl = ("keys", "crl", "--as", "ida", "--pin-file")
    assert "cpdocs user pin ida" in real(*crl, tmp_path / "once", status=4).err
    real("user", "pin", "ida", "--pin-file", tmp_path / "once", "--new-pin-file", tmp_path / "ida")
    real(*crl, tmp_path / "ida")
