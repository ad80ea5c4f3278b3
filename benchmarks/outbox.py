"""What it costs to drain an outbox of queued deliveries, and whether memory stays flat: 10,000 against 1,000.

Every delivery is a message of its own (MDM^T02, a PDF of 20 KB inline) for an interface engine on loopback, which
acknowledges each by its own control id. ``cpdocs deliver`` sends them in one go: the attempt on record before it
connects, a connection for each, the answer on record after. Wanted: every one delivered, at the engine once, and a peak
of memory at 10,000 that is at most 1.15 times that at 1,000. ``--deliveries N`` sets the larger number.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.delivery import DOCUMENT
from cpdocs.core.deliveries import Purpose
from cpdocs.core.ids import derive_document_id
from cpdocs.core.places import Place
from cpdocs.delivery.hl7_message import original
from cpdocs.delivery.mllp import END, START
from cpdocs.sending.record import OwnPaper, delivery_id, queue, ways
from cpdocs.wiring import open_workspace
from tests.conftest import CommandLine

BIN = Path(sys.executable).parent
FEW = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=10_000)
    many = parser.parse_args().deliveries
    peaks = {}
    for count in (min(FEW, many), many):
        with tempfile.TemporaryDirectory(prefix="cpdocs-outbox-") as folder, engine() as (port, got):
            root = Path(folder) / "ws"
            now = prepare(root, count, port)
            wall, peaks[count] = drain(root, now)
            delivered = delivered_in(root)
            assert delivered == len(got) == count, f"{delivered} delivered, {len(got)} at the engine"
            assert set(got.values()) == {1}, "the engine got one twice"
        print(
            f"{count:,} deliveries drained in {wall:.0f} s ({1000 * wall / count:.1f} ms each), "
            f"peak memory {peaks[count] / 1024:.0f} MB"
        )
    few, most = peaks.values() if len(peaks) == 2 else (1, 1)
    print(f"memory ratio {most / few:.2f} (wanted: at most 1.15)")


def prepare(root: Path, count: int, port: int) -> str:
    """A sandbox in which ``count`` deliveries wait; gives the time it is there."""
    now = datetime.now(UTC).replace(microsecond=0).isoformat()
    cli = CommandLine(root, now)
    cli("init", root, "--sandbox", workspace=False)
    settings = root / "cpdocs.toml"
    target = f'\n[[filing.target]]\nname = "engine"\nkind = "hl7v2"\nhost = "127.0.0.1"\nport = {port}\ntls = false\n'
    settings.write_text(settings.read_text("utf-8") + target, "utf-8")
    os.environ["CPDOCS_NOW"] = now
    ws = open_workspace(root)
    way, place = ways(ws)["engine"], Place(sending_application="CPDOCS")
    for number in range(count):
        document_id = derive_document_id(b"outbox", str(number))
        delivery = delivery_id(ws, "outbox", str(number))
        message = original(replace(DOCUMENT, document_id=document_id, delivery_id=delivery, pdf=PDF), place)
        paper = OwnPaper(document_id, f"{number:012}", 1)
        queue(ws, delivery, paper, way, Purpose.PACKAGE, parts=[("message.hl7", message)], details={})
    ws.ledger.close()
    return now


PDF = b"%PDF" + bytes(range(256)) * 80


def drain(root: Path, now: str) -> tuple[float, int]:
    """Seconds by the wall and the peak of memory (KiB) of the one process that sends."""
    start = time.perf_counter()
    command = [str(BIN / "cpdocs"), "--workspace", str(root), "deliver"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "CPDOCS_NOW": now}
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"cpdocs deliver ended with {process.returncode}"
    return time.perf_counter() - start, used.ru_maxrss


def delivered_in(root: Path) -> int:
    """How many are delivered, as the index has it."""
    ws = open_workspace(root)
    with contextlib.closing(ws.index):
        return int(ws.index.one("SELECT count(*) FROM deliveries WHERE state = 'delivered'")[0])


@contextlib.contextmanager
def engine() -> Iterator[tuple[int, Counter[bytes]]]:
    """An engine that acknowledges each message; its port, and how often it got each control id."""
    got: Counter[bytes] = Counter()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data = b""
            while not data.endswith(END):
                chunk = self.request.recv(1 << 20)
                if not chunk:
                    return
                data += chunk
            control = data[len(START) :].split(b"\r", 1)[0].split(b"|")[9]
            got[control] += 1
            answer = b"MSH|^~\\&|B|B|A|A|20261102||ACK|1|P|2.5\rMSA|AA|" + control + b"\r"
            self.request.sendall(START + answer + END)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], got
        server.shutdown()


if __name__ == "__main__":
    main()
