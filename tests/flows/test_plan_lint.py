"""Every rule on a plan's words, tried as an author meets it: a file changed in one place, and what ``plan check`` says.

One command checks all files of a table; each row names what was written, the field at which it must be found, and the
code. The rows of the second table are ordinary sentences, of which nothing may be said.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import CommandLine
from tests.flows.conftest import Office

Change = Callable[[dict[str, Any]], object]


@dataclass(frozen=True)
class Row:
    """The sample plan that is changed, the path of the field with what is written there, and the code expected there
    (at ``at``, where that is another field)."""

    plan: str
    path: str
    value: object
    code: str
    at: str = ""


def _service(name: str, value: object, code: str, at: str = "") -> Row:
    return Row("bh", f"services.0.{name}", value, code, at)


AMOUNT, CLAIM, LABEL = "quantity_without_authorizer", "authorization_wording", "person_first_language"
CONSENT = "part2_consent_incomplete"
OWN_CP = "Sample Harbor BH Partners"
QUANTITY = {"amount": 10, "unit": "hours", "interval": "week", "source": "notice"}

FOUND = (
    # A quantity, amount or duration anywhere, without who authorized it
    _service("name", "Counseling, 14 hours a week", AMOUNT),
    _service("name", "PCA 14h/wk", AMOUNT),
    _service("name", "Counseling 2x/week", AMOUNT),
    _service("name", "Asesoramiento, tres horas por semana", AMOUNT),
    _service("name", "Aconselhamento, duas vezes por semana", AMOUNT),
    _service("comment", "Deux visites par semaine", AMOUNT),
    _service("comment", "De vizit pa semèn", AMOUNT),
    _service("comment", "Ba lần mỗi tuần", AMOUNT),
    _service("comment", "每周十四小时", AMOUNT),
    _service("comment", "три часа в неделю", AMOUNT),
    _service("comment", "١٤ ساعة في الأسبوع", AMOUNT),
    _service("comment", "១៤ ម៉ោង", AMOUNT),
    _service("comment", "１４ hours", AMOUNT),
    _service("comment", "for six months", AMOUNT),
    _service("provider", "Quietwater, twice a week", AMOUNT),
    Row("bh", "goals.0.steps.0.step", "The aide comes 10 hours a week", AMOUNT),
    Row("bh", "needs.0.comment", "Home health aide three times a week", AMOUNT),
    Row("bh", "backup_plan", "Call for 20 hours of PCA", AMOUNT),
    Row("bh", "coordination.0.our_part", "Skilled nursing 2 visits per week", AMOUNT),
    Row("bh", "goals.0.goal", "I want my PCA 20 hours a week", "quantity_in_goal"),
    Row("bh", "goals.0.goal", "Quiero mi auxiliar 20 horas por semana", "quantity_in_goal"),
    # An authorizer who is the CP itself, whatever the name looks like, or nobody
    *(
        Row(
            "bh",
            "services.0.quantity",
            {**QUANTITY, "authorized_by": name},
            AMOUNT,
            "services[0].quantity.authorized_by",
        )
        for name in (
            *("", "  ", "TBD", "n/a", OWN_CP, "SAMPLE HARBOR BH PARTNERS, INC.", "sample-harbor-bh partners llc"),
            *("The Community Partner", "our care team", "Specimen, Hedgerow", "Hedgerow Specimen, RN"),
            *("Sample Harbor BH Partners (care coordination)", "Staff of Sample Harbor BH Partners", "CP"),
        )
    ),
    # Affiliation by the rule that compares CP names
    *(
        Row("ltss", "services.0.provider", name, "affiliation_undisclosed", "services[0].affiliated")
        for name in (
            "Sample Commons LTSS Partners Inc.",
            "SAMPLE COMMONS LTSS PARTNERS",
            "Sample Commons LTSS Partners, L.L.C.",
        )
    ),
    # Covered, granted, entitled, approved, authorized in fields that the CP owns
    _service("comment", "Rides are covered by the plan", CLAIM),
    _service("comment", "This is covered.", CLAIM),
    _service("name", "Approved counseling", CLAIM),
    _service("funding_source", "Pre-authorised by the CP", CLAIM),
    _service("provider", "Quietwater (authorized provider)", CLAIM),
    Row("bh", "needs.0.comment", "The member is entitled to rides", CLAIM),
    Row("bh", "goals.0.progress", "Hours granted on Monday", CLAIM),
    Row("bh", "goals.0.steps.0.step", "We approve the ramp", CLAIM),
    Row("bh", "risks.0.measure", "Rails have been approved", CLAIM),
    Row("bh", "community_resources.0.purpose", "Authorized weekly", CLAIM),
    Row("bh", "flexible_services_screen.outcome", "Granted", CLAIM),
    Row("bh", "crisis_plan", "Call; respite is covered under the plan", CLAIM),
    Row("bh", "plan.reason_text", "The ramp was approved", CLAIM),
    # Who acts for the member, held against the roster
    Row("minor", "representative.name", "Somebody Else", "representative_differs"),
    Row("minor", "representative.authority", "", "representative_authority_missing"),
    Row("minor", "representative", None, "minor_without_representative"),
    Row(
        "bh",
        "representative",
        {"name": "Juniper Example", "relation": "sister", "authority": "Guardian"},
        "representative_authority_missing",
        "representative.authority",
    ),
    # A minor's consent where Part 2 applies
    Row("minor", "part2", "consent of the guardian", "part2_minor_consent", "part2.consent.signed_by"),
    Row("minor", "part2", "consent without a signer", CONSENT, "part2.consent.signed_by"),
    # Every element of 42 CFR 2.31
    *(
        Row("part2", f"part2.consent.{element}", "", CONSENT)
        for element in ("discloser", "scope", "recipients", "purpose", "revocation", "redisclosure", "refusal")
    ),
    *(Row("part2", f"part2.consent.{element}", None, CONSENT) for element in ("signed_on", "expires_on")),
    Row("part2", "part2.consent.patient", "Somebody Else", CONSENT),
    Row("part2", "part2.consent", None, "part2_consent_missing"),
    Row("part2", "part2.consent.expires_on", "2026-11-01", "part2_consent_expired"),
    Row("part2", "part2.consent.revoked_on", "2026-11-01", "part2_consent_revoked"),
    Row("bh", "medications.0.name", "Methadone 10 mg", "part2_item_unflagged", "medications[0].part2"),
    # An update says why; a second version is no first plan
    Row("bh", "plan", {"version": 2, "reason": "change"}, "update_reason_missing", "plan.reason_text"),
    Row("bh", "plan", {"version": 2}, "reason_is_initial", "plan.reason"),
    Row(
        "bh",
        "plan",
        {"version": 2, "reason": "change", "reason_text": "First plan"},
        "reason_is_initial",
        "plan.reason_text",
    ),
    # Person-first language
    Row("bh", "crisis_plan", "A known addict.", LABEL),
    Row("bh", "needs.0.need", "Is non‑compliant with visits", LABEL),
    Row("bh", "needs.0.comment", "Misuses pills", LABEL),
    Row("bh", "risks.0.risk", "Is hard to serve", LABEL),
    # The 72 hours after a discharge, and where each medicine was learned
    Row("bh", "transitions.0.home_visit_scheduled", None, "home_visit_not_scheduled"),
    Row("bh", "transitions.0.home_visit_scheduled", "2026-10-20T14:00:01-04:00", "home_visit_late"),
    Row("bh", "transitions.0.discharged", None, "discharge_time_missing"),
    Row("bh", "medications.0.source", "", "medication_source_missing", "medications[0]"),
    Row("bh", "medications.0.as_of", None, "medication_source_missing", "medications[0]"),
    # Whose words the goals are
    Row("bh", "goals", [{"goal": "Reduce hospital use"}], "no_goal_in_member_words"),
    Row("bh", "goals", [{"goal": "Patient will comply"}], "no_goal_in_member_words"),
)

ORDINARY = (
    _service("name", "Outpatient counseling", ""),
    _service("comment", "The line is open 24 hours a day, 7 days a week", ""),
    _service("comment", "Answers within two business days", ""),
    _service("comment", "Give 2 days notice", ""),
    _service("comment", "Began 2 years ago; for ages 3 and up", ""),
    _service("comment", "Ask the ACO whether it is covered", ""),
    _service("comment", "Not authorized yet; wait until the plan has approved it", ""),
    _service("comment", "The wound is covered with gauze", ""),
    _service("funding_source", "ACO covered service", ""),
    _service("provider", "One Hour Away Counseling", ""),
    _service("quantity", {**QUANTITY, "authorized_by": "MassHealth LTSS Third Party Administrator"}, ""),
    Row("bh", "goals.0.steps.0.step", "Walk 20 minutes a day with the neighbor", ""),
    Row("bh", "goals.0.steps.0.step", "See the counselor in two weeks", ""),
    Row("bh", "goals.0.steps.0.step", "Ask MassHealth to authorize more hours", ""),
    Row("bh", "goals.0.goal", "I want to get out twice a week and see people.", ""),
    Row("bh", "goals.0.goal", "I want my hours approved", ""),
    Row("bh", "crisis_plan", "Keep a clean kitchen; call if the handicapped parking permit is lost.", ""),
    Row("bh", "community_resources.0.name", "Alcoholics Anonymous", ""),
    Row("bh", "pcp_actions", ["Order FDA-approved patches"], ""),
    Row("bh", "transitions.0.home_visit_scheduled", "2026-10-20T14:00:00-04:00", ""),
    Row("ltss", "services.0.provider", "Evenhand LTSS Partners", ""),
    *(
        Row("bh", "goals", [{"goal": words}], "")
        for words in (
            *("Quiero caminar sin dolor", "Mwen vle lekòl", "Tôi muốn đi bộ", "N ta kre anda", "Vorrei camminare"),
            *("Я хочу ходить", "أريد أن أمشي", "我想自己走路", "ខ្ញុំចង់ដើរ", "Chcę chodzić"),
        )
    ),
)


def _written(plan: dict[str, Any], path: str, value: object) -> None:
    """Puts ``value`` at ``path``; a mapping for a block that is there is laid over it."""
    *way, last = path.split(".")
    place: Any = plan
    for step in way:
        place = place[int(step)] if step.isdigit() else place.setdefault(step, {})
    if last == "plan" and isinstance(value, dict):
        place[last] |= value
    elif last == "part2" and isinstance(value, str):
        consent = yaml.safe_load(_CONSENT)
        place[last] = {"applies": True, "consent": consent}
        if value == "consent of the guardian":
            consent["signed_by"] = "Marrow Placeholder"
    else:
        place[int(last) if last.isdigit() else last] = value


_CONSENT = """
discloser: Sample Program
scope: My plan
recipients: My doctors
purpose: Treatment
signed_on: 2026-10-20
expires_on: 2027-10-20
revocation: At any time
redisclosure: Where the law allows it
refusal: Care goes on
"""


@pytest.fixture(scope="module")
def told(sample: Any, _peopled: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[dict[str, Any]]]:
    """What the check says of each row's file, errors and warnings, by the row's identity."""
    root = tmp_path_factory.mktemp("lint") / "ws"
    shutil.copytree(_peopled, root)
    settings = root / "cpdocs.toml"
    words = settings.read_text("utf-8").replace(
        "[words]\n", '[words]\navoid = { "hard to serve" = "what we lack" }\n[consent_form]\n', 1
    )
    settings.write_text(words, "utf-8")
    plans = {name: yaml.safe_load(path.read_text("utf-8")) for name, path in sample.plans.items()}
    files = []
    rows = (*FOUND, *ORDINARY)
    for number, row in enumerate(rows):
        changed = yaml.safe_load(yaml.safe_dump(plans[row.plan]))
        _written(changed, row.path, row.value)
        files.append(root / f"{number:03}.yaml")
        files[-1].write_text(yaml.safe_dump(changed, allow_unicode=True, sort_keys=False), "utf-8")
    reports = CommandLine(root)("plan", "check", *files, "--json", status=1).json
    return {id(row): [*report["errors"], *report["warnings"]] for row, report in zip(rows, reports, strict=True)}


def _name(row: Row) -> str:
    return f"{row.code or 'nothing'}-{row.path}-{str(row.value)[:24]}"


@pytest.mark.parametrize("row", FOUND, ids=_name)
def test_what_is_written_is_found_at_its_field_and_line(row: Row, told: Any) -> None:
    at = row.at or row.path.replace(".0", "[0]")
    (found,) = [each for each in told[id(row)] if (each["code"], each["field"]) == (row.code, at)]
    assert found["line"], "the line in the file"
    assert found["message"]


@pytest.mark.parametrize("row", ORDINARY, ids=_name)
def test_an_ordinary_sentence_is_let_be(row: Row, told: Any) -> None:
    assert [(each["code"], each["field"]) for each in told[id(row)]] == []


def test_an_error_keeps_the_plan_from_being_issued_and_says_line_field_and_mend(office: Office, tmp_path: Path) -> None:
    plan = yaml.safe_load(office.sample.plans["part2"].read_text("utf-8"))
    plan["part2"]["consent"]["discloser"] = ""
    file = tmp_path / "plan.yaml"
    file.write_text(yaml.safe_dump(plan, allow_unicode=True, sort_keys=False), "utf-8")
    line = next(n for n, text in enumerate(file.read_text("utf-8").splitlines(), 1) if "discloser:" in text)
    said = office.cli("plan", "issue", file, status=1).err
    assert f"line {line}, part2.consent.discloser: the consent doesn't say who discloses." in said
    assert "Complete it from the signed form" in said
    assert office.cli("plan", "list", "--json").json == []


def test_what_the_sites_form_says_completes_a_consent_and_stands_on_the_sheet(office: Office, tmp_path: Path) -> None:
    plan = yaml.safe_load(office.sample.plans["part2"].read_text("utf-8"))
    del plan["part2"]["consent"]["refusal"]
    file = tmp_path / "plan.yaml"
    file.write_text(yaml.safe_dump(plan, allow_unicode=True), "utf-8")
    settings = office.cli.root / "cpdocs.toml"
    own = '[consent_form]\nrefusal = "You are cared for as before."\n'
    settings.write_text(settings.read_text("utf-8") + own, "utf-8")
    (row,) = office.cli("plan", "issue", file, "--json").json
    from tests.documents.papers import text_of

    assert "You are cared for as before." in text_of(Path(row["file"]).read_bytes())
    (issued,) = [
        each["data"]
        for each in office.cli("audit", "show", row["document_id"], "--json").json
        if each["type"] == "plan.issued"
    ]
    assert issued["consent_form"] == {"refusal": "You are cared for as before."}
