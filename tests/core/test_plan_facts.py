"""What a plan states as done is held against the record before anything is sealed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from cpdocs.core.plan_facts import may_reconcile
from cpdocs.core.plan_rules import check_plan
from cpdocs.core.plans import CopyGiven, Plan, Reconciliation
from tests.core.plans_made import ON, PCP, plan, register


def codes(found: Plan, kind: str) -> list[tuple[str, str]]:
    return [(one.code, one.where) for one in getattr(check_plan(found, register(), ON), kind)]


def reconciled(credential: str, name: str = "Alpha Testwell", on: date = ON, npi: str = "") -> Plan:
    return plan(medications_reconciled_by=Reconciliation(name, credential, on, npi))


@pytest.mark.parametrize(
    "credential",
    ["Care coordinator", "CHW", "MSW", "LICSW", "LPN", "MA", "PharmD", "", "registered", "BSN", "Office RNA"],
)
def test_only_a_credential_that_allows_it_reconciles(credential: str) -> None:
    assert ("reconciler_not_eligible", "medications_reconciled_by.credential") in codes(
        reconciled(credential), "errors"
    )


@pytest.mark.parametrize("credential", ["RN", "r.n.", "RN, BSN", "M.D.", "DO", "FNP-BC", "APRN", "PA-C", "np"])
def test_a_clinician_whose_credential_allows_it_reconciles(credential: str) -> None:
    assert may_reconcile(credential)
    assert codes(reconciled(credential), "errors") == []


def test_nobody_reconciles_without_a_name_ahead_of_time_or_under_another_s_npi() -> None:
    assert codes(reconciled("RN", name=" "), "errors") == [
        ("reconciler_not_eligible", "medications_reconciled_by.name")
    ]
    ahead = reconciled("RN", on=ON + timedelta(days=1))
    assert codes(ahead, "errors") == [("reconciler_not_eligible", "medications_reconciled_by.on")]
    assert codes(reconciled("MD", npi=PCP), "errors") == []
    other = reconciled("MD", name="Somebody Else", npi=PCP)
    assert codes(other, "errors") == [("reconciler_not_eligible", "medications_reconciled_by.npi")]


def test_a_copy_is_given_neither_before_the_issue_nor_ahead_of_time() -> None:
    def given(days: int) -> Plan:
        return plan(copy_given=CopyGiven(ON + timedelta(days=days), "paper", "English"))

    assert ("copy_given_in_future", "copy_given.date") in codes(given(1), "errors")
    assert ("copy_given_before_issue", "copy_given.date") in codes(given(-1), "warnings")
    assert codes(given(0), "warnings") == codes(given(0), "errors") == []
