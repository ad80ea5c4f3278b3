"""The product's own synthetic data: a small cast for the demo and the tests, and rosters of any size for benchmarks.

Every line and every plan is there for a reason: together the roster's lines show each disposition, the clinicians show
who may approve and who may not, and the plans show both programs, a minor, Part 2 records and several scripts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from cpdocs.core.csvsafe import csv_text
from cpdocs.core.roster_lines import COLUMNS
from cpdocs.demo.people import PLACES, STREETS, member_id, npi, phone, roster_line, years_before
from cpdocs.demo.plans import sample_plans
from cpdocs.intake.directories import CLINICIAN_COLUMNS, DESIGNATION_COLUMNS, PRACTICE_COLUMNS

ALL_TASKS = "plan_approval;care_team;medication_follow_up"

_PRACTICES = (
    # id, name, place, return channel, EHR, Suffolk holidays
    ("S01", "Testwell Family Medicine", 1, "fax", "Epic", "N"),
    ("S02", "Samplewood Health Center", 0, "secure_email", "athenahealth", "Y"),
    ("S03", "Mockford Pediatrics and Primary Care", 3, "sftp", "eClinicalWorks", "N"),
    ("S04", "Placeholder Community Clinic", 2, "fax", "Epic", "N"),
)

_CLINICIANS = (
    # label, last name, first name, credential, practice, role, active
    ("pcp1", "Testwell", "Alpha", "MD", "S01", "pcp", "Y"),
    ("rn1", "Mockford", "Bravo", "RN", "S01", "staff", "Y"),
    ("lpn1", "Fictley", "Charlie", "LPN", "S01", "staff", "Y"),
    ("pcp2", "Samplewood", "Delta", "NP", "S02", "pcp", "Y"),
    ("np2", "Specimen", "Echo", "NP", "S02", "staff", "Y"),
    ("pa2", "Trialby", "Foxtrot", "PA", "S02", "staff", "Y"),
    ("rn1", "Mockford", "Bravo", "RN", "S02", "staff", "Y"),
    ("pcp3", "Demoray", "Golf", "DO", "S03", "pcp", "Y"),
    ("rn3", "Modelski", "Hotel", "RN", "S03", "staff", "Y"),
    ("md3", "Exampleton", "India", "MD", "S03", "staff", "Y"),
    ("pcp4", "Muestra", "Julieta", "MD", "S04", "pcp", "Y"),
    ("rn4", "Dummyfield", "Kilo", "RN", "S04", "staff", "Y"),
    ("do4", "Beispiel", "Lima", "DO", "S04", "staff", "N"),
)

_DESIGNATIONS = (
    # designee, PCP, tasks, on care team, face to face, ended, attested by: what is wrong with it
    ("rn1", "pcp1", ALL_TASKS, "Y", "Y", False, "Alpha Testwell, MD"),
    ("lpn1", "pcp1", ALL_TASKS, "Y", "Y", False, "Alpha Testwell, MD"),  # credential
    ("np2", "pcp2", ALL_TASKS, "Y", "Y", False, "Delta Samplewood, NP"),
    ("pa2", "pcp2", "care_team", "Y", "Y", False, "Delta Samplewood, NP"),  # task
    ("rn3", "pcp3", ALL_TASKS, "N", "Y", False, "Golf Demoray, DO"),  # care team
    ("md3", "pcp3", ALL_TASKS, "Y", "N", False, "Golf Demoray, DO"),  # face to face
    ("rn4", "pcp4", ALL_TASKS, "Y", "Y", True, "Julieta Muestra, MD"),  # expired
    ("do4", "pcp4", ALL_TASKS, "Y", "Y", False, "Julieta Muestra, MD"),  # inactive
)


@dataclass(frozen=True, slots=True)
class Sample:
    """The files of one sample, and who is who in it.

    ``plans``: file by what the plan shows (bh, ltss, minor, part2, scripts, affiliated). ``npis``: by label (pcp1, rn1
    …). ``member_ids``: by plan, in the same words.
    """

    folder: Path
    practices: Path
    clinicians: Path
    designations: Path
    roster: Path
    plans: dict[str, Path]
    npis: dict[str, str]
    member_ids: dict[str, str]


def write_sample(folder: Path, as_of: date) -> Sample:
    """Writes the whole sample into ``folder``, which is made where it is missing; dates lie around ``as_of``.

    The same ``as_of`` gives the same bytes.
    """
    (folder / "plans").mkdir(parents=True, exist_ok=True)
    npis = {label: npi(label) for label, *_ in _CLINICIANS}
    plans = sample_plans(npis, as_of)
    sample = Sample(
        folder=folder,
        practices=folder / "practices.csv",
        clinicians=folder / "clinicians.csv",
        designations=folder / "designations.csv",
        roster=folder / "roster.csv",
        plans={name: folder / "plans" / f"{name}.yaml" for name in plans},
        npis=npis,
        member_ids={name: plan["member_id"] for name, plan in plans.items()},
    )
    _write_csv(sample.practices, PRACTICE_COLUMNS, _practice_rows())
    _write_csv(sample.clinicians, CLINICIAN_COLUMNS, _clinician_rows(npis))
    _write_csv(sample.designations, DESIGNATION_COLUMNS, _designation_rows(npis, as_of))
    _write_csv(sample.roster, COLUMNS, roster_rows(npis, as_of))
    for name, plan in plans.items():
        sample.plans[name].write_text(_yaml(plan), "utf-8")
    return sample


def write_roster(path: Path, members: int, as_of: date) -> None:
    """Writes a roster of ``members`` good lines, both programs mixed, each for somebody else."""
    rows = (
        roster_line(index, "BH" if index % 3 else "LTSS", as_of, pcp_npi=_NPIS[index % len(_NPIS)])
        for index in range(members)
    )
    path.write_text(csv_text(COLUMNS, rows), "utf-8", newline="")


_NPIS = tuple(npi(f"pcp{number}") for number in range(1, 5))


def _write_csv(path: Path, columns: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    path.write_text(csv_text(columns, rows), "utf-8", newline="")


def _yaml(plan: dict[str, Any]) -> str:
    import yaml

    return yaml.safe_dump(plan, allow_unicode=True, sort_keys=False, width=120)


def _practice_rows() -> list[dict[str, str]]:
    rows = []
    for number, (practice_id, name, place, channel, ehr, suffolk) in enumerate(_PRACTICES, 1):
        city, zip_code, _ = PLACES[place]
        rows.append(
            {
                "practice_id": practice_id,
                "name": name,
                "provider_id": f"11000000{number}A",
                "address1": f"{100 * number} {STREETS[number]}",
                "city": city,
                "state": "MA",
                "zip": zip_code,
                "phone": phone(f"practice {practice_id}"),
                "fax": phone(f"fax {practice_id}"),
                "key_contact": f"Front Desk {practice_id}",
                "key_contact_email": f"plans.{practice_id.lower()}@practice.example.org",
                "return_channel": channel,
                "ehr": ehr,
                "suffolk_holidays": suffolk,
            }
        )
    return rows


def _clinician_rows(npis: dict[str, str]) -> list[dict[str, str]]:
    return [dict(zip(CLINICIAN_COLUMNS, (npis[label], *row), strict=True)) for label, *row in _CLINICIANS]


def _designation_rows(npis: dict[str, str], as_of: date) -> list[dict[str, str]]:
    valid_from = as_of.replace(month=1, day=1)
    return [
        {
            "designee_npi": npis[designee],
            "pcp_npi": npis[pcp],
            "tasks": tasks,
            "on_care_team": on_team,
            "face_to_face_with_pcp": face_to_face,
            "valid_from": valid_from.isoformat(),
            "valid_to": (as_of - timedelta(days=30)).isoformat() if ended else "",
            "attested_by": attested_by,
        }
        for designee, pcp, tasks, on_team, face_to_face, ended, attested_by in _DESIGNATIONS
    ]


def roster_rows(npis: dict[str, str], as_of: date) -> list[dict[str, str]]:
    """The roster: the plans' members first, then good lines, then one line for each thing that can be amiss."""

    def line(index: int, program: str = "BH", practice: int = 1, **changed: str) -> dict[str, str]:
        return roster_line(
            index, program, as_of, pcp_npi=npis[f"pcp{practice}"], practice_id=f"S0{practice}", **changed
        )

    child = {"dob": years_before(as_of, 9), "guardian_name": "Marrow Placeholder", "guardian_relation": "parent"}
    return [
        line(1),
        line(2, "LTSS", 1, language_spoken="Spanish", language_written="Spanish"),
        line(3, "LTSS", 3, **child),
        line(4, "BH", 2),
        line(5, "BH", 4, language_spoken="Khmer", language_written="Khmer"),
        line(6, "LTSS", 2, language_spoken="Arabic", language_written="Arabic"),
        # The same person in both programs gets a letter for each.
        line(7, "BH", 4),
        line(7, "LTSS", 4),
        line(8, format_need="large_print"),
        line(9, "LTSS", 2, address2="Apt 3B", zip=PLACES[0][1].removeprefix("0"), city="Boston"),
        line(10, "BH", 3) | {"pcp_npi": "1234567890"},
        line(11, "BH", 1, status="declined"),
        line(12, "LTSS", 4, safe_contact="phone_only"),
        line(13, "BH", 4, status="deceased"),
        line(14, "BH", 2, plan_type="FFS", plan_name="Fee-for-Service"),
        line(15, "LTSS", 3, exclusion_flags="HCBS_WAIVER"),
        line(16, "LTSS", 3, exclusion_flags="HCBS_WAIVER", assignment_source="referral"),
        line(17, "BH", 1, format_need="braille"),
        line(18, "LTSS", 2, zip="00000"),
        line(19, "LTSS", 3, dob=years_before(as_of, 12)),
        {**line(1), "member_id": member_id(901)},
        line(1),
        line(20, "BH", 2, member_id="9.00E+11"),
        line(21, "BH", 2, first_name=""),
        line(22, "LTSS", 4, dob="13/45/1980"),
        line(23) | {"program": "XYZ"},
        {"member_id": "TOTAL", "last_name": "27"},
        {},
    ]
