"""A file that hangs or bursts its reader is set aside, and nothing else is: the returns beside it are taken in as
ever."""

from __future__ import annotations

import zlib
from dataclasses import replace
from hashlib import sha256

import pytest

from cpdocs.returns import judging
from tests.flows.conftest import Office
from tests.flows.returning import Desk, codes
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
    for number, picture in enumerate(pictures.values()):
        desk.drop(picture, name=f"b-picture-{number}.png")
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
