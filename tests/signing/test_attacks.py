"""No file that an attacker makes of our plan is accepted, and each gives the finding that names what was done."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from hashlib import sha256

import pytest

from cpdocs.core.return_record import Decision
from cpdocs.core.verdicts import Lane, Verdict
from tests.signing import builder as b
from tests.signing.attacks import appended, catalog, cms, rawbytes, resaves, revisions, signatures, structure
from tests.signing.attacks.catalog import Attack

ATTACKS = [(family, each) for family, attacks in catalog.FAMILIES.items() for each in attacks]


def codes(examination: Decision) -> set[str]:
    return {each.code for each in examination.findings}


def refuse(data: bytes, expected: set[str]) -> Decision:
    examination = b.verdict(data)
    found = codes(examination)
    assert examination.verdict is not Verdict.ACCEPTED
    assert not examination.fills
    assert expected <= found, found
    return examination


@pytest.mark.parametrize(("family", "attack"), ATTACKS, ids=[each.name for _, each in ATTACKS])
def test_no_attack_is_accepted_and_each_gives_its_finding(family: str, attack: Attack) -> None:
    examination = refuse(attack.make(), set(attack.findings))
    if family == "Saved again by a library":
        assert (examination.verdict, examination.lane) == (Verdict.REJECTED, Lane.DAMAGED)


def test_every_attack_that_can_be_made_stands_in_a_family_once() -> None:
    listed = Counter(each.name.split(",")[0] for _, each in ATTACKS)
    made = [each.__name__ for module in (rawbytes, signatures, structure, cms) for each in module.EXPECTED]
    assert set(listed) == {
        *made,
        *(each.__name__ for each in revisions.CHANGES),
        *(each.__name__ for each in (*appended.HAND, *appended.NOT_READ, *appended.SIGNING)),
        appended.second_start_before_the_signature.__name__,
        *(each.__name__ for each in resaves.LIBRARIES),
    }
    assert len({each.name for _, each in ATTACKS}) == len(ATTACKS)


def test_the_page_on_attacks_is_what_the_tests_make() -> None:
    assert catalog.PAGE.read_text("utf-8") == catalog.page(), "run `make docs`"


@pytest.mark.parametrize("command", resaves.TOOLS, ids=" ".join)
def test_a_plan_saved_again_by_a_tool_is_rejected(command: tuple[str, ...]) -> None:
    data = resaves.tool(*command)
    if data is None:
        pytest.skip(f"{command[0]} isn't installed")
    assert refuse(data, {"damaged_resaved"}).lane is Lane.DAMAGED


def test_fonts_written_anew_are_held_for_a_comparison_of_pages_and_hide_nothing_else() -> None:
    rewritten = b.sign(revisions.revise(b.issued().data, revisions.swap_font), "PCPSig", b.office().clinician())
    assert refuse(rewritten, {"changes_unclear"}).verdict is Verdict.HELD

    def more(writer: revisions.Writer) -> None:
        revisions.swap_font(writer)
        revisions.rotate_page(writer)

    changed = b.sign(revisions.revise(b.issued().data, more), "PCPSig", b.office().clinician())
    assert refuse(changed, {"changed_after_signing"}).verdict is Verdict.REJECTED


def test_what_is_filled_in_behind_the_last_signature_is_covered_by_nobody() -> None:
    signed = b.sign(b.issued().data, "PCPSig", b.office().clinician())
    refuse(revisions.revise(signed, revisions.form_resources), {"not_whole_file"})


def test_a_plan_whose_own_seal_is_not_genuine_is_rejected() -> None:
    data = bytearray(b.issued().data)
    at = data.rindex(b"/Contents <") + 11
    last = at + 2 * (4 + int(data[at + 4 : at + 8], 16)) - 4
    data[last] = ord("1") if data[last] != ord("1") else ord("2")
    spoilt = bytes(data)
    plan = b.Issued(spoilt, replace(b.issued().plan, sha256=sha256(spoilt).hexdigest()), b.issued().boxes)
    examination = b.verdict(b.sign(spoilt, "PCPSig", b.office().clinician()), plan=plan)
    assert examination.verdict is Verdict.REJECTED
    assert "seal_broken" in codes(examination)


def test_no_cut_of_a_signed_plan_is_accepted_but_a_whole_revision() -> None:
    signed = b.sign(b.issued().data, "PCPSig", b.office().clinician())
    size = len(b.issued().data)
    cuts = sorted({*range(0, size, size // 80), *range(size + 1, len(signed), (len(signed) - size) // 120)})
    assert len(cuts) >= 200
    for length in cuts:
        refuse(signed[:length], set())
