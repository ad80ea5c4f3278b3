"""A file that hangs or bursts its reader is set aside, and nothing else is: the returns beside it are taken in as
ever."""

from __future__ import annotations

import zlib
from dataclasses import replace
from hashlib import sha256

import pytest

from cpdocs.core.page_facts import FilePages, PageFacts, PageKind
from cpdocs.returns import judging, page_by_page
from cpdocs.sandbox.run import Stopped
from cpdocs.signing.file_facts import GateFacts, ReturnFacts
from cpdocs.signing.record import Limits
from tests.documents.papers import text_of
from tests.flows import papers
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk, codes
from tests.scans import hostile
from tests.signing import builder as b
from tests.signing.attacks import structure

MIB = 1 << 20


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


def memory_bomb(megabytes: int = 600) -> bytes:
    """Less than a kilobyte that unfolds to ``megabytes``: an object stream packed three times over."""
    packer = zlib.compressobj(9)
    stream = b"".join(packer.compress(bytes(8 * MIB)) for _ in range(megabytes // 8)) + packer.flush()
    stream = zlib.compress(zlib.compress(stream, 9), 9)
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[]/Count 0>>",
        3: b"<</Type/ObjStm/N 1/First 5/Filter[/FlateDecode/FlateDecode/FlateDecode]/Length %d>>stream\n%s\nendstream"
        % (len(stream), stream),
    }
    out = bytearray(b"%PDF-1.5\n")
    rows = [(0, 0, 0)]
    for number, body in objects.items():
        rows.append((1, len(out), 0))
        out += b"%d 0 obj%s\nendobj\n" % (number, body)
    start = len(out)
    rows += [(2, 3, 0), (1, start, 0)]
    table = b"".join(kind.to_bytes(1) + place.to_bytes(2) + third.to_bytes(1) for kind, place, third in rows)
    out += b"5 0 obj<</Type/XRef/Size 6/W[1 2 1]/Root 1 0 R/Length %d>>stream\n%s\nendstream\nendobj\n" % (
        len(table),
        table,
    )
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def test_a_hang_a_memory_bomb_and_hostile_pictures_cost_their_limit_and_hold_nobody_else_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = desk.issued_file().read_bytes()
    monkeypatch.setattr(judging, "SECONDS", 2.0)
    monkeypatch.setattr(judging, "SCAN_SECONDS", 5.0)
    monkeypatch.setattr(judging, "MEGABYTES", 300)
    ours = b.Issued(plan, replace(b.issued().plan, sha256=sha256(plan).hexdigest(), size=len(plan)), {})
    monkeypatch.setattr(b, "issued", lambda: ours)
    bomb = memory_bomb()
    assert len(bomb) < 2_000
    desk.drop(structure.entries_of_no_width(), name="a-hang.pdf")
    desk.drop(bomb, name="b-bomb.pdf")
    pictures = hostile.bombs()
    for number, make in enumerate(pictures.values()):
        desk.drop(make(), name=f"b-picture-{number}.png")
    desk.drop(desk.sign_pcp(desk.issued_file()), name="c-genuine.pdf")
    by_name = {row["file"].rsplit("/", 1)[-1]: row for row in desk.intake()}
    hang, bomb_row, genuine = (by_name[name] for name in ("a-hang.pdf", "b-bomb.pdf", "c-genuine.pdf"))
    assert (hang["verdict"], codes(hang)) == ("held", ["resource_limit"])
    assert (bomb_row["verdict"], "resource_limit" in codes(bomb_row)) == ("held", True)
    assert (genuine["verdict"], genuine["slots_filled"]) == ("accepted", ["pcp"])
    for number, name in enumerate(pictures):
        row = by_name[f"b-picture-{number}.png"]
        assert row["verdict"] == "held", name
        assert row["findings"], name
        assert all(finding["message"] for finding in row["findings"]), name


def test_a_page_that_can_never_be_drawn_costs_no_other_page_and_is_named_to_the_office(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = desk.issued_file().read_bytes()
    monkeypatch.setattr(judging, "SCAN_SECONDS", 1.0)
    monkeypatch.setattr(page_by_page, "PAGE_SECONDS", 1.0)
    scan = papers.endless(papers.scanned(papers.signed(plan, "PCPSig")), 2)
    row = desk.take(scan, name="scan.pdf")
    document, pages = desk.office.documents["bh"], row["pages"]["of"]
    assert (row["document_id"], row["verdict"], row["lane"]) == (document, "held", "ink")
    assert (row["pages"]["missing"], len(row["pages"]["seen"])) == ([2], pages - 1)
    assert row["boxes"] == {"member": "empty", "pcp": "signed"}
    assert {"page_not_drawn", "pages_missing", "ink_scan"} <= set(codes(row))
    told = " ".join(text_of(desk.notices(desk.practice())[-1].read_bytes()).split())
    assert "page 2 of the file" in told
    assert "Send every page again, as a new scan or fax." in told
    how = ("--slot", "pcp", "--npi", desk.office.sample.npis["pcp1"], "--signed-on", "none", "--by", "Sam Sample")
    seen = ("--pages-missing", "on file", "--reason", "read")
    desk.office.cli("held", "accept", row["sha256"][:12], *how, *seen, now=RETURN, status=1)


def test_a_file_of_which_most_pages_cost_their_limit_is_set_aside_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def stopped(function: str, data: bytes, *given: object, **named: object) -> ReturnFacts:
        if function.endswith("read_but_pages"):
            return ReturnFacts(GateFacts(True, True, True))
        asked.append(given)
        raise Stopped("limit")

    monkeypatch.setattr(page_by_page, "run_sandboxed", stopped)
    with pytest.raises(Stopped):
        page_by_page.read_page_by_page(b"", limits=Limits(1000, 200), seconds=1, megabytes=1)
    assert len(asked) == page_by_page.MOST_LOST + 1


@pytest.mark.parametrize("scanned", [True, False])
def test_only_paper_is_read_page_by_page(monkeypatch: pytest.MonkeyPatch, scanned: bool) -> None:
    def read(function: str, data: bytes, number: int = 0, **named: object) -> ReturnFacts | FilePages:
        if function.endswith("read_but_pages"):
            return ReturnFacts(GateFacts(True, True, True))
        if number == 2:
            raise Stopped("limit")
        page = PageFacts(number, PageKind.PLAN, b.DOCUMENT_ID, plan_page=1, of=3, scanned=scanned)
        return FilePages((page,) if number < 4 else ())

    monkeypatch.setattr(page_by_page, "run_sandboxed", read)
    if not scanned:
        with pytest.raises(Stopped):
            page_by_page.read_page_by_page(b"", limits=Limits(1000, 9), seconds=1, megabytes=1)
        return
    pages = page_by_page.read_page_by_page(b"", limits=Limits(1000, 9), seconds=1, megabytes=1).pages
    assert [(page.number, page.stopped, page.doubled_of) for page in pages.pages] == [
        (1, False, None),
        (2, True, None),
        (3, False, 1),
    ]
    assert pages.stopped == ""
