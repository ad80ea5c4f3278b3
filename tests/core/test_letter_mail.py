"""A returned letter flags where it went, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from cpdocs.core.events import Event, EventType
from cpdocs.core.letter_mail import REASONS, CheckedAddress, fingerprint, fold_mail, mended
from cpdocs.documents.letter_lint import SAMPLE

SECRET = b"k" * 32
HOME = replace(SAMPLE, member_id="100000000001", address1="1 Elm Street", address2="Apt 2")
AT = datetime(2026, 12, 1, 15, tzinfo=UTC)


def event(type_: EventType, **data: object) -> Event:
    return Event(1, type_, (), AT, AT, "u", "h", data)


def came_back(reason: str) -> Event:
    return event(
        EventType.LETTER_RETURNED,
        run_id="2026-11-02-01",
        kind="assignment",
        piece=3,
        document_id="7K3M-9QXW-2RR",
        assignment=list(HOME.key),
        reason=reason,
        on="2026-12-01",
        address=fingerprint(SECRET, HOME),
    )


def test_the_same_lines_have_the_same_fingerprint_whatever_their_case() -> None:
    assert fingerprint(SECRET, HOME) == fingerprint(SECRET, replace(HOME, address1="1  ELM street", zip="02108"))
    others = [replace(HOME, address1="2 Elm Street"), replace(HOME, address2=""), replace(HOME, zip="02109")]
    assert len({fingerprint(SECRET, item) for item in (HOME, *others)}) == 4
    assert fingerprint(b"other", HOME) != fingerprint(SECRET, HOME)


@pytest.mark.parametrize("reason", ["moved", "unknown", "deceased"])
def test_who_moved_is_flagged_at_that_address_and_nobody_else(reason: str) -> None:
    mail = fold_mail([came_back(reason)])
    where = fingerprint(SECRET, HOME)
    assert mail.flag(HOME.member_id, where) == reason
    assert mail.flag("100000000002", where) == ""
    assert mail.flag(HOME.member_id, fingerprint(SECRET, replace(HOME, address1="9 Oak Street"))) == ""


def test_a_vacant_house_is_flagged_for_everybody() -> None:
    mail = fold_mail([came_back("vacant")])
    assert mail.flag("100000000002", fingerprint(SECRET, HOME)) == "vacant"
    assert set(REASONS.values()) == {"address", "member"}


def test_a_returned_piece_says_which_letter_it_was() -> None:
    piece = fold_mail([came_back("moved")]).returned["7K3M-9QXW-2RR"]
    assert (piece.key, piece.piece, piece.on) == (HOME.key, 3, date(2026, 12, 1))


def test_a_suppressed_member_stays_so_until_it_is_lifted() -> None:
    on = event(EventType.MEMBER_SUPPRESSED, member_id=HOME.member_id, reason="r", by="b")
    off = event(EventType.MEMBER_UNSUPPRESSED, member_id=HOME.member_id, reason="r", by="b")
    assert fold_mail([on]).suppressed == {HOME.member_id}
    assert fold_mail([on, off]).suppressed == frozenset()


@pytest.mark.parametrize(
    ("dpv", "street"), [("Y", "1 ELM ST"), ("S", "1 ELM ST"), ("N", "1 Elm Street"), ("", "1 Elm Street")]
)
def test_an_address_is_mended_only_where_the_service_confirms_it(dpv: str, street: str) -> None:
    row = {
        "record_id": "r",
        "dpv": dpv,
        "address1": "1 ELM ST",
        "address2": "APT 2",
        "city": "BOSTON",
        "state": "MA",
        "zip": "02108-1234",
    }
    checked = fold_mail([event(EventType.ADDRESSES_CHECKED, file="f", addresses=[row])]).checked["r"]
    assert mended(HOME, checked).address1 == street
    assert mended(HOME, None) == HOME
    assert isinstance(checked, CheckedAddress)


@pytest.mark.parametrize("reason", ["moved", "vacant"])
def test_a_letter_that_comes_back_again_undoes_the_release_of_the_hold(reason: str) -> None:
    where = fingerprint(SECRET, HOME)
    elsewhere = event(EventType.HOLD_RELEASED, member_id=HOME.member_id, code="address_returned", address="another")
    released = event(EventType.HOLD_RELEASED, member_id=HOME.member_id, code="address_returned", address=where)
    assert fold_mail([came_back(reason), released]).flag(HOME.member_id, where) == ""
    again = fold_mail([came_back(reason), elsewhere, released, came_back(reason)])
    assert again.flag(HOME.member_id, where) == reason
    assert again.released == {(HOME.member_id, "another")}
