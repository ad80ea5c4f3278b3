"""A walk through every command, well and badly, with canaries in everything that a person or a practice hands in."""

from __future__ import annotations

import csv
import errno
import getpass
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from cpdocs.demo.files import Sample
from cpdocs.demo.mishaps import faxed, resaved
from cpdocs.signing import authority
from cpdocs.signing.keyfiles import KeyPair, write_pkcs12
from tests.conftest import NOW, CommandLine, shorten_notice
from tests.intake.fhir_made import bundle, resources
from tests.reference import commands
from tests.security.canaries import (
    ADDRESS,
    DOB,
    FILE_NAME,
    FIRST,
    GOAL,
    LAST,
    MEMBER_ID,
    PASSPHRASE,
    PIN,
    Evidence,
    write_rows,
)  # fmt: skip
from tests.security.conftest import real_now
from tests.security.watching import Watch

AS_OF = date.fromisoformat(NOW[:10])
SIGN, RETURN = "2026-11-03T15:00:00Z", "2026-11-04T15:00:00Z"
PRIVATE = frozenset({"note", "audit show", "held show", "plan draft", "plan diff", "todo"})
"""Commands whose very answer is a member's record, or what a returned file says: standard output may hold it."""


class Walk:
    """Runs commands and keeps what they say."""

    def __init__(self, folder: Path, evidence: Evidence, watch: Watch, cli: CommandLine, sample: Sample) -> None:
        self.folder = folder
        self.evidence = evidence
        self.watch = watch
        self.cli = cli
        self.sample = sample
        self.used: set[str] = set()
        self.unexpected: list[str] = []

    def __call__(
        self, *words: str | Path, status: int | None = 0, now: str = NOW, stdin: str = "", why: str = ""
    ) -> Any:
        argv = [str(word) for word in words]
        name = next(
            (" ".join(argv[:length]) for length in (3, 2, 1) if f"cpdocs {' '.join(argv[:length])}" in COMMANDS),
            argv[0],
        )
        self.used.add(name)
        self.watch.step = why or " ".join(word if len(word) < 40 else "…" for word in argv[:4])
        outcome = self.cli("-v", *argv, now=self.cli.now and now, stdin=stdin, status=None)
        if status is not None and outcome.status != status:
            self.unexpected.append(f"{self.watch.step} ended with {outcome.status}, not {status}: {outcome.err}")
        assert outcome.out or status != 0 or "--json" not in argv, self.unexpected
        self.evidence.add("stderr", self.watch.step, outcome.err)
        if "--json" in argv or name in PRIVATE:
            self.evidence.add("answer", self.watch.step, outcome.out)
        else:
            self.evidence.add("stdout", self.watch.step, outcome.out)
        return outcome


COMMANDS = {name for name, _ in commands()}


