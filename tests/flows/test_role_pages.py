"""The pages for each role: every command in them is run, in the order of the page, in an office that has its files."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
import pytest
import yaml
from PIL import Image, ImageDraw

from cpdocs.documents.plan_form import write_form
from cpdocs.intake.form_values import form_values
from tests.conftest import Outcome
from tests.flows.conftest import Office
from tests.flows.returning import Desk
from tests.scans import fax

DOCS = Path(__file__).parent.parent.parent / "docs"
COMMAND = re.compile(r"^ {4}cpdocs (.*)$", re.M)
PAGES = ("coordinators", "mailroom", "practices", "administrators", "auditors")
FIRST_DAY, NOW = "2026-11-02T15:00:00Z", "2026-11-05T15:00:00Z"
HELD, COMMENTED, FOREIGN = "3f9ac0", "81c0de", "c0ffee"


@dataclass
class Reading:
    """A reader of one page: what its examples' words stand for here, and the folder in which they type."""

    desk: Desk
    here: Path
    words: dict[str, str] = field(default_factory=dict)
    first_day: tuple[str, ...] = ()
    """How the lines begin that are typed on the second of November; all others are typed on the fifth."""

    def file(self, name: str, content: Path | str) -> None:
        if isinstance(content, Path):
            shutil.copyfile(content, self.here / name)
        else:
            (self.here / name).write_text(content, "utf-8")
            (self.here / name).chmod(0o600)

    def type(self, line: str) -> Outcome:
        """Runs one line as a shell would: redirections, and files of the folder where the reader is."""
        for shown, stands_for in self.words.items():
            line = line.replace(shown, stands_for)
        words = shlex.split(re.split(r"\s{2,}", line)[0])
        given, written = "", None
        if "<" in words:
            given = (self.here / words[words.index("<") + 1]).read_text("utf-8")
            words = words[: words.index("<")]
        if ">" in words:
            written = self.here / words[words.index(">") + 1]
            words = words[: words.index(">")]
        now = FIRST_DAY if line.startswith(self.first_day) and self.first_day else NOW
        outcome = self.desk.office.cli(*words, stdin=given, now=now, status=None)
        if written:
            written.write_text(outcome.out, "utf-8")
        return outcome


