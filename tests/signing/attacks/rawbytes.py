"""Changes to the bytes themselves: universal signature forgery, saving attacks, wrapping, prefixes, tails, cuts."""

from __future__ import annotations

import re
from functools import cache

from tests.signing import builder as b

Raw = bytes


@cache
def _signed() -> Raw:
    return b.sign(b.issued().data, "PCPSig", b.office().clinician())


def _in_last_signature(pattern: bytes, replacement: bytes) -> Raw:
    """The signed plan with ``pattern`` in the PCP's signature dictionary replaced by as many bytes."""
    data = _signed()
    start = len(b.issued().data)
    match = re.search(pattern, data[start:], re.DOTALL)
    assert match is not None, pattern
    found = match[0]
    assert len(replacement) <= len(found)
    return (
        data[: start + match.start()]
        + replacement
        + b" " * (len(found) - len(replacement))
        + data[start + match.end() :]
    )


def range_missing() -> Raw:
    return _in_last_signature(rb"/ByteRange \[[^\]]*\]", b"")


def range_renamed() -> Raw:
    return _in_last_signature(rb"/ByteRange", b"/ByteRang")


def range_null() -> Raw:
    return _in_last_signature(rb"/ByteRange \[[^\]]*\]", b"/ByteRange null")


def range_empty() -> Raw:
    return _in_last_signature(rb"/ByteRange \[[^\]]*\]", b"/ByteRange [0 0 0 0]")


def range_negative() -> Raw:
    return _in_last_signature(rb"/ByteRange \[[^\]]*\]", b"/ByteRange [0 -1 -1 -1]")


def range_of_three() -> Raw:
    return _in_last_signature(rb"/ByteRange \[[^\]]*\]", b"/ByteRange [0 10 20]")


def range_of_the_issued_plan() -> Raw:
    return _in_last_signature(
        rb"/ByteRange \[[^\]]*\]", f"/ByteRange [0 {len(b.issued().data) - 10} {len(b.issued().data)} 0]".encode()
    )


def _ranges() -> tuple[int, int, int]:
    """Of the PCP's signature: the length of the first range, where the second begins, and its length."""
    found = re.search(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]", _signed()[len(b.issued().data) :])
    assert found
    return int(found[1]), int(found[2]), int(found[3])


def _other_ranges(first: int, second: int, length: int) -> Raw:
    one, two, three = _ranges()
    return _in_last_signature(
        rb"/ByteRange \[[^\]]*\]", b"/ByteRange [0 %d %d %d]" % (one + first, two + second, three + length)
    )


def ranges_that_overlap_the_value() -> Raw:
    """As much is covered as there is to cover, by sum: but the last bytes of the file are not."""
    return _other_ranges(0, -10, 0)


def ranges_that_reach_into_the_value() -> Raw:
    return _other_ranges(5, 0, -5)


def ranges_with_a_gap() -> Raw:
    return _other_ranges(-5, 0, 0)


def ranges_beyond_the_end() -> Raw:
    return _other_ranges(0, 0, 9)


def ranges_short_of_the_end() -> Raw:
    return _other_ranges(0, 0, -20)


def _wrapped(end: Raw) -> Raw:
    """SWA: what the second range covered stands at the end as well, the signature's dictionary again with ranges over
    that; in between is room for anything."""
    signed = _signed()
    one, two, three = _ranges()
    tail = signed[two:]
    begin = [each.start() for each in re.finditer(rb"\d+ 0 obj", signed[: signed.rindex(b"/ByteRange")])][-1]
    dictionary = signed[begin : signed.index(b"endobj", begin) + 6]
    place = len(signed) + len(dictionary) + 1 + len(end)
    moved = re.sub(rb"/ByteRange \[[^\]]*\]", b"/ByteRange [0 %d %d %d]" % (one, place, three), dictionary).ljust(
        len(dictionary)
    )
    return signed + moved + b"\n" + end + tail


