"""Roles and PINs: who may act, what a wrong PIN costs, and that nobody can both issue keys and accept returns."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from cpdocs import wiring
from cpdocs.core.people import Role
from cpdocs.errors import InputFault, UsageFault, WorkspaceFault
from cpdocs.keys.organization_keys import load_issuing, protect_issuing
from cpdocs.people import people
from cpdocs.people.people import TRIES, WAIT, WrongPin
from cpdocs.workspace import Actor, Workspace

PIN = b"482 916"


@dataclass
class HandClock:
    """A clock that moves when it is told to."""

    at: datetime = field(default_factory=lambda: datetime(2026, 11, 2, 15, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at

    true_now = now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: HandClock) -> Workspace:
    """A real workspace, no sandbox, in which ``ada`` acts."""
    monkeypatch.delenv("CPDOCS_NOW", raising=False)
    made = wiring.create_workspace(tmp_path / "ws", sandbox=False)
    return replace(made, clock=clock, actor=Actor("ada", "desk"))


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.delenv("CPDOCS_NOW", raising=False)
    return replace(wiring.create_workspace(tmp_path / "sandbox", sandbox=True), actor=Actor("ada", "desk"))


def given(pin: bytes = PIN) -> people.Secret:
    return lambda: pin


def unasked() -> bytes:
    raise AssertionError("no PIN may be asked for")


def test_an_account_with_the_role_and_the_right_pin_may_act(ws: Workspace) -> None:
    people.enroll(ws, "ada", Role.WITNESS, given(), name="Ada Example")
    acting = people.require(ws, Role.WITNESS, given())
    assert (acting.user, acting.name, acting.pin) == ("ada", "Ada Example", PIN)


def test_an_account_without_the_role_may_not_act_and_is_not_asked(ws: Workspace) -> None:
    people.enroll(ws, "ada", Role.WITNESS, given())
    with pytest.raises(WorkspaceFault, match="not enrolled as issuer"):
        people.require(ws, Role.ISSUER, unasked)


def test_a_sandbox_asks_for_no_role_and_no_pin(sandbox: Workspace) -> None:
    assert people.require(sandbox, Role.ISSUER, unasked).user == "ada"


def test_nobody_is_both_issuer_and_reviewer(ws: Workspace) -> None:
    people.enroll(ws, "ada", Role.ISSUER, given())
    with pytest.raises(InputFault, match="both issuer and reviewer"):
        people.enroll(ws, "ada", Role.REVIEWER, given())
    assert people.people(ws.ledger)["ada"].roles == {Role.ISSUER}


def test_a_second_role_needs_the_pin_that_the_account_has(ws: Workspace) -> None:
    people.enroll(ws, "ada", Role.WITNESS, given())
    with pytest.raises(WrongPin):
        people.enroll(ws, "ada", Role.REVIEWER, given(b"another pin"))
    people.enroll(ws, "ada", Role.REVIEWER, given())
    assert people.people(ws.ledger)["ada"].roles == {Role.WITNESS, Role.REVIEWER}


def test_a_wrong_pin_is_refused_and_after_five_even_the_right_one_waits(ws: Workspace, clock: HandClock) -> None:
    people.enroll(ws, "ada", Role.WITNESS, given())
    for _ in range(TRIES):
        with pytest.raises(WrongPin, match="not the PIN"):
            people.require(ws, Role.WITNESS, given(b"000 000"))
    with pytest.raises(WrongPin, match="Too many"):
        people.require(ws, Role.WITNESS, given())
    clock.at += WAIT
    assert people.require(ws, Role.WITNESS, given()).user == "ada"


def test_a_right_pin_wipes_the_wrong_ones(ws: Workspace) -> None:
    people.enroll(ws, "ada", Role.WITNESS, given())
    for _ in range(3):
        for _ in range(TRIES - 1):
            with pytest.raises(WrongPin):
                people.require(ws, Role.WITNESS, given(b"000 000"))
        people.require(ws, Role.WITNESS, given())


def test_neither_the_ledger_nor_the_verifier_holds_the_pin(ws: Workspace) -> None:
    people.enroll(ws, "ada", Role.WITNESS, given())
    verifier = ws.paths.users / "ada.json"
    assert stat.S_IMODE(verifier.stat().st_mode) == 0o600
    kept = json.loads(verifier.read_text())
    assert PIN.decode() not in verifier.read_text()
    recorded = b"".join(path.read_bytes() for path in ws.paths.state.glob("ledger.db*"))
    assert PIN not in recorded
    assert kept["hash"].encode() not in recorded


def test_a_verifier_put_there_by_hand_gives_no_role(ws: Workspace) -> None:
    people.enroll(ws, "ada", Role.WITNESS, given())
    (ws.paths.users / "eve.json").write_bytes((ws.paths.users / "ada.json").read_bytes())
    with pytest.raises(WorkspaceFault, match="eve is not enrolled"):
        people.require(replace(ws, actor=Actor("eve", "desk")), Role.WITNESS, given())


def test_a_damaged_verifier_is_named(ws: Workspace) -> None:
    people.enroll(ws, "ada", Role.WITNESS, given())
    (ws.paths.users / "ada.json").write_text("{")
    with pytest.raises(WorkspaceFault, match="missing or damaged"):
        people.require(ws, Role.WITNESS, given())


@pytest.mark.parametrize("pin", [b"", b"12345"])
def test_a_short_pin_is_refused_and_nobody_enrolled(ws: Workspace, pin: bytes) -> None:
    with pytest.raises(UsageFault, match="at least 6"):
        people.enroll(ws, "ada", Role.WITNESS, given(pin))
    assert people.people(ws.ledger) == {}


@pytest.mark.parametrize("user", ["", "../ada", "a b", ".ada", "a/b"])
def test_what_is_no_account_name_is_refused(ws: Workspace, user: str) -> None:
    with pytest.raises(UsageFault, match="no account name"):
        people.enroll(ws, user, Role.WITNESS, given())


def test_who_was_taken_off_may_not_act_and_can_be_enrolled_anew_with_another_pin(ws: Workspace) -> None:
    people.enroll(ws, "ada", Role.WITNESS, given())
    people.take_off(ws, "ada")
    with pytest.raises(WorkspaceFault, match="not enrolled"):
        people.require(ws, Role.WITNESS, given())
    people.enroll(ws, "ada", Role.REVIEWER, given(b"another pin"))
    assert people.require(ws, Role.REVIEWER, given(b"another pin")).user == "ada"


def test_a_changed_pin_replaces_the_old_one(ws: Workspace) -> None:
    people.enroll(ws, "ada", Role.WITNESS, given())
    people.change_pin(ws, "ada", given(), given(b"new pin 77"), reprotect=partial(protect_issuing, ws))
    with pytest.raises(WrongPin):
        people.require(ws, Role.WITNESS, given())
    assert people.require(ws, Role.WITNESS, given(b"new pin 77")).user == "ada"


def test_the_issuing_key_opens_with_the_issuers_pin_alone_once_it_is_protected(ws: Workspace, clock: HandClock) -> None:
    clock.at = datetime.now(UTC) + timedelta(minutes=1)
    before = load_issuing(ws, b"").certificate
    people.enroll(ws, "ada", Role.ISSUER, given())
    protect_issuing(ws, PIN, PIN)
    assert not (ws.paths.keys / "issuing.pass").exists()
    with pytest.raises(InputFault, match="does not open"):
        load_issuing(ws, b"guess work")
    assert load_issuing(ws, PIN).certificate == before


def test_a_new_pin_moves_the_lock_of_the_issuing_key(ws: Workspace, clock: HandClock) -> None:
    clock.at = datetime.now(UTC) + timedelta(minutes=1)
    people.enroll(ws, "ada", Role.ISSUER, given())
    protect_issuing(ws, PIN, PIN)
    people.change_pin(ws, "ada", given(), given(b"new pin 77"), reprotect=partial(protect_issuing, ws))
    with pytest.raises(InputFault):
        load_issuing(ws, PIN)
    load_issuing(ws, b"new pin 77")


def test_a_protection_that_was_killed_between_its_steps_still_opens(ws: Workspace, clock: HandClock) -> None:
    clock.at = datetime.now(UTC) + timedelta(minutes=1)
    leftover = (ws.paths.keys / "issuing.pass").read_bytes()
    protect_issuing(ws, b"", PIN)
    (ws.paths.keys / "issuing.pass").write_bytes(leftover)
    load_issuing(ws, PIN)
    protect_issuing(ws, PIN, PIN)
    assert not (ws.paths.keys / "issuing.pass").exists()
