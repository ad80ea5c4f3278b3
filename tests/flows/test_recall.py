"""What was filed and is no longer good is taken back: marked here, recalled there, told to the key contact."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pypdfium2
import pytest
import yaml

from tests.delivery import receivers
from tests.flows.conftest import Office
from tests.flows.sent_office import SIGNED_AT, chart_is, the_row
from tests.flows.test_delivery import LATER, _filed, engine, filed, hl7

__all__ = ["_filed", "engine", "filed"]


def letters(office: Office) -> list[str]:
    """The texts of the letters about recalls, in order of their names."""
    found = []
    for file in sorted((office.cli.root / "outbox" / "notices").rglob("*.pdf")):
        with pypdfium2.PdfDocument(file.read_bytes()) as document:
            text = document[0].get_textpage().get_text_range()
        if "remove a document from the chart" in text:
            found.append(text)
    return found


def take_back(office: Office, how: str) -> None:
    document_id = office.documents["bh"]
    if how == "withdraw":
        office.cli("plan", "withdraw", document_id, "--reason", "Wrong patient", now=LATER)
    elif how == "unapprove":
        office.cli("plan", "unapprove", document_id, "--slot", "pcp", "--reason", "Wrong page", now=LATER)
    else:
        office.cli("recall", document_id, "--target", "chart", "--reason", "Wrong patient", now=LATER)
    office.cli("deliver", now=LATER)


@pytest.mark.parametrize("how", ["withdraw", "unapprove", "recall"])
@pytest.mark.parametrize("confirmed", [True, False])
def test_a_package_in_a_folder_is_marked_and_the_key_contact_is_told_what_to_remove(
    filed: Office, how: str, confirmed: bool
) -> None:
    document_id = filed.documents["bh"]
    if confirmed:
        filed.cli("file", "confirm", document_id, "--by", "Test Clerk", "--at", SIGNED_AT)
    take_back(filed, how)
    note = (filed.cli.root / "outbox/ehr/chart" / f"RECALL-{document_id}.txt").read_text("utf-8")
    assert "Wrong" in note
    (letter,) = letters(filed)
    assert document_id in letter
    assert f"{document_id}.pdf" in letter
    filed.cli("deliver", now=LATER)
    assert len(letters(filed)) == 1, "once"
    waiting = filed.cli("todo", "--kind", "notice_to_send", "--json", now=LATER).json
    assert document_id in {each["document_id"] for each in waiting}
    listed = filed.cli("notices", "list", "--json", now=LATER).json
    assert [each["plans"] for each in listed if each["kind"] == "recalled"] == [[document_id]]
    filed.cli("audit", "verify")


@pytest.mark.parametrize("how", ["withdraw", "unapprove"])
def test_what_went_to_an_engine_is_cancelled_there_by_itself(filed: Office, engine: receivers.Mllp, how: str) -> None:
    hl7(filed, engine.port)
    filed.cli("deliver")
    assert filed.status(filed.documents["bh"])["state"] == "uploaded"
    take_back(filed, how)
    assert [each["trigger"] for each in engine.got] == ["T02", "T11"]
    assert the_row(filed)["state"] == "withdrawn"
    assert the_row(filed, purpose="recall")["state"] == "delivered"
    assert (filed.cli.root / "outbox/ehr/chart" / f"RECALL-{filed.documents['bh']}.txt").is_file()
    assert len(letters(filed)) == 1


def test_approved_again_it_is_filed_and_sent_again_under_names_of_its_own(
    filed: Office, engine: receivers.Mllp, tmp_path: Path
) -> None:
    document_id = filed.documents["bh"]
    hl7(filed, engine.port)
    filed.cli("deliver")
    take_back(filed, "unapprove")
    note = ("--slot", "pcp", "--chart-note", "Reviewed and agreed", "--npi", filed.sample.npis["pcp1"])
    filed.cli("plan", "approve", document_id, *note, "--on", "2026-11-03", "--by", "Test Coordinator", now=LATER)
    assert (filed.cli.root / "outbox/ehr/chart" / f"{document_id}-2" / f"{document_id}-2.pdf").is_file()
    filed.cli("deliver", now=LATER)
    assert [each["trigger"] for each in engine.got] == ["T02", "T11", "T02"]
    assert len({each["control_id"] for each in engine.got}) == 3
    assert filed.status(document_id)["state"] == "uploaded"
    filed.cli("verify", filed.cli.root / "outbox/ehr/chart" / f"{document_id}-2")
    filed.cli("deliver", now=LATER)
    assert len(engine.got) == 3


def test_a_packet_of_a_withdrawn_version_that_wasnt_sent_yet_stays_here(filed: Office, tmp_path: Path) -> None:
    from tests.flows.test_delivery_mail import channels

    port = receivers.free_port()
    keys = ('host = "127.0.0.1"', f"port = {port}", 'from = "plans@cp.example.org"', 'to = "{fax}@fax.example.org"')
    channels(filed, "\n".join(('kind = "smtp"', *keys)) + "\n")
    ltss = filed.documents["ltss"]
    filed.cli("plan", "send", ltss)
    filed.cli("plan", "withdraw", ltss, "--reason", "Wrong practice", now=LATER)
    filed.cli("deliver", now=LATER)
    (row,) = [each for each in filed.cli("deliver", "list", "--json").json if each["document_id"] == ltss]
    assert (row["state"], row["attempts"]) == ("withdrawn", 1)


def test_the_package_of_a_version_that_another_took_the_place_of_says_so(filed: Office) -> None:
    first = filed.documents["bh"]
    plan = yaml.safe_load(filed.sample.plans["bh"].read_text("utf-8"))
    plan["plan"] |= {"version": 2, "reason": "change", "reason_text": "After the discharge."}
    later = filed.cli.root / "later.yaml"
    later.write_text(yaml.safe_dump(plan), "utf-8")
    second = filed.cli("plan", "issue", later, "--json", now=LATER).json[0]["document_id"]
    chart = filed.cli.root / "outbox/ehr/chart"
    note = chart / f"REPLACED-{first}.txt"
    assert not note.exists(), "until the later one is filed the earlier one is what the chart has"
    said = ("--on", "2026-11-03", "--by", "Test Coordinator")
    filed.cli("plan", "approve", second, "--slot", "member", "--how", "telephone", *said, now=LATER)
    by = ("--chart-note", "Reviewed and agreed", "--npi", filed.sample.npis["pcp1"])
    filed.cli("plan", "approve", second, "--slot", "pcp", *by, *said, now=LATER)
    assert (chart / second).is_dir()
    text = note.read_text("utf-8")
    upload = (chart / first / f"{first}.pdf").read_bytes()
    for words in (f"Document id: {first}", f"{first}.pdf", sha256(upload).hexdigest(), f"{second}, version 2"):
        assert words in text
    assert not (chart / f"RECALL-{first}.txt").exists(), "it is no recall"
    filed.cli("verify", chart / first, now=LATER)


def test_a_target_of_files_gets_the_note(filed: Office, tmp_path: Path) -> None:
    chart_is(filed, f'kind = "xdm"\nfolder = "{tmp_path / "xdm"}"\n')
    filed.cli("deliver")
    take_back(filed, "unapprove")
    assert (tmp_path / "xdm" / f"RECALL-{filed.documents['bh']}.txt").is_file()
