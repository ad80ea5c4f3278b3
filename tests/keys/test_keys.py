"""The organization's own keys on disk: whole or finished later, closed to others, and trusted by the ledger's word."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from cpdocs import wiring
from cpdocs.core.events import EventType
from cpdocs.errors import InputFault, WorkspaceFault
from cpdocs.keys.organization_keys import SANDBOX_IDS, create_keys, load_pair
from cpdocs.keys.trust import load_trust
from cpdocs.signing.keyfiles import fingerprint
from cpdocs.workspace import Paths, Workspace

NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path)


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.delenv("CPDOCS_NOW", raising=False)
    return wiring.create_workspace(tmp_path / "ws", sandbox=True)


def test_every_file_is_for_its_owner_alone(paths: Paths) -> None:
    create_keys(paths, "Example Partners", NOW, sandbox=False)
    names = {path.name for path in paths.keys.iterdir()}
    assert {"ids.key", "seal.p12", "checkpoint.key", "issuing.p12", "root.p12", "crl.der"} <= names
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths.keys.iterdir()} == {0o600}
    assert stat.S_IMODE(paths.keys.stat().st_mode) == 0o700


def test_an_init_that_was_killed_is_finished_with_the_keys_that_are_there(paths: Paths) -> None:
    first = create_keys(paths, "Example Partners", NOW, sandbox=False)
    secret = (paths.keys / "ids.key").read_bytes()
    for name in ("seal.crt", "seal.p12", "crl.der", "checkpoint.key"):
        (paths.keys / name).unlink()
    second = create_keys(paths, "Example Partners", NOW, sandbox=False)
    assert (paths.keys / "ids.key").read_bytes() == secret
    assert first["certificates"]["root"] == second["certificates"]["root"]  # type: ignore[index, call-overload]
    assert first["certificates"]["seal"] != second["certificates"]["seal"]  # type: ignore[index, call-overload]


def test_keys_whose_private_half_is_gone_are_never_replaced_in_silence(paths: Paths) -> None:
    create_keys(paths, "Example Partners", NOW, sandbox=False)
    (paths.keys / "root.p12").unlink()
    with pytest.raises(WorkspaceFault, match=r"root\.crt without its key"):
        create_keys(paths, "Example Partners", NOW, sandbox=False)


def test_ids_are_secret_in_a_workspace_and_the_same_in_every_sandbox(tmp_path: Path) -> None:
    for name in ("a", "b"):
        create_keys(Paths(tmp_path / name), "Example Partners", NOW, sandbox=False)
    create_keys(Paths(tmp_path / "s"), "Example Partners", NOW, sandbox=True)
    a, b, s = ((tmp_path / name / "state" / "keys" / "ids.key").read_bytes() for name in "abs")
    assert len({a, b, s}) == 3
    assert s == SANDBOX_IDS
    assert len(a) == 32


def test_a_sandboxs_certificates_are_valid_where_its_clock_is_set_back(paths: Paths) -> None:
    create_keys(paths, "Example Partners", NOW, sandbox=True)
    seal = x509.load_pem_x509_certificate((paths.keys / "seal.crt").read_bytes())
    assert seal.not_valid_before_utc.year <= NOW.year - 4


def test_the_seal_opens_and_is_the_one_that_the_ledger_names(ws: Workspace) -> None:
    (created,) = ws.ledger.events(types=(EventType.WORKSPACE_CREATED,))
    assert fingerprint(load_pair(ws, "seal").certificate) == created.data["certificates"]["seal"]["fingerprint"]


def test_a_missing_key_and_a_wrong_passphrase_are_named(ws: Workspace) -> None:
    (ws.paths.keys / "seal.pass").write_text("not it\n")
    with pytest.raises(InputFault, match=r"does not open state/keys/seal\.p12"):
        load_pair(ws, "seal")
    (ws.paths.keys / "seal.p12").unlink()
    with pytest.raises(WorkspaceFault, match=r"state/keys/seal\.p12 can't be read"):
        load_pair(ws, "seal")


def test_swapping_a_certificate_file_changes_nobody_whom_we_believe(ws: Workspace, tmp_path: Path) -> None:
    before = load_trust(ws.ledger)
    other = Paths(tmp_path / "other")
    create_keys(other, "Mallory Partners", NOW, sandbox=True)
    for path in other.keys.glob("*.crt"):
        (ws.paths.keys / path.name).write_bytes(path.read_bytes())
    assert load_trust(ws.ledger) == before
    assert len(before.roots) == len(before.issuing) == len(before.in_person) == len(before.seals) == 1
