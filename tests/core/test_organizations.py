"""One partner, written in many ways."""

from __future__ import annotations

import pytest

from cpdocs.core.organizations import compared_name, nearest_name


@pytest.mark.parametrize(
    "written",
    [
        "SAMPLE BH PARTNERS",
        "Sample BH Partners, Inc.",
        "sample-bh partners inc",
        "Sample  B.H. Partners L.L.C.",
        "Sample BH Partners Corp",
    ],
)
def test_case_spaces_punctuation_and_legal_form_make_no_other_partner(written: str) -> None:
    assert compared_name(written) == compared_name("Sample BH Partners")


def test_another_name_is_another_partner_and_a_legal_form_alone_is_a_name() -> None:
    assert compared_name("Sample LTSS Partners") != compared_name("Sample BH Partners")
    assert compared_name("Inc.") == "inc"
    assert compared_name("A & B") == compared_name("A and B")
    assert compared_name("") == ""


def test_the_nearest_name_is_told_only_where_one_is_near() -> None:
    known = ["Sample BH Partners", "Pretend LTSS Alliance"]
    assert nearest_name("Sampel BH Partner Inc", known) == "Sample BH Partners"
    assert nearest_name("Something Else", known) == ""