def test_every_role_has_a_page_of_at_most_two_printed_pages() -> None:
    for page in PAGES:
        assert len((DOCS / f"{page}.md").read_text("utf-8").splitlines()) <= 100


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_role_s_page_works_in_the_order_of_the_page(
    page: str, issued: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(issued)
    reading = Reading(desk, tmp_path / "here")
    reading.here.mkdir()
    monkeypatch.chdir(reading.here)
    reading.words["7K3M-9QXW-2RC"] = issued.documents["bh"]
    PREPARE[page](reading)
    typed = COMMAND.findall((DOCS / f"{page}.md").read_text("utf-8"))
    assert typed
    for line in typed:
        outcome = reading.type(line)
        answers_no = line.startswith(("doctor", "health", "verify outbox")) and outcome.status == 1
        assert outcome.status == 0 or (answers_no and page == "administrators"), (
            f"docs/{page}.md: cpdocs {line} ended with {outcome.status}:\n{outcome.out}\n{outcome.err}"
        )


def _coordinators(reading: Reading) -> None:
    desk, sample = reading.desk, reading.desk.office.sample
    reading.file("member-id.txt", sample.member_ids["bh"] + "\n")
    reading.file("member-2.txt", sample.member_ids["affiliated"] + "\n")
    reading.file("plan.yaml", sample.plans["affiliated"])
    visit = {"kind": "discharge", "facility": "Sample Hospital", "discharged": "2026-11-03T14:00:00-05:00"}
    visit["home_visit_done"] = "2026-11-05T09:00:00-05:00"
    listed = {"schema": "cpdocs.medications/1", "member_id": sample.member_ids["affiliated"], "program": "LTSS"}
    listed |= {"source": "The member", "as_of": "2026-11-05", "discharge": visit}
    reading.file("list.yaml", yaml.safe_dump(listed))
    filled = write_form(form_values(sample.plans["bh"].read_text("utf-8")), on=datetime(2026, 11, 5, tzinfo=UTC))
    (reading.here / "filled.xlsx").write_bytes(filled)
    reading.words |= {
        "1234567893": sample.npis["pcp1"],
        "4HNP-2TVY-8WD": desk.office.documents["ltss"],
        "Dana Sample": coordinator(desk),
    }
    desk.drop(signed_fax(desk.issued_file()), name="a.tif")
    desk.drop(signed_fax(desk.issued_file("ltss")), name="b.tif", plan="ltss")
    desk.drop(fax.tiff([fax.faxed(_words("Half price on printer ink"))]), name="c.tif", practice="")
    for row in desk.intake(now="2026-11-04T15:00:00Z"):
        by_document = {desk.office.documents["bh"]: HELD, desk.office.documents["ltss"]: COMMENTED}
        reading.words[by_document.get(row["document_id"], FOREIGN)] = row["sha256"][:8]
    assert {HELD, COMMENTED, FOREIGN} <= set(reading.words)


def _mailroom(reading: Reading) -> None:
    reading.file("roster.csv", reading.desk.office.sample.roster)
    reading.words["2026-11-02-02"] = "2026-11-05-01"
    plain = reading.type

    def typed(line: str) -> Outcome:
        if line.startswith("letters cancel"):
            plain("letters run")  # what was pulled is lettered again: a run that isn't mailed yet
        return plain(line)

    reading.type = typed  # type: ignore[method-assign]
    reading.first_day = ("letters run --roster", "letters release", "letters pull")


def _practices(reading: Reading) -> None:
    desk = reading.desk
    reading.file("plan.pdf", desk.issued_file())
    reading.file("your-id.p12", desk.key("pcp1"))
    reading.words["your-id.p12"] = f"your-id.p12 --passphrase-file {desk.passphrase}"


def _administrators(reading: Reading) -> None:
    from pyrage import x25519

    sample = reading.desk.office.sample
    for table in ("practices", "clinicians", "designations"):
        reading.file(f"{table}.csv", getattr(sample, table))
    (reading.here / "backup").mkdir()
    identity = x25519.Identity.generate()
    reading.file("recipients.txt", f"{identity.to_public()}\n")
    reading.words["/mnt/backup/cpdocs-….tar.age"] = "ARCHIVE"
    reading.words["/mnt/backup"] = str(reading.here / "backup")
    plain = reading.type

    def typed(line: str) -> Outcome:
        reading.words["ARCHIVE"] = next((str(each) for each in (reading.here / "backup").glob("*.age")), "")
        return plain(line)

    reading.type = typed  # type: ignore[method-assign]


def _auditors(reading: Reading) -> None:
    desk = reading.desk
    member = desk.sign_member(desk.issued_file())
    row = desk.take(desk.sign_pcp(member))
    assert row["verdict"] == "accepted"
    reading.file("checkpoint.txt", desk.office.cli("audit", "checkpoint", now=NOW).out)
    reading.words["outbox/ehr"] = str(desk.root / "outbox" / "ehr")


PREPARE: dict[str, Callable[[Reading], None]] = {
    "coordinators": _coordinators,
    "mailroom": _mailroom,
    "practices": _practices,
    "administrators": _administrators,
    "auditors": _auditors,
}


def coordinator(desk: Desk) -> str:
    """The name of a coordinator who has members in the sample."""
    return str(next(row["coordinator"] for row in desk.office.cli("todo", "--json").json if row["coordinator"]))


def signed_fax(plan: Path) -> bytes:
    """The plan as a fax whose PCP box was signed with a pen."""
    boxes = {}
    with pikepdf.open(plan) as pdf:
        for number, page in enumerate(pdf.pages):
            for each in page.get("/Annots", []):
                if str(each.get("/T", "")) in ("PCPSig", "PCPSignature") or "PCP" in str(each.get("/T", "")):
                    boxes[number] = [float(edge) for edge in each.Rect]
    assert boxes
    pages = []
    with pdfium.PdfDocument(plan) as document:
        for number, page in enumerate(document):
            picture = page.render(scale=200 / 72, grayscale=True).to_pil().convert("L").resize(fax.LETTER)
            if number in boxes:
                _sign(picture, boxes[number])
            pages.append(fax.faxed(picture, seed=number))
    return fax.tiff(pages)


def _sign(picture: Image.Image, box: list[float]) -> None:
    scale = picture.width / 612
    left, bottom, right, top = box
    points = [
        (
            (left + (right - left) * (0.1 + 0.035 * step)) * scale,
            (792 - bottom - (top - bottom) * (0.25 + 0.5 * ((step * 7) % 5) / 4)) * scale,
        )
        for step in range(22)
    ]
    ImageDraw.Draw(picture).line(points, fill=0, width=5, joint="curve")


def _words(text: str) -> Image.Image:
    page = Image.new("L", fax.LETTER, 255)
    ImageDraw.Draw(page).text((300, 400), text, fill=0, font_size=60)
    return page
