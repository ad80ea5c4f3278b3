from __future__ import annotations

import os
from pathlib import Path

import pytest

from cpdocs.system.outbox import STAGED, stage_key
from tests.flows.conftest import Office
from tests.flows.returning import Desk, codes


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


def test_a_plan_signed_by_its_pcp_is_accepted_kept_and_answered(desk: Desk) -> None:
    signed = desk.sign_pcp(desk.issued_file())
    dropped = desk.drop(signed)
    (row,) = desk.intake()
    assert (row["verdict"], row["lane"], row["slots_filled"]) == ("accepted", "digital", ["pcp"])
    assert row["document_id"] == desk.office.documents["bh"]
    assert row["findings"] == []
    assert row["file"] == str(dropped)
    assert not dropped.exists()
    assert (desk.root / "state" / "store" / row["sha256"][:2] / row["sha256"]).read_bytes() == signed.read_bytes()
    assert len(desk.notices(desk.practice())) == 1
    assert desk.office.status(row["document_id"])["state"] == "partly_signed"


def test_both_signatures_one_after_the_other_complete_and_file_the_plan(desk: Desk) -> None:
    first = desk.sign_member(desk.issued_file())
    row = desk.take(desk.sign_pcp(first))
    assert row["slots_filled"] == ["member", "pcp"]
    assert desk.office.status(row["document_id"])["state"] == "filed"
    assert list((desk.root / "outbox" / "ehr").glob("*/*/*.pdf"))


def test_both_signatures_in_the_other_order_complete_it_too(desk: Desk) -> None:
    row = desk.take(desk.sign_member(desk.sign_pcp(desk.issued_file())))
    assert row["slots_filled"] == ["member", "pcp"]
    assert desk.office.status(row["document_id"])["state"] == "filed"


def test_two_separately_signed_copies_complete_a_version(desk: Desk) -> None:
    copies = [desk.sign_member(desk.issued_file()), desk.sign_pcp(desk.issued_file())]
    rows = [desk.take(copy) for copy in copies]
    assert [row["slots_filled"] for row in rows] == [["member"], ["pcp"]]
    assert desk.office.status(rows[0]["document_id"])["state"] == "filed"


def test_the_same_bytes_twice_are_one_return(desk: Desk) -> None:
    signed = desk.sign_pcp(desk.issued_file())
    desk.drop(signed, name="one.pdf")
    desk.drop(signed, name="two.pdf", practice="")
    rows = desk.intake()
    assert [row["verdict"] for row in rows] == ["accepted", "accepted"]
    assert [row["repeated"] for row in rows] == [False, True]
    assert desk.take(signed)["repeated"]
    assert len(desk.events("return.decided")) == 1
    assert len(desk.events("slot.filled")) == 1
    assert len(desk.notices(desk.practice())) == 1


def test_a_designees_signature_fills_the_pcps_slot(desk: Desk) -> None:
    row = desk.take(desk.sign_pcp(desk.issued_file(), "rn1"))
    assert (row["verdict"], row["slots_filled"]) == ("accepted", ["pcp"])


def test_a_signature_of_who_may_not_approve_is_rejected_with_the_reason(desk: Desk) -> None:
    row = desk.take(desk.sign_pcp(desk.issued_file(), "lpn1"))
    assert row["verdict"] == "rejected"
    assert codes(row) == ["credential_not_eligible"]
    assert row["slots_filled"] == []


def test_a_superseded_version_approves_nothing(desk: Desk, tmp_path: Path) -> None:
    signed = desk.sign_pcp(desk.issued_file())
    source = desk.office.sample.plans["bh"].read_text("utf-8")
    second = tmp_path / "second.yaml"
    second.write_text(
        source.replace("version: 1", "version: 2", 1).replace("reason: first", "reason: change", 1), "utf-8"
    )
    desk.office.cli("plan", "issue", second)
    row = desk.take(signed)
    assert row["verdict"] == "held"
    assert "superseded_version" in codes(row)
    assert desk.events("slot.filled") == []


