"""The desk of an office in the middle of its work, served to a real browser: made once a module."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from cpdocs.desk.app import make_app
from cpdocs.desk.sessions import Sessions
from cpdocs.wiring import open_workspace
from cpdocs.workspace import Workspace
from tests.conftest import CommandLine
from tests.desk.chromium import Chromium
from tests.desk.furnish import signed_fax
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk

LATE = "2026-11-13T15:00:00Z"
"""When plans that were sent on the first day are overdue."""
MARKUP = "<img src=x onerror=alert(1)>"


@dataclass(frozen=True)
class Served:
    """A desk that answers at ``address``: the office, and what stands in it by what it is, as ``furnish`` has it."""

    address: str
    office: Office
    stands: dict[str, str]

    @property
    def root(self) -> Path:
        return self.office.cli.root


def furnish(issued: Office) -> dict[str, str]:
    """Gives an office with two issued plans a day's work: held letters, a signed fax, a page without a plan, a plan
    filed and queued for a chart. Gives by what they are the ids of the held items and of the run, and addresses: of a
    letter and of what came back."""
    desk, cli = Desk(issued), issued.cli
    settings = cli.root / "cpdocs.toml"
    chart = '[[filing.target]]\nname = "chart"\nkind = "'
    said = settings.read_text("utf-8").replace(f"{chart}folder", f"{chart}handoff")
    settings.write_text(said.replace("draw_pictures = false", "draw_pictures = true"), "utf-8")
    bh, ltss = issued.documents["bh"], issued.documents["ltss"]
    run = cli("letters", "run", "--jobs", "1", "--json").json["run_id"]
    letter = cli("letters", "show", run, "--json").json["pieces"][0]["document_id"]
    for document_id in (bh, ltss):
        cli("plan", "sent", document_id, "--to", "Front Desk", "--channel", "fax", "--at", "2026-11-02T10:30")
        cli("plan", "received", document_id, "--at", "2026-11-02T10:35", "--how", "fax confirmation")
    cli("call", bh, "--to", MARKUP, "--note", MARKUP)
    fax = desk.take(signed_fax(desk.issued_file("bh"), "MemberSig", "PCPSig"), name="fax.tif")
    stray = desk.take(_stray(desk.root.parent / "stray.png"), name="stray.png", practice="")
    signed = desk.take(desk.sign_pcp(desk.issued_file("ltss")), name="signed.pdf", plan="ltss")
    cli(
        "plan",
        "approve",
        ltss,
        "--slot",
        "member",
        "--how",
        "telephone",
        "--on",
        "2026-11-03",
        "--by",
        "Sam Sample",
        now=RETURN,
    )
    cli("deliver", now=RETURN)
    assert (fax["verdict"], stray["verdict"]) == ("held", "held")
    return {
        "fax": str(fax["sha256"])[:12],
        "stray": str(stray["sha256"])[:12],
        "run": str(run),
        "letter": f"/letters/{run}/{letter}",
        "returned": f"/plans/{ltss}/returned/{str(signed['sha256'])[:12]}",
    }


def _stray(path: Path) -> Path:
    from PIL import Image, ImageDraw

    page = Image.new("L", (850, 1100), 255)
    ImageDraw.Draw(page).text((90, 120), "Please call us back.", fill=0, font_size=30)
    page.save(path)
    return path


@contextmanager
def served(root: Path, now: str) -> Iterator[str]:
    """The address at which the desk of this workspace answers, by the server that ``cpdocs desk`` runs."""
    from waitress.server import create_server

    fixed = pytest.MonkeyPatch()
    fixed.setenv("CPDOCS_NOW", now)
    ws, sessions = open_workspace(root), Sessions()

    def open_for(person: str) -> Workspace:
        return open_workspace(root, person=person)

    server = create_server(make_app(ws, open_for, sessions), host="127.0.0.1", port=0, threads=1, ident=None)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        thread.join(10)
        sessions.end_all()
        ws.close()
        fixed.undo()


def copied(office: Office, to: Path) -> Office:
    """The office in a workspace of its own."""
    shutil.copytree(office.cli.root, to)
    return Office(CommandLine(to), office.sample, office.documents)


def log_in(browser: Chromium, address: str, name: str = "rita") -> None:
    """By keyboard: the name's field has the focus."""
    browser.go(f"{address}/log-in")
    browser.until("document.activeElement.name === 'name'")
    browser.type(name)
    with browser.another_page():
        browser.press("Enter")
