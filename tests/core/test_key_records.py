"""Digital IDs folded from their events: where each stands, and that nothing gives back what was taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cpdocs.core.events import Event, EventType
from cpdocs.core.key_records import KeyStatus, fold_keys
from cpdocs.core.people import Role, fold_people

NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)
YEAR = timedelta(days=365)


def event(kind: EventType, seq: int = 1, **data: Any) -> Event:
    return Event(seq, kind, (), NOW, NOW, "user", "host", data)


def issued(mark: str = "aa", kind: EventType = EventType.KEY_ISSUED, **changes: Any) -> Event:
    plain = {
        "serial": "1f",
        "fingerprint": mark,
        "npi": "1234567893",
        "name": "Olga Examplesen, MD",
        "credential": "MD",
        "not_before": (NOW - YEAR).isoformat(),
        "not_after": (NOW + YEAR).isoformat(),
        "pem": "",
        "identity": "badge seen",
        "by": "Sam Sample",
    }
    return event(kind, **{**plain, **changes})


def revoked(mark: str = "aa", reason: str = "superseded", at: datetime = NOW) -> Event:
    return event(EventType.KEY_REVOKED, fingerprint=mark, reason=reason, at=at.isoformat())


@pytest.mark.parametrize(
    ("events", "at", "status"),
    [
        ([issued()], NOW, KeyStatus.GOOD),
        ([issued()], NOW + 2 * YEAR, KeyStatus.EXPIRED),
        ([issued(kind=EventType.KEY_PINNED)], NOW, KeyStatus.PINNED),
        ([issued(kind=EventType.KEY_PINNED)], NOW + 2 * YEAR, KeyStatus.EXPIRED),
        ([issued(), revoked()], NOW, KeyStatus.REVOKED),
        ([issued(), revoked()], NOW + 2 * YEAR, KeyStatus.REVOKED),
        ([issued(kind=EventType.KEY_PINNED), revoked(), issued(kind=EventType.KEY_PINNED)], NOW, KeyStatus.REVOKED),
    ],
)
def test_where_a_digital_id_stands(events: list[Event], at: datetime, status: KeyStatus) -> None:
    assert fold_keys(events)["aa"].status(at) is status


def test_the_first_revocation_is_the_one_that_counts() -> None:
    record = fold_keys([issued(), revoked(reason="keyCompromise"), revoked(reason="superseded", at=NOW + YEAR)])["aa"]
    assert (record.reason, record.revoked_at) == ("keyCompromise", NOW)


def test_a_revocation_of_nothing_on_record_changes_nothing() -> None:
    assert list(fold_keys([issued(), revoked("bb")])) == ["aa"]


def test_two_ids_of_one_clinician_stand_side_by_side() -> None:
    keys = fold_keys([issued("aa"), issued("bb"), revoked("aa")])
    assert [key.status(NOW) for key in keys.values()] == [KeyStatus.REVOKED, KeyStatus.GOOD]


def test_an_account_has_the_roles_of_its_last_event_and_none_left_takes_it_off() -> None:
    def enrolled(user: str, *roles: str) -> Event:
        return event(EventType.USER_ENROLLED, user=user, name=user.title(), roles=list(roles), by="root")

    found = fold_people(
        [enrolled("ada", "witness"), enrolled("bob", "issuer"), enrolled("ada", "witness", "reviewer"), enrolled("bob")]
    )
    assert {user: person.roles for user, person in found.items()} == {"ada": {Role.WITNESS, Role.REVIEWER}}
