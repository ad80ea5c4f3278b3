"""What genuine signers send is accepted, whatever their keys, formats, order, looks, and what their programs append."""

from __future__ import annotations

import pytest

from cpdocs.core.verdicts import Verdict
from tests.signing import builder as b
from tests.signing.genuine import Genuine, variants


@pytest.mark.parametrize("variant", list(variants()), ids=lambda variant: variant.name)
def test_a_genuine_return_is_accepted(variant: Genuine) -> None:
    data, visits = variant.make()
    examination = b.verdict(data, trust=b.trust(witnessed=visits))
    assert (examination.verdict, examination.slots_filled) == (Verdict.ACCEPTED, variant.fills), examination.findings


def test_two_copies_signed_apart_fill_a_slot_each() -> None:
    by_name = {each.name: each for each in variants()}
    (members, visits), (pcps, _) = by_name["members-copy-pades"].make(), by_name["pcp-rsa-acrobat-visible"].make()
    trust = b.trust(witnessed=visits)
    first = b.verdict(members, trust=trust)
    filled = {slot: approval.certificate_sha256 for slot, approval in first.fills.items()}
    second = b.verdict(pcps, trust=trust, filled=filled)
    assert [*first.slots_filled, *second.slots_filled] == ["member", "pcp"]


def test_there_are_thirty_variants_at_least() -> None:
    assert len({each.name for each in variants()}) >= 30