def test_a_withdrawn_version_approves_nothing(desk: Desk) -> None:
    signed = desk.sign_pcp(desk.issued_file())
    desk.office.cli("plan", "withdraw", desk.office.documents["bh"], "--reason", "wrong goal")
    row = desk.take(signed)
    assert (row["verdict"], "withdrawn_version" in codes(row)) == ("held", True)


def test_a_version_returned_with_comments_takes_no_signature(desk: Desk) -> None:
    signed = desk.sign_pcp(desk.issued_file())
    desk.office.cli(
        "plan",
        "return",
        desk.office.documents["bh"],
        "--reason",
        "goal 2",
        "--at",
        "2026-11-03T09:00",
        now="2026-11-03T18:00:00Z",
    )
    row = desk.take(signed)
    assert (row["verdict"], "not_open" in codes(row)) == ("held", True)


def test_a_second_signature_for_a_filled_slot_changes_nothing(desk: Desk) -> None:
    first = desk.take(desk.sign_pcp(desk.issued_file(), "pcp1"))
    second = desk.take(desk.sign_pcp(desk.issued_file(), "rn1"))
    assert first["slots_filled"] == ["pcp"]
    assert (second["verdict"], second["slots_filled"], codes(second)) == ("accepted", [], ["already_filled"])
    assert len(desk.events("slot.filled")) == 1


def test_another_practices_folder_holds_the_file_and_tells_that_practice_nothing(desk: Desk) -> None:
    row = desk.take(desk.sign_pcp(desk.issued_file()), practice="S03")
    assert (row["verdict"], codes(row)) == ("held", ["wrong_return_folder"])
    assert desk.notices("S03") == []
    assert len(desk.notices(desk.practice())) == 1


def test_the_right_practice_sending_the_same_file_settles_it(desk: Desk) -> None:
    signed = desk.sign_pcp(desk.issued_file())
    desk.take(signed, practice="S03")
    assert desk.take(signed)["verdict"] == "accepted"


def test_a_folder_that_names_no_practice_is_like_the_top(desk: Desk) -> None:
    assert desk.take(desk.sign_pcp(desk.issued_file()), practice="scans from the fax")["verdict"] == "accepted"


@pytest.mark.parametrize(
    ("data", "verdict", "lane", "code"),
    [
        (b"", "rejected", "unmatched", "empty_file"),
        (b"Dear colleague", "held", "unmatched", "not_a_pdf"),
        (b"%PDF-1.7\nnot much of one\n%%EOF\n", "held", "unmatched", "unmatched"),
    ],
)
def test_what_is_nothing_of_ours_gets_a_verdict_and_no_answer(
    desk: Desk, data: bytes, verdict: str, lane: str, code: str
) -> None:
    row = desk.take(data)
    assert (row["verdict"], row["lane"], row["document_id"]) == (verdict, lane, None)
    assert code in codes(row)
    assert desk.notices(desk.practice()) == []


def test_a_cut_off_file_is_waited_for_a_while_and_then_rejected_as_cut_off(desk: Desk) -> None:
    whole = desk.sign_pcp(desk.issued_file()).read_bytes()
    row = desk.take(whole[: len(desk.issued_file().read_bytes()) - 4000])
    assert (row["verdict"], row["lane"], codes(row)) == ("rejected", "damaged", ["truncated"])


def test_a_file_larger_than_the_limit_is_kept_and_never_read(desk: Desk) -> None:
    settings = desk.root / "cpdocs.toml"
    settings.write_text(settings.read_text("utf-8").replace("[intake]", "[intake]\nmax_bytes = 100000", 1), "utf-8")
    row = desk.take(b"%PDF-1.7\n" + b"\0" * 200_000 + b"%%EOF\n")
    assert (row["verdict"], codes(row)) == ("held", ["too_large"])
    assert (desk.root / "state" / "store" / row["sha256"][:2] / row["sha256"]).stat().st_size == 200_015


def test_named_files_are_taken_as_they_are_and_left_alone(desk: Desk) -> None:
    signed = desk.sign_pcp(desk.issued_file())
    other = desk.drop(b"not yet", name="waiting.txt")
    (row,) = desk.intake(signed)
    assert row["verdict"] == "accepted"
    assert signed.exists()
    assert other.exists()