def no_room(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def broken(*_: object, **__: object) -> None:
    raise RuntimeError(f"{FIRST} {LAST}, {MEMBER_ID}, born {DOB}")


@contextmanager
def replaced(target: str, by: Callable[..., object]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(target, by)
        yield


def begin(go: Walk) -> None:
    go("init", go.cli.root, "--sandbox")
    shorten_notice(go.cli.root)
    go("init", go.cli.root, "--sandbox", status=3)
    go("completion", "bash", status=None)
    go("config", "check", status=None)
    go("config", "explain", "organization", status=None)
    settings = go.cli.root / "cpdocs.toml"
    good = settings.read_text("utf-8").replace("[intake]", "[intake]\nsettle_seconds = 0\nscan_seconds = 0.2", 1)
    settings.write_text(good + f'\n[coordinator."{FIRST}"]\nphone = "{ADDRESS}"\nmobile = "{MEMBER_ID}"\n', "utf-8")
    settings.write_text(good, "utf-8")


def bad_imports(go: Walk) -> None:
    sample, folder = go.sample, go.folder
    with sample.roster.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    mine = [row for row in rows if row["member_id"] == MEMBER_ID][:1]
    go(
        "import",
        "roster",
        write_rows(folder / "headless.csv", mine, header=False),
        status=3,
        why="a roster without its header",
    )
    go(
        "import",
        "roster",
        write_rows(folder / "headless.csv", mine, header=False),
        "--json",
        status=3,
        why="a roster without its header",
    )
    faults = [
        {"last_name": f"={LAST}"}, {"last_name": f"{LAST}\x07"}, {"dob": "13.2.61 " + LAST}, {"dob": "2191-02-13"},
        {"program": LAST},
        {"status": LAST}, {"pcp_npi": MEMBER_ID}, {"member_id": MEMBER_ID + "9"}, {"zip": LAST}, {"assigned_on": LAST},
        {"format_need": LAST},
        {"safe_contact": PHONE_WORD}, {"exclusion_flags": LAST}, {"plan_type": LAST}, {"first_name": ""},
    ]  # fmt: skip
    go(
        "import",
        "roster",
        write_rows(folder / "faults.csv", [{**mine[0], **fault} for fault in faults]),
        why="a roster of faults",
    )
    (folder / "torn.csv").write_bytes(sample.roster.read_bytes()[:900] + b'"\x00\xff' + LAST.encode())
    go("import", "roster", folder / "torn.csv", status=None, why="a torn roster")
    for name in ("practices", "clinicians", "designations"):
        table = getattr(sample, name)
        with table.open(encoding="utf-8", newline="") as file:
            good = list(csv.DictReader(file))
        wrong = [dict.fromkeys(good[0], f"{LAST} {MEMBER_ID}")]
        go(
            "import",
            name,
            write_rows(folder / f"wrong-{name}.csv", wrong),
            status=3,
            why=f"{name} full of somebody's particulars",
        )
        go("import", name, folder / "headless.csv", status=3, why=f"a roster taken for {name}")
        go("import", name, table)
    go("import", "roster", sample.folder / "roster.xlsx", status=None, why="a workbook")
    (folder / "bad.xlsx").write_bytes((sample.folder / "roster.xlsx").read_bytes()[:-200])
    go("import", "roster", folder / "bad.xlsx", status=3, why="a torn workbook")
    with replaced("os.fsync", no_room):
        go("import", "roster", sample.roster, status=4, why="a roster on a full disk")
    with replaced("cpdocs.register.imports.dispose", broken):
        go("import", "roster", sample.roster, status=70, why="a roster, and a defect")
    go("import", "roster", sample.roster)
    go("import", "roster", folder / "absent.csv", status=3)


PHONE_WORD = f"call {LAST}"


def letters(go: Walk) -> None:
    sample = go.sample
    go("letters", "run", "--roster", sample.roster, "--dry-run")
    go("letters", "run", "--roster", go.folder / "faults.csv", "--dry-run", why="a rehearsal of a roster of faults")
    for number in ("2", "3", "9999"):
        chosen = ("--roster", go.folder / "faults.csv", "--line", number)
        go("letters", "preview", *chosen, "-o", go.folder / "preview.pdf", status=None)
    override = go.cli.root / "templates" / "letters" / "assignment" / "letter.html"
    override.parent.mkdir(parents=True, exist_ok=True)
    for number, wrong in enumerate(TEMPLATE_FAULTS):
        override.write_text(wrong, "utf-8")
        go("letters", "run", status=3, why=f"template fault {number}")
    override.unlink()
    with replaced("os.fsync", no_room):
        go("letters", "run", status=4, why="letters on a full disk")
    with replaced("cpdocs.ledger.blobs.BlobStore.put", broken):
        go("letters", "run", status=70, why="letters, and a defect")
    run = go("letters", "run", "--jobs", "1", "--json").json["run_id"]
    for words in (("list",), ("show", run), ("release", run), ("mailed", run, "--on", "2026-11-02")):
        go("letters", *words)
    go("letters", "reprint", run, "--pieces", "1-2", "--reason", "jammed")
    go("letters", "proof")
    code = next(line["document_id"] for line in manifest(go, run) if line["member_id"] == MEMBER_ID)
    go("letters", "pages", code)
    go("letters", "pages", "-", "-o", go.folder / "printed.pdf", stdin=f"{MEMBER_ID}\n")
    go("letters", "pages", MEMBER_ID, status=2, why="a member id in place of a letter's")
    go("letters", "copy", code, "-o", go.folder / "copy.pdf")
    go("letters", "copy", MEMBER_ID, status=2, why="a member id in place of a letter's, for a copy")
    go("letters", "hold", "list")
    go("letters", "hold", "list", "--csv", go.folder / "held.csv")
    go("letters", "hold", "release", code, "--reason", "asked", status=None)
    go(
        "letters",
        "hold",
        "release",
        MEMBER_ID,
        "--reason",
        "asked",
        status=None,
        why="a member id in place of a reference",
    )
    go("letters", "returned", code, "--reason", "attempted_not_known", status=None)
    go(
        "letters",
        "returned",
        MEMBER_ID,
        "--reason",
        "attempted_not_known",
        status=None,
        why="a member id in place of a letter's",
    )
    for given in (f"{MEMBER_ID}\n", f"{LAST}\n"):
        go("letters", "suppress", "--reason", "asked for it", "--by", "Sam Sample", stdin=given, status=None)
        go("letters", "suppress", "--lift", "--reason", "asked for it", "--by", "Sam Sample", stdin=given, status=None)
    go("letters", "addresses", "export", go.folder / "addresses.csv")
    go("letters", "addresses", "import", go.folder / "addresses.csv", status=None)
    go("letters", "addresses", "import", go.folder / "headless.csv", status=None)
    go("letters", "report", "--csv", go.folder / "report.csv", "--html", go.folder / "report.html")
    go("letters", "cancel", run, "--reason", "too late", status=3)
    go("letters", "show", MEMBER_ID, status=None, why="a member id in place of a run")


def manifest(go: Walk, run: str) -> list[dict[str, str]]:
    with (go.cli.root / "outbox" / "letters" / run / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


TEMPLATE_FAULTS = (
    "{{ nobody.at.home }}",
    "{{ {'a': 1}[member_name] }}",
    "{% include member_name %}",
    "{{ member_name / 2 }}",
    "{{ '%d' % member_name }}",
    "{% for each in range(3) %}{{ each.nothing }}{% endfor %}",
    "{{ ''.__class__.__mro__ }}",
    "{% include 'no-such-file.html' %}",
    "{{ unclosed ",
)


def plans(go: Walk) -> None:
    sample, folder = go.sample, go.folder
    good = yaml.safe_load(sample.plans["bh"].read_text("utf-8"))
    for number, change in enumerate(
        (
            {"member_id": f"{LAST} {FIRST}"}, {"member_id": "840917362056"}, {LAST: GOAL}, {"goals": GOAL},
            {"goals": [{"goal": 7, LAST: DOB}]},
            {"pcp_npi": MEMBER_ID}, {"practice_id": LAST}, {"plan": {"program": LAST, "version": GOAL,
            "plan_date": f"born {DOB}"}},
            {"services": [{"name": GOAL, "quantity": LAST}]}, {"crisis_plan": (f"{GOAL} has been "
                                                                              "authorized")}, {"schema": LAST},
        )
    ):  # fmt: skip
        file = folder / f"plan-{number}.yaml"
        file.write_text(yaml.safe_dump({**good, **change}), "utf-8")
        go("plan", "check", file, status=None, why=f"plan fault {number}")
        if number < 3:
            go("plan", "issue", file, status=None, why=f"issue of plan fault {number}")
    for number, text in enumerate(
        (
            f"a: [{LAST}\n b: {GOAL}",
            f"{LAST}: *{FIRST}",
            f"- {GOAL}\n\t- {LAST}",
            f"!!python/object:{LAST} {{}}",
            f'{{"a": "{GOAL}',
        )
    ):
        file = folder / f"broken-{number}.yaml"
        file.write_text(text, "utf-8")
        go("plan", "check", file, status=None, why=f"broken plan {number}")
    with replaced("os.fsync", no_room):
        go("plan", "issue", sample.plans["bh"], status=4, why="a plan on a full disk")
    with replaced("cpdocs.documents.plans.render_written", broken):
        go("plan", "issue", sample.plans["bh"], status=None, why="a plan, and a defect")


def road(go: Walk) -> dict[str, Path]:
    sample, folder = go.sample, go.folder
    go("plan", "check", sample.plans["bh"])
    rows = go("plan", "issue", sample.plans["bh"], sample.plans["ltss"], "--json").json
    go("plan", "issue", sample.plans["bh"], status=3)
    assert len(rows) == 2, go.evidence.texts["stderr"][-1]
    document = rows[0]["document_id"]
    for name, secret in (("pass", PASSPHRASE), ("pin", PIN), ("wrong", f"wrong {PASSPHRASE}")):
        (folder / name).write_text(f"{secret}\n", "utf-8")
        (folder / name).chmod(0o600)
    go("plan", "sent", document, "--to", "Front Desk", "--channel", "fax", "--at", "2026-11-02T10:00")
    go("plan", "received", document, "--at", "2026-11-02T10:29")
    go(
        "plan",
        "received",
        document,
        "--at",
        "2026-11-02T10:30",
        "--corrects",
        "--reason",
        f"the fax of {LAST}, {MEMBER_ID}",
        why="a correction",
    )
    go("keys", "fetch", status=None)
    identity = ("--identity", "badge seen", "--by", "Sam Sample", "--passphrase-file", folder / "pass")
    go("keys", "issue", "--npi", sample.npis["pcp1"], *identity, "--out", folder / "pcp.p12")
    go("keys", "issue", "--npi", sample.npis["pcp1"], *identity, "--out", folder / "spare.p12")
    go(
        "keys",
        "issue",
        "--npi",
        MEMBER_ID,
        *identity,
        "--out",
        folder / "no.p12",
        status=3,
        why="a member id in place of an NPI",
    )
    serial = go("keys", "list", "--json").json[-1]["serial"]
    renewed = ("--by", "Sam Sample", "--passphrase-file", folder / "pass")
    go("keys", "renew", serial, *renewed, "--out", folder / "next.p12", status=None)
    go(
        "keys",
        "renew",
        MEMBER_ID,
        *renewed,
        "--out",
        folder / "no.p12",
        status=None,
        why="a member id in place of a serial number",
    )
    go("keys", "revoke", serial, "--reason", "superseded")
    go("keys", "list")
    go("keys", "crl")
    return {"issued": Path(rows[0]["file"]), "document": Path(document), "ltss": Path(rows[1]["file"])}


def returns(go: Walk, issued: dict[str, Path]) -> None:
    folder, inbox = go.folder, go.cli.root / "inbox"
    plan, key = issued["issued"], ("--key", folder / "pcp.p12")
    go("sign", plan, "--slot", "pcp", *key, "--passphrase-file", folder / "wrong", now=SIGN, status=3)
    go("sign", plan, "--slot", "pcp", *key, "--passphrase-file", folder / "absent", now=SIGN, status=3)
    go(
        "sign",
        plan,
        "--slot",
        "member",
        "--in-person",
        "--witness",
        "Wim Witness",
        "-o",
        folder / "member.pdf",
        now=SIGN,
    )
    go(
        "sign",
        folder / "member.pdf",
        "--slot",
        "pcp",
        *key,
        "--passphrase-file",
        folder / "pass",
        "-o",
        folder / "both.pdf",
        now=SIGN,
    )
    go(
        "sign",
        folder / "both.pdf",
        "--slot",
        "pcp",
        *key,
        "--passphrase-file",
        folder / "pass",
        "-o",
        folder / "x.pdf",
        now=SIGN,
        status=3,
    )
    own = own_id(f"{FIRST} {LAST}")
    (folder / "own.p12").write_bytes(write_pkcs12(own, PASSPHRASE.encode(), friendly_name=LAST))
    go(
        "sign",
        plan,
        "--slot",
        "pcp",
        "--key",
        folder / "own.p12",
        "--passphrase-file",
        folder / "pass",
        "-o",
        folder / "own.pdf",
        now=SIGN,
    )
    (folder / "own.cer").write_bytes(own.certificate.public_bytes(Encoding.PEM))
    for number, (data, where) in enumerate(strange_files(plan, folder)):
        home = inbox / where
        home.mkdir(parents=True, exist_ok=True)
        (home / f"{FILE_NAME} {number}.pdf").write_bytes(data)
        go("verify", home / f"{FILE_NAME} {number}.pdf", now=RETURN, status=None, why=f"verify strange file {number}")
    (inbox / f"{LAST}").mkdir()
    (inbox / LAST / f"{FILE_NAME}.pdf").write_bytes(b"%PDF-1.7 torn")
    (inbox / f"{FILE_NAME} link.pdf").symlink_to(plan)
    with replaced("os.fsync", no_room):
        go("intake", now=RETURN, status=4, why="intake on a full disk")
    with replaced("cpdocs.returns.receiving.judge", broken):
        go("intake", now=RETURN, status=70, why="intake, and a defect")
    with replaced("cpdocs.returns.notices._write", broken):
        go("intake", now=RETURN, status=70, why="intake, and a defect in its answers")
    go("intake", now=RETURN, why="intake")
    (inbox / f"{FILE_NAME} again.pdf").write_bytes((folder / "own.pdf").read_bytes())
    go("intake", now=RETURN, why="the same bytes again")
    go("intake", folder / f"{FILE_NAME} absent.pdf", now=RETURN, status=3)
    go("verify", folder / f"{FILE_NAME} absent.pdf", now=RETURN, status=3)
    (folder / f"{FILE_NAME}.pdf").write_bytes(b"")
    go("verify", folder / f"{FILE_NAME}.pdf", now=RETURN, status=1)
    held(go, issued)


def held(go: Walk, issued: dict[str, Path]) -> None:
    folder = go.folder
    go("held", "list", now=RETURN)
    items = go("held", "list", "--json", now=RETURN).json
    assert len(items) >= 4
    for item in items:
        go("held", "show", item["id"], now=RETURN)
    go("held", "show", items[0]["id"], "--save", folder / "saved.pdf", now=RETURN)
    digital = next(item for item in items if item["lane"] == "digital")
    ink = next(item for item in items if item["lane"] == "ink")
    go("held", "accept", digital["id"], "--reason", "a try", now=RETURN, status=1)
    attested = ("--slot", "member", "--signed-on", "2026-11-03", "--by", "Sam Sample", "--reason", "read")
    go("held", "accept", ink["id"], *attested, now=RETURN, status=None)
    go("held", "reject", items[-1]["id"], "--reason", "not ours", now=RETURN)
    go(
        "keys",
        "pin",
        folder / "own.cer",
        "--npi",
        go.sample.npis["pcp2"],
        "--identity",
        "read back",
        now=RETURN,
        status=None,
    )
    go("keys", "pin", folder / "pass", "--npi", go.sample.npis["pcp2"], "--identity", "read back", now=RETURN, status=3)
    go(
        "keys",
        "pin",
        folder / "own.cer",
        "--member",
        "--identity",
        "read back",
        stdin=f"{MEMBER_ID}\n",
        now=RETURN,
        status=None,
    )
    for file in (folder / "own.cer", folder / "pass"):
        go(
            "keys",
            "import-ca",
            file,
            "--vouches-for",
            "npi-in-serial-number",
            "--by",
            "Sam Sample",
            now=RETURN,
            status=None,
        )
        go("keys", "import-crl", file, now=RETURN, status=None)
    go("keys", "cas", now=RETURN)
    go(
        "keys",
        "drop-ca",
        LAST,
        "--reason",
        "a try",
        "--by",
        "Sam Sample",
        now=RETURN,
        status=None,
        why="a name in place of a fingerprint",
    )
    go("held", "recheck", now=RETURN)
    both = go("intake", folder / "both.pdf", "--json", now=RETURN).json
    assert both[0]["verdict"] == "accepted"


def strange_files(plan: Path, folder: Path) -> list[tuple[bytes, str]]:
    """What comes back, and into which folder of the inbox: the plan's own practice's, another's, the top."""
    data = plan.read_bytes()
    home = plan.parent.name
    signed = (folder / "own.pdf").read_bytes()
    with_script = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.docinfo["/Title"] = f"{FIRST} {LAST}"
        document.Root.OpenAction = pikepdf.Dictionary(
            S=pikepdf.Name.JavaScript, JS=pikepdf.String(f"app.alert('{LAST} {MEMBER_ID}')")
        )
        document.attachments[f"{LAST}.txt"] = MEMBER_ID.encode()
        document.save(with_script)
    locked = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as document:
        document.save(locked, encryption=pikepdf.Encryption(owner=PASSPHRASE, user=PASSPHRASE))
    return [
        (signed, home), (signed[: len(signed) - 900], home), (resaved(signed), home), (with_script.getvalue(), "S02"),
        (locked.getvalue(), home),
        (data.replace(b"endobj", b"endogj", 40), "S02"), ((f"%PDF-1.7\n1 0 obj ({LAST} {MEMBER_ID}) "
                                                          "endobj").encode(), ""),
        (f"{LAST},{MEMBER_ID}".encode(), ""), (faxed(data), home), (f"%PDF-1.4\n{LAST}\n%%EOF".encode() * 50, "S02"),
        (signed + f"\n% {LAST}\n%%EOF\n".encode(), "S03"),
    ]  # fmt: skip


def medication_lists(go: Walk) -> None:
    """A list that can be given out, and lists with faults in each part."""
    held = yaml.safe_load(go.sample.plans["bh"].read_text("utf-8"))
    good = {
        "schema": "cpdocs.medications/1", "member_id": held["member_id"], "program": held["plan"]["program"],
        "source": f"{FIRST} {LAST}", "as_of": "2026-10-30", "medications": [{"name": GOAL}],
        "discharge": {"kind": "discharge", "facility": LAST, "discharged": "2026-10-28T14:00:00-04:00"},
    }  # fmt: skip
    for number, fault in enumerate(({}, {"member_id": LAST}, {"program": LAST}, {"as_of": DOB}, {"discharge": GOAL})):
        file = go.folder / f"medications-{number}.yaml"
        file.write_text(yaml.safe_dump({**good, **fault}), "utf-8")
        go("medications", file, status=None, why=f"medication list {number}")


def questions(go: Walk, issued: dict[str, Path]) -> None:
    document, folder = str(issued["document"]), go.folder
    medication_lists(go)
    for words in (
        ("status",),
        ("due",),
        ("plan", "list"),
        ("plan", "show", document),
        ("plan", "print", document, "--for", "visit", "-o", folder / "visit.pdf"),
        ("plan", "print", document, "--for", "pcp", "-o", folder / "pcp.pdf"),
        ("plan", "audience", document, "--without-part2", "--to", LAST, "-o", folder / "without.pdf"),
        ("note", document),
        ("audit", "show", document),
    ):
        go(*words, now=RETURN)
    for kind in ("timeliness", "choice", "affiliated", "no-plan"):
        go("status", "--report", kind, now=RETURN)
    for words in (
        ("plan", "show", MEMBER_ID),
        ("note", MEMBER_ID),
        ("audit", "show", MEMBER_ID),
        ("file", MEMBER_ID),
        ("held", "show", MEMBER_ID),
    ):
        go(
            *words,
            now=RETURN,
            status=None,
            why=f"{words[0]} {words[1] if words[1] == 'show' else ''} with a member id as its argument",
        )
    for command in ("decline", "change-cp", "reinstate"):
        how = ("--on", "2026-11-04", "--how", "telephone", "--by", "Sam Sample")
        go("member", command, *how, stdin="840917362056\n", now=RETURN, status=3)
        go("member", command, *how, stdin=f"{LAST} {MEMBER_ID}\n", now=RETURN, status=3)
        go("member", command, *how, stdin=f"{MEMBER_ID}\n", now=RETURN, status=None)
    go("note", "-", stdin=f"{LAST}\n", now=RETURN, status=3)
    go(
        "plan",
        "approve",
        str(issued["ltss"].stem),
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
    refused = (
        "--offered",
        "read aloud",
        "--by",
        "Sam Sample",
        "--language",
        "English",
        "--reason",
        "not today",
        "--on",
        "2026-11-03",
    )
    go("plan", "refuse", str(issued["ltss"].stem), "--slot", "member", *refused, now=RETURN, status=None)
    go("plan", "return", str(issued["ltss"].stem), "--reason", "comments", "--at", "2026-11-03T10:00", now=RETURN)
    go("plan", "withdraw", str(issued["ltss"].stem), "--reason", "wrong practice", now=RETURN, status=None)
    go("file", now=RETURN)
    go("file", document, now=RETURN, status=None)
    go("file", "confirm", document, "--by", "Sam Sample", "--at", "2026-11-04T09:00", now=RETURN, status=None)
    go("audit", "checkpoint", now=RETURN)
    go("audit", "export", folder / "trail", now=RETURN)
    go(
        "audit",
        "move",
        "--to",
        f"postgresql://{LAST}:{PASSPHRASE.replace(' ', '-')}@127.0.0.1:9/cpdocs",
        now=RETURN,
        status=None,
        why="audit move",
    )
    go("audit", "witness-key", folder / "witness.key", "--name", "witness.example.org", now=RETURN)
    go(
        "audit",
        "cosign",
        sample_note(go),
        "--key",
        folder / "witness.key",
        "--log-key",
        "no key",
        now=RETURN,
        status=None,
    )
    for key in ("seal", "issuing", "in-person", "root"):
        go("keys", "rotate", key, "--reason", "ends soon", "--by", "Sam Sample", now=RETURN, status=None)
    go("keys", "crl", "--root", now=RETURN, status=None)
    go("keys", "fetch", now=RETURN, status=None)
    go("audit", "verify", now=RETURN)
    go("doctor", now=RETURN, status=None)
    blob = next(path for path in (go.cli.root / "state" / "store").rglob("*") if path.is_file())
    good = blob.read_bytes()
    blob.write_bytes(good + LAST.encode())
    go("audit", "verify", now=RETURN, status=1, why="a damaged file in the store")
    blob.write_bytes(good)
    keep(go, document)
    rest(go, document)
    with replaced("cpdocs.plans.status.plan_ids", broken):
        go("status", now=RETURN, status=70, why="status, and a defect")


def rest(go: Walk, document: str) -> None:
    """What came to the work list, the plan's life and the way out of the door, good and failing."""
    folder, by = go.folder, ("--by", "Sam Sample")
    member = f"{MEMBER_ID}\n"
    go("todo", now=RETURN, status=None)
    go("todo", "--practice", LAST, now=RETURN, status=None)
    go("plan", "draft", "--program", "BH", "-o", folder / "next.yaml", stdin=member, now=RETURN, status=None)
    go("plan", "draft", "--program", "LTSS", stdin=f"{LAST}\n", now=RETURN, status=3)
    form = folder / "form.xlsx"
    go("plan", "draft", "--program", "BH", "--form", "-o", form, stdin=member, now=RETURN, status=None)
    go("plan", "draft", "--from", form, now=RETURN, status=None, why="a form, filled in or not")
    theirs = resources()
    theirs["p1"] |= {
        "name": [{"family": LAST, "given": [FIRST]}],
        "birthDate": DOB,
        "identifier": [{"value": MEMBER_ID}],
    }
    for number, bundle_of in enumerate((theirs, resources(), {})):
        source = folder / f"bundle-{number}.json"
        source.write_bytes(bundle(bundle_of))
        go("plan", "draft", "--program", "BH", "--from", source, stdin=member, now=RETURN, status=None)
    go("plan", "diff", document, document, now=RETURN, status=None)
    home = ("discharged", "--at", "2026-11-03T14:00", "--facility", LAST, "--how", LAST, "--by", LAST)
    for words in (home, home, ("discharged", "--never", "--reason", LAST, "--by", LAST)):
        go("member", *words, stdin=member, now=RETURN, status=None)
    known = ("--how", LAST, "--by", LAST, "--on", "2026-11-04", "--name", LAST)
    began = ("guardian-begins", *known, "--relation", LAST, "--authority", LAST)
    for words in (began, began, ("guardian-ends", *known), ("guardian-ends", *known)):
        go("member", *words, stdin=member, now=RETURN, status=None)
    go("plan", "transfer", document, "--to-npi", MEMBER_ID[:10], "--reason", LAST, now=RETURN, status=None)
    go("plan", "unapprove", document, "--slot", "member", "--reason", GOAL, now=RETURN, status=None)
    copied = ("--format", LAST, "--language", LAST, "--by", LAST, "--on", "2026-11-04")
    go("plan", "copy", document, *copied, now=RETURN, status=None)
    for how in ("revoke", "expire"):
        go("consent", how, document, "--on", "2026-11-04", "--how", LAST, "--by", LAST, now=RETURN, status=None)
    go("plan", "code", document, now=RETURN)
    go("notices", "list", "--all", now=RETURN)
    go("notices", "show", LAST, now=RETURN, status=3)
    for notice in sorted((go.folder / "ws" / "outbox" / "notices").rglob("*.pdf"))[:2]:
        for words in (("show", notice.stem), ("sent", notice.stem, "--to", LAST, "--channel", LAST, "--at", RETURN)):
            go("notices", *words, now=RETURN, status=None, why=f"notices {words[0]}")
    go("notices", "sent", LAST, "--to", LAST, "--channel", LAST, "--at", "2026-11-04T10:00", now=RETURN, status=3)
    for words in (("held", "close"), ("held", "return")):
        go(*words, LAST, "--reason", GOAL, now=RETURN, status=None)
    go("held", "split", LAST, "--pages", "1", "--document", document, "--reason", GOAL, now=RETURN, status=None)
    tried = ("--on", "2026-11-04", "--kind", "telephone", "--outcome", "not_reached", "--note", LAST)
    agreed = ("--on", "2026-11-04", "--how", "verbal", "--explained", GOAL)
    for given in (member, f"{LAST}\n"):
        go("member", "attempt", *tried, *by, stdin=given, now=RETURN, status=None)
        go("member", "agreement", *agreed, *by, stdin=given, now=RETURN, status=None)
        for fact in ("deceased", "no_mail"):
            said = ("--on", "2026-11-04", "--how", "asked", *by)
            go("member", "correct", fact, *said, stdin=given, now=RETURN, status=None)
    go("letters", "pull", LAST, "--pieces", "1", "--reason", LAST, now=RETURN, status=None)
    go("plan", "send", document, now=RETURN, status=None)
    go("deliver", document, now=RETURN, status=None)
    go("deliver", "list", now=RETURN, status=None)
    for words in (("deliver", "retry"), ("deliver", "give-up")):
        go(*words, document, "--target", "elsewhere", now=RETURN, status=None)
    go("chase", "--dry-run", now=RETURN, status=None)
    go("chase", now=RETURN, status=None)
    go("call", document, "--to", LAST, "--note", GOAL, now=RETURN, status=None)
    go("report", "--from", "2026-10-01", "--to", "2026-11-30", now=RETURN, status=None)
    go(
        "report",
        "--from",
        "2026-10-01",
        "--to",
        "2026-11-30",
        "--html",
        folder / "report.html",
        now=RETURN,
        status=None,
    )
    go("recall", document, "--target", "elsewhere", "--reason", LAST, now=RETURN, status=None)


def sample_note(go: Walk) -> Path:
    """The last checkpoint, as a file."""
    return max((go.cli.root / "state" / "checkpoints").iterdir(), key=lambda path: path.stat().st_mtime_ns)


def keep(go: Walk, document: str) -> None:
    """Holds, archives, backups, and the answer for monitors."""
    folder, said = go.folder, ("--reason", "a complaint", "--by", "Sam Sample")
    go("health", now=RETURN, status=None)
    go("archive", "due", "--on", "2040-01-01", now=RETURN)
    go("archive", "renew", "--dry-run", now=RETURN, status=None)
    go("archive", "renew", MEMBER_ID, now=RETURN, status=None, why="a member id in place of a document's")
    for who, given in ((document, ""), ("-", f"{MEMBER_ID}\n"), ("-", f"{LAST}\n"), (MEMBER_ID, "")):
        go("archive", "hold", who, *said, stdin=given, now=RETURN, status=None)
        go("archive", "holds", now=RETURN)
        go("archive", "release", who, *said, stdin=given, now=RETURN, status=None)
    go("archive", "export", folder / "archive", now=RETURN, status=None)
    go("archive", "renew", "--all", now=RETURN, status=None)
    go("backup", "new-key", folder / "backup-key")
    public = next(
        line.split()[-1] for line in (folder / "backup-key").read_text("utf-8").splitlines() if "age1" in line
    )
    (folder / "backups").mkdir()
    go("backup", "create", "--to", folder / "backups", "--recipient", public, now=RETURN, status=None)
    for archive in (folder / "backups").glob("*.age"):
        go("backup", "verify", archive, "--identity-file", folder / "backup-key", now=RETURN, status=None)
        go(
            "backup",
            "restore",
            archive,
            "--into",
            folder / "restored",
            "--identity-file",
            folder / "pin",
            now=RETURN,
            status=None,
        )
        go(
            "backup",
            "restore",
            archive,
            "--into",
            folder / "restored",
            "--identity-file",
            folder / "backup-key",
            now=RETURN,
            status=None,
        )


def secrets(go: Walk) -> None:
    """A workspace that asks for PINs: every PIN and passphrase is given wrongly too."""
    go.cli = CommandLine(go.folder / "real", now="")
    name = getpass.getuser()
    go("init", go.cli.root, "--pin-file", go.folder / "pin")
    user = ("--full-name", "Wim Witness", "--pin-file", go.folder / "pin")
    go("user", "add", name, "--role", "issuer", *user)
    go("user", "add", name, "--role", "witness", "--pin-file", go.folder / "wrong", status=4)
    go("user", "list")
    go("keys", "crl", "--pin-file", go.folder / "wrong", status=4)
    go("keys", "protect", "--pin-file", go.folder / "pin")
    (go.folder / "open-pin").write_text(PIN, "utf-8")
    (go.folder / "open-pin").chmod(0o644)
    go("keys", "crl", "--pin-file", go.folder / "open-pin")
    go("user", "pin", name, "--pin-file", go.folder / "wrong", "--new-pin-file", go.folder / "pass", status=4)
    go("user", "pin", name, "--pin-file", go.folder / "pin", "--new-pin-file", go.folder / "pass")
    go("user", "add", "wim", "--role", "witness", "--pin-file", go.folder / "pass", "--new-pin-file", go.folder / "pin")
    go("user", "reset", "wim", "--pin-file", go.folder / "wrong", status=4)
    go("user", "reset", "wim", "--pin-file", go.folder / "pass")
    go("user", "remove", "wim", "--pin-file", go.folder / "pass")
    go("audit", "clock", "--reason", "set by the network again", "--pin-file", go.folder / "wrong", status=4)
    go("audit", "clock", "--reason", "set by the network again", "--pin-file", go.folder / "pass")
    (go.folder / "answers.toml").write_text('[organization]\nname = "Sample Community Partners"\n', "utf-8")
    go("setup", go.cli.root, "--answers", go.folder / "answers.toml", status=1)


def own_id(name: str) -> KeyPair:
    """A digital ID that somebody made themselves, with a member's name in it."""
    key, subject = authority.new_key(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(78)
    )
    start = real_now().replace(year=2026, month=10, day=1)
    return KeyPair(
        key, builder.not_valid_before(start).not_valid_after(start + timedelta(days=900)).sign(key, hashes.SHA256())
    )
