"""Which way a package goes, and every reason why it may not."""

from __future__ import annotations

import pytest

from cpdocs.core.options import FilingTarget
from cpdocs.filing.targets import choose_target, route_doubts, upload_name

EPIC = FilingTarget("epic", ehrs=("Epic",))
REST = FilingTarget("rest")


@pytest.mark.parametrize(
    ("targets", "ehr", "chosen"),
    [
        ((EPIC, REST), "Epic", EPIC),
        ((REST, EPIC), " epic ", EPIC),
        ((EPIC, REST), "athenahealth", REST),
        ((EPIC, REST), "", REST),
        ((EPIC,), "athenahealth", None),
        ((EPIC,), "", None),
    ],
)
def test_the_target_that_names_the_ehr_wins_over_the_one_for_all(
    targets: tuple[FilingTarget, ...], ehr: str, chosen: FilingTarget | None
) -> None:
    assert choose_target(targets, ehr) is chosen


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"mrn_ehr": "epic"}, []),
        ({"target": None}, ["no_route"]),
        ({"mrn": " "}, ["mrn_missing"]),
        ({"mrn_ehr": "athenahealth"}, ["mrn_of_other_ehr"]),
        ({"mrn_shared": True}, ["mrn_shared"]),
        ({"mrn": "1.23E+09"}, ["mrn_damaged"]),
        ({"mrn": "1,23e9"}, ["mrn_damaged"]),
        ({"mrn": "1234567.0"}, ["mrn_damaged"]),
        ({"mrn": "########"}, ["mrn_damaged"]),
        ({"mrn": "#N/A"}, ["mrn_damaged"]),
        ({"mrn": "1E5", "mrn_length": 8}, ["mrn_damaged"]),
        ({"mrn": "12345", "mrn_length": 8}, ["mrn_short"]),
        ({"mrn": "00012345", "mrn_length": 8}, []),
        ({"mrn": "", "target": None, "mrn_ehr": "other", "mrn_shared": True}, ["no_route", "mrn_missing"]),
        ({"mrn_ehr": "other", "mrn_shared": True}, ["mrn_of_other_ehr", "mrn_shared"]),
    ],
)
def test_every_doubt_is_told(changes: dict[str, object], codes: list[str]) -> None:
    known: dict[str, object] = {"target": EPIC, "ehr": "Epic", "mrn": "M1", "mrn_ehr": "", "mrn_shared": False}
    doubts = route_doubts(**{**known, **changes})  # type: ignore[arg-type]  # the cases name the fields
    assert [doubt.code for doubt in doubts] == codes
    assert all(doubt.message and doubt.todo for doubt in doubts)


def test_a_sites_name_for_the_upload_can_lead_nowhere_else() -> None:
    facts = {"document_id": "AAAA-BBBB-CCC", "document_type": "Care Plan", "day": "2026-11-03", "version": 2}
    assert upload_name("{document_id}.pdf", mrn="1", **facts) == "AAAA-BBBB-CCC.pdf"
    assert (
        upload_name("{mrn}_{type}_{date}_v{version}.pdf", mrn="../../e{type}", **facts)
        == "e-type_Care-Plan_20261103_v2.pdf"
    )