def wrapped() -> Raw:
    return _wrapped(b"")


def wrapped_around_another_object() -> Raw:
    return _wrapped(b"4 0 obj\n<</Type/Page>>\nendobj\n")


def contents_missing() -> Raw:
    return _in_last_signature(rb"/Contents <[0-9a-fA-F]*>", b"")


def contents_empty() -> Raw:
    return _in_last_signature(rb"/Contents <[0-9a-fA-F]*>", b"/Contents <>")


def contents_null() -> Raw:
    return _in_last_signature(rb"/Contents <[0-9a-fA-F]*>", b"/Contents null")


def contents_zero() -> Raw:
    data = _signed()
    match = re.search(rb"/Contents <([0-9a-fA-F]*)>", data[len(b.issued().data) :])
    assert match is not None
    return _in_last_signature(rb"/Contents <[0-9a-fA-F]*>", b"/Contents <" + b"0" * len(match[1]) + b">")


def _digit_changed(at: int) -> Raw:
    data = _signed()
    other = b"1" if data[at : at + 1] != b"1" else b"2"
    return data[:at] + other + data[at + 1 :]


def contents_bent() -> Raw:
    """One digit at the end of the signature value changed."""
    data = _signed()
    at = data.rindex(b"/Contents <") + 11
    length = 4 + int(data[at + 4 : at + 8], 16)  # a DER sequence with two bytes of length, in hexadecimal
    return _digit_changed(at + 2 * length - 4)


def contents_padding_used() -> Raw:
    """Something put into the unused end of the signature's place, which no digest covers."""
    data = _signed()
    return _digit_changed(data.index(b">", data.rindex(b"/Contents <")) - 20)


def subfilter_unknown() -> Raw:
    return _in_last_signature(rb"/SubFilter /ETSI.CAdES.detached", b"/SubFilter /Own.Filter")


def subfilter_old() -> Raw:
    return _in_last_signature(rb"/SubFilter /ETSI.CAdES.detached", b"/SubFilter /adbe.x509.rsa_sha1")


def type_changed() -> Raw:
    return _in_last_signature(rb"/Type /Sig\b", b"/Type /Foo")


def time_changed() -> Raw:
    return _in_last_signature(rb"/M \(D\\0722", b"/M (D\\0723")


