"""Manifest, index, trail and the check of a whole package, from values alone."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cpdocs.core.events import Event, EventType
from cpdocs.filing.check import Folder, check_package
from cpdocs.filing.index import COLUMNS, IndexLine, index_csv
from cpdocs.filing.manifest import NAME, PackageFile, build_manifest, read_manifest, signature_holds
from cpdocs.filing.trail import Entry, read_trail, trail_html, trail_jsonl
from tests.core.events_builder import History
from tests.filing import pdfs

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key().public_bytes_raw()


def package(folder: Path, *files: PackageFile) -> Path:
    """A package with ``files`` and their manifest, written as they are."""
    for file in files:
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
    (folder / NAME).write_bytes(build_manifest({"document_id": "AAAA-BBBB-CCC"}, files, KEY.sign))
    return folder


def codes(folder: Path, key: bytes = PUBLIC) -> list[str]:
    return [problem.code for problem in check_package(Folder(folder), key)]


def test_a_whole_package_has_no_problems(tmp_path: Path) -> None:
    folder = package(
        tmp_path, PackageFile("a.pdf", pdfs.plain(), "upload"), PackageFile("originals/b.pdf", b"bytes", "returned")
    )
    assert codes(folder) == []


def test_the_signature_is_over_everything_in_the_manifest(tmp_path: Path) -> None:
    folder = package(tmp_path, PackageFile("a.txt", b"a", "index"))
    document = read_manifest((folder / NAME).read_bytes())
    assert signature_holds(document, PUBLIC)
    for change in (
        {"document_id": "XXXX"},
        {"more": 1},
        {"signature": {}},
        {"signature": {"algorithm": "Ed25519", "value": "!"}},
    ):
        assert not signature_holds({**document, **change}, PUBLIC)
    assert not signature_holds(document, bytes(32))
    assert codes(folder, bytes(32)) == ["manifest_not_signed"]


def test_a_manifest_cant_point_outside_its_package(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    inner = tmp_path / "package"
    inner.mkdir()
    files = (PackageFile("../secret", b"x", "index"), PackageFile("/etc/hostname", b"x", "index"))
    (inner / NAME).write_bytes(build_manifest({}, files, KEY.sign))
    assert codes(inner) == ["name_leaves_package", "name_leaves_package"]


def test_a_link_in_a_package_is_not_followed(tmp_path: Path) -> None:
    folder = package(tmp_path / "package", PackageFile("a.txt", b"a", "index"))
    (tmp_path / "outside").write_bytes(b"a")
    (folder / "a.txt").unlink()
    (folder / "a.txt").symlink_to(tmp_path / "outside")
    assert codes(folder) == ["file_unreadable"]


def test_an_upload_that_acts_is_told_even_where_it_is_what_was_packed(tmp_path: Path) -> None:
    folder = package(tmp_path, PackageFile("a.pdf", pdfs.with_script(pdfs.plain()), "upload"))
    assert codes(folder) == ["upload_not_plain"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "cpdocs.package/1"}',
        '{"format": "cpdocs.package/1", "files": [{"name": 1}]}',
        "\xff",
    ],
)
def test_what_is_no_manifest_is_told_and_nothing_breaks(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_bytes(text.encode("latin-1"))
    assert codes(tmp_path) == ["manifest_damaged"]


def test_the_index_has_the_columns_of_the_field_and_nothing_a_spreadsheet_runs() -> None:
    line = IndexLine(
        "M1",
        "100000000017",
        "AAAA-BBBB-CCC",
        1,
        "Care Plan",
        "2026-11-01",
        "2026-11-03",
        "=cmd()",
        "a.pdf",
        "0" * 64,
        9,
        "+x",
    )
    data = index_csv([line])
    (row,) = csv.DictReader(io.StringIO(data.decode(), newline=""))
    assert tuple(row) == COLUMNS
    assert (row["signer"], row["description"], row["pages"]) == ("'=cmd()", "'+x", "9")
    assert data.endswith(b"\r\n")


def test_the_trail_for_machines_reads_back() -> None:
    entries = [Entry(3, '{"seq":3}', (bytes(32), bytes([1] * 32)))]
    data = trail_jsonl("AAAA-BBBB-CCC", entries, checkpoint="note", size=7, sandbox=True)
    head, read = read_trail(data)
    assert (head["size"], head["checkpoint"], read) == (7, "note", entries)


@pytest.mark.parametrize(
    "line", ["[]", '{"seq": 1}', '{"seq": 1, "entry": "", "proof": 5}', '{"seq": 1, "entry": "", "proof": ["zz"]}']
)
def test_a_damaged_trail_is_told(line: str) -> None:
    head = json.dumps({"format": "cpdocs.trail/1", "checkpoint": "note"})
    with pytest.raises(ValueError):
        read_trail(f"{head}\n{line}\n".encode())
    with pytest.raises(ValueError):
        read_trail(b"")


def test_the_trail_for_people_tells_every_event_and_runs_nothing() -> None:
    history = History()
    history.issue()
    history.fill("member", "witnessed_signature", signer="<script>alert(1)</script>", how="Test Witness")
    now = datetime(2026, 11, 3, 15, 0, tzinfo=UTC)
    odd = Event(9, EventType.HELD_RESOLVED, (), now, now, "tester", "here", {})
    page = trail_html("AAAA-BBBB-CCC", "Care Plan", [*history.events, odd], checkpoint="<note>", sandbox=False).decode()
    assert "Version 1 issued and sealed" in page
    assert "witness Test Witness" in page
    assert "<script>" not in page
    assert "&lt;note&gt;" in page
    assert page.count("<tr><td>") == 3
