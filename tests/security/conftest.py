"""A workspace that is no sandbox, at the machine's own time, with a plan issued and a fax held."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import Event
from cpdocs.demo.files import Sample, write_sample
from cpdocs.demo.mishaps import faxed
from cpdocs.ledger.events import EventStore
from cpdocs.signing import authority
from cpdocs.signing.keyfiles import KeyPair, certificate_pem
from cpdocs.wiring import SystemClock
from tests.conftest import CommandLine
from tests.flows.conftest import _issued, _peopled, issued, office, sample
from tests.flows.returning import FAST

__all__ = ["_issued", "_peopled", "issued", "office", "sample"]


def real_now() -> datetime:
    """The machine's time: outside a sandbox nothing else is taken."""
    return datetime.now(UTC)


def events(root: Path) -> list[Event]:
    """Everything on record."""
    store = EventStore.open(root / "state" / "ledger.db", clock=SystemClock(), user="test", host="test")
    try:
        return list(store.events())
    finally:
        store.close()


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("real")
    made: Sample = write_sample(folder / "sample", eastern_date(real_now()))
    cli = CommandLine(folder / "ws", now="")
    cli.init_administered(folder / "pin")
    settings = cli.root / "cpdocs.toml"
    text = settings.read_text("utf-8").replace("[intake]", FAST.strip(), 1)
    settings.write_text(text + '\n[payer."Pretend Health Alliance ACO"]\nchart_notes = true\n', "utf-8")
    for table in ("practices", "clinicians", "designations", "roster"):
        guarded = ("--pin-file", folder / "pin") if table in ("clinicians", "designations") else ()
        cli("import", table, getattr(made, table), *guarded)
    (row,) = cli("plan", "issue", made.plans["bh"], "--json").json
    fax = folder / "fax.pdf"
    fax.write_bytes(faxed(Path(row["file"]).read_bytes()))
    (held,) = cli("intake", fax, "--json").json
    assert (held["verdict"], held["document_id"]) == ("held", row["document_id"])
    return cli.root, {
        "plan": row["document_id"],
        "item": held["sha256"][:12],
        "roster": made.roster,
        "clinicians": made.clinicians,
        "designations": made.designations,
        "npi": made.npis["pcp1"],
        "practice": row["practice_id"],
    }


@pytest.fixture
def real(tmp_path: Path, _made: tuple[Path, dict[str, Any]]) -> CommandLine:
    """The command line there; the account that runs the tests is administrator, and nothing else."""
    shutil.copytree(_made[0], tmp_path / "ws")
    return CommandLine(tmp_path / "ws", now="")


@pytest.fixture
def ready(tmp_path: Path, real: CommandLine, _made: tuple[Path, dict[str, Any]]) -> dict[str, Any]:
    """What commands about that plan are given: ids, files, and the PIN files ``pin`` and ``wrong``."""
    for name, pin in (("pin", "739 114"), ("wrong", "000 000")):
        (tmp_path / name).write_text(pin + "\n", "utf-8")
        (tmp_path / name).chmod(0o600)
    certificate = tmp_path / "own.cer"
    certificate.write_bytes(own_certificate())
    authority_file = tmp_path / "authority.crt"
    authority_file.write_bytes(certificate_pem(an_authority().certificate))
    plan = real.root / "outbox" / "plans" / _made[1]["practice"] / f"{_made[1]['plan']}.pdf"
    paths = {
        "pin": tmp_path / "pin",
        "wrong": tmp_path / "wrong",
        "out": tmp_path / "new.p12",
        "file": plan,
        "roster": _made[1]["roster"],
        "clinicians": _made[1]["clinicians"],
        "designations": _made[1]["designations"],
        "certificate": certificate,
    }
    paths["authority"] = authority_file
    return {**_made[1], **paths, "serial": "5e11a1"}


def an_authority() -> KeyPair:
    """An authority outside the organization, valid now."""
    return authority.make_root("Example Hospital", authority.Validity.at(real_now(), timedelta(days=30)))


def own_certificate() -> bytes:
    """A certificate that somebody made for themselves, valid now; PEM."""
    key, name = authority.new_key(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Alpha Testwell")])
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(77)
    )
    dated = builder.not_valid_before(real_now() - timedelta(days=1)).not_valid_after(real_now() + timedelta(days=30))
    return dated.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
