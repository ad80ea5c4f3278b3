"""``cpdocs demo``: the whole road on invented data, through the same commands that a person would type."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import click

from cpdocs.cli.tables import print_table
from cpdocs.errors import Defect, InputFault

MONDAY = "2026-11-02T15:00:00Z"
TUESDAY = "2026-11-03T15:00:00Z"
THURSDAY = "2026-11-05T15:00:00Z"
FRIDAY = "2026-11-06T15:00:00Z"


@dataclass
class Road:
    """One walk along the road: runs commands in one sandbox, shows each, and keeps what they answered."""

    root: Path
    now: str = MONDAY
    answers: dict[str, Any] = field(default_factory=dict)

    def step(self, title: str) -> None:
        """A heading for the person who watches."""
        click.echo(f"\n{title}", err=True)

    def run(self, *argv: str | Path, stdin: str = "", expect: int = 0, show: str = "") -> str:
        """Runs one command in the sandbox and gives its standard output. ``show`` stands for an argv too long to
        read."""
        from cpdocs.cli.root import run

        words = [str(word) for word in argv]
        click.echo(f"  $ cpdocs {show or shlex.join(_short(words, self.root))}", err=True)
        out = io.StringIO()
        with _environment("CPDOCS_NOW", self.now), _standard_input(stdin), contextlib.redirect_stdout(out):
            status = run(["--workspace", str(self.root), "--quiet", *words])
        if status != expect:
            raise Defect(f"The demo's command `cpdocs {shlex.join(words[:2])}` ended with {status}, not {expect}.")
        return out.getvalue()

    def ask(self, *argv: str | Path, stdin: str = "", expect: int = 0, show: str = "") -> Any:
        """The same for a command that answers in JSON."""
        return json.loads(self.run(*argv, "--json", stdin=stdin, expect=expect, show=show))


def _short(words: list[str], root: Path) -> list[str]:
    """Words with the workspace's own folder left out, as a person in that folder would type them."""
    return [word.removeprefix(f"{root}{os.sep}") for word in words]


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


@contextlib.contextmanager
def _standard_input(text: str) -> Iterator[None]:
    import sys

    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8")
    try:
        yield
    finally:
        sys.stdin = before


def _new_folder() -> Path:
    """``cpdocs-demo``, or the next number that is free."""
    number = 1
    while (folder := Path(f"cpdocs-demo-{number}")).exists():
        number += 1
    return folder


@click.command()
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The summary as one JSON document on standard output.")
def demo(folder: Path | None, as_json: bool) -> None:
    """The whole road on invented data: roster to letters, plans to signatures, returns to the chart.

    \b
    cpdocs demo            in a new folder here
    cpdocs demo try-it     in this folder, which must not exist yet

    Every command that it runs is shown, so that you can type them yourself afterwards in that folder.
    """
    root = folder or _new_folder()
    if root.exists() and any(root.iterdir()):
        raise InputFault(f"{root} is there already and isn't empty.", todo="Name a new folder.")
    road = Road(root.resolve())
    letters = _letters(road)
    plans = _plans(road)
    returns = _returns(road, plans)
    audit = _proof(road)
    if as_json:
        from cpdocs.cli.output import print_json

        print_json(
            {"workspace": str(road.root), "letters": letters, "plans": plans, "returns": returns, "audit": audit}
        )
    else:
        _show(road, letters, plans, returns, audit)


def _letters(road: Road) -> dict[str, Any]:
    """Monday: a workspace, who is who, and letters for everybody newly assigned, once."""
    from cpdocs.demo.files import write_sample

    road.step("Monday. A sandbox, and who is who")
    road.run("init", road.root, "--sandbox", show=f"init {road.root.name} --sandbox")
    sample = write_sample(road.root / "sample", date(2026, 11, 2))
    for table in ("practices", "clinicians", "designations"):
        road.run("import", table, road.root / "sample" / f"{table}.csv")
    road.answers["sample"] = sample
    road.step("Letters for everybody newly assigned; the same roster again mails nobody twice")
    first = road.ask("letters", "run", "--roster", sample.roster)
    road.run("letters", "release", first["run_id"])
    again = road.ask("letters", "run", "--roster", sample.roster)
    if again["mailed"]:
        raise Defect("A second run over the same roster would have mailed somebody twice.")
    return {key: first[key] for key in (*_DISPOSITIONS, "records_in", "pages", "run_id", "print_file")} | {
        "mailed_again": again["mailed"]
    }


