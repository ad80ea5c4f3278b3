"""Who may approve (contract §6), each rule by a returned file: signed elsewhere, judged by ``verify``, which changes
nothing."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import NOW, CommandLine
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, codes
from tests.flows.strangers import Stranger

NAMES = ("bh", "minor", "part2", "scripts")
ELIGIBLE = {"RN", "MD", "DO", "NP", "PA"}


@dataclass
class Bench:
    """A workspace with issued plans in which clinicians' own certificates are pinned when first needed."""

    cli: CommandLine
    files: dict[str, bytes]
    own: dict[str, Stranger]

    def stranger(self, npi: str) -> Stranger:
        if npi not in self.own:
            self.own[npi] = Stranger.self_signed(f"Clinician {npi}", "p256")
            file = self.own[npi].certificate_file(self.cli.root.parent / f"{npi}.crt")
            self.cli("keys", "pin", file, "--npi", npi, "--identity", "telephone", "--by", "Sam Sample")
        return self.own[npi]

    def verdict(self, plan: str, npi: str, *, now: str = RETURN) -> tuple[str, list[str], list[str]]:
        file = self.cli.root.parent / "returned.pdf"
        file.write_bytes(self.stranger(npi).sign(self.files[plan]))
        row = self.cli("verify", file, "--json", now=now, status=None).json
        return row["verdict"], row["slots_filled"], sorted(codes(row))


def issue(cli: CommandLine, plans: dict[str, Path]) -> Bench:
    rows = cli("plan", "issue", *plans.values(), "--json").json
    return Bench(cli, {name: Path(row["file"]).read_bytes() for name, row in zip(plans, rows, strict=True)}, {})


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, sample: Any, _peopled: Path) -> Bench:
    root = tmp_path_factory.mktemp("approvers") / "ws"
    shutil.copytree(_peopled, root)
    return issue(CommandLine(root), {name: sample.plans[name] for name in NAMES})


@pytest.mark.parametrize(
    ("plan", "signer", "verdict", "expected"),
    [
        ("bh", "pcp1", "accepted", []),
        ("bh", "rn1", "accepted", []),
        ("bh", "lpn1", "rejected", ["credential_not_eligible"]),
        ("bh", "pcp2", "held", ["not_designated", "wrong_practice"]),
        ("bh", "pa2", "held", ["not_designated", "wrong_practice"]),
        ("bh", "do4", "rejected", ["clinician_inactive", "not_designated", "wrong_practice"]),
        ("part2", "pcp2", "accepted", []),
        ("part2", "np2", "accepted", []),
        ("part2", "pa2", "held", ["task_not_delegated"]),
        ("part2", "rn1", "held", ["not_designated"]),
        ("minor", "rn3", "held", ["not_on_care_team"]),
        ("minor", "md3", "held", ["no_face_to_face"]),
        ("scripts", "rn4", "held", ["designation_expired"]),
        ("scripts", "do4", "rejected", ["clinician_inactive"]),
    ],
)
def test_every_reason_is_reported_and_what_is_unsure_is_held(
    bench: Bench, sample: Any, plan: str, signer: str, verdict: str, expected: list[str]
) -> None:
    slots = ["pcp"] if verdict == "accepted" else []
    assert bench.verdict(plan, sample.npis[signer]) == (verdict, slots, expected)


def test_a_designation_that_reached_us_after_the_signature_is_held(issued: Office, tmp_path: Path) -> None:
    cli = issued.cli
    npi = issued.sample.npis["np2"]
    late = tmp_path / "late.csv"
    rows = list(csv.DictReader(issued.sample.designations.open(encoding="utf-8")))
    row = {**rows[0], "designee_npi": npi, "pcp_npi": issued.sample.npis["pcp1"]}
    with late.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerow(row)
    cli("keys", "issue", *_issue_how(tmp_path, npi))
    signed = tmp_path / "signed.pdf"
    plan = next((cli.root / "outbox" / "plans").glob(f"*/{issued.documents['bh']}.pdf"))
    cli("sign", plan, "--slot", "pcp", *_sign_how(tmp_path), "-o", signed, now="2026-11-03T15:00:00Z")
    cli("import", "designations", late, now="2026-11-04T15:00:00Z")
    found = cli("verify", signed, "--json", now="2026-11-05T15:00:00Z", status=1).json
    assert found["verdict"] == "held"
    assert set(codes(found)) == {"designation_recorded_late", "wrong_practice"}


