"""Each fault of a signer's certificate is a finding of its own, through the real intake: one file for each, all dropped
at once."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from unittest.mock import patch

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers

from cpdocs.signing.keyfiles import KeyPair, certificate_pem
from tests.conftest import NOW
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk, codes
from tests.flows.strangers import ACROBAT, REASONS, Stranger
from tests.flows.test_authorities import HOW, RECEIVED, kept
from tests.signing import builder
from tests.signing.outsiders import Outsider

FAULTS = {
    "revoked",
    "expired",
    "not_yet_valid",
    "wrong_key_usage",
    "unknown_ca",
    "weak_digest",
    "self_signed_unpinned",
    "revocation_unknown",
    "revocation_stale",
}


def sign(data: bytes, pair: KeyPair, digest: str = "sha256") -> bytes:
    """As a program signs that takes no notice of what the field asks for."""
    meta = signers.PdfSignatureMetadata(
        field_name="PCPSig", subfilter=ACROBAT, md_algorithm=digest, reason=REASONS["PCPSig"]
    )
    out = io.BytesIO()
    with patch(
        "pyhanko.sign.signers.pdf_signer.PdfSigningSession._enforce_seed_value_constraints", lambda *_, **__: None
    ):
        signer = signers.PdfSigner(meta, builder.signer_of(pair))
        signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data)), output=out, existing_fields_only=True)
    return out.getvalue()


def test_each_fault_of_a_certificate_is_a_finding_of_its_own_and_none_is_accepted(issued: Office) -> None:
    desk, folder, npi = Desk(issued), issued.cli.root.parent, issued.sample.npis["pcp1"]
    then = datetime.fromisoformat(NOW)
    hospital, silent, late, other = (Outsider.open(then, name=f"Example CA {number}") for number in range(4))
    for number, each in enumerate((hospital, silent, late)):
        issued.cli("keys", "import-ca", kept(folder / f"{number}.crt", certificate_pem(each.pair.certificate)), *HOW)
    taken_back = hospital.certify(npi)
    lists = {
        "h.crl": hospital.crl(
            [(taken_back, RECEIVED - timedelta(days=1), "superseded")], made=RECEIVED - timedelta(hours=1)
        ),
        "l.crl": late.crl(made=RECEIVED - timedelta(days=9), life=timedelta(days=7)),
    }
    for name, data in lists.items():
        issued.cli("keys", "import-crl", kept(folder / name, data), now=RETURN)
    plan = desk.issued_file().read_bytes()
    files = {
        "revoked": sign(plan, taken_back),
        "expired": sign(plan, hospital.certify(npi, days=(-30, -1))),
        "not_yet_valid": sign(plan, hospital.certify(npi, days=(30, 300))),
        "wrong_key_usage": sign(plan, hospital.certify(npi, usage=("key_encipherment",))),
        "unknown_ca": sign(plan, other.certify(npi)),
        "weak_digest": sign(plan, hospital.certify(npi), digest="sha1"),
        "self_signed_unpinned": Stranger.self_signed("Olga Examplesen", begins=then).sign(plan),
        "revocation_unknown": sign(plan, silent.certify(npi)),
        "revocation_stale": sign(plan, late.certify(npi)),
    }
    assert files.keys() == FAULTS
    for name, data in files.items():
        desk.drop(data, name=f"{name}.pdf")
    rows = {row["file"].rpartition("/")[2].removesuffix(".pdf"): row for row in desk.intake()}
    found = {name: FAULTS & set(codes(row)) for name, row in rows.items()}
    # A list that was made after a certificate expired doesn't speak for it: it may have left the list.
    assert found.pop("expired") == {"expired", "revocation_unknown"}
    assert found == {name: {name} for name in FAULTS - {"expired"}}
    assert {name: row["verdict"] for name, row in rows.items()} == {
        name: "rejected" if name == "revoked" else "held" for name in FAULTS
    }
    assert all(row["slots_filled"] == [] for row in rows.values())