def byte_in_plan() -> Raw:
    """One byte of the issued part changed."""
    data = bytearray(_signed())
    data[len(b.issued().data) // 3] ^= 1
    return bytes(data)


def byte_in_increment() -> Raw:
    data = bytearray(_signed())
    at = data.index(b"obj", len(b.issued().data) + 100)
    data[at + 6] ^= 1
    return bytes(data)


def appended_object_without_reference() -> Raw:
    """ISA: an object behind the end, which lenient readers take up."""
    return _signed() + b"\n4 0 obj\n<</Type /Page /Contents 99 0 R>>\nendobj\n"


def appended_object_and_trailer() -> Raw:
    return _signed() + b"\n4 0 obj\n<</Type /Page>>\nendobj\ntrailer\n<</Root 4 0 R>>\n%%EOF\n"


def appended_whole_document() -> Raw:
    """Another document behind ours, complete in itself: its cross-reference doesn't know of our plan."""
    other = b.issued(title="Discharge plan of").data
    return b.issued().data + _shifted(other, len(b.issued().data))


def _shifted(data: Raw, by: int) -> Raw:
    """``data`` with its classic cross-reference offsets moved by ``by``."""

    def moved(match: re.Match[bytes]) -> bytes:
        return b"%010d %s n" % (int(match[1]) + by, match[2])

    data = re.sub(rb"(\d{10}) (\d{5}) n", moved, data)
    data = re.sub(rb"startxref\s+(\d+)", lambda match: b"startxref\n%d" % (int(match[1]) + by), data)
    return re.sub(rb"/Prev (\d+)(?=\s*[/>])", lambda match: b"/Prev %d" % (int(match[1]) + by), data)


def revisions_skipped() -> Raw:
    """The bytes begin with ours, but the chain of revisions passes over the seal's."""
    issued = b.issued().data
    starts = [int(each) for each in re.findall(rb"startxref\s+(\d+)", issued)]
    signed = _signed()
    tail = signed[len(issued) :]
    assert f"/Prev {starts[-1]}".encode() in tail
    return issued + tail.replace(
        f"/Prev {starts[-1]}".encode(), f"/Prev {starts[0]}".ljust(len(f"/Prev {starts[-1]}")).encode()
    )


def tail_of_text() -> Raw:
    return _signed() + b"This plan is void.\n"


def tail_of_zeros() -> Raw:
    return _signed() + b"\0" * 4096


def tail_with_end_mark() -> Raw:
    return _signed() + b"void\n%%EOF\n"


def leading_text() -> Raw:
    return b"From: office@example.org\r\n\r\n" + _signed()


def leading_byte_order_mark() -> Raw:
    return b"\xef\xbb\xbf" + _signed()


def line_ends_mangled() -> Raw:
    """A mail gateway in text mode."""
    return _signed().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def high_bits_lost() -> Raw:
    return bytes(each & 0x7F for each in _signed())


def cut_in_the_plan() -> Raw:
    return _signed()[: len(b.issued().data) // 2]


def cut_in_the_signature() -> Raw:
    signed = _signed()
    return signed[: (len(b.issued().data) + len(signed)) // 2]


def cut_at_the_end() -> Raw:
    return _signed()[:-12]


def signature_of_another_plan() -> Raw:
    """Everything valid, of another document that we issued."""
    other = b.issued(title="Discharge plan of", document_id="2222-2222-222")
    return b.sign(other.data, "PCPSig", b.office().clinician())


EXPECTED = {
    range_missing: {"unverifiable"},
    range_renamed: {"unverifiable"},
    range_null: {"unverifiable"},
    range_empty: {"signature_broken"},
    range_negative: {"unverifiable"},
    range_of_three: {"unverifiable"},
    range_of_the_issued_plan: {"signature_broken"},
    ranges_that_overlap_the_value: {"not_whole_file", "signature_broken"},
    ranges_that_reach_into_the_value: {"not_whole_file", "signature_broken"},
    ranges_with_a_gap: {"not_whole_file", "signature_broken"},
    ranges_beyond_the_end: {"not_whole_file"},
    ranges_short_of_the_end: {"not_whole_file"},
    wrapped: {"trailing_bytes"},
    wrapped_around_another_object: {"trailing_bytes"},
    contents_missing: {"unverifiable"},
    contents_empty: {"unverifiable"},
    contents_null: {"unverifiable"},
    contents_zero: {"unverifiable"},
    contents_bent: {"signature_broken"},
    contents_padding_used: {"signature_broken"},
    subfilter_unknown: {"unverifiable"},
    subfilter_old: {"unverifiable"},
    type_changed: set(),
    time_changed: {"signature_broken"},
    byte_in_plan: set(),
    byte_in_increment: set(),
    appended_object_without_reference: {"trailing_bytes"},
    appended_object_and_trailer: set(),
    appended_whole_document: {"not_issued_bytes"},
    revisions_skipped: {"not_issued_bytes"},
    tail_of_text: {"trailing_bytes"},
    tail_of_zeros: {"trailing_bytes"},
    tail_with_end_mark: set(),
    leading_text: {"leading_bytes"},
    leading_byte_order_mark: {"leading_bytes"},
    line_ends_mangled: {"damaged_resaved"},
    high_bits_lost: set(),
    cut_in_the_plan: {"truncated"},
    cut_in_the_signature: {"truncated"},
    cut_at_the_end: {"truncated"},
    signature_of_another_plan: set(),
}
"""Each file and the findings that it must at least give."""
