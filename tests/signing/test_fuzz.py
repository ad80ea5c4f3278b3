"""Whatever the bytes, there is a verdict: no exception escapes, and nothing broken is accepted."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cpdocs.core.verdicts import Verdict
from cpdocs.signing.content import read_contents
from cpdocs.signing.index import IssuedIndex
from cpdocs.signing.reading import ids_named
from tests.signing import builder as b

EXAMPLES = int(os.environ.get("CPDOCS_FUZZ", "60"))
"""How many files each test tries; the environment asks for a longer sweep."""
QUIET = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize="CPDOCS_FUZZ" not in os.environ,
)

TOKENS = (
    b"<<",
    b">>",
    b"[",
    b"]",
    b"obj",
    b"endobj",
    b"stream",
    b"endstream",
    b"null",
    b"R",
    b"/Kids",
    b"/V",
    b"/Parent",
    b"xref",
    b"%%EOF",
)


@cache
def signed() -> bytes:
    return b.sign(b.issued().data, "PCPSig", b.office().clinician())


@cache
def seeds() -> tuple[bytes, ...]:
    return (signed(), b.issued().data)


def covered(data: bytes) -> bytes:
    """The file without the place of the last signature's value, in which no digest can cover the certificates beside
    it."""
    start = data.rindex(b"/Contents <")
    return data[:start] + data[data.index(b">", start) :]


@st.composite
def mangled(draw: st.DrawFn, *, start: int = 0) -> bytes:
    """A signed plan with a few places overwritten, cut out, doubled or given another token, from ``start`` on."""
    data = bytearray(draw(st.sampled_from(seeds())) if start == 0 else signed())
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(start, max(start, len(data) - 1)))
        length = draw(st.integers(0, 40))
        what = draw(st.sampled_from(["overwrite", "cut", "double", "token", "number"]))
        if what == "overwrite":
            data[at : at + length] = draw(st.binary(min_size=length, max_size=length))
        elif what == "cut":
            del data[at : at + length]
        elif what == "double":
            data[at:at] = data[at : at + length]
        elif what == "token":
            token = draw(st.sampled_from(TOKENS))
            data[at : at + len(token)] = token
        else:
            data[at:at] = str(draw(st.integers(-(2**63), 2**63))).encode()
    return bytes(data)


@pytest.mark.slow
def test_the_guided_search_finds_nothing_in_its_first_runs() -> None:
    command = [sys.executable, "-m", "tests.signing.fuzz", "-runs=300", "-seed=1"]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False, timeout=1800
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done 300 runs" in done.stderr


@QUIET
@given(mangled())
def test_a_mangled_plan_gets_a_verdict(data: bytes) -> None:
    if b.verdict(data).verdict is Verdict.ACCEPTED:
        assert covered(data) == covered(signed())


@QUIET
@given(st.integers(0, 10_000).flatmap(lambda _: mangled(start=b.issued().plan.size)))
def test_a_mangled_increment_is_never_accepted(data: bytes) -> None:
    if b.verdict(data).verdict is Verdict.ACCEPTED:
        assert covered(data) == covered(signed())


@QUIET
@given(st.binary(max_size=2000).map(lambda tail: b"%PDF-1.7\n" + tail))
def test_noise_gets_a_verdict_and_matches_nothing(data: bytes) -> None:
    index = IssuedIndex.of([b.issued().plan])
    assert index.known(ids_named(data, read_contents(data))) == ()
    assert b.verdict(data, issued_plan=None).verdict is not Verdict.ACCEPTED
