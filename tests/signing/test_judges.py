"""Judges that nobody here wrote agree that our signatures are intact, and that a changed byte breaks them.

poppler's ``pdfsig``, ``mutool sign -v`` and ``qpdf --check`` (signing.md, "Independent judges"). The first two don't
judge what was changed between revisions: they are asked about intactness alone.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from cpdocs.core.verdicts import Slot, Verdict
from cpdocs.signing.field_names import MEANING
from cpdocs.signing.increment import Format
from cpdocs.signing.ltv import close
from tests.signing import builder as b
from tests.signing.test_ltv import material
from tests.signing.test_sign import as_member, as_pcp

PASSPHRASE = BestAvailableEncryption(b"for the test")
FILES = ("sealed", "pcp", "pcp-adobe", "pcp-rsa", "member-then-pcp", "pcp-then-member", "closed")


def run(judge: str, *arguments: str | Path) -> str:
    program = shutil.which(judge)
    if program is None:
        pytest.skip(f"{judge} is not installed here")
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One file of each kind that we make."""
    sealed = b.issued().data
    made = {
        "sealed": sealed,
        "pcp": as_pcp(sealed),
        "pcp-adobe": as_pcp(sealed, packing=Format.ADOBE_DETACHED),
        "pcp-rsa": as_pcp(sealed, b.office().clinician(key=b.rsa_key())),
        "member-then-pcp": as_pcp(as_member(sealed)),
        "pcp-then-member": as_member(as_pcp(sealed)),
    }
    made["closed"] = close(made["member-then-pcp"], **material())
    folder = tmp_path_factory.mktemp("judged")
    for name, data in made.items():
        (folder / f"{name}.pdf").write_bytes(data)
    return {name: folder / f"{name}.pdf" for name in made}


def signatures_in(name: str) -> int:
    return 1 if name == "sealed" else 2 if name.startswith("pcp") and "then" not in name else 3


@pytest.mark.parametrize("name", FILES)
def test_pdfsig_finds_every_signature_valid(files: dict[str, Path], name: str) -> None:
    said = run("pdfsig", "-nocert", files[name])
    assert said.count("Signature is Valid.") == signatures_in(name)
    assert "Invalid" not in said


@pytest.mark.parametrize("name", FILES)
def test_mutool_finds_every_signature_unbroken(files: dict[str, Path], name: str) -> None:
    said = run("mutool", "sign", "-v", files[name])
    whole = said.count("The document is unchanged since signing.") + said.count(
        "The signature is valid but there have been edits"
    )
    assert whole == signatures_in(name)


@pytest.mark.parametrize("name", FILES)
def test_qpdf_finds_no_fault_of_syntax(files: dict[str, Path], name: str) -> None:
    assert "No syntax or stream encoding errors found" in run("qpdf", "--check", files[name])


def test_the_judges_notice_one_changed_byte(files: dict[str, Path], tmp_path: Path) -> None:
    data = bytearray(files["pcp"].read_bytes())
    spot = data.index(b"/Title") if b"/Title" in data else data.index(b"/Producer")
    data[spot + 1] ^= 0x20
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(data)
    assert "Signature is Valid." not in run("pdfsig", "-nocert", broken)


def test_what_pdfsig_signs_is_accepted(tmp_path: Path) -> None:
    """With the real program, where it and Mozilla's tools for its key store are installed; ``programs.poppler`` writes
    what it writes everywhere else."""
    pair = b.office().clinician(key=b.rsa_key())
    chain = list(pair.chain)
    locked = pkcs12.serialize_key_and_certificates(b"pcp", pair.key, pair.certificate, chain, PASSPHRASE)  # type: ignore[arg-type]
    (tmp_path / "pcp.p12").write_bytes(locked)
    (tmp_path / "issued.pdf").write_bytes(b.issued().data)
    store = f"sql:{tmp_path}"
    run("certutil", "-N", "-d", store, "--empty-password")
    run("pk12util", "-i", tmp_path / "pcp.p12", "-d", store, "-W", "for the test", "-K", "")
    signing = ("-nssdir", store, "-nick", "pcp", "-sign", "PCPSig", "-reason", MEANING[Slot.PCP])
    run("pdfsig", *signing, tmp_path / "issued.pdf", tmp_path / "signed.pdf")
    examination = b.verdict((tmp_path / "signed.pdf").read_bytes())
    assert (examination.verdict, examination.slots_filled) == (Verdict.ACCEPTED, (Slot.PCP,)), examination.findings
