"""What a file is goes by its first bytes."""

from __future__ import annotations

import pytest

from cpdocs.core.file_kind import HEAD, kind_of


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n", "pdf"),
        (b"\0" * (HEAD - 5) + b"%PDF-", "pdf"),
        (b"\0" * (HEAD - 4) + b"%PDF-", ""),
        (b"II*\x00 and then %PDF-", "pdf"),
        (b"II*\x00", "tif"),
        (b"MM\x00*", "tif"),
        (b"\x89PNG\r\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpg"),
        (b"PK\x03\x04", "zip"),
        (b"PK", ""),
        (b"", ""),
    ],
)
def test_the_first_bytes_say_what_a_file_is(data: bytes, kind: str) -> None:
    assert kind_of(data) == kind
