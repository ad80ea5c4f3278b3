"""The grammar of increments: what two readers could read differently isn't read, and every byte is accounted for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpdocs.core.verdicts import Verdict
from cpdocs.signing.additions import read_additions
from cpdocs.signing.syntax import Name, Reader, Ref, Unclear, Value
from tests.signing import builder as b
from tests.signing import programs
from tests.signing.attacks import appended


def value(text: bytes) -> Value:
    return Reader(text, 0).value()


def test_values_are_read_as_the_standard_says() -> None:
    text = rb"<</A[1 -2 .5 true null]/B(x\(\051\n(y))/C<4a4B5>/D#2F 12 0 R/E<<>>>>"
    assert value(text) == {
        "A": [1, -2, 0.5, True, None],
        "B": b"x()\n(y)",
        "C": b"JKP",
        "D/": Ref(12, 0),
        "E": {},
    }
    assert isinstance(value(b"/Name"), Name)


@pytest.mark.parametrize(
    "text",
    [
        b"<</A 1/A 2>>",
        b"<</Pages 1/Pa#67es 2>>",
        b"<</A 1 % words\n>>",
        b"[1 2",
        b"(open",
        b"<4g>",
        b"<</A>>",
        b"obj",
        b"/A#00",
        b"[" * 40 + b"]" * 40,
        b"1" * 40,
    ],
)
def test_what_readers_may_read_differently_is_not_read(text: bytes) -> None:
    with pytest.raises(Unclear):
        value(text)


@pytest.mark.parametrize("make", programs.ALL, ids=lambda make: make.__name__)
def test_every_byte_of_what_real_programs_append_is_accounted_for(make: programs.Make) -> None:
    assert not read_additions(make(), b.issued().data).doubt


def test_the_object_that_poppler_writes_again_is_passed_over_only_where_it_shows_nothing() -> None:
    issued = b.issued().data
    assert len(read_additions(programs.poppler(), issued).passed_over) == 1
    drawn = programs.poppler(picture=b"BT ET")
    assert read_additions(drawn, issued).doubt
    assert b.verdict(drawn).verdict is not Verdict.ACCEPTED


def test_the_issued_plan_alone_has_nothing_added() -> None:
    assert read_additions(b.issued().data, b.issued().data).doubt == ""


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_bytes_put_between_what_a_signer_wrote_are_never_passed_over(data: st.DataObject) -> None:
    signed, start = appended.signed_once(), len(b.issued().data)
    at = data.draw(st.integers(start, len(signed) - 6))
    words = data.draw(st.binary(min_size=1, max_size=30).filter(lambda each: each.strip(b" \t\r\n")))
    assert read_additions(signed[:at] + words + signed[at:], b.issued().data).doubt


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_whatever_follows_the_issued_plan_is_a_fact_and_no_error(tail: bytes) -> None:
    assert read_additions(b.issued().data + tail, b.issued().data).doubt or not tail.strip(b" \t\r\n")