def _issue_how(folder: Path, npi: str) -> tuple[str | Path, ...]:
    (folder / "secret").write_text("correct horse\n", "utf-8")
    (folder / "secret").chmod(0o600)
    who = ("--npi", npi, "--identity", "badge seen", "--by", "Sam Sample")
    return (*who, "--out", folder / "id.p12", "--passphrase-file", folder / "secret")


def _sign_how(folder: Path) -> tuple[str | Path, ...]:
    return "--key", folder / "id.p12", "--passphrase-file", folder / "secret"


def test_a_pcp_who_has_changed_since_is_held(issued: Office, tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    rows = list(csv.DictReader(issued.sample.roster.open(encoding="utf-8")))
    row = next(row for row in rows if row["member_id"] == issued.sample.member_ids["bh"])
    with roster.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerow({**row, "pcp_npi": issued.sample.npis["pcp2"], "practice_id": "S02"})
    issued.cli("import", "roster", roster)
    plan = next((issued.cli.root / "outbox" / "plans").glob(f"*/{issued.documents['bh']}.pdf"))
    bench = Bench(issued.cli, {"bh": plan.read_bytes()}, {})
    assert bench.verdict("bh", issued.sample.npis["pcp1"]) == ("held", [], ["pcp_changed"])


@pytest.fixture(scope="module")
def shared_bench(
    tmp_path_factory: pytest.TempPathFactory, shared_data: Path
) -> tuple[Bench, list[tuple[str, str, list[str]]]]:
    """The larger data's own people: one plan for each kind of designee that it has, ineligible ones on purpose."""
    root = tmp_path_factory.mktemp("shared") / "ws"
    cli = CommandLine(root)
    cli("init", root, "--sandbox", workspace=False)
    for table in ("practices", "clinicians", "designations", "roster"):
        cli("import", table, shared_data / f"{table}.csv")
    cases = list(_cases(shared_data))
    bench = issue(cli, {plan: shared_data / "plans" / plan for plan in dict.fromkeys(plan for plan, _, _ in cases)})
    return bench, cases


def _cases(data: Path) -> Iterator[tuple[str, str, list[str]]]:
    """(plan file, designee, codes by the rules as the contract words them): the first of each combination of faults."""
    clinicians: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader((data / "clinicians.csv").open(encoding="utf-8-sig")):
        clinicians.setdefault(row["npi"], []).append(row)
    designations = list(csv.DictReader((data / "designations.csv").open(encoding="utf-8-sig")))
    seen: set[tuple[str, ...]] = set()
    for path in sorted((data / "plans").glob("*.yaml")):
        plan = yaml.safe_load(path.read_text("utf-8"))
        for row in designations:
            if row["pcp_npi"] != plan["pcp_npi"]:
                continue
            found = tuple(sorted(_faults(row, clinicians[row["designee_npi"]], plan["practice_id"])))
            if len(found) < 2 and found not in seen:
                seen.add(found)
                yield path.name, row["designee_npi"], list(found)


def _faults(designation: dict[str, str], rows: list[dict[str, str]], practice_id: str) -> Iterator[str]:
    here = [row for row in rows if row["practice_id"] == practice_id]
    today = date.fromisoformat(RETURN[:10]).isoformat()
    if not here:
        yield "wrong_practice"
    if not any(row["active"] == "Y" for row in here or rows):
        yield "clinician_inactive"
    if not any(row["credential"] in ELIGIBLE for row in here or rows):
        yield "credential_not_eligible"
    if "plan_approval" not in designation["tasks"].split(";"):
        yield "task_not_delegated"
    if designation["on_care_team"] != "Y":
        yield "not_on_care_team"
    if designation["face_to_face_with_pcp"] != "Y":
        yield "no_face_to_face"
    if designation["valid_from"] > today or (designation["valid_to"] and designation["valid_to"] < today):
        yield "designation_expired"


def test_the_larger_datas_designees_are_judged_by_their_rows(
    shared_bench: tuple[Bench, list[tuple[str, str, list[str]]]],
) -> None:
    bench, cases = shared_bench
    assert len(cases) >= 6, f"the data shows {len(cases)} single faults as of {NOW}"
    for plan, npi, expected in cases:
        rejected = {"credential_not_eligible", "clinician_inactive"} & set(expected)
        verdict = "rejected" if rejected else "held" if expected else "accepted"
        assert bench.verdict(plan, npi) == (verdict, [] if expected else ["pcp"], expected), (plan, npi)
