"""Canonical JSON: the quick road gives what the RFC 8785 package gives."""

from __future__ import annotations

import json
from enum import StrEnum

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from cpdocs.ledger.canonical import canonical, parse_canonical

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
INTEGERS = st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1)
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


class Lane(StrEnum):
    INK = "ink"


@given(VALUES)
def test_the_text_is_rfc_8785s_and_holds_the_value(value):
    assert canonical(value) == rfc8785.dumps(value)
    assert json.loads(canonical(value)) == value
    assert parse_canonical(canonical(value)) == value


def test_keys_outside_ascii_are_sorted_by_utf_16_as_the_rule_says():
    # U+1F600 is D83D DE00 in UTF-16: before U+FF5E there, after it by code point.
    assert canonical({"\U0001f600": 1, "～": 2}) == '{"\U0001f600":1,"～":2}'.encode()


def test_tuples_and_text_enumerations_count_as_lists_and_text():
    assert canonical({"lane": Lane.INK, "pages": (1, 2), Lane.INK: None}) == b'{"ink":null,"lane":"ink","pages":[1,2]}'


@pytest.mark.parametrize(
    "value", [1.0, {"a": 1.5}, ["x", {"a": [2.0]}], b"bytes", {1: "a"}, {"a": object()}, {"é": 1.0}, {"a": {1, 2}}]
)
def test_what_json_or_an_event_cannot_hold_is_refused(value):
    with pytest.raises(TypeError):
        canonical(value)


@pytest.mark.parametrize("value", [2**53, -(2**53), [10**30], "\ud800", {"é": "\udfff"}])
def test_what_would_differ_between_machines_is_refused(value):
    with pytest.raises(ValueError, match=r".*"):
        canonical(value)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" 1",
        b"1.0",
        b"1e3",
        b"NaN",
        b"9007199254740992",
        b'{"b":1,"a":2}',
        b'{"a":1.0}',
        b'{"a":[1,-2e3]}',
        b'{"a":-0}',
        b'{"a":9007199254740992}',
        b'{"a":{"b":123456789012345678901234567890}}',
        b'{"a":"\\ud800"}',
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b'"\\u00e9"',
        b'"\\/"',
        b"\xff",
        '{"～":1,"\U0001f600":2}'.encode(),
    ],
)
def test_a_text_that_is_not_canonical_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        parse_canonical(text)


def test_a_text_may_hold_what_looks_like_a_number_and_the_largest_of_them():
    for text in (
        b'{"a":"b:1.5","c":"[2e9"}',
        b'{"a":[9007199254740991,-9007199254740991]}',
        b'{"\xc3\xa9":"1:1234567890123456"}',
    ):
        assert canonical(parse_canonical(text)) == text


def test_deep_nesting_is_written_or_refused_but_never_crashes():
    deep = b'{"a":' + b"[" * 300 + b"]" * 300 + b"}"
    assert canonical(parse_canonical(deep)) == deep
    with pytest.raises((ValueError, RecursionError)):
        parse_canonical(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


@pytest.mark.parametrize("value", [2**53, -(2**53), [10**30], {"a": [-(10**30)]}])
def test_a_number_that_53_bits_cannot_hold_is_refused_with_the_reason(value):
    with pytest.raises(ValueError, match="53 bits"):
        canonical(value)


def test_the_largest_numbers_of_53_bits_are_written():
    assert canonical([2**53 - 1, -(2**53) + 1]) == b"[9007199254740991,-9007199254740991]"
