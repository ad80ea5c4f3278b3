"""Legal holds, the report of what is past its time, and the archive that needs no cpdocs."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from tests.flows.conftest import Office
from tests.flows.returning import Desk

WHY = ("--reason", "subpoena", "--by", "Sam Sample")


def test_a_hold_on_a_member_shows_in_the_report_and_ends_with_its_release(issued: Office) -> None:
    document = issued.documents["bh"]
    member = issued.status(document)["member_id"]
    number = issued.cli("archive", "hold", "-", *WHY, "--json", stdin=f"{member}\n").json["hold"]
    shown = issued.cli("archive", "holds").out
    assert f"member …{member[-4:]}" in shown
    assert member not in shown
    rows = issued.cli("archive", "due", "--on", "2033-11-03", "--json").json
    assert {row["id"]: row["holds"] for row in rows}[document] == [number]
    issued.cli("archive", "release", "-", *WHY, stdin=f"{member}\n")
    assert issued.cli("archive", "holds", "--json").json == []


def test_nothing_is_past_its_time_on_the_last_day_and_all_is_on_the_next(issued: Office) -> None:
    assert issued.cli("archive", "due", "--on", "2033-11-02", "--json").json == []
    rows = issued.cli("archive", "due", "--on", "2033-11-03", "--json").json
    assert {row["id"] for row in rows} == set(issued.documents.values())
    assert {row["kept_until"] for row in rows} == {"2033-11-02"}


def test_a_release_must_say_which_of_several_holds_it_ends(issued: Office) -> None:
    document = issued.documents["bh"]
    numbers = [issued.cli("archive", "hold", document, *WHY, "--json").json["hold"] for _ in range(2)]
    assert str(numbers[0]) in issued.cli("archive", "release", document, *WHY, status=2).err
    issued.cli("archive", "release", document, "--hold", str(numbers[0]), *WHY)
    assert [row["hold"] for row in issued.cli("archive", "holds", "--json").json] == [numbers[1]]
    issued.cli("archive", "release", document, *WHY)
    issued.cli("archive", "release", document, *WHY, status=3)


def test_a_document_that_nobody_knows_cant_be_held(issued: Office) -> None:
    issued.cli("archive", "hold", "not an id", *WHY, status=2)
    issued.cli("archive", "hold", "-", *WHY, stdin="100000000000\n", status=3)
    issued.cli("archive", "hold", issued.documents["bh"], "--reason", " ", "--by", "Sam Sample", status=2)


STRANGER = """
# What somebody makes of an archive who has never heard of cpdocs: README.txt, a text editor, Python without any
# package.
import base64, csv, hashlib, json, pathlib, sys
sha = lambda data: hashlib.sha256(data).digest()
out = pathlib.Path(sys.argv[1])
for line in (out / "manifest.sha256").read_text("utf-8").splitlines():
    digest, name = line.split("  ", 1)
    if sha((out / name).read_bytes()).hex() != digest: sys.exit(1)
lines = (out / "trail/events.jsonl").read_bytes().split(b"\\n")[:-1]
size, root = (out / "trail/checkpoint.txt").read_text("utf-8").split("\\n")[1:3]
level = [sha(b"\\0" + line) for line in lines[: int(size)]]
while len(level) > 1:
    level = [sha(b"\\1" + b"".join(level[i:i + 2])) if i + 1 < len(level) else level[i] for i in range(0, len(level),
    2)]
if base64.b64encode(level[0]).decode() != root: sys.exit(1)
for row in csv.DictReader((out / "index.csv").open(encoding="utf-8")):
    events = [json.loads(line) for line in (out / row["folder"] / "events.jsonl").read_text("utf-8").splitlines()]
    filled = {event["data"]["slot"] for event in events if event["type"] == "slot.filled"}
    if filled == {"member", "pcp"}: print(row["document_id"], "complete")
"""


def test_the_archive_holds_every_stored_file_under_a_name_that_says_what_it_is(issued: Office, tmp_path: Path) -> None:
    desk = Desk(issued)
    desk.take(desk.sign_member(desk.sign_pcp(desk.issued_file())))
    desk.take(b"belongs to nothing", name="x.txt")
    document = issued.documents["bh"]
    issued.cli("archive", "hold", document, *WHY)
    out = tmp_path / "archive"
    done = issued.cli("archive", "export", out, "--json").json

    folder = out / "documents" / document
    assert (folder / "issued.pdf").read_bytes().startswith(b"%PDF")
    assert (folder / "chart" / "signed-plan-and-certificate.pdf").read_bytes().startswith(b"%PDF")
    assert len(list(folder.glob("returned-*.pdf"))) == 1
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text("utf-8").splitlines()]
    assert events[0]["type"] == "plan.issued"
    assert {"slot.filled", "plan.filed"} <= {event["type"] for event in events}
    rows = {row["document_id"]: row for row in csv.DictReader((out / "index.csv").read_text("utf-8").splitlines())}
    assert (rows[document]["state"], rows[document]["legal_hold"]) == ("filed", "yes")
    assert (out / rows[document]["folder"]).is_dir()
    assert len(list((out / "unmatched").iterdir())) == 1

    kept = {path.name for path in (issued.cli.root / "state" / "store").rglob("*") if path.is_file()}
    written = {path: sha256(path.read_bytes()).hexdigest() for path in out.rglob("*") if path.is_file()}
    assert kept <= set(written.values())
    listed = dict(reversed(line.split("  ", 1)) for line in (out / "manifest.sha256").read_text("utf-8").splitlines())
    assert listed == {
        path.relative_to(out).as_posix(): digest for path, digest in written.items() if path.name != "manifest.sha256"
    }
    assert done["files"] == len(listed)
    assert all(path.stat().st_mode & 0o077 == 0 for path in out.rglob("*"))
    subprocess.run([sys.executable, out / "trail" / "verify.py"], check=True, capture_output=True)
    subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "manifest.sha256"], cwd=out, check=True, capture_output=True
    )
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", STRANGER, out], check=True, capture_output=True, text=True
    ).stdout
    assert told.split() == [document, "complete"]
    with (out / "trail" / "events.jsonl").open("r+b") as trail:
        trail.seek(40)
        trail.write(b"x")
    assert (
        subprocess.run([sys.executable, "-I", "-S", "-c", STRANGER, out], check=False, capture_output=True).returncode
        == 1
    )
    assert len(desk.events("archive.exported")) == 1


def test_an_archive_of_a_damaged_store_has_no_manifest_and_names_what_is_wrong(issued: Office, tmp_path: Path) -> None:
    bad = next((issued.cli.root / "state" / "store").rglob("*/*"))
    bad.write_bytes(b"rotten")
    said = issued.cli("archive", "export", tmp_path / "archive", status=1).err
    assert bad.name in said
    assert not (tmp_path / "archive" / "manifest.sha256").exists()


@pytest.mark.parametrize("where", ["outbox/archive", "full"])
def test_an_archive_is_never_written_over_something_nor_into_the_workspace(issued: Office, where: str) -> None:
    full = issued.cli.root / "full"
    full.mkdir()
    (full / "mine").write_text("mine")
    issued.cli("archive", "export", issued.cli.root / where, status=2)
