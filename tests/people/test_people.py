"""Roles and PINs: who may act, what a wrong PIN costs, and that nobody can both issue keys and accept returns."""

from __future__ import annotations

import json
import shutil
import stat
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from cpdocs import wiring
from cpdocs.core.events import Event, EventType, NewEvent
from cpdocs.core.people import Role
from cpdocs.errors import InputFault, UsageFault, WorkspaceFault
from cpdocs.keys.organization_keys import load_issuing, protect_issuing
from cpdocs.people import enrolling, people, pins
from cpdocs.people.pins import COST, TRIES, WAIT, WrongPin
from cpdocs.workspace import Actor, Workspace

PIN = b"482 916"


@dataclass
class HandClock:
    """A clock that moves when it is told to."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.at

    true_now = now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: HandClock) -> Workspace:
    """A real workspace, no sandbox, in which ``ada`` acts, its first administrator."""
    monkeypatch.delenv("CPDOCS_NOW", raising=False)
    made = wiring.create_workspace(tmp_path / "ws", sandbox=False)
    ws = replace(made, clock=clock, actor=Actor("ada", "desk"))
    enrolling.first_administrator(ws, "ada", given(), name="Ada Example")
    return ws


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.delenv("CPDOCS_NOW", raising=False)
    return replace(wiring.create_workspace(tmp_path / "sandbox", sandbox=True), actor=Actor("ada", "desk"))


def given(pin: bytes = PIN) -> people.Secret:
    return lambda: pin


def as_(ws: Workspace, name: str) -> Workspace:
    """The same workspace, in which somebody else acts."""
    return replace(ws, actor=replace(ws.actor, person=name))


def add(ws: Workspace, user: str, *roles: Role, pin: bytes = PIN, admin: bytes = PIN) -> None:
    enrolling.enroll(ws, user, roles, given(admin), given(pin))


def of_type(ws: Workspace, kind: EventType) -> list[Event]:
    return list(ws.ledger.events(types=(kind,)))


def unasked() -> bytes:
    raise AssertionError("no PIN may be asked for")


def test_a_person_with_the_role_and_the_right_pin_may_act(ws: Workspace) -> None:
    add(ws, "wim", Role.WITNESS, pin=b"wims own")
    acting = people.require(as_(ws, "wim"), Role.WITNESS, given(b"wims own"))
    assert (acting.user, acting.name, acting.pin) == ("wim", "wim", b"wims own")


def test_what_is_recorded_after_the_pin_names_the_person_beside_the_account(ws: Workspace) -> None:
    acting = as_(ws, "ada")
    (before,) = acting.ledger.append(NewEvent(EventType.RECORD_ACCESSED, ("workspace:",), {"how": "test"}))
    people.require(acting, Role.ADMINISTRATOR, given())
    (after,) = acting.ledger.append(NewEvent(EventType.RECORD_ACCESSED, ("workspace:",), {"how": "test"}))
    assert (before.person, after.person) == ("", "ada")
    assert list(acting.ledger.events())[-1] == after


def test_a_person_without_the_role_may_not_act_and_is_not_asked(ws: Workspace) -> None:
    add(ws, "wim", Role.WITNESS)
    with pytest.raises(WorkspaceFault, match="not enrolled as issuer"):
        people.require(as_(ws, "wim"), Role.ISSUER, unasked)


def test_a_sandbox_asks_for_no_role_and_no_pin(sandbox: Workspace) -> None:
    assert people.require(sandbox, Role.ISSUER, unasked).user == "ada"
    enrolling.enroll(sandbox, "wim", [Role.WITNESS], unasked, unasked)
    enrolling.take_off(sandbox, "wim", unasked)


@pytest.mark.parametrize("act", ["add", "remove", "reset"])
def test_only_an_administrator_enrolls_removes_and_resets(ws: Workspace, act: str) -> None:
    add(ws, "wim", Role.WITNESS, pin=b"wims own")
    by_wim = as_(ws, "wim")
    acts = {
        "add": lambda secret: enrolling.enroll(by_wim, "eve", [Role.REVIEWER], secret, given()),
        "remove": lambda secret: enrolling.take_off(by_wim, "ada", secret),
        "reset": lambda secret: enrolling.reset_pin(by_wim, "ada", secret),
    }
    before = ws.ledger.head()
    with pytest.raises(WorkspaceFault, match="not enrolled as administrator"):
        acts[act](given(b"wims own"))
    assert ws.ledger.head() == before


def test_the_first_administrator_is_made_once(ws: Workspace) -> None:
    with pytest.raises(InputFault, match="has an administrator"):
        enrolling.first_administrator(ws, "eve", given())


def test_before_there_is_an_administrator_nobody_is_enrolled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CPDOCS_NOW", raising=False)
    made = wiring.create_workspace(tmp_path / "new", sandbox=False)
    with pytest.raises(WorkspaceFault, match="Nobody is administrator"):
        add(made, "eve", Role.REVIEWER)


def test_the_only_administrator_stays(ws: Workspace) -> None:
    with pytest.raises(InputFault, match="only administrator"):
        enrolling.take_off(ws, "ada", given())
    add(ws, "bob", Role.ADMINISTRATOR)
    enrolling.take_off(ws, "ada", given(), [Role.ADMINISTRATOR])
    assert set(people.people(ws.ledger)) == {"bob"}


def test_nobody_is_both_issuer_and_reviewer(ws: Workspace) -> None:
    add(ws, "wim", Role.ISSUER)
    with pytest.raises(InputFault, match="both issuer and reviewer"):
        add(ws, "wim", Role.REVIEWER)
    with pytest.raises(InputFault, match="both issuer and reviewer"):
        add(ws, "new", Role.REVIEWER, Role.ISSUER)
    assert people.people(ws.ledger)["wim"].roles == {Role.ISSUER}


def test_nobody_turns_from_issuer_to_reviewer_by_their_own_hand(ws: Workspace) -> None:
    add(ws, "ada", Role.ISSUER)
    enrolling.take_off(ws, "ada", given(), [Role.ISSUER])
    with pytest.raises(InputFault, match="by their own hand"):
        add(ws, "ada", Role.REVIEWER)
    add(ws, "bob", Role.ADMINISTRATOR)
    add(as_(ws, "bob"), "ada", Role.REVIEWER)
    assert Role.REVIEWER in people.people(ws.ledger)["ada"].roles


def test_a_former_issuer_reviews_nothing_in_an_emergency(ws: Workspace) -> None:
    add(ws, "wim", Role.ISSUER, Role.WITNESS)
    enrolling.take_off(ws, "wim", given(), [Role.ISSUER])
    with pytest.raises(WorkspaceFault, match="in an emergency too"):
        people.require(as_(ws, "wim"), Role.REVIEWER, unasked, emergency="nobody is here")


def test_a_second_role_leaves_the_pin_as_it_is(ws: Workspace) -> None:
    add(ws, "wim", Role.WITNESS, pin=b"wims own")
    enrolling.enroll(ws, "wim", [Role.REVIEWER], given(), unasked)
    assert people.require(as_(ws, "wim"), Role.REVIEWER, given(b"wims own")).user == "wim"


def test_a_wrong_pin_is_an_event_and_after_five_even_the_right_one_waits(ws: Workspace, clock: HandClock) -> None:
    for _ in range(TRIES):
        with pytest.raises(WrongPin, match="not the PIN"):
            people.require(ws, Role.ADMINISTRATOR, given(b"000 000"))
    assert [event.subjects for event in of_type(ws, EventType.PIN_REFUSED)] == [("user:ada",)] * TRIES
    with pytest.raises(WrongPin, match="Too many"):
        people.require(ws, Role.ADMINISTRATOR, given())
    clock.at += WAIT
    assert people.require(ws, Role.ADMINISTRATOR, given()).user == "ada"


def test_deleting_what_lies_in_users_unlocks_nothing(ws: Workspace) -> None:
    kept = ws.paths.root / "kept"
    shutil.copytree(ws.paths.users, kept)
    for _ in range(TRIES):
        with pytest.raises(WrongPin):
            people.require(ws, Role.ADMINISTRATOR, given(b"000 000"))
    shutil.rmtree(ws.paths.users)
    shutil.copytree(kept, ws.paths.users)
    with pytest.raises(WrongPin, match="Too many"):
        people.require(ws, Role.ADMINISTRATOR, given())


def test_a_right_pin_wipes_the_wrong_ones(ws: Workspace) -> None:
    for _ in range(3):
        for _ in range(TRIES - 1):
            with pytest.raises(WrongPin):
                people.require(ws, Role.ADMINISTRATOR, given(b"000 000"))
        people.require(ws, Role.ADMINISTRATOR, given())


def test_neither_the_ledger_nor_the_verifier_holds_the_pin(ws: Workspace) -> None:
    verifier = ws.paths.users / "ada.json"
    assert stat.S_IMODE(verifier.stat().st_mode) == 0o600
    kept = json.loads(verifier.read_text())
    assert PIN.decode() not in verifier.read_text()
    recorded = b"".join(path.read_bytes() for path in ws.paths.state.glob("ledger.db*"))
    assert PIN not in recorded
    assert kept["hash"].encode() not in recorded


def test_a_verifier_put_there_by_hand_gives_no_role_and_opens_nothing(ws: Workspace) -> None:
    add(ws, "wim", Role.WITNESS, pin=b"wims own")
    (ws.paths.users / "eve.json").write_bytes((ws.paths.users / "ada.json").read_bytes())
    with pytest.raises(WorkspaceFault, match="eve is not enrolled"):
        people.require(as_(ws, "eve"), Role.WITNESS, given())
    (ws.paths.users / "wim.json").write_bytes((ws.paths.users / "ada.json").read_bytes())
    with pytest.raises(WorkspaceFault, match="somebody replaced it"):
        people.require(as_(ws, "wim"), Role.WITNESS, given())


def test_a_damaged_verifier_is_named(ws: Workspace) -> None:
    (ws.paths.users / "ada.json").write_text("{")
    with pytest.raises(WorkspaceFault, match="missing or damaged"):
        people.require(ws, Role.ADMINISTRATOR, given())


@pytest.mark.parametrize("pin", [b"", b"12345"])
def test_a_short_pin_is_refused_and_nobody_enrolled(ws: Workspace, pin: bytes) -> None:
    with pytest.raises(UsageFault, match="at least 6"):
        add(ws, "wim", Role.WITNESS, pin=pin)
    assert set(people.people(ws.ledger)) == {"ada"}


@pytest.mark.parametrize("user", ["", "../ada", "a b", ".ada", "a/b", "\N{CYRILLIC SMALL LETTER A}da"])
def test_what_is_no_name_is_refused(ws: Workspace, user: str) -> None:
    with pytest.raises(UsageFault, match="no account name"):
        add(ws, user, Role.WITNESS)


def test_a_name_that_looks_like_another_is_refused(ws: Workspace) -> None:
    with pytest.raises(InputFault, match="look like ada"):
        add(ws, "Ada", Role.REVIEWER)


def test_who_was_removed_may_not_act_and_enrolled_anew_must_set_a_pin_of_their_own(ws: Workspace) -> None:
    add(ws, "wim", Role.WITNESS)
    enrolling.take_off(ws, "wim", given())
    wim = as_(ws, "wim")
    with pytest.raises(WorkspaceFault, match="not enrolled"):
        people.require(wim, Role.WITNESS, given())
    add(ws, "wim", Role.REVIEWER, pin=b"told to wim")
    with pytest.raises(WorkspaceFault, match="one-time PIN"):
        people.require(wim, Role.REVIEWER, given(b"told to wim"))
    enrolling.change_pin(wim, "wim", given(b"told to wim"), given(b"wims own"), reprotect=partial(protect_issuing, ws))
    assert people.require(wim, Role.REVIEWER, given(b"wims own")).user == "wim"


def test_a_reset_pin_is_good_for_nothing_but_setting_ones_own(ws: Workspace) -> None:
    add(ws, "wim", Role.WITNESS, pin=b"forgotten")
    wim = as_(ws, "wim")
    once = enrolling.reset_pin(ws, "wim", given())
    with pytest.raises(WrongPin):
        people.require(wim, Role.WITNESS, given(b"forgotten"))
    with pytest.raises(WorkspaceFault, match="one-time PIN"):
        people.require(wim, Role.WITNESS, given(once))
    with pytest.raises(UsageFault, match="again"):
        enrolling.change_pin(wim, "wim", given(once), given(once), reprotect=partial(protect_issuing, ws))
    enrolling.change_pin(wim, "wim", given(once), given(b"wims own"), reprotect=partial(protect_issuing, ws))
    assert people.require(wim, Role.WITNESS, given(b"wims own")).user == "wim"
    assert [event.data["how"] for event in of_type(ws, EventType.PIN_SET)] == ["enrolled", "enrolled", "reset", "own"]


def test_a_changed_pin_replaces_the_old_one(ws: Workspace) -> None:
    enrolling.change_pin(ws, "ada", given(), given(b"new pin 77"), reprotect=partial(protect_issuing, ws))
    with pytest.raises(WrongPin):
        people.require(ws, Role.ADMINISTRATOR, given())
    assert people.require(ws, Role.ADMINISTRATOR, given(b"new pin 77")).user == "ada"


def test_a_new_pin_that_was_killed_before_it_was_recorded_leaves_the_old_one(ws: Workspace) -> None:
    pins.setting_pin(ws, "ada", b"new pin 77", "own").__enter__()  # and no end: the process is gone
    assert people.require(ws, Role.ADMINISTRATOR, given()).user == "ada"


def test_a_new_pin_that_was_killed_after_it_was_recorded_counts(ws: Workspace) -> None:
    ws.ledger.append(pins.setting_pin(ws, "ada", b"new pin 77", "own").__enter__())  # and no end
    assert people.require(ws, Role.ADMINISTRATOR, given(b"new pin 77")).user == "ada"


def test_the_issuing_key_opens_with_the_issuers_pin_alone_once_it_is_protected(ws: Workspace, clock: HandClock) -> None:
    clock.at = datetime.now(UTC) + timedelta(minutes=1)
    before = load_issuing(ws, b"").certificate
    add(ws, "ada", Role.ISSUER)
    protect_issuing(ws, PIN, PIN, "ada")
    assert not (ws.paths.keys / "issuing.pass").exists()
    with pytest.raises(InputFault, match="does not open"):
        load_issuing(ws, b"guess work")
    assert load_issuing(ws, PIN).certificate == before


def test_a_new_pin_moves_the_lock_of_the_issuing_key(ws: Workspace, clock: HandClock) -> None:
    clock.at = datetime.now(UTC) + timedelta(minutes=1)
    add(ws, "ada", Role.ISSUER)
    protect_issuing(ws, PIN, PIN, "ada")
    enrolling.change_pin(ws, "ada", given(), given(b"new pin 77"), reprotect=partial(protect_issuing, ws))
    with pytest.raises(InputFault):
        load_issuing(ws, PIN)
    load_issuing(ws, b"new pin 77")


def test_a_protection_that_was_killed_between_its_steps_still_opens(ws: Workspace, clock: HandClock) -> None:
    clock.at = datetime.now(UTC) + timedelta(minutes=1)
    leftover = (ws.paths.keys / "issuing.pass").read_bytes()
    protect_issuing(ws, b"", PIN, "ada")
    (ws.paths.keys / "issuing.pass").write_bytes(leftover)
    load_issuing(ws, PIN)
    protect_issuing(ws, PIN, PIN, "ada")
    assert not (ws.paths.keys / "issuing.pass").exists()


def test_a_pin_is_kept_stretched_at_what_guessing_is_to_cost(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "COST", COST)
    with pins.setting_pin(ws, "ada", b"593 027", "own"):
        pass
    kept = json.loads((ws.paths.users / "ada.json").read_bytes())
    assert (kept["kdf"], kept["n"]) == ("scrypt", 2**15)
