"""Letters to health plans and notices to key contacts leave by the channel that the record knows; without one the work
list says to print and send them."""

from __future__ import annotations

import email
import email.policy
from pathlib import Path

import pytest

from tests.delivery import receivers
from tests.documents.papers import says_iso_date, text_of
from tests.flows.conftest import Office
from tests.flows.sent_office import more

AT = "2026-11-02T16:00:00Z"
BY = ("--by", "Test Coordinator")


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> receivers.Certificates:
    return receivers.certificates(tmp_path_factory.mktemp("notices-tls"))


def payer_of(office: Office) -> str:
    return str(office.cli("status", "--json").json[0]["payer"])


def decline(office: Office) -> str:
    member_id = str(office.cli("status", "--json").json[0]["member_id"])
    office.cli("member", "decline", "--on", "2026-11-02", "--how", "phone", *BY, stdin=member_id)
    return member_id


def waiting(office: Office) -> list[dict[str, str]]:
    return [dict(each) for each in office.cli("todo", "--kind", "notice_to_send", "--json").json]


def test_a_letter_to_a_health_plan_leaves_by_its_channel_and_is_logged_as_sent(
    issued: Office, tls: receivers.Certificates
) -> None:
    with receivers.smtp(tls.server()) as server:
        more(
            issued,
            f'[payer."{payer_of(issued)}"]\nchannel = "plans"\nemail = "intake@health.example.org"\n'
            f'[channel.plans]\nkind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nca_file = "{tls.ca}"\n'
            'from = "plans@cp.example.org"\nto = "{email}"\n',
        )
        decline(issued)
        assert waiting(issued) == [], "nobody has to carry what leaves by itself"
        (row,) = issued.cli("notices", "list", "--json").json
        assert (row["leaves_by"], row["waits"]) == ("plans", True)
        issued.cli("deliver", now=AT)
        issued.cli("deliver", now="2026-11-02T18:00:00Z")
    ((_, recipients, content),) = server.got
    assert recipients == ["intake@health.example.org"]
    mail = email.message_from_bytes(content, policy=email.policy.default)
    (attached,) = mail.iter_attachments()
    assert attached.get_content() == (issued.cli.root / "outbox" / row["file"]).read_bytes()
    (sent,) = issued.cli("notices", "list", "--all", "--json").json
    assert (sent["to"], sent["channel"], sent["waits"]) == (payer_of(issued), "plans", False)
    (delivery,) = issued.cli("deliver", "list", "--json").json
    assert (delivery["state"], delivery["document_id"], delivery["version"]) == ("delivered", row["reference"], 0)
    assert issued.cli("audit", "verify", "--json").json["ok"]


def test_a_reminder_to_the_health_plan_goes_the_same_way(issued: Office, tmp_path: Path) -> None:
    bh = issued.documents["bh"]
    more(
        issued,
        f'[payer."{payer_of(issued)}"]\nchannel = "portal"\n'
        f'[channel.portal]\nkind = "folder"\nfolder = "{tmp_path / "portal"}"\n',
    )
    issued.cli("plan", "sent", bh, "--to", "K", "--channel", "fax", "--at", "2026-11-02T12:00")
    later = "2026-12-15T16:00:00Z"
    letters = issued.cli("chase", "--json", now=later).json
    (letter,) = [each for each in letters if each["kind"] == "health_plan" and each["file"]]
    issued.cli("deliver", now=later)
    (carried,) = (tmp_path / "portal").rglob("*.pdf")
    assert carried.parent.name.startswith("_health-plan-")
    assert carried.read_bytes() == (issued.cli.root / "outbox" / letter["file"]).read_bytes()


def test_a_key_contact_is_told_of_a_digital_id_by_the_practices_channel(issued: Office, tmp_path: Path) -> None:
    for name in ("fax", "sftp", "secure_email"):
        more(issued, f'[channel.{name}]\nkind = "folder"\nfolder = "{tmp_path / "out"}"\n')
    issue_key(issued, tmp_path)
    assert waiting(issued) == []
    issued.cli("deliver", now=AT)
    (notice,) = (tmp_path / "out").rglob("digital-id-*.pdf")
    (row,) = [each for each in issued.cli("notices", "list", "--all", "--json").json if each["kind"] == "key_issued"]
    assert notice.read_bytes() == (issued.cli.root / "outbox" / row["file"]).read_bytes()
    assert "Issued Nov 2, 2026" in text_of(notice.read_bytes())
    assert not says_iso_date(text_of(notice.read_bytes()))
    assert row["sent_at"]
    assert row["leaves_by"] == row["channel"]


def issue_key(office: Office, tmp_path: Path) -> None:
    passphrase = tmp_path / "pass.txt"
    passphrase.write_text("correct horse battery\n", "utf-8")
    passphrase.chmod(0o600)
    key = ("--out", tmp_path / "pcp.p12", "--passphrase-file", passphrase)
    office.cli("keys", "issue", "--npi", office.sample.npis["pcp1"], "--identity", "badge seen", *BY, *key)


def test_without_a_channel_the_work_list_says_to_print_and_send_them(issued: Office, tmp_path: Path) -> None:
    decline(issued)
    issue_key(issued, tmp_path)
    items = waiting(issued)
    assert len(items) == 2
    assert all(each["what_to_do"].startswith("Print it and send it") for each in items)
    for each in issued.cli("notices", "list", "--json").json:
        issued.cli("notices", "sent", each["reference"], "--to", "X", "--channel", "mail", "--at", "2026-11-02T11:00")
    assert waiting(issued) == []


def test_a_health_plan_without_the_address_that_its_channel_needs_is_said_and_nothing_is_sent(
    issued: Office, tls: receivers.Certificates
) -> None:
    more(
        issued,
        f'[payer."{payer_of(issued)}"]\nchannel = "fax"\n'
        '[channel.fax]\nkind = "smtp"\nhost = "127.0.0.1"\nport = 9\nfrom = "plans@cp.example.org"\n'
        'to = "{fax}@fax.example.org"\n',
    )
    decline(issued)
    said = issued.cli("deliver", now=AT).err
    assert "has no usable fax number under its [payer] in cpdocs.toml" in said
    assert issued.cli("deliver", "list", "--json").json == []


def test_a_health_plans_channel_must_be_one_of_the_settings(issued: Office) -> None:
    more(issued, f'[payer."{payer_of(issued)}"]\nchannel = "pigeon"\n')
    assert "'pigeon'" in issued.cli("status", status=4).err


def test_settings_whose_tables_dont_fit_together_are_said_in_words(issued: Office) -> None:
    more(issued, '[channel.chart]\nkind = "folder"\nfolder = "/srv/x"\n')
    said = issued.cli("status", status=4).err
    assert "'chart' names a filing target and a channel" in said
