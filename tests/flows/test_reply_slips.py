"""Reply slips that members send back: found by their code, read, and recorded by a person (contract §8)."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from cpdocs.core.ids import derive_document_id
from tests import slips
from tests.conftest import CommandLine, shorten_notice
from tests.flows.returning import recorded
from tests.letters.letter_rosters import line, write_roster
from tests.scans import fax

CAME = "2026-11-09T15:00:00Z"
READ = ("--by", "Sam Sample", "--reason", "read from the slip")


@dataclass
class Post:
    """A workspace whose letters were mailed, and what members send back."""

    cli: CommandLine
    letters: dict[str, str]
    """Document ids by the last digit of the member's id."""

    def slip(self, who: str, *marks: tuple[int, str], **how: Any) -> Image.Image:
        document_id = self.letters[who]
        return slips.written(slips.printed_letter(self.cli.root, document_id), document_id, *marks, **how)

    def comes(self, *pages: Image.Image, name: str = "slip.tif", now: str = CAME) -> list[dict[str, Any]]:
        file = self.cli.root.parent / name
        file.write_bytes(fax.tiff([fax.faxed(page, noise=0.0005, seed=4) for page in pages]))
        rows: list[dict[str, Any]] = self.cli("intake", file, "--json", now=now).json
        return rows

    def held(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.cli("held", "list", "--json", now=CAME).json
        return rows

    def accept(self, *more: str, status: int = 0) -> dict[str, Any]:
        (item,) = self.held()
        outcome = self.cli("held", "accept", item["id"], *more, *READ, "--json", now=CAME, status=status)
        return outcome.json if status == 0 else {"err": outcome.err}

    def member(self, who: str) -> str:
        return f"10000000000{who}"


@pytest.fixture(scope="module")
def _mailed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("slips")
    cli = CommandLine(folder / "ws")
    cli("init", cli.root, "--sandbox", workspace=False)
    shorten_notice(cli.root)
    ltss = {"program": "LTSS", "cp_org": "Sample LTSS Partners"}
    roster = write_roster(folder / "roster.csv", line(1), line(2, **ltss), line(3, format_need="large_print"))
    run = cli("letters", "run", "--roster", roster, "--json", "--jobs", "1").json
    cli("letters", "release", run["run_id"])
    cli("letters", "mailed", run["run_id"], "--on", "2026-11-02")
    staged = recorded(cli.root, "letter.staged")
    return cli.root, {event.data["assignment"][0][-1]: event.data["document_id"] for event in staged}


@pytest.fixture
def post(tmp_path: Path, _mailed: tuple[Path, dict[str, str]]) -> Post:
    root, letters = _mailed
    shutil.copytree(root, tmp_path / "ws")
    return Post(CommandLine(tmp_path / "ws"), letters)


def test_a_slip_is_held_with_its_member_and_answer_and_recorded_as_a_decline(post: Post) -> None:
    (row,) = post.comes(post.slip("1", (1, "tick")))
    assert (row["kind"], row["verdict"], row["document_id"]) == ("reply_slip", "held", post.letters["1"])
    assert [each["code"] for each in row["findings"]] == ["reply_slip"]
    (item,) = post.held()
    assert (item["answer"], item["member_id"]) == ("decline", post.member("1"))
    shown = post.cli("held", "show", item["id"], now=CAME).out
    assert "wants no Community Partner" in shown
    assert "--answer" in shown
    assert post.member("1") not in shown
    pictures = post.cli.root.parent / "slip.pdf"
    post.cli("held", "show", item["id"], "--pictures", pictures, now=CAME)
    assert pictures.read_bytes().startswith(b"%PDF-")
    done = post.accept("--answer", "decline")
    assert done["verdict"] == "accepted"
    assert not post.held()
    (said,) = recorded(post.cli.root, "member.declined")
    assert (said.data["member_id"], said.data["program"], said.data["on"]) == (post.member("1"), "BH", "2026-11-09")
    assert post.letters["1"] in said.data["how"]
    written = [event.data["kind"] for event in recorded(post.cli.root, "notice.written")]
    assert written == ["member_declined"], "the health plan is told, and no practice"


@pytest.mark.parametrize(
    ("who", "marks", "how", "answer"),
    [
        ("1", [(0, "cross")], {"cut": True}, "change_cp"),
        ("3", [(2, "large")], {"words": [(4.9, 3.55)]}, "call"),
        ("2", [(1, "tick")], {"cut": True, "turned": True}, "decline"),
        ("1", [], {}, "unsure"),
        ("1", [(0, "tick"), (1, "cross")], {}, "unsure"),
        ("1", [(1, "beside")], {}, "unsure"),
        ("1", [(2, "dot")], {}, "unsure"),
    ],
)
def test_what_is_ticked_is_read_and_whatever_is_in_doubt_is_unsure(
    post: Post, who: str, marks: list[tuple[int, str]], how: dict[str, Any], answer: str
) -> None:
    turned = how.pop("turned", False) if (how := dict(how)) else False
    page = post.slip(who, *marks, **how)
    (row,) = post.comes(page.rotate(180) if turned else page)
    assert row["document_id"] == post.letters[who]
    assert [item["answer"] for item in post.held()] == [answer]


def test_words_beside_the_boxes_are_pointed_at(post: Post) -> None:
    (row,) = post.comes(post.slip("1", (1, "tick"), words=[(4.6, 5.7)]))
    assert "marks_elsewhere" in [each["code"] for each in row["findings"]]


def test_a_note_on_a_slip_that_was_scanned_is_pointed_at_and_its_words_are_shown(post: Post) -> None:
    file = post.cli.root.parent / "slip.pdf"
    post.slip("1", (1, "tick")).convert("L").save(file, "PDF", resolution=200)
    with pikepdf.open(file, allow_overwriting_input=True) as scan:
        words = "She moved to her sister's."
        where = {"Rect": [40, 700, 60, 720], "Contents": words}
        note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, **where)
        scan.pages[0].Annots = pikepdf.Array([scan.make_indirect(note)])
        scan.save(file)
    (row,) = post.cli("intake", file, "--json", now=CAME).json
    assert (row["document_id"], row["kind"], row["verdict"]) == (post.letters["1"], "reply_slip", "held")
    (said,) = [each["message"] for each in row["findings"] if each["code"] == "marks_elsewhere"]
    assert "a comment in the file" in said
    (item,) = post.held()
    assert item["answer"] == "decline"
    shown = post.cli("held", "show", item["id"], "--json", now=CAME).json
    assert shown["comments"] == [{"page": 1, "kind": "Text", "words": words}]
    assert words in post.cli("held", "show", item["id"], now=CAME).out
    assert not [event for event in recorded(post.cli.root) if words in str(event.data)]


