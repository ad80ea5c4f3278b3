"""Mail systems take line ends from a file's end, add them and change them: that is transport, and accuses nobody."""

from __future__ import annotations

import io
from functools import cache

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from cpdocs.core.verdicts import Lane, Slot, Verdict
from cpdocs.signing.line_ends import as_issued, may_differ
from cpdocs.signing.ltv import close
from tests.signing import builder as b
from tests.signing.test_ltv import material, time_authority


class WithCarriageReturn(io.BytesIO):
    """Where a program of Windows writes: its last line ends with CRLF."""

    def write(self, data: bytes) -> int:  # type: ignore[override]
        written = bytes(data)
        last = written.endswith(b"%%EOF\n") and len(written) < 64
        return super().write(written[:-1] + b"\r\n" if last else written)


@cache
def signed(line_end: bytes = b"\n") -> bytes:
    """A plan signed by its PCP, whose last byte range ends behind that line end."""
    pair = b.office().clinician()
    if line_end == b"\n":
        found = b.sign(b.issued().data, "PCPSig", pair)
    else:
        writer = IncrementalPdfFileWriter(io.BytesIO(b.issued().data))
        found = b.sign_with(writer, "PCPSig", pair, output=WithCarriageReturn())
    assert found.endswith(b"%%EOF" + line_end)
    return found


def codes(data: bytes) -> list[str]:
    return [each.code for each in b.verdict(data).findings]


@pytest.mark.parametrize(
    ("was", "became"),
    [(b"\n", b""), (b"\r\n", b""), (b"\r\n", b"\r"), (b"\r\n", b"\n"), (b"\n", b"\r\n"), (b"\n", b"\r\n\r\n")],
)
def test_a_line_end_taken_away_or_changed_on_the_way_leaves_the_verdict_what_it_is(was: bytes, became: bytes) -> None:
    whole = signed(was)
    assert (b.verdict(whole).verdict, codes(whole)) == (Verdict.ACCEPTED, [])
    found = b.verdict(whole.removesuffix(was) + became)
    assert (found.verdict, found.slots_filled, found.lane) == (Verdict.ACCEPTED, (Slot.PCP,), Lane.DIGITAL)
    assert [each.code for each in found.findings] == ["line_end_lost"]
    assert {each["slot"]: each["intact"] for each in found.signatures} == {"seal": True, "pcp": True}


@pytest.mark.parametrize("stripped", [signed()[:-1], signed(b"\r\n")[:-2], signed(b"\r\n")[:-1]])
def test_one_that_was_altered_besides_is_held_and_nobody_accused(stripped: bytes) -> None:
    at = stripped.rindex(b"/Reason (") + 9
    found = b.verdict(stripped[:at] + b"Z" + stripped[at + 1 :])
    assert found.verdict is Verdict.HELD
    assert "line_end_missing" in [each.code for each in found.findings]
    assert found.slots_filled == ()


def test_an_altered_file_with_its_line_end_is_rejected_as_ever() -> None:
    whole = signed()
    at = whole.rindex(b"/Reason (") + 9
    found = b.verdict(whole[:at] + b"Z" + whole[at + 1 :])
    assert found.verdict is Verdict.REJECTED
    assert "signature_broken" in [each.code for each in found.findings]


@pytest.mark.parametrize("missing", [2, 3, 7])
def test_more_than_the_line_end_missing_is_a_cut_off_file(missing: int) -> None:
    assert codes(signed()[:-missing]) == ["truncated"]


def test_a_byte_range_that_ends_within_a_line_end_that_never_was_proves_nothing() -> None:
    whole = signed()
    end = whole.rindex(b"/ByteRange")
    first, last = whole[:end], whole[end:]
    numbers = last[last.index(b"[") + 1 : last.index(b"]")].split()
    bent = b" ".join([*numbers[:3], str(int(numbers[3]) + 3).encode()])
    data = first + last.replace(last[last.index(b"[") + 1 : last.index(b"]")], bent.ljust(len(b" ".join(numbers))), 1)
    assert len(data) == len(whole)
    found = b.verdict(data)
    assert found.verdict is not Verdict.ACCEPTED
    assert found.slots_filled == ()


def test_a_line_end_behind_what_nobody_signed_changes_nothing() -> None:
    kept = close(signed(), **material())
    assert kept.endswith(b"%%EOF\n")
    for data in (kept, kept[:-1], kept[:-1] + b"\r\n"):
        found = b.verdict(data)
        assert (found.verdict, [each.code for each in found.findings]) == (Verdict.ACCEPTED, [])


def test_a_time_stamp_over_the_whole_file_loses_its_line_end_like_any_signature() -> None:
    stamped = close(signed(), **material(), timestamper=time_authority())
    before, after = b.verdict(stamped), b.verdict(stamped[:-1])
    assert after.verdict is before.verdict is Verdict.ACCEPTED
    assert [each.code for each in after.findings] == [*(each.code for each in before.findings), "line_end_lost"]


@pytest.mark.parametrize("became", [b"", b"\r\n"])
def test_the_plan_sent_back_unsigned_is_told_so_whatever_became_of_its_line_end(became: bytes) -> None:
    issued = b.issued().data
    found = b.verdict(issued.removesuffix(b"\n") + became)
    assert (found.verdict, found.lane) == (Verdict.HELD, Lane.DIGITAL)
    assert "no_signature" in [each.code for each in found.findings]
    assert not {each.code for each in found.findings} & {"truncated", "signature_broken", "seal_broken"}


def test_only_a_file_that_ends_with_its_end_mark_has_other_line_ends() -> None:
    assert not may_differ(signed())
    assert may_differ(signed()[:-1])
    assert not may_differ(b"")
    assert not may_differ(signed()[:-1] + b"%")
    assert as_issued(b"%PDF-1.7 %%EOF \r\n") == b"%PDF-1.7 %%EOF\n"
    assert as_issued(b"%PDF-1.7 %%EOF" + b" " * 17) == b"%PDF-1.7 %%EOF" + b" " * 17
    assert as_issued(b"%PDF-1.7 %%EOF\n12 0 obj") == b"%PDF-1.7 %%EOF\n12 0 obj"
