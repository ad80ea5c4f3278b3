"""Letters made by the workers of a Dask scheduler: the same print file, even if a worker dies; and never sent where
others listen."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from cpdocs.core.options import SchedulerOptions
from cpdocs.errors import UsageFault
from cpdocs.letters import mail_merge as stamps
from cpdocs.letters.cluster import Cluster
from tests.conftest import CommandLine, shorten_notice
from tests.letters.letter_rosters import line, write_roster

pytest.importorskip("distributed")

LETTERS = 6


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler on loopback with two workers: its address, and the workers' processes."""
    with started(tmp_path, 2) as (address, processes):
        yield address, processes


@contextmanager
def started(
    tmp_path: Path, count: int, options: Sequence[str] = (), security: Any = None
) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler on loopback with so many workers."""
    file = tmp_path / "scheduler.json"
    common = ["--scheduler-file", str(file), "--no-dashboard", *options]
    with ExitStack() as until_done:

        def start(module: str, *options: str) -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", f"distributed.cli.{module}", *common, *options]
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            process = subprocess.Popen(command, cwd=tmp_path, **quiet)
            until_done.callback(process.wait)
            until_done.callback(process.kill)
            return process

        start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
        while not file.is_file() or not file.read_text("utf-8").endswith("}"):
            time.sleep(0.05)
        address = json.loads(file.read_text("utf-8"))["address"]
        worker = ("dask_worker", "--no-nanny", "--nthreads", "1", "--host", "127.0.0.1")
        processes = [start(*worker) for _ in range(count)]
        from distributed import Client

        with Client(address, set_as_default=False, security=security) as client:
            client.wait_for_workers(count, timeout=240)
        yield address, processes


def test_a_worker_killed_midway_changes_nothing_of_the_print_file(
    cli: CommandLine,
    workers: tuple[str, list[subprocess.Popen[bytes]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, (doomed, survivor) = workers
    shorten_notice(cli.root)
    twin = CommandLine(tmp_path / "twin")
    shutil.copytree(cli.root, twin.root)
    roster = write_roster(tmp_path / "roster.csv", *(line(number) for number in range(1, LETTERS + 1)))
    here = cli("letters", "run", "--roster", roster, "--json", "--jobs", "1").json
    kept = stamps.MergedLetters._kept
    came: list[object] = []

    def kill_one(self, *item):
        came.append(item)
        if len(came) == 1:
            doomed.send_signal(signal.SIGKILL)
        return kept(self, *item)

    monkeypatch.setattr(stamps, "_CHUNK", 1)
    monkeypatch.setattr(stamps.MergedLetters, "_kept", kill_one)
    there = twin("letters", "run", "--roster", roster, "--json", "--scheduler", address).json
    assert doomed.wait(timeout=60) == -signal.SIGKILL
    assert survivor.poll() is None
    assert len(came) == LETTERS
    assert [file["sha256"] for file in there["print"]["files"]] == [file["sha256"] for file in here["print"]["files"]]
    assert Path(there["manifest"]).read_bytes() == Path(here["manifest"]).read_bytes()


def authority(folder: Path) -> dict[str, Path]:
    """An authority of its own and a certificate for this machine: files for Dask, on both sides."""
    key, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sample scheduler authority")])
    begin = datetime.now(UTC) - timedelta(days=1)

    def certificate(subject: str, public: Any, *extensions: x509.ExtensionType) -> bytes:
        builder = x509.CertificateBuilder(name, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        builder = builder.public_key(public).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(begin).not_valid_after(begin + timedelta(days=30))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)

    local = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    written = {
        "ca_file": certificate("Sample scheduler authority", key.public_key(), x509.BasicConstraints(True, None)),
        "cert_file": certificate("127.0.0.1", own.public_key(), local),
        "key_file": own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    }
    for file, data in written.items():
        (folder / file).write_bytes(data)
    return {file: folder / file for file in written}


def test_workers_behind_tls_make_the_letters_and_each_ones_own_file(short_notice: CommandLine, tmp_path: Path) -> None:
    from distributed.security import Security

    cli = short_notice
    files = authority(tmp_path)
    settings = cli.root / "cpdocs.toml"
    said = "\n".join(f'{name} = "{path}"' for name, path in files.items())
    settings.write_text(settings.read_text("utf-8") + f"\n[letters.scheduler]\n{said}\n", "utf-8")
    twin = CommandLine(tmp_path / "twin")
    shutil.copytree(cli.root, twin.root)
    roster = write_roster(tmp_path / "roster.csv", *(line(number) for number in range(1, 4)))
    run = ("letters", "run", "--roster", roster, "--json", "--archive", "each")
    here = cli(*run, "--jobs", "1").json
    options = [
        f"--tls-ca-file={files['ca_file']}",
        f"--tls-cert={files['cert_file']}",
        f"--tls-key={files['key_file']}",
    ]
    ca, cert, key = (str(files[name]) for name in ("ca_file", "cert_file", "key_file"))
    security = Security(require_encryption=True, tls_ca_file=ca, tls_client_cert=cert, tls_client_key=key)
    with started(tmp_path, 1, options, security) as (address, _):
        assert address.startswith("tls://")
        there = twin(*run, "--scheduler", address).json
    assert Path(there["manifest"]).read_bytes() == Path(here["manifest"]).read_bytes()
    shas = [row["archive_sha256"] for row in csv.DictReader(Path(there["manifest"]).read_text("utf-8").splitlines())]
    assert len({*shas}) == 3
    assert all((twin.root / "state" / "store" / sha[:2] / sha).read_bytes().startswith(b"%PDF") for sha in shas)


@pytest.mark.parametrize(
    "address", ["tcp://192.0.2.7:8786", "tcp://scheduler.example.org:8786", "tls://127.0.0.1:8786", "127.0.0.1:8786"]
)
def test_members_are_not_sent_where_others_could_listen(cli: CommandLine, address: str) -> None:
    assert cli("letters", "run", "--scheduler", address, status=2).out == ""


def test_plain_tcp_stays_on_this_machine_unless_the_network_is_closed() -> None:
    Cluster("tcp://127.0.0.1:8786", SchedulerOptions()).check()
    Cluster("tcp://192.0.2.7:8786", SchedulerOptions(closed_network=True)).check()
    with pytest.raises(UsageFault):
        Cluster("tcp://192.0.2.7:8786", SchedulerOptions()).check()
