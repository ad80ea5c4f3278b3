"""Outside authorities folded from their events: the newest word counts, whatever order it came in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cpdocs.core.authority_records import AuthorityRecord, Binding, fold_authorities
from cpdocs.core.events import Event, EventType

NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)
DAY = timedelta(days=1)


def event(what: EventType, /, **data: Any) -> Event:
    return Event(1, what, (), NOW, NOW, "user", "host", data)


def trusted(binding: str = "npi-in-san") -> Event:
    dates = {"not_before": (NOW - DAY).isoformat(), "not_after": (NOW + 99 * DAY).isoformat()}
    named = {
        "fingerprint": "aa",
        "serial": "1",
        "name": "CN=Example",
        "pem": "",
        "organizations": [],
        "by": "Sam Sample",
    }
    return event(EventType.AUTHORITY_TRUSTED, vouches_for=binding, **named, **dates)


def dropped() -> Event:
    return event(EventType.AUTHORITY_DROPPED, fingerprint="aa", reason="ended", by="Sam Sample")


def word(sha256: str, days: int, *, authority: str = "aa", **more: Any) -> Event:
    made = NOW + days * DAY
    plain: dict[str, Any] = {"kind": "crl", "number": "1", "revoked": 0, "scope": []}
    dates = {"this_update": made.isoformat(), "next_update": (made + DAY).isoformat()}
    return event(EventType.REVOCATIONS_IMPORTED, authority=authority, sha256=sha256, **{**plain, **dates, **more})


def answer(sha256: str, days: int, revoked_at: str = "") -> Event:
    return word(
        sha256, days, kind="ocsp", serial="1f", revoked_at=revoked_at, reason="superseded" if revoked_at else ""
    )


def only(*events: Event) -> AuthorityRecord:
    (record,) = fold_authorities(events).values()
    return record


def test_the_newest_list_of_each_scope_counts() -> None:
    record = only(trusted(), word("b", 2), word("a", 1), word("c", 0, scope=["http://ca.example/1"]))
    assert {scope: each.sha256 for scope, each in record.lists.items()} == {(): "b", ("http://ca.example/1",): "c"}


def test_the_newest_answer_about_each_certificate_counts() -> None:
    record = only(trusted(), answer("b", 2, NOW.isoformat()), answer("a", 1))
    assert (record.answers["1f"].sha256, record.answers["1f"].revoked_at) == ("b", NOW)


def test_one_that_was_dropped_is_believed_anew_only_when_it_is_recorded_anew() -> None:
    assert not only(trusted(), dropped(), word("a", 1)).trusted
    again = only(trusted(), word("a", 1), dropped(), trusted("npi-in-user-id"))
    assert (again.trusted, again.binding, [each.sha256 for each in again.lists.values()]) == (
        True,
        Binding.USER_ID,
        ["a"],
    )


def test_words_of_nobody_on_record_are_nothing() -> None:
    assert fold_authorities([word("a", 1), dropped()]) == {}
