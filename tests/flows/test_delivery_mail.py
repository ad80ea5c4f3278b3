"""Packets go to practices by their own channels, encrypted, and what was sent is then on record by itself."""

from __future__ import annotations

import csv
import email
import email.policy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.delivery import receivers
from tests.flows.conftest import Office
from tests.flows.sent_office import more

LATER = "2026-11-02T16:00:00Z"


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> receivers.Certificates:
    return receivers.certificates(tmp_path_factory.mktemp("mail-tls"))


def channels(office: Office, keys: str) -> None:
    for name in ("fax", "sftp", "secure_email"):
        more(office, f"[channel.{name}]\n{keys}")


def smtp(
    office: Office, port: int, tls: receivers.Certificates, to: str = "{fax}@fax.example.org", edition: str = "fax"
) -> None:
    lines = (f'edition = "{edition}"', 'kind = "smtp"', 'host = "127.0.0.1"', f"port = {port}", f'ca_file = "{tls.ca}"')
    channels(office, "\n".join((*lines, 'from = "plans@cp.example.org"', f'to = "{to}"')) + "\n")


def test_a_packet_goes_by_mail_and_is_logged_as_sent(issued: Office, tls: receivers.Certificates) -> None:
    document_id = issued.documents["bh"]
    with receivers.smtp(tls.server()) as server:
        smtp(issued, server.port, tls, "{fax}@mail.example.org", edition="sealed")
        (row,) = issued.cli("plan", "send", document_id, "--json").json
    assert row["state"] == "delivered"
    ((sender, to, content),) = server.got
    assert sender == "plans@cp.example.org"
    assert to[0].split("@")[0].isdigit()
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert row["control_id"] in mail["Message-ID"]
    assert mail["Subject"] == f"Document {document_id}"
    files = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    assert set(files) == {f"{document_id}.pdf", f"{document_id}-cover.pdf", f"{document_id}-how-to-sign.pdf"}
    plan = next((issued.cli.root / "outbox/plans").rglob(f"{document_id}.pdf")).read_bytes()
    assert files[f"{document_id}.pdf"] == plan
    head = content.partition(b"\r\n\r\n")[0].decode()
    with issued.sample.roster.open(encoding="utf-8-sig", newline="") as file:
        names = {row["last_name"] for row in csv.DictReader(file)}
    assert not any(name and name in head for name in names), "a header names nobody"
    assert issued.status(document_id)["sent_at"]
    issued.cli("plan", "send", document_id)
    assert len(server.got) == 1, "once sent, it isn't sent again"


def test_a_fax_gateway_gets_the_fax_edition_which_is_matched_when_it_comes_back(
    issued: Office, tls: receivers.Certificates
) -> None:
    import pypdfium2

    from tests.flows.returning import RETURN, Desk
    from tests.scans import fax

    document_id = issued.documents["bh"]
    with receivers.smtp(tls.server()) as server:
        smtp(issued, server.port, tls, edition="")
        issued.cli("plan", "send", document_id)
    ((_, _, content),) = server.got
    mail = email.message_from_bytes(content, policy=email.policy.default)
    (attached,) = mail.iter_attachments()
    assert attached.get_filename() == f"{document_id}-fax.pdf"
    with pypdfium2.PdfDocument(attached.get_content()) as document:
        assert len(attached.get_content()) <= 60_000 * len(document)
        # What the office's machine prints is put on its glass and faxed back, coarser.
        pages = [
            page.render(scale=200 / 72, grayscale=True).to_pil().convert("L").resize(fax.LETTER) for page in document
        ]
    back = fax.tiff(
        [fax.faxed(page, standard=True, noise=0.001, seed=n) for n, page in enumerate(pages)], standard=True
    )
    desk = Desk(issued)
    (issued.cli.root / "inbox" / desk.practice()).mkdir(exist_ok=True)
    desk.drop(back, name="fax.tif")
    rows = issued.cli("intake", "--json", now=RETURN).json
    plan = next(row for row in rows if row["kind"] == "plan")
    assert (plan["document_id"], plan["lane"], plan["pages"]["missing"]) == (document_id, "ink", [])


def test_what_was_never_sent_goes_all_at_once(issued: Office, tls: receivers.Certificates) -> None:
    with receivers.smtp(tls.server()) as server:
        smtp(issued, server.port, tls)
        rows = issued.cli("plan", "send", "--all-new", "--json").json
        assert {row["document_id"] for row in rows} == set(issued.documents.values())
        assert issued.cli("plan", "send", "--all-new", "--json").json == []
    assert len(server.got) == len(rows)


