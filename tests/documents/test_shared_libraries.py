"""WeasyPrint's libraries are found by their files, under every name that it tries; others as ever."""

from __future__ import annotations

import pytest

from cpdocs.documents import shared_libraries


@pytest.mark.parametrize("name", ["libpango-1.0-0", "pango-1.0-0", "pango-1.0", "libpango-1.0.so.0"])
def test_every_name_of_a_library_means_its_file(name: str) -> None:
    assert shared_libraries.find_library(name) == "libpango-1.0.so.0"


def test_one_that_is_not_here_is_not_found_and_not_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(shared_libraries._FILES, "harfbuzz-vector", "libno-such-thing.so.0")
    monkeypatch.setattr(shared_libraries, "_ordinary", lambda name: pytest.fail(f"searched for {name}"))
    for name in ("libharfbuzz-vector-0", "harfbuzz-vector", "harfbuzz-vector-0.0", "libharfbuzz-vector.0.dylib"):
        assert shared_libraries.find_library(name) is None


def test_any_other_library_is_looked_for_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_libraries, "_ordinary", lambda name: f"found {name}")
    assert shared_libraries.find_library("crypto") == "found crypto"
