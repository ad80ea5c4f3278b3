"""Somebody without cpdocs checks a package with tools that everybody has, and an export tells of nobody else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cpdocs.filing.outsiders import public_pem
from tests.conftest import CommandLine
from tests.flows.conftest import Office
from tests.flows.test_delivery import _filed, filed

__all__ = ["_filed", "filed"]

CHECKS = {"shell": ["sh", "check/check.sh"], "python": [sys.executable, "-I", "check/check.py"]}


def key_of(office: Office) -> str:
    """The organization's key as `doctor` shows it."""
    return re.findall(r"public key ([0-9a-f]{64})", office.cli("doctor", status=None).out)[0]


@pytest.fixture
def package(filed: Office, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filed.cli.root / "outbox/ehr/chart" / filed.documents["bh"], tmp_path / "package"))


@pytest.fixture
def key_file(filed: Office, tmp_path: Path) -> Path:
    file = tmp_path / "organization-key.pem"
    file.write_bytes(public_pem(bytes.fromhex(key_of(filed))))
    return file


def run(package: Path, how: str, *key: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CHECKS[how], *map(str, key)], cwd=package, capture_output=True, text=True, check=False)


@pytest.fixture(params=list(CHECKS))
def how(request: pytest.FixtureRequest) -> str:
    for tool in ("openssl", *(("jq",) if request.param == "shell" else ())):
        if shutil.which(tool) is None:
            if os.environ.get("CPDOCS_PEERS") == "required":
                pytest.fail(f"{tool} isn't installed")
            pytest.skip(f"{tool} isn't installed")
    return str(request.param)


def test_a_whole_package_is_found_whole_by_its_own_programs(package: Path, key_file: Path, how: str) -> None:
    sums = subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=package, check=False)
    assert sums.returncode == 0
    done = run(package, how, key_file)
    assert done.returncode == 0, done.stdout + done.stderr
    done = run(package, how)
    assert done.returncode == 0
    assert "ompare" in done.stdout + done.stderr, "a package can't vouch for itself"


def flipped(package: Path) -> None:
    file = package / "originals/issued.pdf"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def retold(package: Path) -> None:
    file = package / "manifest.json"
    file.write_text(file.read_text("utf-8").replace('"version": 1', '"version": 2'), "utf-8")


@pytest.mark.parametrize(
    "harm",
    [
        flipped,
        retold,
        lambda package: (package / "more.pdf").write_bytes(b"more"),
        lambda package: (package / "audit.html").unlink(),
    ],
    ids=["a flipped byte", "a manifest retold", "one file more", "one file less"],
)
def test_what_was_done_to_a_package_is_found(
    package: Path, key_file: Path, how: str, harm: Callable[[Path], object]
) -> None:
    harm(package)
    assert run(package, how, key_file).returncode == 1


def test_another_organizations_key_isnt_ours(package: Path, how: str, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(public_pem(Ed25519PrivateKey.generate().public_key().public_bytes_raw()))
    assert run(package, how, other).returncode == 1


def test_the_programs_are_short_enough_to_be_read(package: Path) -> None:
    assert len((package / "check/check.sh").read_text("utf-8").splitlines()) < 40
    assert len((package / "check/check.py").read_text("utf-8").splitlines()) < 130


def test_the_root_certificate_lies_in_it(package: Path) -> None:
    from cryptography import x509

    root = x509.load_pem_x509_certificate((package / "check/root-certificate.pem").read_bytes())
    assert root.subject == root.issuer


@pytest.mark.parametrize("top", ["", "7K3M/"])
def test_a_zip_is_checked_where_there_is_no_workspace(
    filed: Office, package: Path, tmp_path: Path, top: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "package.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for file in sorted(each for each in package.rglob("*") if each.is_file()):
            out.write(file, top + file.relative_to(package).as_posix())
    key = key_of(filed)
    monkeypatch.delenv("CPDOCS_NOW", raising=False)
    empty = tmp_path / "empty"
    empty.mkdir()
    elsewhere = CommandLine(empty)
    assert elsewhere("verify", archive, "--key", key, "--json", workspace=False).json["verdict"] == "accepted"
    assert elsewhere("verify", archive, "--key", "0" * 64, "--json", workspace=False, status=1)
    with zipfile.ZipFile(archive, "a") as out:
        out.writestr(f"{top}more.txt", b"more")
    found = elsewhere("verify", archive, "--key", key, "--json", workspace=False, status=1).json
    assert [each["code"] for each in found["problems"]] == ["file_unlisted"]


def test_who_has_no_workspace_is_told_what_to_give_instead(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CPDOCS_NOW", raising=False)
    elsewhere = CommandLine(tmp_path)
    assert "--key HEX" in elsewhere("verify", package, workspace=False, status=4).err
    (tmp_path / "plan.pdf").write_bytes(b"%PDF-1.7")
    told = elsewhere("verify", tmp_path / "plan.pdf", workspace=False, status=4).err
    assert "Only the workspace that issued a plan" in told
    assert "cpdocs init" not in told


def test_a_zip_that_is_no_package_is_judged_as_a_returned_file(filed: Office, tmp_path: Path) -> None:
    archive = tmp_path / "other.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("a.txt", b"words")
    assert filed.cli("verify", archive, "--json", status=1).json["lane"] == "unmatched"


@pytest.mark.parametrize("which", ["--plan", "--practice", "--payer"])
def test_an_export_of_a_part_names_nobody_else_and_is_proven(filed: Office, tmp_path: Path, which: str) -> None:
    bh, ltss = filed.status(filed.documents["bh"]), filed.status(filed.documents["ltss"])
    value = {"--plan": bh["document_id"], "--practice": bh["practice_id"], "--payer": bh["payer"]}[which]
    folder = tmp_path / "part"
    done = filed.cli("audit", "export", folder, which, value, "--json").json
    assert done["events"] > 2
    text = "".join(each.read_text("utf-8") for each in folder.iterdir())
    assert bh["document_id"] in text
    shared = {"--plan": False, "--practice": ltss["practice_id"] == value, "--payer": ltss["payer"] == value}[which]
    assert (ltss["document_id"] in text) is shared
    with filed.sample.roster.open(encoding="utf-8-sig") as file:
        members = set(re.findall(r"\b[0-9]{12}\b", file.read()))
    theirs = {bh["member_id"], *((ltss["member_id"],) if shared else ())}
    assert not [each for each in members - theirs if each in text]
    from cpdocs.chart.check import _check_trail
    from cpdocs.filing.check import Folder

    assert _check_trail(Folder(folder), bytes.fromhex(key_of(filed))) == []
    json.loads((folder / "audit.jsonl").read_text("utf-8").splitlines()[0])


def test_only_one_part_at_a_time(filed: Office, tmp_path: Path) -> None:
    filed.cli("audit", "export", tmp_path / "x", "--practice", "S01", "--payer", "Y", status=2)
    filed.cli("audit", "export", tmp_path / "x", "--practice", "S99", status=3)
