"""A complete plan becomes a package for its chart, once and for certain, or waits with the reason."""

from __future__ import annotations

import csv
import json
import os
import shutil
import socket
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
import pytest
import yaml
import zxingcpp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cpdocs.chart import file as filing
from cpdocs.filing.rendition import what_acts
from tests.conftest import CommandLine
from tests.flows.conftest import Office

SIGNED_AT = "2026-11-03T15:00:00Z"


@pytest.fixture(scope="session")
def _signed(tmp_path_factory: pytest.TempPathFactory, _issued: tuple[Path, dict[str, str]], sample: Any) -> Path:
    """A folder with the bh plan signed: by the member, by the PCP on an own copy, and by the PCP after the member."""
    root, documents = _issued
    folder = tmp_path_factory.mktemp("signed")
    shutil.copytree(root, folder / "ws")
    cli = CommandLine(folder / "ws", SIGNED_AT)
    plan = next((folder / "ws" / "outbox" / "plans").rglob(f"{documents['bh']}.pdf"))
    passphrase = folder / "pass.txt"
    passphrase.write_text("correct horse battery\n", "utf-8")
    passphrase.chmod(0o600)
    who = ("--identity", "badge seen", "--by", "Test Coordinator")
    cli(
        "keys",
        "issue",
        "--npi",
        sample.npis["pcp1"],
        *who,
        "--out",
        folder / "pcp.p12",
        "--passphrase-file",
        passphrase,
    )
    key = ("--key", folder / "pcp.p12", "--passphrase-file", passphrase)
    cli("sign", plan, "--slot", "member", "--in-person", "--witness", "Test Witness", "-o", folder / "member.pdf")
    cli("sign", plan, "--slot", "pcp", *key, "-o", folder / "pcp.pdf")
    cli("sign", folder / "member.pdf", "--slot", "pcp", *key, "-o", folder / "both.pdf")
    return folder


@pytest.fixture
def signed(tmp_path: Path, sample: Any, _issued: tuple[Path, dict[str, str]], _signed: Path) -> tuple[Office, Path]:
    """The workspace in which those signatures were made, and the folder that holds them."""
    shutil.copytree(_signed / "ws", tmp_path / "ws")
    return Office(CommandLine(tmp_path / "ws", SIGNED_AT), sample, _issued[1]), _signed


@pytest.fixture
def complete(issued: Office) -> Office:
    """The bh plan approved by the member's word; a chart note by the PCP completes it."""
    issued.cli.now = SIGNED_AT
    payer = issued.cli("status", "--json").json[0]["payer"]
    settings(issued, f'[payer."{payer}"]\nchart_notes = true\n')
    said = ("--how", "telephone", "--on", "2026-11-03", "--by", "Test Coordinator")
    issued.cli("plan", "approve", issued.documents["bh"], "--slot", "member", *said)
    return issued


def settings(office: Office, more: str) -> None:
    file = office.cli.root / "cpdocs.toml"
    file.write_text(file.read_text("utf-8") + "\n" + more, "utf-8")


def chart_note(office: Office, document_id: str = "", now: str | None = None) -> Any:
    """The PCP's chart note, which completes the plan; gives the outcome of the command."""
    note = ("--slot", "pcp", "--chart-note", "Reviewed and agreed", "--npi", office.sample.npis["pcp1"])
    day = (now or office.cli.now)[:10]
    return office.cli(
        "plan",
        "approve",
        document_id or office.documents["bh"],
        *note,
        "--on",
        day,
        "--by",
        "Test Coordinator",
        now=now,
    )


def package_of(office: Office, document_id: str = "") -> Path:
    return office.cli.root / "outbox" / "ehr" / "chart" / (document_id or office.documents["bh"])


def text_of(pdf: Path) -> list[str]:
    document = pypdfium2.PdfDocument(pdf.read_bytes())
    return [page.get_textpage().get_text_range() for page in document]