def test_a_server_without_encryption_gets_nothing(issued: Office, tls: receivers.Certificates) -> None:
    with receivers.smtp(None, offers_starttls=False) as server:
        smtp(issued, server.port, tls)
        (row,) = issued.cli("plan", "send", issued.documents["bh"], "--json").json
    assert row["state"] == "held"
    assert "nothing is sent in the clear" in row["last_answer"]
    assert server.got == []
    assert issued.status(issued.documents["bh"])["sent_at"] is None


def test_a_server_that_we_dont_trust_gets_nothing(issued: Office, tls: receivers.Certificates, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = receivers.certificates(tmp_path / "other")
    with receivers.smtp(tls.server()) as server:
        smtp(issued, server.port, other)
        (row,) = issued.cli("plan", "send", issued.documents["bh"], "--json").json
    assert row["state"] == "queued"
    assert "isn't to be trusted" in row["last_answer"]
    assert server.got == []


@pytest.mark.parametrize(("answer", "state"), [("451 later", "queued"), ("554 no", "held")])
def test_a_refusal_says_whether_to_come_again(
    issued: Office, tls: receivers.Certificates, answer: str, state: str
) -> None:
    with receivers.smtp(tls.server()) as server:
        server.answer = answer
        smtp(issued, server.port, tls)
        (row,) = issued.cli("plan", "send", issued.documents["bh"], "--json").json
        assert (row["state"], row["last_answer"][:3]) == (state, answer[:3])
        server.answer = "250 OK"
        issued.cli("deliver", now=LATER)
    assert bool(issued.status(issued.documents["bh"])["sent_at"]) is (state == "queued")


def test_a_practice_without_a_channel_is_said(issued: Office) -> None:
    assert "no [channel." in issued.cli("plan", "send", issued.documents["bh"], status=3).err
    issued.cli("plan", "send", status=2)


def test_a_folder_channel_puts_the_packet_where_it_is_picked_up(issued: Office, tmp_path: Path) -> None:
    drop = tmp_path / "out"
    channels(issued, f'kind = "folder"\nfolder = "{drop}"\n')
    (row,) = issued.cli("plan", "send", issued.documents["bh"], "--json").json
    assert row["state"] == "delivered"
    assert sorted(each.name for each in drop.rglob("*.pdf")) == [
        f"{issued.documents['bh']}-cover.pdf",
        f"{issued.documents['bh']}-how-to-sign.pdf",
        f"{issued.documents['bh']}.pdf",
    ]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[receivers.Sftp]:
    with receivers.sftp(tmp_path / "sftp") as running:
        yield running


def sftp(office: Office, server: receivers.Sftp, *keys: str, host_key: str = "") -> None:
    lines = ('kind = "sftp"', 'host = "127.0.0.1"', f"port = {server.port}", 'user = "cpdocs"', 'folder = "/in"')
    key = (f'key_file = "{server.key_file}"', f'host_key = "{host_key or server.host_key}"')
    channels(office, "\n".join((*lines, *key, *keys)) + "\n")


def test_an_upload_has_its_name_only_when_it_is_whole_and_the_server_has_the_same_bytes(
    issued: Office, server: receivers.Sftp
) -> None:
    sftp(issued, server)
    (row,) = issued.cli("plan", "send", issued.documents["bh"], "--json").json
    assert row["state"] == "delivered", row
    name = f"{issued.documents['bh']}.pdf"
    there = server.root / "in"
    assert {each.name for each in there.iterdir()} == {
        name,
        *(name.replace(".pdf", f"-{each}.pdf") for each in ("cover", "how-to-sign")),
    }
    plan = next((issued.cli.root / "outbox/plans").rglob(name)).read_bytes()
    assert (there / name).read_bytes() == plan


def test_another_file_of_that_name_on_the_server_is_left_alone(issued: Office, server: receivers.Sftp) -> None:
    theirs = server.root / "in" / f"{issued.documents['bh']}.pdf"
    theirs.write_bytes(b"somebody else's")
    sftp(issued, server)
    (row,) = issued.cli("plan", "send", issued.documents["bh"], "--json").json
    assert row["state"] == "held"
    assert theirs.read_bytes() == b"somebody else's"


def test_a_server_with_another_key_gets_nothing(issued: Office, server: receivers.Sftp) -> None:
    import asyncssh

    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    sftp(issued, server, host_key=other)
    (row,) = issued.cli("plan", "send", issued.documents["bh"], "--json").json
    assert row["state"] == "held"
    assert "another key" in row["last_answer"]
    assert list((server.root / "in").iterdir()) == []


def bounce(message_id: str, recipient: str, *, action: str = "failed", original: bytes = b"") -> bytes:
    """A mail system's report as RFC 3464 has it, with the message that it is about."""
    status = (
        "Reporting-MTA: dns; gateway.example.org\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
    )
    returned = original or f"Message-ID: {message_id}\r\nSubject: Document\r\n\r\ntext\r\n".encode()
    head = (
        "From: MAILER-DAEMON@gateway.example.org\r\nTo: plans@cp.example.org\r\nSubject: Undelivered\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="=b"\r\n\r\n'
        "--=b\r\nContent-Type: text/plain\r\n\r\nYour message could not be delivered to the address given below.\r\n"
        f"--=b\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n"
        "--=b\r\nContent-Type: message/rfc822\r\n\r\n"
    )
    return head.encode() + returned + b"\r\n--=b--\r\n"


def receipt(message_id: str, recipient: str) -> bytes:
    """A reader's receipt as RFC 8098 has it."""
    told = (
        f"Final-Recipient: rfc822; {recipient}\r\nOriginal-Message-ID: {message_id}\r\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\r\n"
    )
    return (
        "From: someone@practice.example.org\r\nTo: plans@cp.example.org\r\nSubject: Read\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=disposition-notification; boundary="=b"\r\n\r\n'
        "--=b\r\nContent-Type: text/plain\r\n\r\nRead.\r\n"
        f"--=b\r\nContent-Type: message/disposition-notification\r\n\r\n{told}\r\n--=b--\r\n"
    ).encode()


@pytest.fixture
def mailed(issued: Office, tls: receivers.Certificates) -> tuple[Office, str, str, bytes]:
    """The bh plan, sent by mail: its Message-ID, its address, and the message."""
    with receivers.smtp(tls.server()) as server:
        smtp(issued, server.port, tls)
        issued.cli("plan", "send", issued.documents["bh"])
    ((_, to, content),) = server.got
    mail = email.message_from_bytes(content)
    return issued, mail["Message-ID"], to[0], content


def drop(office: Office, data: bytes, folder: str = "") -> dict[str, object]:
    place = office.cli.root / "inbox" / folder
    place.mkdir(exist_ok=True)
    (place / "report.eml").write_bytes(data)
    rows = office.cli("intake", "--json", now=LATER).json
    return dict(rows[-1])


def events_of(office: Office) -> list[dict[str, Any]]:
    folder = office.cli.root.parent / f"trail-{len(list(office.cli.root.parent.iterdir()))}"
    office.cli("audit", "export", folder, now=LATER)
    return [json.loads(line) for line in (folder / "events.jsonl").read_text("utf-8").splitlines()]


def packet(office: Office) -> dict[str, object]:
    (row,) = office.cli("deliver", "list", "--json", now=LATER).json
    return dict(row)


def test_a_bounce_takes_back_that_it_was_delivered_and_a_person_must_look(
    mailed: tuple[Office, str, str, bytes],
) -> None:
    office, message_id, to, content = mailed
    assert packet(office)["state"] == "delivered"
    drop(office, bounce(message_id, to.upper(), original=content))
    row = packet(office)
    assert (row["state"], row["delivered_at"]) == ("held", None)
    assert row["last_answer"] == "Bounced (5.1.1): a mail system gave the message back."
    (item,) = office.cli("todo", "--kind", "delivery_held", "--json", now=LATER).json
    assert item["document_id"] == office.documents["bh"]
    assert office.cli("held", "list", "--json", now=LATER).json == []
    received = [each for each in events_of(office) if each["type"] == "return.received"]
    assert len(received) == 1, "our own plan, which comes back with it, is no return"


def test_a_receipt_is_a_word_beside_the_answer_and_the_same_report_counts_once(
    mailed: tuple[Office, str, str, bytes],
) -> None:
    office, message_id, to, _ = mailed
    for _ in range(2):
        drop(office, receipt(message_id, to))
    row = packet(office)
    assert row["state"] == "delivered"
    assert str(row["last_answer"]).endswith("A receipt says that it was opened.")
    assert len([each for each in events_of(office) if each["type"] == "delivery.reported"]) == 1


@pytest.mark.parametrize("fault", ["unknown id", "another address", "another domain", "folder", "no action"])
def test_a_report_that_isnt_certainly_about_our_message_changes_nothing_and_waits_with_words(
    mailed: tuple[Office, str, str, bytes], fault: str
) -> None:
    office, message_id, to, _ = mailed
    folder = ""
    data = bounce(message_id, to)
    if fault == "unknown id":
        data = bounce("<0123456789ABCDEF0123@cp.example.org>", to)
    elif fault == "another address":
        data = bounce(message_id, "somebody@else.example.org")
    elif fault == "another domain":
        data = bounce(message_id.replace("cp.example.org", "evil.example.org"), to)
    elif fault == "folder":
        theirs = packet(office)["practice_id"]
        with office.sample.practices.open(encoding="utf-8-sig", newline="") as file:
            folder = next(row["practice_id"] for row in csv.DictReader(file) if row["practice_id"] != theirs)
    elif fault == "no action":
        data = bounce(message_id, to).replace(b"Action: failed\r\n", b"")
    row = drop(office, data, folder)
    assert packet(office)["state"] == "delivered"
    assert row["verdict"] == "held"
    (waiting,) = office.cli("held", "list", "--json", now=LATER).json
    assert "a bounce or a receipt" in str(row["findings"])
    assert "no delivery was changed" in office.cli("held", "show", str(waiting["sha256"])[:12], now=LATER).out


def test_notices_and_reminders_go_by_the_channel_that_the_practice_has(
    issued: Office, tls: receivers.Certificates
) -> None:
    bh = issued.documents["bh"]
    issued.cli("plan", "sent", bh, "--to", "K", "--channel", "fax", "--at", "2026-11-02T12:00")
    with receivers.smtp(tls.server()) as server:
        smtp(issued, server.port, tls, edition="sealed")
        (letter,) = [each for each in issued.cli("chase", "--json", now="2026-11-05T16:00:00Z").json if each["file"]]
        (waits,) = issued.cli("notices", "list", "--json").json
        issued.cli("deliver", now="2026-11-05T16:00:00Z")
        ((_, _, content),) = server.got
        issued.cli("deliver", now="2026-11-05T17:00:00Z")
    assert len(server.got) == 1, "once"
    mail = email.message_from_bytes(content, policy=email.policy.default)
    (attached,) = mail.iter_attachments()
    assert letter["file"].endswith(str(attached.get_filename()))
    assert attached.get_content() == (issued.cli.root / "outbox" / letter["file"]).read_bytes()
    (row,) = [each for each in issued.cli("deliver", "list", "--json").json if each["purpose"] == "notice"]
    assert (row["state"], row["document_id"]) == ("delivered", bh)
    assert [each["data"]["channel"] for each in events_of(issued) if each["type"] == "notice.sent"] == [row["target"]]
    assert waits["leaves_by"] == row["target"]
    assert issued.cli("notices", "list", "--json").json == []


def test_a_notice_that_was_written_before_there_was_a_channel_is_carried_by_hand(
    issued: Office, tls: receivers.Certificates
) -> None:
    issued.cli("plan", "sent", issued.documents["bh"], "--to", "K", "--channel", "fax", "--at", "2026-11-02T12:00")
    issued.cli("chase", now="2026-11-05T16:00:00Z")
    with receivers.smtp(tls.server()) as server:
        smtp(issued, server.port, tls)
        issued.cli("deliver", now="2026-11-05T17:00:00Z")
    assert server.got == []


def test_the_practices_table_may_name_the_channel(issued: Office, tmp_path: Path) -> None:
    with issued.sample.practices.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    table = tmp_path / "practices.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "channel"])
        writer.writeheader()
        writer.writerows({**row, "channel": "portal"} for row in rows)
    issued.cli("import", "practices", table)
    more(issued, f'[channel.portal]\nkind = "folder"\nfolder = "{tmp_path / "portal"}"\n')
    (row,) = issued.cli("plan", "send", issued.documents["bh"], "--json").json
    assert (row["target"], row["state"]) == ("portal", "delivered")