def test_a_named_file_in_the_inbox_is_claimed(desk: Desk) -> None:
    dropped = desk.drop(desk.sign_pcp(desk.issued_file()))
    (row,) = desk.intake(dropped)
    assert row["verdict"] == "accepted"
    assert not dropped.exists()


def test_a_named_file_that_is_not_there_is_a_fault_of_input(desk: Desk, tmp_path: Path) -> None:
    desk.office.cli("intake", tmp_path / "nowhere.pdf", status=3)


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.pdf",
        "~$return.pdf",
        "a.part",
        "a.pdf.partial",
        "a.filepart",
        "a.tmp",
        "a.CRDOWNLOAD",
        "x.syncthing.a.pdf",
    ],
)
def test_unfinished_names_are_left_alone(desk: Desk, name: str) -> None:
    dropped = desk.drop(b"%PDF-1.7 %%EOF", name=name)
    assert desk.intake() == []
    assert dropped.exists()


def test_links_pipes_and_files_with_two_names_are_left_with_a_word(desk: Desk, tmp_path: Path) -> None:
    outside = tmp_path / "outside.pdf"
    outside.write_bytes(b"somebody's own file")
    folder = desk.inbox / desk.practice()
    folder.mkdir()
    (folder / "link.pdf").symlink_to(outside)
    os.link(outside, folder / "hard.pdf")
    os.mkfifo(folder / "pipe.pdf")
    (desk.inbox / "linked-folder").symlink_to(tmp_path)
    (folder / "deeper").mkdir()
    result = desk.office.cli("intake", "--json")
    assert result.json == []
    assert sorted(path.name for path in folder.iterdir()) == ["deeper", "hard.pdf", "link.pdf", "pipe.pdf"]
    for words in ("is a link", "another name", "not a regular file", "folder inside"):
        assert words in result.err
    assert outside.read_bytes() == b"somebody's own file"


@pytest.mark.parametrize(
    "name",
    [
        "Testina\nSamplewick.pdf",
        "Samplewick 😀.pdf",
        "S" * 251 + ".pdf",
        b"Samplewick\xff\xfe.pdf",
        "--json",
        "\x1b[2J.pdf",
    ],
)
def test_hostile_names_are_taken_and_never_logged(desk: Desk, name: str | bytes) -> None:
    folder = desk.inbox / desk.practice()
    folder.mkdir()
    (folder / os.fsdecode(name)).write_bytes(b"nothing of ours")
    result = desk.office.cli("intake")
    assert list(folder.iterdir()) == []
    assert "Samplewick" not in result.err
    assert "\x1b" not in result.out + result.err


def test_a_file_that_is_still_growing_is_left_and_said_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from cpdocs.returns import watcher

    dropped = desk.drop(b"%PDF-1.7")

    def grow(_seconds: float) -> None:
        with dropped.open("ab") as file:
            file.write(b"more")

    monkeypatch.setattr(watcher.intake_pass, "__kwdefaults__", {**watcher.intake_pass.__kwdefaults__, "wait": grow})
    result = desk.office.cli("intake", "--json")
    assert result.json == []
    assert dropped.exists()
    assert "still being written" in result.err
    assert dropped.name not in result.err


def test_an_unreadable_file_is_left_with_a_word(desk: Desk) -> None:
    if os.geteuid() == 0:
        pytest.skip("root can read every file")
    dropped = desk.drop(b"closed")
    dropped.chmod(0)
    result = desk.office.cli("intake")
    assert dropped.exists()
    assert "can't be read" in result.err


def test_what_a_full_disk_left_of_a_filing_is_cleared_away_by_the_next_look(desk: Desk) -> None:
    desk.take(desk.sign_member(desk.sign_pcp(desk.issued_file())))
    (filed,) = desk.events("plan.filed")
    left = desk.root / "outbox" / "ehr" / STAGED / stage_key(desk.office.documents["bh"], filed.data["manifest_sha256"])
    (left / "any").mkdir(parents=True)
    desk.intake()
    assert not left.exists()
