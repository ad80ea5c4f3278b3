"""What was filed leaves for its chart, and is called delivered only where the receiver said so."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cpdocs.sending import send as sending
from tests.conftest import CommandLine
from tests.delivery import proxy, receivers
from tests.flows.conftest import Office
from tests.flows.sent_office import SIGNED_AT, chart_is, file_bh, the_row

LATER = "2026-11-03T16:00:00Z"


@pytest.fixture(scope="session")
def _filed(tmp_path_factory: pytest.TempPathFactory, _issued: tuple[Path, dict[str, str]], sample: Any) -> Path:
    root, documents = _issued
    folder = tmp_path_factory.mktemp("filed") / "ws"
    shutil.copytree(root, folder)
    file_bh(Office(CommandLine(folder), sample, documents))
    return folder


@pytest.fixture
def filed(tmp_path: Path, sample: Any, _issued: tuple[Path, dict[str, str]], _filed: Path) -> Office:
    """The bh plan is filed for the target ``chart``."""
    shutil.copytree(_filed, tmp_path / "ws")
    return Office(CommandLine(tmp_path / "ws", SIGNED_AT), sample, _issued[1])


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> receivers.Certificates:
    return receivers.certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def engine() -> Iterator[receivers.Mllp]:
    with receivers.mllp() as receiver:
        yield receiver


def hl7(office: Office, port: int, *keys: str) -> None:
    lines = ('kind = "hl7v2"', 'host = "127.0.0.1"', f"port = {port}", "tls = false", *keys)
    chart_is(office, "\n".join(lines) + "\n")


def upload_of(office: Office) -> bytes:
    document_id = office.documents["bh"]
    return (office.cli.root / "outbox/ehr/chart" / document_id / f"{document_id}.pdf").read_bytes()


def test_a_filed_plan_goes_to_an_engine_and_is_delivered_by_its_own_word(filed: Office, engine: receivers.Mllp) -> None:
    hl7(filed, engine.port)
    row = filed.cli("deliver", "--json").json[0]
    assert (row["state"], row["attempts"]) == ("delivered", 1)
    (got,) = engine.got
    assert got["control_id"] == row["control_id"]
    assert (got["trigger"], got["document"]) == ("T02", filed.documents["bh"])
    assert got["sha256"] == sha256(upload_of(filed)).hexdigest()
    status = filed.status(filed.documents["bh"])
    assert status["state"] == "uploaded"
    assert [each["state"] for each in status["deliveries"]] == ["delivered"]
    assert filed.cli("deliver", "--json").json == []
    assert len(engine.got) == 1
    filed.cli("audit", "verify")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda _: None, "ended the connection"),
        (lambda answer: answer[: len(answer) // 2], "ended the connection"),
        (lambda answer: answer.replace(b"MSA|AA|", b"MSA|AA|X"), "other messages"),
        (lambda answer: answer.replace(b"MSA|AA", b"MSA|ZZ"), "no code"),
        (lambda _: b"\x0bnothing\x1c\r", "other messages"),
        (lambda answer: answer[:-2], "ended the connection"),
        (lambda _: b"\x1c\r" * 20, "other messages"),
    ],
    ids=["lost", "half", "foreign", "no code", "no acknowledgement", "without its end", "empty blocks"],
)
def test_an_answer_that_isnt_the_receivers_own_leaves_it_unsure_and_unsent_again(
    filed: Office, engine: receivers.Mllp, spoil: proxy.Spoil, words: str
) -> None:
    with proxy.between(engine.port) as middle:
        middle.spoil = spoil
        hl7(filed, middle.port)
        filed.cli("deliver")
        row = the_row(filed)
        assert row["state"] == "unsure"
        assert words in row["last_answer"]
        filed.cli("deliver", now=LATER)
        assert (len(engine.got), the_row(filed)["attempts"]) == (1, 1)
        assert filed.status(filed.documents["bh"])["state"] == "filed"
        middle.spoil = lambda answer: answer
        again = filed.cli("deliver", "retry", filed.documents["bh"], "--target", "chart", "--json").json
    assert again[0]["state"] == "delivered"
    assert [each["control_id"] for each in engine.got] == [row["control_id"]] * 2, "the same id, so that it can be told"
    assert engine.got[0]["text"] == engine.got[1]["text"]


def test_what_is_unsure_or_held_waits_for_the_mailroom_with_its_command_and_health_counts_it(
    filed: Office, engine: receivers.Mllp
) -> None:
    document_id = filed.documents["bh"]
    deliveries = ("--kind", "delivery_unsure", "--kind", "delivery_held", "--kind", "chart_confirm", "--json")
    assert [each["kind"] for each in filed.cli("todo", *deliveries).json] == ["chart_confirm"]
    engine.code = "AR"
    hl7(filed, engine.port)
    filed.cli("deliver")
    (held,) = filed.cli("todo", *deliveries).json
    assert (held["kind"], held["document_id"], held["waits_for"]) == ("delivery_held", document_id, "the mailroom")
    assert f"deliver retry {document_id} --target chart" in held["what_to_do"]
    assert held["member"]
    health = filed.cli("health", "--json", status=None).json["checks"]["deliveries"]
    assert (health["ok"], health["message"]) == (True, "Deliveries: 1 are held, the oldest for 0 seconds.")
    assert not filed.cli("health", "--json", status=None, now="2026-11-05T16:00:00Z").json["checks"]["deliveries"]["ok"]
    (progress,) = filed.cli("deliver", "list", "--progress", "--json").json
    assert (progress["target"], progress["counts"]) == ("chart", {"held": 1})
    assert progress["last_answer"].startswith("AR")
    assert filed.cli("deliver", "list", "--open", "--state", "unsure", "--json").json == []
    engine.code = "AA"
    filed.cli("deliver", "retry", document_id, "--target", "chart")
    assert filed.cli("todo", *deliveries).json == []


def test_a_receiver_that_cant_be_reached_isnt_tried_for_everything_that_waits(
    filed: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    hl7(filed, receivers.free_port())
    filed.cli("deliver")
    row = the_row(filed)
    assert row["attempts"] == 1
    monkeypatch.setattr(sending, "_MOST_FAILURES", 1)
    monkeypatch.setattr(sending, "open_ids", lambda *_: iter([row["control_id"]] * 3))
    monkeypatch.setattr(sending, "next_step", lambda *_, **__: sending.Step(sending.Action.SEND))
    said = filed.cli("deliver")
    assert the_row(filed)["attempts"] == 2
    assert "the rest waits for the next look" in said.err


@pytest.mark.parametrize(
    "spoil",
    [lambda answer: answer * 2, lambda answer: answer.replace(b"MSA|AA|", b"MSA|AR|0") + answer],
    ids=["doubled", "a foreign one first"],
)
def test_a_doubled_or_foreign_answer_beside_the_right_one_changes_nothing(
    filed: Office, engine: receivers.Mllp, spoil: proxy.Spoil
) -> None:
    with proxy.between(engine.port) as middle:
        middle.spoil = spoil
        hl7(filed, middle.port)
        filed.cli("deliver")
    assert the_row(filed)["state"] == "delivered"
    assert len(engine.got) == 1


def test_a_late_answer_isnt_waited_for_and_the_deadline_is_absolute(filed: Office, engine: receivers.Mllp) -> None:
    import threading

    with proxy.between(engine.port) as middle:
        middle.hold = threading.Event()
        hl7(filed, middle.port, "deadline_seconds = 1")
        filed.cli("deliver")
        middle.hold.set()
    row = the_row(filed)
    assert row["state"] == "unsure"
    assert "within 1 seconds" in row["last_answer"]


def test_a_message_that_wasnt_whole_is_sent_again_after_a_wait_and_arrives_once(
    filed: Office, engine: receivers.Mllp
) -> None:
    with proxy.between(engine.port) as middle:
        middle.request_limit, middle.faults = 1000, 1
        hl7(filed, middle.port)
        filed.cli("deliver")
        row = the_row(filed)
        assert row["state"] in ("queued", "unsure")
        assert engine.got == []
        middle.request_limit = None
        filed.cli("deliver")
        assert the_row(filed)["attempts"] == 1, "not before the wait is over"
        filed.cli("deliver", now=LATER)
        if row["state"] == "unsure":  # the system had taken all of it: nobody can know that it didn't arrive
            filed.cli("deliver", "retry", filed.documents["bh"], "--target", "chart")
    assert the_row(filed)["state"] == "delivered"
    assert len(engine.got) == 1


def test_a_receiver_that_isnt_there_is_tried_again_with_growing_waits_and_then_held(filed: Office) -> None:
    hl7(filed, receivers.free_port())
    moments = [f"2026-11-{4 + hour // 24:02}T{hour % 24:02}:00:00Z" for hour in range(0, 60, 2)]
    for moment in moments:
        filed.cli("deliver", now=moment)
    row = the_row(filed)
    assert (row["state"], row["attempts"]) == ("held", 12)
    assert "No connection" in row["last_answer"]


@pytest.mark.parametrize(("code", "state"), [("AE", "held"), ("AR", "held"), ("CA", "delivered"), ("CR", "held")])
def test_what_the_receiver_says_is_what_it_is(filed: Office, engine: receivers.Mllp, code: str, state: str) -> None:
    engine.code = code
    hl7(filed, engine.port)
    filed.cli("deliver")
    filed.cli("deliver", now=LATER)
    row = the_row(filed)
    assert row["state"] == state
    assert row["last_answer"].startswith(code)
    assert len(engine.got) == 1, "AE may have been filed all the same: a person asks"


def test_a_site_may_have_errors_tried_again(filed: Office, engine: receivers.Mllp) -> None:
    engine.code = "AE"
    hl7(filed, engine.port, 'on_error = "retry"')
    filed.cli("deliver")
    assert the_row(filed)["state"] == "queued"
    engine.code = "AA"
    filed.cli("deliver", now=LATER)
    assert the_row(filed)["state"] == "delivered"
    assert len({each["control_id"] for each in engine.got}) == 1


def test_where_the_receiver_tells_documents_apart_a_lost_answer_is_tried_again_by_itself(
    filed: Office, engine: receivers.Mllp
) -> None:
    with proxy.between(engine.port) as middle:
        middle.spoil, middle.faults = (lambda _: None), 1
        hl7(filed, middle.port, "tells_apart = true")
        filed.cli("deliver")
        assert the_row(filed)["state"] == "unsure"
        filed.cli("deliver", now=LATER)
    assert the_row(filed)["state"] == "delivered"
    assert len({(each["control_id"], each["document"]) for each in engine.got}) == 1


@pytest.mark.parametrize("when", ["before the bytes leave", "after the answer came"])
def test_a_kill_between_attempt_and_answer_is_unsure_never_delivered(
    filed: Office, engine: receivers.Mllp, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    real = sending.transport_of

    def killed(ws: Any, way: Any) -> Any:
        def send(parcel: Any) -> Any:
            if when == "after the answer came":
                real(ws, way)(parcel)
            raise KeyboardInterrupt

        return send

    hl7(filed, engine.port)
    with monkeypatch.context() as patch:
        patch.setattr(sending, "transport_of", killed)
        filed.cli("deliver", status=None)
    row = the_row(filed)
    assert (row["state"], row["delivered_at"], row["attempts"]) == ("unsure", None, 1)
    assert "no answer to it is on record" in row["last_answer"]
    filed.cli("deliver", now=LATER)
    assert len(engine.got) == (1 if when == "after the answer came" else 0), "nothing is sent twice by itself"
    filed.cli("deliver", "give-up", filed.documents["bh"], "--target", "chart", "--reason", "They have it")
    assert the_row(filed)["state"] == "withdrawn"


def test_a_person_who_saw_it_in_the_chart_settles_what_was_unsure(filed: Office, engine: receivers.Mllp) -> None:
    with proxy.between(engine.port) as middle:
        middle.spoil = lambda _: None
        hl7(filed, middle.port)
        filed.cli("deliver")
        filed.cli("file", "confirm", filed.documents["bh"], "--by", "Test Clerk", "--at", SIGNED_AT)
        assert the_row(filed)["state"] == "delivered"
        filed.cli("deliver", now=LATER)
    assert len(engine.got) == 1


def test_a_wrong_patients_plan_is_recalled_with_a_cancel_message_though_it_was_confirmed(
    filed: Office, engine: receivers.Mllp
) -> None:
    hl7(filed, engine.port)
    filed.cli("deliver")
    filed.cli("recall", filed.documents["bh"], "--target", "chart", "--reason", "Filed under the wrong patient")
    assert [each["trigger"] for each in engine.got] == ["T02", "T11"]
    assert len({each["document"] for each in engine.got}) == 1
    assert len({each["control_id"] for each in engine.got}) == 2
    assert the_row(filed, purpose="recall")["state"] == "delivered"
    row = the_row(filed)
    assert row["state"] == "withdrawn"
    assert "wrong patient" in row["last_answer"]


def test_a_withdrawn_version_that_never_left_isnt_sent(filed: Office) -> None:
    port = receivers.free_port()
    hl7(filed, port)
    filed.cli("deliver")
    filed.cli("plan", "withdraw", filed.documents["bh"], "--reason", "Wrong member")
    filed.cli("deliver", now=LATER)
    row = the_row(filed)
    assert row["state"] == "withdrawn"
    assert "never sent" in row["last_answer"]


def test_over_tls_the_engine_proves_itself_and_asks_for_our_certificate(
    filed: Office, tls: receivers.Certificates
) -> None:
    def keys(more_keys: str) -> str:
        return f'kind = "hl7v2"\nhost = "127.0.0.1"\nport = {engine.port}\n{more_keys}'

    with receivers.mllp(tls.server(asks_for_client=True)) as engine:
        chart_is(filed, keys(f'ca_file = "{tls.ca}"\n'))
        filed.cli("deliver")
        assert the_row(filed)["state"] in ("queued", "unsure"), "no certificate of ours was shown"
        assert engine.got == []
    with receivers.mllp(tls.server(asks_for_client=True)) as engine:
        ours = f'cert_file = "{tls.cert}"\nkey_file = "{tls.key}"\n'
        chart_is(filed, keys(ours))
        filed.cli("deliver", "retry", filed.documents["bh"], "--target", "chart")
        assert "isn't to be trusted" in the_row(filed)["last_answer"]
        chart_is(filed, keys(ours + f'ca_file = "{tls.ca}"\n'))
        filed.cli("deliver", "retry", filed.documents["bh"], "--target", "chart")
        assert the_row(filed)["state"] == "delivered"
        assert len(engine.got) == 1


def test_two_senders_to_one_target_at_once_are_one_too_many(filed: Office, engine: receivers.Mllp) -> None:
    import fcntl

    hl7(filed, engine.port)
    with (filed.cli.root / "state" / "deliver-chart.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        filed.cli("deliver", status=5)
    assert engine.got == []


def test_a_hand_off_is_a_days_flat_folder_with_one_index_and_a_csv_confirms_it(filed: Office, tmp_path: Path) -> None:
    drop, acks = tmp_path / "drop", tmp_path / "acks"
    acks.mkdir()
    chart_is(
        filed,
        f'kind = "handoff"\nfolder = "{drop}"\nmode = "0640"\nacknowledgement_folder = "{acks}"\n'
        'document_type = { BH = "BH Plan", LTSS = "LTSS Plan" }\n',
    )
    filed.cli("deliver")
    row = the_row(filed)
    assert row["state"] == "unsure"
    assert "acknowledgement is awaited" in row["last_answer"]
    day = drop / "20261103"
    document_id = filed.documents["bh"]
    assert {each.name for each in day.iterdir()} == {f"{document_id}.pdf", "index.csv"}
    assert (day / f"{document_id}.pdf").read_bytes() == upload_of(filed)
    assert oct((day / f"{document_id}.pdf").stat().st_mode & 0o777) == "0o640"
    assert oct(day.stat().st_mode & 0o777) == "0o750"
    with (day / "index.csv").open(encoding="utf-8", newline="") as file:
        (line,) = csv.DictReader(file)
    assert line["document_id"] == document_id
    assert all(line[name] for name in ("mrn", "last_name", "first_name", "dob", "practice_id", "practice", "sha256"))
    assert (line["loinc"], line["action"]) == ("18776-5", "file")

    (acks / "wrong.csv").write_text(f"document_id,sha256\n{document_id},{'0' * 64}\n", "utf-8")
    filed.cli("deliver")
    assert the_row(filed)["state"] == "unsure", "an acknowledgement of other bytes is none"
    (acks / "right.csv").write_text(f"document_id,sha256\n{document_id},{line['sha256']}\n", "utf-8")
    filed.cli("deliver")
    assert the_row(filed)["state"] == "delivered"
    assert filed.status(document_id)["state"] == "uploaded"


def test_what_was_taken_out_of_a_folder_isnt_put_there_again_after_a_kill(
    filed: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sending.transport_of

    def killed(ws: Any, way: Any) -> Any:
        def send(parcel: Any) -> Any:
            real(ws, way)(parcel)
            raise KeyboardInterrupt

        return send

    drop = tmp_path / "drop"
    chart_is(filed, f'kind = "handoff"\nfolder = "{drop}"\n')
    with monkeypatch.context() as patch:
        patch.setattr(sending, "transport_of", killed)
        filed.cli("deliver", status=None)
    shutil.rmtree(drop)
    filed.cli("deliver", now=LATER)
    assert not drop.exists()
    row = the_row(filed)
    assert row["state"] == "unsure"
    assert "taken away" in row["last_answer"]


def test_after_a_kill_what_lies_in_the_folder_is_found_and_delivered(
    filed: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sending.transport_of

    def killed(ws: Any, way: Any) -> Any:
        def send(parcel: Any) -> Any:
            real(ws, way)(parcel)
            raise KeyboardInterrupt

        return send

    chart_is(filed, f'kind = "handoff"\nfolder = "{tmp_path / "drop"}"\n')
    with monkeypatch.context() as patch:
        patch.setattr(sending, "transport_of", killed)
        filed.cli("deliver", status=None)
    assert the_row(filed)["state"] == "unsure"
    filed.cli("deliver", now=LATER)
    assert the_row(filed)["state"] == "delivered"


def test_a_file_that_lies_there_under_the_name_is_left_alone_and_the_delivery_held(
    filed: Office, tmp_path: Path
) -> None:
    drop = tmp_path / "drop"
    (drop / "20261103").mkdir(parents=True)
    theirs = drop / "20261103" / f"{filed.documents['bh']}.pdf"
    theirs.write_bytes(b"somebody else's")
    chart_is(filed, f'kind = "handoff"\nfolder = "{drop}"\n')
    filed.cli("deliver")
    assert the_row(filed)["state"] == "held"
    assert theirs.read_bytes() == b"somebody else's"


def looked_at(office: Office) -> list[dict[str, str]]:
    """What doctor says of targets and channels."""
    return [each for each in office.cli("doctor", "--json", status=1).json["checks"] if each["check"] == "deliveries"]


@pytest.mark.parametrize("fault", ["group", "folder"])
def test_a_folder_that_cant_be_used_is_no_doubt_whether_something_came_there(
    filed: Office, tmp_path: Path, fault: str
) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    drop = tmp_path / ("drop" if fault == "group" else "file/drop")
    group = 'group = "no-such-group"\n' if fault == "group" else ""
    chart_is(filed, f'kind = "handoff"\nfolder = "{drop}"\n{group}')
    filed.cli("deliver")
    assert the_row(filed)["state"] == "queued", "nothing was handed to anybody"
    assert [each["level"] for each in looked_at(filed)] == ["fault"]
    chart_is(filed, f'kind = "handoff"\nfolder = "{tmp_path / "drop"}"\n')
    filed.cli("deliver", now=LATER)
    assert the_row(filed)["state"] == "delivered"


def test_doctor_finds_what_targets_and_channels_lack_on_this_machine(filed: Office, tmp_path: Path) -> None:
    loose = tmp_path / "open.key"
    loose.write_text("a key", "utf-8")
    loose.chmod(0o644)
    chart_is(
        filed,
        'kind = "hl7v2"\nhost = "127.0.0.1"\nport = 6661\nca_file = "/nowhere/ca.pem"\n'
        f'cert_file = "{loose}"\nkey_file = "{loose}"\n',
    )
    said = [each["message"] for each in looked_at(filed)]
    assert len(said) == 2
    assert "ca_file /nowhere/ca.pem isn't there" in said[1]
    assert "can be read by others" in said[0]


def test_a_recall_of_a_hand_off_says_what_to_remove(filed: Office, tmp_path: Path) -> None:
    chart_is(filed, f'kind = "handoff"\nfolder = "{tmp_path / "drop"}"\n')
    filed.cli("deliver")
    filed.cli("recall", filed.documents["bh"], "--target", "chart", "--reason", "Filed under the wrong patient")
    note = (tmp_path / "drop" / "20261103" / f"RECALL-{filed.documents['bh']}.txt").read_text("utf-8")
    assert filed.documents["bh"] in note
    assert "wrong patient" in note
    index = (tmp_path / "drop" / "20261103" / "index.csv").read_text("utf-8")
    assert [line.split(",")[0] for line in index.splitlines()] == ["action", "file", "recall"]


def test_a_plain_folder_is_as_before_and_can_be_recalled(filed: Office) -> None:
    assert filed.cli("deliver", "--json").json == []
    filed.cli("file", "confirm", filed.documents["bh"], "--by", "Test Clerk", "--at", SIGNED_AT)
    filed.cli("recall", filed.documents["bh"], "--target", "chart", "--reason", "Filed under the wrong patient")
    assert (filed.cli.root / "outbox/ehr/chart" / f"RECALL-{filed.documents['bh']}.txt").is_file()
    filed.cli("recall", filed.documents["bh"], "--target", "chart", "--reason", "Again", status=3)


def test_a_csv_confirms_many_and_says_which_lines_dont_count(filed: Office, tmp_path: Path) -> None:
    file = tmp_path / "indexed.csv"
    file.write_text(
        f"document_id,at\n{filed.documents['bh']},2026-11-03T10:30\n{filed.documents['ltss']},\nnone,\n", "utf-8"
    )
    said = filed.cli("file", "confirm", "--from", file, "--by", "Test Clerk", "--json", status=1)
    assert said.json["confirmed"] == [filed.documents["bh"]]
    assert [each["where"] for each in said.json["problems"]] == ["line 3", "line 4"]
    assert filed.status(filed.documents["bh"])["state"] == "uploaded"


def test_a_dip_drop_has_the_pdf_and_its_tags(filed: Office, tmp_path: Path) -> None:
    chart_is(filed, f'kind = "onbase_dip"\nfolder = "{tmp_path / "dip"}"\ntags = {{ mrn = "Patient MRN" }}\n')
    filed.cli("deliver")
    assert the_row(filed)["state"] == "delivered"
    lines = (tmp_path / "dip" / f"{filed.documents['bh']}.txt").read_text("utf-8").splitlines()
    names = [line.partition(":")[0] for line in lines]
    assert names.index("File Format") < names.index("File Path")
    assert "Patient MRN" in names
    assert all(len(name) <= 20 for name in names)


def test_an_xdm_zip_has_what_a_direct_inbox_needs(filed: Office, tmp_path: Path) -> None:
    import zipfile

    from lxml import etree

    chart_is(filed, f'kind = "xdm"\nfolder = "{tmp_path / "xdm"}"\n')
    filed.cli("deliver")
    with zipfile.ZipFile(tmp_path / "xdm" / f"{filed.documents['bh']}.zip") as archive:
        assert set(archive.namelist()) == {
            "README.TXT",
            "INDEX.HTM",
            "IHE_XDM/SUBSET01/METADATA.XML",
            "IHE_XDM/SUBSET01/DOC00001.PDF",
        }
        assert archive.read("IHE_XDM/SUBSET01/DOC00001.PDF") == upload_of(filed)
        root = etree.fromstring(archive.read("IHE_XDM/SUBSET01/METADATA.XML"))
    values = {value.text for value in root.iter("{*}Value")}
    assert str(len(upload_of(filed))) in values
