"""The rule that compares people by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpdocs.core.names import is_named, may_be, name_words


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("Stacy Runte", True),
        ("RUNTE, Stacy, RN", True),
        ("S. Runte", True),
        ("Runte", True),
        ("Stacy Runt\N{CYRILLIC SMALL LETTER IE}", True),
        ("St\N{GREEK SMALL LETTER ALPHA}cy Runte", True),
        ("St\N{LATIN SMALL LETTER A WITH ACUTE}cy Runte", True),
        ("Simon Runte", False),
        ("B. Runte", False),
        ("Stacy", False),
        ("self", False),
        ("", False),
    ],
)
def test_whose_name_may_it_be(name: str, may: bool) -> None:
    assert may_be(name, "Stacy", "Runte") is may


def test_an_initial_names_nobody_in_full() -> None:
    assert is_named("Runte, Stacy", "Stacy", "Runte")
    assert not is_named("S. Runte", "Stacy", "Runte")
    assert not is_named("Stacy", "Stacy", "")


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=30))
def test_any_text_is_compared_and_a_full_name_is_in_itself(first: str, last: str, name: str) -> None:
    may_be(name, first, last)
    if name_words(first) and name_words(last):
        assert is_named(f"{last}, {first}", first, last) == (
            name_words(f"{first} {last}") <= name_words(f"{last}, {first}")
        )
