"""Every key of cpdocs.toml can be explained, by the documented file's own words and the schema's own rules."""

from __future__ import annotations

import tomllib

import pytest

from cpdocs.errors import UsageFault
from cpdocs.settings import default_text, load
from cpdocs.settings_explain import every_setting, explained


def test_every_key_has_words_of_its_own_or_of_its_table() -> None:
    assert [each.key for each in every_setting() if not (each.meaning or each.about)] == []


def test_what_the_file_shows_as_the_default_is_the_default() -> None:
    commented = [line.removeprefix("# ") for line in default_text().splitlines()]
    shown = {line.split(" #")[0].strip() for line in commented}
    for each in every_setting():
        last = each.key.rpartition(".")[2]
        if each.default and each.kind == "" and not each.key.startswith(("organization", "letters.seed", "payer")):
            assert f"{last} = {each.default}" in shown, each.key


def test_a_key_says_its_meaning_limits_default_and_what_it_is_here() -> None:
    raw = tomllib.loads("[intake]\nsettle_seconds = 5.0\n")
    (found,) = explained("intake.settle_seconds", raw)
    assert found.meaning == "unchanged for so long: the file is complete"
    assert (found.takes, found.default) == ("a number from 0 to 600", "2.0")
    assert found.here == (("intake.settle_seconds", "5.0"),)


def test_a_name_that_a_site_chose_is_shown_with_its_value() -> None:
    raw = tomllib.loads('[payer."Sample Plan"]\ndue_days = 5\n[payer.other]\ndue_days = 9\n')
    (found,) = explained('payer."Sample Plan".due_days', raw)
    assert found.here == (('payer."Sample Plan".due_days', "5"), ("payer.other.due_days", "9"))


def test_a_kind_of_target_has_its_own_keys() -> None:
    raw = tomllib.loads(
        '[[filing.target]]\nname="a"\nkind="hl7v2"\nport=1\n[[filing.target]]\nname="b"\nkind="sftp"\nport=2\n'
    )
    by_kind = {each.kind: each.here for each in explained("filing.target.port", raw)}
    assert by_kind["hl7v2"] == (("filing.target[1].port", "1"),)
    assert by_kind["sftp"] == (("filing.target[2].port", "2"),)


def test_an_unknown_key_names_those_that_are_near() -> None:
    with pytest.raises(UsageFault) as raised:
        explained("setle_seconds")
    assert "settle_seconds" in raised.value.todo


@pytest.mark.parametrize("setting", every_setting(), ids=lambda each: f"{each.key}-{each.kind}")
def test_every_key_can_be_asked_for(setting: object) -> None:
    assert setting in explained(setting.key)  # type: ignore[attr-defined]


def test_the_documented_file_can_be_used() -> None:
    assert load(default_text()).options