_DISPOSITIONS = ("mailed", "held", "suppressed", "duplicate", "rejected", "ignored")


def _plans(road: Road) -> dict[str, str]:
    """Still Monday: every plan checked, sealed and put out; Tuesday the practices have them."""
    sample = road.answers["sample"]
    road.step("Plans: checked, sealed, put out for their practices")
    files = list(sample.plans.values())
    road.run("plan", "check", *files, show="plan check sample/plans/*.yaml")
    issued = road.ask("plan", "issue", *files, show="plan issue sample/plans/*.yaml")
    files_by_member = {plan["member_id"]: plan for plan in issued}
    road.now = TUESDAY
    road.step("Tuesday. The practices have them: the clock runs")
    for plan in issued:
        road.run(
            "plan", "sent", plan["document_id"], "--to", "Front Desk", "--channel", "fax", "--at", "2026-11-03T09:05"
        )
        road.run("plan", "received", plan["document_id"], "--at", "2026-11-03T09:10")
    road.answers["issued"] = {name: files_by_member[member]["file"] for name, member in sample.member_ids.items()}
    return {name: files_by_member[member]["document_id"] for name, member in sample.member_ids.items()}


def _returns(road: Road, plans: dict[str, str]) -> list[dict[str, Any]]:
    """Thursday: signatures come back, good and bad, and each gets its verdict."""
    road.now = THURSDAY
    road.step("Thursday. Digital IDs for offices that have none")
    keys = {label: _digital_id(road, label) for label in ("pcp1", "rn1", "lpn1", "pcp2", "rn3")}
    issued: dict[str, str] = road.answers["issued"]
    signed = road.root / "signed"
    signed.mkdir()

    def by_clinician(name: str, label: str, source: Path | None = None) -> Path:
        out = signed / f"{name}-{label}.pdf"
        road.run(
            "sign",
            source or issued[name],
            "--slot",
            "pcp",
            "--key",
            keys[label],
            "--passphrase-file",
            keys[label].with_suffix(".txt"),
            "-o",
            out,
        )
        return out

    def by_member(name: str) -> Path:
        out = signed / f"{name}-member.pdf"
        road.run("sign", issued[name], "--slot", "member", "--in-person", "--witness", "Sample Coordinator", "-o", out)
        return out

    road.step("Signatures: at a visit, in the office, by telephone, and some that can't count")
    from cpdocs.demo.mishaps import faxed, resaved

    road.run(
        "plan",
        "approve",
        plans["ltss"],
        "--slot",
        "member",
        "--how",
        "telephone",
        "--on",
        "2026-11-04",
        "--by",
        "Sample Coordinator",
    )
    arrivals = [
        ("S01", "both signatures in one file", by_clinician("bh", "pcp1", by_member("bh")).read_bytes()),
        ("S01", "an LPN signed for the PCP", by_clinician("ltss", "lpn1").read_bytes()),
        ("S01", "the PCP's designee signed", by_clinician("ltss", "rn1").read_bytes()),
        ("S02", "the member's own copy", by_member("part2").read_bytes()),
        ("S02", "the PCP's own copy", by_clinician("part2", "pcp2").read_bytes()),
        ("S03", "a nurse outside the care team signed", by_clinician("minor", "rn3").read_bytes()),
        ("S02", "signed, then re-saved by a mail system", resaved(by_clinician("affiliated", "pcp2").read_bytes())),
        ("S04", "printed and faxed", faxed(Path(issued["scripts"]).read_bytes())),
    ]
    road.step("What came back is dropped in the inbox, and decided")
    told = {}
    for number, (practice, what, data) in enumerate(arrivals, 1):
        dropped = road.root / "inbox" / practice / f"return-{number}.pdf"
        dropped.parent.mkdir(exist_ok=True)
        dropped.write_bytes(data)
        told[hashlib.sha256(data).hexdigest()] = what
    decided = road.ask("intake")
    return [
        {
            "what": told[each["sha256"]],
            "verdict": each["verdict"],
            "document_id": each["document_id"],
            "lane": each["lane"],
            "slots_filled": each["slots_filled"],
            "codes": [finding["code"] for finding in each["findings"]],
        }
        for each in decided
    ]


