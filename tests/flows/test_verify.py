from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk, codes


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


def everything(root: Path) -> dict[str, bytes]:
    """Every file of the workspace but the ledger's own side files, whose presence only says that it was opened."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def test_it_says_what_intake_would_say_and_changes_nothing(desk: Desk) -> None:
    signed = desk.sign_pcp(desk.issued_file())
    before, events = everything(desk.root), len(desk.events())
    row = desk.office.cli("verify", signed, "--json", now=RETURN).json
    assert (row["verdict"], row["slots_filled"], row["lane"]) == ("accepted", ["pcp"], "digital")
    assert [each["slot"] for each in row["signatures"]] == ["seal", "pcp"]
    assert {"signer", "npi", "credential", "signed_at", "timestamped", "trusted", "intact", "covers"} <= row[
        "signatures"
    ][1].keys()
    assert everything(desk.root).keys() == before.keys()
    assert len(desk.events()) == events
    taken = desk.take(signed)
    assert (taken["verdict"], taken["sha256"]) == (row["verdict"], row["sha256"])


def test_a_plan_that_nobody_signed_is_named_as_what_it_is(desk: Desk) -> None:
    result = desk.office.cli("verify", desk.issued_file(), status=1)
    assert "exactly as it was issued" in result.out
    assert "no_signature" in result.out


def test_a_rejection_and_a_doubt_both_end_with_one(desk: Desk) -> None:
    desk.office.cli("verify", desk.sign_pcp(desk.issued_file(), "lpn1"), status=1)
    desk.office.cli("verify", desk.sign_pcp(desk.issued_file(), "np2"), status=1)


@pytest.mark.parametrize(("data", "code"), [(b"", "empty_file"), (b"Dear colleague", "not_a_pdf")])
def test_an_empty_file_and_no_pdf_still_get_a_verdict(desk: Desk, tmp_path: Path, data: bytes, code: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)
    row = desk.office.cli("verify", file, "--json", status=1).json
    assert code in codes(row)


def test_what_cant_be_read_from_disk_ends_with_three(desk: Desk, tmp_path: Path) -> None:
    desk.office.cli("verify", tmp_path / "nowhere.pdf", status=3)
    os.mkfifo(tmp_path / "pipe")
    desk.office.cli("verify", tmp_path / "pipe", status=3)


def test_a_package_is_checked_and_a_changed_byte_in_it_named(desk: Desk) -> None:
    desk.take(desk.sign_pcp(desk.sign_member(desk.issued_file())))
    (package,) = (
        path for path in (desk.root / "outbox" / "ehr").glob("*/*") if path.is_dir() and path.parent.name != ".staged"
    )
    assert desk.office.cli("verify", package, "--json").json["verdict"] == "accepted"
    changed = next(package.glob("*.pdf"))
    changed.chmod(0o600)
    changed.write_bytes(changed.read_bytes() + b"\n")
    result = desk.office.cli("verify", package, status=1)
    assert changed.name in result.err


@pytest.mark.parametrize("key", ["zz", "abcd"])
def test_a_key_that_is_none_is_a_fault_of_usage(desk: Desk, tmp_path: Path, key: str) -> None:
    desk.office.cli("verify", tmp_path, "--key", key, status=2)
