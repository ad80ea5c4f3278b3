"""What a file is goes by its first bytes."""

from __future__ import annotations

import pytest

from cpdocs.core.file_kind import HEAD, kind_of, name_of


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
        (b"II+\x00\x08\x00\x00\x00", "tif"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "webp"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "heic"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00", ""),
        (b"PK\x03\x04", "zip"),
        (b"PK\x03\x04 plan.pdf%PDF-1.7", "zip"),
        (b"\x1f\x8b\x08\x00", "gz"),
        (b"From: front.desk@practice.example.org\r\nTo: us\r\n", "eml"),
        (b"Return-Path: <a@b.example>\nReceived: by mx;\n\tMon\n", "eml"),
        (b"X-Gateway: 1\r\nX-Long: a\r\n b\r\nMIME-Version: 1.0\r\n", "eml"),
        (b"Dear all: please find\nthe plan\n", ""),
        (b"0\x82\x1f\x00\x06\x09*\x86H\x86\xf7\x0d\x01\x07\x02\xa0", "p7m"),
        (b"\xef\xbb\xbf\r\nSubject: plan\r\nTo: us\r\n", "eml"),
        (b"From a@b.example Mon Nov  2 10:00:00 2026\nSubject: plan\n", "eml"),
        (b"2481\nReturn-Path: <a@b.example>\nTo: us\n", "eml"),
        (b"-----BEGIN PKCS7-----\nMIIfAAYJKoZIhvcNAQcCoAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", "p7m"),
        (b"MIIfAAYJKoZIhvcNAQcCoAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", "p7m"),
        (b"\x78\x9f\x3e\x22" + bytes(90) + b"%PDF-1.7", "tnef"),
        (bytes(257) + b"ustar\x0000" + bytes(248) + b"%PDF-1.7", "tar"),
        (b"PK", ""),
        (b"", ""),
    ],
)
def test_the_first_bytes_say_what_a_file_is(data: bytes, kind: str) -> None:
    assert kind_of(data) == kind


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"GIF89a" + bytes(20), "a GIF picture"),
        (b"BM" + bytes(12) + b"\x28\0\0\0" + bytes(20), "a BMP picture"),
        (bytes(4) + b"ftypavif" + bytes(8), "an AVIF picture"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "an Outlook message or an old Office document"),
        (b"\n<!DOCTYPE html><p>See the portal", "a web page"),
        (b"MM\0+" + bytes(20), "a TIFF picture"),
        (b"Dear colleague", ""),
        (b"", ""),
    ],
)
def test_what_is_neither_a_pdf_nor_read_is_named_for_what_it_is(data: bytes, name: str) -> None:
    assert name_of(data) == name