def _digital_id(road: Road, label: str) -> Path:
    """A digital ID for one of the sample's clinicians, with its passphrase in a file beside it."""
    folder = road.root / "offices"
    folder.mkdir(exist_ok=True)
    passphrase, out = folder / f"{label}.txt", folder / f"{label}.p12"
    passphrase.write_text(f"only a sample, {label}\n", "utf-8")
    npi = road.answers["sample"].npis[label]
    road.run(
        "keys", "issue", "--npi", npi, "--identity", "badge seen at the practice", "--by", "Sample Coordinator",
        "--out", out,
        "--passphrase-file", passphrase,
    )  # fmt: skip
    return out


def _proof(road: Road) -> dict[str, Any]:
    """Friday: one plan is confirmed in the chart, one member declines, and the trail is proven."""
    road.now = FRIDAY
    road.step("Friday. What waits, what is due, and the proof of it all")
    road.run("held", "list")
    road.run("due")
    answer: dict[str, Any] = road.ask("audit", "verify")
    return {key: answer[key] for key in ("ok", "events", "root")}


def _show(
    road: Road, letters: dict[str, Any], plans: dict[str, str], returns: list[dict[str, Any]], audit: dict[str, Any]
) -> None:
    """The summary: three small tables and where to look."""
    names = {document_id: name for name, document_id in plans.items()}
    stands = [
        [
            names[plan["document_id"]],
            plan["document_id"],
            plan["state"],
            _evidence(plan["slots"]["member"]),
            _evidence(plan["slots"]["pcp"]),
            plan["due_on"] or "",
        ]
        for plan in road.ask("status")
    ]
    click.echo()
    print_table(
        ["letters", *_DISPOSITIONS, "lines"],
        [[letters["run_id"], *(str(letters[key]) for key in (*_DISPOSITIONS, "records_in"))]],
    )
    click.echo()
    print_table(
        ["what came back", "verdict", "plan", "fills", "findings"],
        [
            [
                each["what"],
                each["verdict"],
                each["document_id"] or "",
                ", ".join(each["slots_filled"]),
                ", ".join(each["codes"]),
            ]
            for each in returns
        ],
    )
    click.echo()
    print_table(["plan", "document id", "state", "member", "PCP", "due"], stands)
    click.echo("\nWhat the practices were told of what didn't count:")
    for each in returns:
        if each["verdict"] != "accepted":
            click.echo(f"  {each['what']:42}{_notice(road, each['document_id'])}")
    click.echo(f"\nThe trail: {audit['events']} events, {'proven whole' if audit['ok'] else 'BROKEN'}.\n\nLook at:")
    for what, where in (
        ("the letters", letters["print_file"]),
        ("a sealed plan and its cover", road.root / "outbox" / "plans" / "S01"),
        ("what the practices were answered", road.root / "outbox" / "notices"),
        ("packages for the chart", road.root / "outbox" / "ehr"),
        ("the workspace, to go on in", road.root),
    ):
        click.echo(f"  {what:34}{where}")


def _notice(road: Road, document_id: str) -> str:
    """Where the first notice about one plan lies: the demo's refused and held files are the first answers of their
    plans."""
    found = sorted(
        (road.root / "outbox" / "notices").glob(f"*/{document_id}-*.pdf"), key=lambda path: path.stat().st_mtime_ns
    )
    return str(found[0]) if found else "no notice"


def _evidence(slot: dict[str, Any] | None) -> str:
    return str((slot or {}).get("evidence") or "–").replace("_", " ")