def test_two_slips_in_one_fax_are_two_items_and_a_foreign_page_is_no_part_of_them(post: Post) -> None:
    foreign = fax.printed_page(None, seed=3)
    rows = post.comes(post.slip("1", (0, "tick")), foreign, post.slip("2", (1, "tick")))
    assert [(row["part"], row["document_id"]) for row in rows] == [(1, post.letters["1"]), (2, post.letters["2"])]
    assert [item["answer"] for item in post.held()] == ["change_cp", "decline"]
    assert {row["pages"]["extra"] for row in rows} == {1}


def test_two_copies_that_say_different_things_are_one_item_that_is_unsure(post: Post) -> None:
    post.comes(post.slip("1", (0, "tick")))
    post.comes(post.slip("1", (1, "tick")), name="again.tif")
    (item,) = post.held()
    assert (item["answer"], len(item["files"])) == ("unsure", 2)
    post.accept("--answer", "change_cp")
    assert not post.held()
    assert len(recorded(post.cli.root, "member.changed_cp")) == 1


def test_a_slip_that_waits_stops_the_members_next_letter_until_it_is_read(post: Post) -> None:
    post.comes(post.slip("1", (1, "tick")))
    ltss = {"program": "LTSS", "cp_org": "Sample LTSS Partners", "assigned_on": "2026-11-05"}
    roster = write_roster(post.cli.root.parent / "next.csv", line(1, **ltss), line(4))

    def run() -> dict[str, Any]:
        values: dict[str, Any] = post.cli(
            "letters", "run", "--roster", roster, "--dry-run", "--json", "--jobs", "1", now=CAME
        ).json
        return values

    assert run()["codes"]["held"] == {"reply_slip_waiting": 1}
    (item,) = post.held()
    post.cli("held", "close", item["id"], "--reason", "the member was called and stays", now=CAME)
    assert (run()["held"], run()["mailed"]) == (0, 2)