def test_a_file_with_both_signatures_is_filed_by_intake_with_all_that_proves_it(signed: tuple[Office, Path]) -> None:
    office, folder = signed
    document_id = office.documents["bh"]
    row = office.cli("intake", folder / "both.pdf", "--json").json[0]
    assert (row["verdict"], row["slots_filled"]) == ("accepted", ["member", "pcp"])
    assert office.status(document_id)["state"] == "filed"
    package = package_of(office)
    names = {path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file()}
    upload = f"{document_id}.pdf"
    trail = {"audit.html", "audit.jsonl"}
    assert names == {
        upload,
        "index.csv",
        "manifest.json",
        "originals/issued.pdf",
        "originals/returned-1.pdf",
        f"closed/{upload}",
        "SHA256SUMS",
        *(f"check/{name}" for name in ("README.txt", "check.py", "check.sh", "public-key.pem", "root-certificate.pem")),
        *trail,
    }
    returned = (folder / "both.pdf").read_bytes()
    assert (package / "originals/returned-1.pdf").read_bytes() == returned
    closed = (package / "closed" / upload).read_bytes()
    assert closed.startswith(returned)
    assert len(closed) > len(returned)
    assert what_acts((package / upload).read_bytes()) == []
    pages = text_of(package / upload)
    assert any("Test Witness" in page and "Digitally signed by" in page for page in pages)
    assert "Signature certificate" in "".join(pages)
    office.cli("verify", package)


def test_the_code_on_the_certificate_page_scans_back_to_a_checkpoint_that_shows_a_rewritten_ledger(
    signed: tuple[Office, Path], tmp_path: Path
) -> None:
    """Paper in the chart is out of an insider's reach: its code alone tells the ledger as it was from one made anew."""
    office, folder = signed
    shutil.copytree(office.cli.root, tmp_path / "before")
    office.cli("intake", folder / "both.pdf")
    upload = package_of(office) / f"{office.documents['bh']}.pdf"
    with pypdfium2.PdfDocument(upload.read_bytes()) as document:
        pictures = [page.render(scale=200 / 72).to_pil() for page in document]
    scanned = [code.text for picture in pictures for code in zxingcpp.read_barcodes(picture) if "\n" in code.text]
    assert len(set(scanned)) == 1
    from_paper = tmp_path / "from-paper.txt"
    from_paper.write_text(scanned[0], "utf-8")
    assert office.cli("audit", "verify", "--against", from_paper, "--json").json["ok"]

    rewritten = CommandLine(tmp_path / "before", SIGNED_AT)
    for name in ("one", "two", "three", "four"):
        rewritten("import", "practices", office.sample.practices)
        rewritten("audit", "export", tmp_path / name)
    assert rewritten("audit", "verify", "--json").json["ok"], "by itself it is whole, signed with the right key"
    problems = rewritten("audit", "verify", "--against", from_paper, "--json", status=1).json["problems"]
    assert {problem["code"] for problem in problems} <= {"checkpoint_contradicts", "events_missing"}


def test_the_index_and_the_manifest_say_what_is_there(signed: tuple[Office, Path]) -> None:
    office, folder = signed
    office.cli("intake", folder / "both.pdf")
    package = package_of(office)
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    for entry in manifest["files"]:
        assert sha256((package / entry["name"]).read_bytes()).hexdigest() == entry["sha256"]
    assert manifest["sandbox"] is True
    assert manifest["approvals"]["member"]["evidence"] == "witnessed_signature"
    with (package / "index.csv").open(encoding="utf-8", newline="") as file:
        (line,) = csv.DictReader(file)
    upload = package / line["file"]
    assert line["sha256"] == sha256(upload.read_bytes()).hexdigest()
    assert int(line["pages"]) == len(text_of(upload))
    assert (line["document_id"], line["version"], line["signed_on"]) == (office.documents["bh"], "1", "2026-11-03")
    assert line["mrn"] == manifest["mrn"] != ""


def test_two_separately_signed_copies_are_both_kept_and_both_shown(signed: tuple[Office, Path]) -> None:
    office, folder = signed
    office.cli("intake", folder / "member.pdf")
    assert office.status(office.documents["bh"])["state"] == "partly_signed"
    office.cli("intake", folder / "pcp.pdf")
    package = package_of(office)
    kept = {(package / "originals" / f"returned-{number}.pdf").read_bytes() for number in (1, 2)}
    assert kept == {(folder / "member.pdf").read_bytes(), (folder / "pcp.pdf").read_bytes()}
    closed = [(package / "closed" / f"{office.documents['bh']}-{number}.pdf").read_bytes() for number in (1, 2)]
    assert all(any(data.startswith(original) for original in kept) for data in closed), "each copy is closed by itself"
    pages = text_of(package / f"{office.documents['bh']}.pdf")
    assert sum("Test Witness" in page for page in pages if "Digitally signed by" not in page) >= 1
    assert sum("Digitally signed by" in page for page in pages) == 1
    office.cli("verify", package)


def test_a_file_whose_line_end_a_mail_system_took_is_kept_as_it_came_and_closed_as_it_was_signed(
    signed: tuple[Office, Path], tmp_path: Path
) -> None:
    office, folder = signed
    whole = (folder / "both.pdf").read_bytes()
    (tmp_path / "stripped.pdf").write_bytes(whole.removesuffix(b"\n"))
    (row,) = office.cli("intake", tmp_path / "stripped.pdf", "--json").json
    assert (row["verdict"], row["slots_filled"]) == ("accepted", ["member", "pcp"])
    assert [each["code"] for each in row["findings"]] == ["line_end_lost"]
    package = package_of(office)
    assert (package / "originals" / "returned-1.pdf").read_bytes() == whole.removesuffix(b"\n")
    closed = package / "closed" / f"{office.documents['bh']}.pdf"
    assert closed.read_bytes().startswith(whole)
    shown = office.cli("verify", closed, "--json", status=None).json
    assert {each["slot"]: each["intact"] for each in shown["signatures"]} == {"seal": True, "member": True, "pcp": True}
    office.cli("verify", package)


def test_the_process_that_files_reads_no_signed_file_itself(
    signed: tuple[Office, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    office, folder = signed

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a stranger's file was read outside the confined child")

    monkeypatch.setattr("pyhanko.pdf_utils.reader.PdfFileReader.__init__", refuse)
    office.cli("intake", folder / "both.pdf")
    assert (package_of(office) / "closed" / f"{office.documents['bh']}.pdf").exists()


@pytest.mark.parametrize("victim", ["index.csv", "audit.jsonl", "originals/issued.pdf", "manifest.json", "upload"])
def test_one_changed_byte_in_any_file_is_found_and_named(complete: Office, victim: str) -> None:
    chart_note(complete)
    package = package_of(complete)
    name = f"{complete.documents['bh']}.pdf" if victim == "upload" else victim
    data = bytearray((package / name).read_bytes())
    data[len(data) // 2] ^= 1
    (package / name).write_bytes(bytes(data))
    result = complete.cli("verify", package, status=1)
    assert name in result.err


def test_a_missing_an_added_and_an_unfinished_package_are_told_apart(complete: Office) -> None:
    chart_note(complete)
    package = package_of(complete)
    (package / "extra.txt").write_text("not ours", "utf-8")
    assert "file_unlisted" in complete.cli("verify", package, "--json", status=1).out
    (package / "extra.txt").unlink()
    (package / "index.csv").unlink()
    assert "file_missing" in complete.cli("verify", package, "--json", status=1).out
    (package / "manifest.json").unlink()
    assert "manifest_missing" in complete.cli("verify", package, "--json", status=1).out


def a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def a_link_without_end(file: Path) -> None:
    file.unlink()
    file.symlink_to("/dev/zero")


def nested_without_end(file: Path) -> None:
    file.write_bytes(b"[" * 200_000)


def half_a_character(file: Path) -> None:
    first, _, rest = file.read_text("utf-8").partition("{")
    file.write_text(first + '{"mrn": "\\ud800", "entry": "\\ud800",' + rest, "utf-8")


def a_name_no_terminal_should_see(file: Path) -> None:
    Path(os.fsdecode(os.fsencode(file.parent) + b"/\xff\x1b[31m")).write_bytes(b"x")


def a_folder_from_elsewhere(file: Path) -> None:
    (file.parent / "more").symlink_to("/etc")


@pytest.mark.parametrize("name", ["manifest.json", "audit.jsonl"])
@pytest.mark.parametrize(
    "spoil",
    [
        a_pipe,
        a_link_without_end,
        nested_without_end,
        half_a_character,
        a_name_no_terminal_should_see,
        a_folder_from_elsewhere,
    ],
    ids=lambda spoil: spoil.__name__,
)
def test_a_package_made_to_hang_or_crash_whoever_checks_it_is_just_not_as_it_was_built(
    complete: Office, spoil: Callable[[Path], None], name: str
) -> None:
    chart_note(complete)
    package = package_of(complete)
    spoil(package / name)
    answer = complete.cli("verify", package, status=1)
    assert "\x1b" not in answer.err


def test_another_organizations_key_doesnt_vouch_for_the_package(complete: Office) -> None:
    chart_note(complete)
    result = complete.cli("verify", package_of(complete), "--key", "11" * 32, "--json", status=1)
    assert "manifest_not_signed" in result.out


def test_a_plan_is_filed_once(complete: Office) -> None:
    chart_note(complete)
    assert "filed already" in complete.cli("file", complete.documents["bh"], status=3).err
    assert complete.cli("file", "--json").json == []
    complete.cli("file", complete.documents["ltss"], status=3)


def test_a_package_that_was_taken_away_doesnt_come_back(complete: Office) -> None:
    chart_note(complete)
    shutil.rmtree(package_of(complete))
    complete.cli("file")
    complete.cli("status")
    assert not package_of(complete).exists()


def test_an_mrn_of_another_ehr_is_held_until_somebody_mends_it(complete: Office) -> None:
    toml = complete.cli.root / "cpdocs.toml"
    before = toml.read_text("utf-8")
    toml.write_text(before.replace("[filing]", '[filing]\nmrn_ehr = "Some other EHR"'), "utf-8")
    document_id = complete.documents["bh"]
    assert "not filed" in chart_note(complete).err
    row = complete.status(document_id)
    assert (row["state"], [reason["code"] for reason in row["filing_held"]]) == ("complete", ["mrn_of_other_ehr"])
    held = complete.cli("file", document_id, "--json", status=1).json[0]
    assert (held["state"], held["package"]) == ("held", None)
    history = complete.cli("audit", "show", document_id).out
    assert history.lower().count("filing") <= 2, "the same reason is recorded once"
    toml.write_text(before, "utf-8")
    filed = complete.cli("file", "--json").json[0]
    assert (filed["document_id"], filed["state"]) == (document_id, "filed")
    assert Path(filed["package"]).is_dir()


def test_an_mrn_that_was_damaged_or_isnt_the_members_alone_holds_the_package_and_says_why(
    complete: Office, tmp_path: Path
) -> None:
    document_id = complete.documents["bh"]
    member_id = complete.status(document_id)["member_id"]
    toml = complete.cli.root / "cpdocs.toml"
    toml.write_text(toml.read_text("utf-8").replace("[filing]", "[filing]\nmrn_length = 8"), "utf-8")
    with complete.sample.roster.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    another = next(row["member_id"] for row in rows if row["member_id"] != member_id)

    def imported(ours: str, theirs: str) -> None:
        roster = tmp_path / "roster.csv"
        with roster.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            changed = {member_id: ours, another: theirs}
            writer.writerows({**row, "mrn": changed.get(row["member_id"], row["mrn"])} for row in rows)
        complete.cli("import", "roster", roster)

    imported("1.23E+09", "00099999")
    assert "not filed" in chart_note(complete).err
    for ours, theirs, code in (
        ("1.23E+09", "00099999", "mrn_damaged"),
        ("12345", "00099999", "mrn_short"),
        ("00099999", "00099999", "mrn_shared"),
        ("00099999", "99999", "mrn_shared"),
        ("", "00099999", "mrn_missing"),
    ):
        imported(ours, theirs)
        complete.cli("file", document_id, status=1)
        assert [reason["code"] for reason in complete.status(document_id)["filing_held"]] == [code], (ours, theirs)
    imported("00012345", "00099999")
    complete.cli("file", document_id)
    assert complete.status(document_id)["state"] == "filed"


def test_without_a_route_for_the_practices_ehr_it_is_held(complete: Office) -> None:
    toml = complete.cli.root / "cpdocs.toml"
    toml.write_text(toml.read_text("utf-8").replace("ehrs = []", 'ehrs = ["Nobody has this one"]'), "utf-8")
    chart_note(complete)
    assert [reason["code"] for reason in complete.status(complete.documents["bh"])["filing_held"]] == ["no_route"]


@pytest.mark.ledger_file
def test_a_time_stamping_authority_that_is_down_holds_the_package_and_not_the_return(
    signed: tuple[Office, Path],
) -> None:
    office, folder = signed
    document_id = office.documents["bh"]
    toml = office.cli.root / "cpdocs.toml"
    before = toml.read_text("utf-8")
    with socket.socket() as unanswered:
        unanswered.bind(
            ("127.0.0.1", 0)
        )  # bound and not listening: a call is refused at once, and nobody else gets the port
        toml.write_text(
            before.replace("[signing]", f'[signing]\ntsa_url = "http://127.0.0.1:{unanswered.getsockname()[1]}/"'),
            "utf-8",
        )
        row = office.cli("intake", folder / "both.pdf", "--json").json[0]
        assert (row["verdict"], row["slots_filled"]) == ("accepted", ["member", "pcp"])
        standing = office.status(document_id)
        assert (standing["state"], [reason["code"] for reason in standing["filing_held"]]) == (
            "complete",
            ["timestamp_unavailable"],
        )
        assert list((office.cli.root / "outbox" / "notices").rglob(f"{document_id}*.pdf")), (
            "the practice is answered all the same"
        )
        assert "time-stamping authority" in office.cli("file", document_id, status=1).err
        assert not package_of(office).exists()
    toml.write_text(before, "utf-8")
    assert office.cli("file", "--json").json[0]["state"] == "filed"
    office.cli("verify", package_of(office))


def test_a_certificate_swapped_in_the_keys_folder_doesnt_get_into_the_closed_file(signed: tuple[Office, Path]) -> None:
    office, folder = signed
    keys = office.cli.root / "state" / "keys"
    shutil.copy(keys / "issuing.crt", folder / "before.crt")
    stranger = CommandLine(office.cli.root.parent / "stranger", SIGNED_AT)
    stranger("init", stranger.root, "--sandbox", workspace=False)
    shutil.copy(stranger.root / "state" / "keys" / "issuing.crt", keys / "issuing.crt")
    office.cli("intake", folder / "both.pdf")
    closed = (package_of(office) / "closed" / f"{office.documents['bh']}.pdf").read_bytes()
    embedded = {
        bytes(item.get_object().get_data()) for item in pypdf.PdfReader(BytesIO(closed)).root_object["/DSS"]["/Certs"]
    }
    own, other = (
        x509.load_pem_x509_certificate(file.read_bytes()) for file in (folder / "before.crt", keys / "issuing.crt")
    )
    assert own.public_bytes(Encoding.DER) in embedded
    assert other.public_bytes(Encoding.DER) not in embedded


def test_a_consent_that_ran_out_meanwhile_keeps_substance_use_records_out_of_the_chart(
    office: Office, tmp_path: Path
) -> None:
    plan = yaml.safe_load(office.sample.plans["part2"].read_text("utf-8"))
    plan["part2"]["consent"]["expires_on"] = "2026-11-05"
    file = tmp_path / "part2.yaml"
    file.write_text(yaml.safe_dump(plan), "utf-8")
    document_id = office.cli("plan", "issue", file, "--json").json[0]["document_id"]
    settings(office, f'[payer."{office.status(document_id)["payer"]}"]\nchart_notes = true\n')
    later = "2026-11-06T15:00:00Z"
    said = ("--how", "visit", "--on", "2026-11-05", "--by", "Test Coordinator")
    office.cli("plan", "approve", document_id, "--slot", "member", *said, now=later)
    note = (
        "--slot",
        "pcp",
        "--chart-note",
        "Agreed",
        "--npi",
        plan["pcp_npi"],
        "--on",
        "2026-11-06",
        "--by",
        "Test Coordinator",
    )
    office.cli("plan", "approve", document_id, *note, now=later)
    row = office.status(document_id, later)
    assert [reason["code"] for reason in row["filing_held"]] == ["part2_consent_expired"]
    assert not package_of(office, document_id).exists()


def test_a_kill_between_the_record_and_the_package_is_finished_by_the_next_command(
    complete: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(filing, "put_out", die)
        with pytest.raises(Killed):
            chart_note(complete)
    assert not package_of(complete).exists()
    complete.cli("file")
    complete.cli("verify", package_of(complete))


def test_confirming_the_upload_ends_the_road(complete: Office) -> None:
    document_id = complete.documents["bh"]
    said = ("--by", "Test Clerk", "--at", "2026-11-03T11:00")
    complete.cli("file", "confirm", document_id, *said, status=3)
    chart_note(complete)
    complete.cli("file", "confirm", document_id, *said)
    row = complete.status(document_id)
    assert (row["state"], row["uploaded_at"]) == ("uploaded", "2026-11-03T16:00:00+00:00")
    complete.cli("file", "confirm", document_id, *said, status=3)


def test_a_site_may_name_the_upload_its_own_way(complete: Office) -> None:
    toml = complete.cli.root / "cpdocs.toml"
    named = '"{document_id}_{type}_{date}_v{version}.pdf"'
    toml.write_text(toml.read_text("utf-8").replace('"{document_id}.pdf"', named), "utf-8")
    chart_note(complete)
    manifest = json.loads((package_of(complete) / "manifest.json").read_text("utf-8"))
    assert (package_of(complete) / f"{manifest['document_id']}_Care-Plan_20261103_v1.pdf").is_file()


def test_two_processes_at_the_same_plan_file_it_once(complete: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    real, inner = filing.stage, []

    def while_another_files(area: Path, key: str, files: dict[str, bytes]) -> None:
        if not inner:
            inner.append(key)
            complete.cli("file", complete.documents["bh"])
        real(area, key, files)

    monkeypatch.setattr(filing, "stage", while_another_files)
    assert "package ready" in chart_note(complete).err
    assert inner
    history = complete.cli("audit", "show", complete.documents["bh"], "--json").json
    assert json.dumps(history).count('"plan.filed"') == 1
    complete.cli("verify", package_of(complete))
    assert not (complete.cli.root / "outbox" / "ehr" / ".staged").exists()


def test_an_attested_scan_is_shown_and_its_original_kept(issued: Office, tmp_path: Path) -> None:
    document_id = issued.documents["bh"]
    plan = next((issued.cli.root / "outbox" / "plans").rglob(f"{document_id}.pdf"))
    pages = [page.render(scale=200 / 72, grayscale=True).to_pil() for page in pypdfium2.PdfDocument(plan.read_bytes())]
    scan = tmp_path / "scan.tif"
    pages[0].save(scan, save_all=True, append_images=pages[1:], dpi=(200, 200), compression="tiff_deflate")
    row = issued.cli("intake", scan, "--json", now=SIGNED_AT).json[0]
    assert (row["verdict"], row["lane"]) == ("held", "ink")
    attested = (
        "--signed-on",
        "2026-11-03",
        "--by",
        "Test Clerk",
        "--reason",
        "read from the scan",
        "--seen-by-eye",
        "faint",
    )
    item = row["sha256"][:12]
    issued.cli("held", "accept", item, "--slot", "member", *attested, now=SIGNED_AT)
    issued.cli("held", "accept", item, "--slot", "pcp", "--npi", issued.sample.npis["pcp1"], *attested, now=SIGNED_AT)
    package = package_of(issued)
    assert (package / "originals" / "returned-1.tif").read_bytes() == scan.read_bytes()
    upload = (package / f"{document_id}.pdf").read_bytes()
    assert what_acts(upload) == []
    shown = text_of(package / f"{document_id}.pdf")
    bare = [text for text in shown if len(text.split()) < 40]
    assert len(bare) == len(pages), "a picture of paper has nothing but its line"
    assert [f"Page {place} of {len(shown)}" in text for place, text in enumerate(shown, start=1)].count(False) == 0
    issued.cli("verify", package, now=SIGNED_AT)


def test_a_members_decline_takes_back_what_is_open_and_not_what_both_have_approved(complete: Office) -> None:
    chart_note(complete)
    bh, ltss = complete.documents["bh"], complete.documents["ltss"]
    member = complete.status(bh)["member_id"]
    said = ("--on", "2026-11-03", "--how", "telephone", "--by", "Test Coordinator")
    for each in dict.fromkeys((member, complete.status(ltss)["member_id"])):
        complete.cli("member", "decline", *said, stdin=f"{each}\n")
    assert [complete.status(each)["state"] for each in (bh, ltss)] == ["filed", "withdrawn"]