def test_a_wish_for_a_call_waits_in_the_work_list_until_somebody_tried(post: Post) -> None:
    post.comes(post.slip("1", (2, "tick"), words=[(4.4, 6.1)]))
    kinds = [row["kind"] for row in post.cli("todo", "--json", now=CAME).json]
    assert "reply_slip" in kinds
    assert "call_wanted" not in kinds
    post.accept("--answer", "call")
    waits = [row for row in post.cli("todo", "--json", now=CAME).json if row["kind"] == "call_wanted"]
    assert [(row["member_id"], row["waits_for"]) for row in waits] == [(post.member("1"), "Casey Sample")]
    tried = ("--on", "2026-11-09", "--kind", "telephone", "--outcome", "reached", "--by", "Casey Sample")
    post.cli("member", "attempt", *tried, stdin=post.member("1"), now="2026-11-09T16:00:00Z")
    assert "call_wanted" not in [row["kind"] for row in post.cli("todo", "--json", now="2026-11-09T16:00:00Z").json]


def test_the_slip_of_an_old_letter_changes_nothing_of_the_new_partner(post: Post) -> None:
    other = line(1, cp_org="Sample LTSS Partners", assigned_on="2026-11-06")
    post.cli("import", "roster", write_roster(post.cli.root.parent / "new.csv", other), now=CAME)
    (row,) = post.comes(post.slip("1", (0, "tick")))
    assert "old_letter" in [each["code"] for each in row["findings"]]
    assert "isn't the member's current one" in post.accept("--answer", "change_cp", status=1)["err"]
    assert not recorded(post.cli.root, "member.changed_cp")
    post.accept("--answer", "call")


def test_the_slip_of_a_member_who_died_records_nothing(post: Post) -> None:
    dead = write_roster(post.cli.root.parent / "new.csv", line(1, status="deceased"))
    post.cli("import", "roster", dead, now=CAME)
    (row,) = post.comes(post.slip("1", (1, "tick")))
    assert "member_not_enrolled" in [each["code"] for each in row["findings"]]
    assert "has died" in post.accept("--answer", "decline", status=1)["err"]
    (item,) = post.held()
    post.cli("held", "close", item["id"], "--reason", "the family was called", now=CAME)
    assert not post.held()


def test_the_slip_of_a_letter_that_was_never_released_says_so(tmp_path: Path) -> None:
    cli = CommandLine(tmp_path / "ws")
    cli("init", cli.root, "--sandbox", workspace=False)
    run = cli("letters", "run", "--roster", write_roster(tmp_path / "r.csv", line(1)), "--json", "--jobs", "1").json
    (staged,) = recorded(cli.root, "letter.staged")
    post = Post(cli, {"1": staged.data["document_id"]})
    page = post.slip("1", (1, "tick"))
    cli("letters", "cancel", run["run_id"], "--reason", "wrong templates")
    (row,) = post.comes(page)
    assert "letter_not_mailed" in [each["code"] for each in row["findings"]]
    assert [item["answer"] for item in post.held()] == ["decline"]


def test_a_slip_whose_code_names_no_letter_belongs_to_nobody(post: Post) -> None:
    stranger = derive_document_id(b"k" * 32, "elsewhere")
    letter = slips.printed_letter(post.cli.root, post.letters["1"])
    page = slips.written(letter, post.letters["1"], (1, "tick"))
    page.paste(255, (140, 1380, 1100, 1500))
    page.paste(slips.bars(stranger), (150, 1400))
    (row,) = post.comes(page)
    assert (row["document_id"], row["kind"], row["lane"]) == (None, "reply_slip", "unmatched")


def test_a_slip_is_no_signature_and_a_signature_no_slip(post: Post) -> None:
    post.comes(post.slip("1", (1, "tick")))
    attested = post.accept("--slot", "member", "--signed-on", "none", status=3)
    assert "reply slip" in attested["err"]
    assert "dated" in post.accept("--answer", "decline", "--signed-on", "2026-11-20", status=3)["err"]
