"""cpdocs.toml: every key documented, every fault told."""

from __future__ import annotations

import re

import pytest

from cpdocs import settings
from cpdocs.errors import WorkspaceFault


def faults(text: str) -> list[str]:
    with pytest.raises(WorkspaceFault) as raised:
        settings.load(text)
    return [str(problem) for problem in raised.value.problems]


def test_the_file_that_init_writes_can_be_read() -> None:
    read = settings.load(settings.default_text())
    assert read.senders.organization.name == "Example Community Partners"
    assert read.options.targets[0].name == "chart"


def test_every_key_is_documented_in_the_file_that_init_writes() -> None:
    text = settings.default_text()
    tables = settings._Settings.model_fields
    for table, field in tables.items():
        assert re.search(rf"^\s*#?\s*\[+{table}[.\]]|^\s*\[+{table}\b", text, re.M), table
        model = field.annotation
        for key in getattr(model, "model_fields", {}):
            assert re.search(rf"^#? ?({key} = |\[+{table}\.{key}\])", text, re.M), f"{table}.{key}"


def test_the_values_shown_as_defaults_are_the_defaults() -> None:
    shown, example = [], False
    for line in settings.default_text().splitlines():
        if re.match(r"^#? ?\[", line):
            example = line.startswith("#")
        shown.append(line if example or '" = "' in line else re.sub(r"^# (\w+ = )", r"\1", line))
    assert "\n".join(shown) != settings.default_text()
    assert settings.load("\n".join(shown)) == settings.load(settings.default_text())


def test_a_mistyped_key_is_refused_with_its_line_and_a_suggestion() -> None:
    text = settings.default_text() + '\n[payer."Sample Plan"]\ndue_day = 5\n'
    assert faults(text) == [
        f"line {len(text.splitlines())}: unknown key 'payer.Sample Plan.due_day'. Did you mean 'due_days'?"
    ]


def test_every_fault_is_told_at_once() -> None:
    text = settings.default_text().replace('name = "Example Community Partners"\n', "", 1) + "\n[adit]\norigin = 'x'\n"
    told = faults(text)
    assert any("organization.name" in fault and "missing" in fault for fault in told)
    assert any("adit" in fault and "audit" in fault for fault in told)


@pytest.mark.parametrize("text", ["[organization\n", "a = ", "\x00"])
def test_text_that_is_not_toml_is_refused_with_the_place(text: str) -> None:
    with pytest.raises(WorkspaceFault, match="can't be read"):
        settings.load(text)


def test_a_control_character_in_a_letterhead_is_refused() -> None:
    text = settings.default_text().replace("Example Community Partners", "Example\\u0007", 1)
    assert any("organization.name" in fault or "name" in fault for fault in faults(text))


def test_a_cp_takes_from_the_organization_what_it_does_not_say() -> None:
    read = settings.load(settings.default_text() + '\n[cp_org."Harbor"]\nphone = "(617) 555-0177"\n')
    harbor = read.senders.for_cp("Harbor")
    assert (harbor.name, harbor.phone, harbor.address1) == ("Harbor", "(617) 555-0177", "100 Example Street")
    assert read.senders.for_cp("Elsewhere") == read.senders.organization


@pytest.mark.parametrize(
    "name", ["plan.pdf", "{mrn}.pdf", "CON.pdf", "con.{document_id}.pdf", "{mrn}_{type}_v{version}.pdf", "{name}.pdf"]
)
def test_a_file_name_that_two_documents_could_share_is_refused(name: str) -> None:
    text = settings.default_text().replace('file_name = "{document_id}.pdf"', f'file_name = "{name}"')
    with pytest.raises(WorkspaceFault):
        settings.load(text)


def test_a_sites_own_names_may_do_without_the_document_id_where_they_differ() -> None:
    text = settings.default_text()
    text = text.replace('file_name = "{document_id}.pdf"', 'file_name = "{mrn}_{type}_{date}_v{version}.pdf"')
    text = text.replace('document_type = "Care Plan"', 'document_type = { BH = "BHPLAN", LTSS = "LTSSPLAN" }', 1)
    assert settings.load(text).options.targets[0].document_types == {"BH": "BHPLAN", "LTSS": "LTSSPLAN"}


@pytest.mark.parametrize(
    "keys",
    [
        'kind = "hl7v2"\nhost = "engine.example.org"\nport = 6661\ntls = false',
        'kind = "fhir"\nurl = "http://fhir.example.org"\nmrn_system = "urn:oid:1.2"',
        'kind = "fhir"\nurl = "https://me:secret@fhir.example.org"\nmrn_system = "urn:oid:1.2"',
        'kind = "hl7v2"\nhost = "engine.example.org"\nport = 6661\nurl = "https://x"',
        'kind = "pigeon"',
    ],
)
def test_a_target_in_the_clear_or_with_keys_of_another_kind_is_refused(keys: str) -> None:
    with pytest.raises(WorkspaceFault):
        settings.load(settings.default_text() + f'\n[[filing.target]]\nname = "other"\n{keys}\n')


def test_a_payers_days_are_its_own_only_where_they_stand_there() -> None:
    table = '\n[payer."Sample Health Plan"]\n'
    silent = settings.load(settings.default_text() + table + 'phone = "800-555-0199"\n').senders.payer(
        "Sample Health Plan"
    )
    assert (silent.due_days, silent.due_days_stated, silent.phone) == (7, False, "800-555-0199")
    said = settings.load(settings.default_text() + table + "due_days = 7\n").senders.payer("Sample Health Plan")
    assert (said.due_days, said.due_days_stated) == (7, True)


TARGETS = """
[[filing.target]]
name = "one"
kind = "hl7v2"
host = "127.0.0.1"
port = 1
tls = false

[[filing.target]]
name = "two"
kind = "hl7v2"
host = "engine.example.org"
port = 2
tls = false
"""


@pytest.mark.parametrize(
    ("table", "row", "words"),
    [
        (TARGETS, 9, "tls = false only goes with this machine itself"),
        (TARGETS.replace("port = 2\ntls = false", 'port = "x"'), 13, "port"),
        (
            '\n[[filing.target]]\nname = "s"\nkind = "sftp"\nhost = "h"\nuser = "u"\nkey_file = "/k"\nfolder = "/in"\n'
            'host_key = "SHA256:abc"\n',
            9,
            "host_key",
        ),
    ],
)
def test_a_fault_of_a_target_is_told_with_its_own_line(table: str, row: int, words: str) -> None:
    text = settings.default_text() + table
    with pytest.raises(WorkspaceFault) as caught:
        settings.load(text)
    (problem,) = caught.value.problems
    assert problem.where == f"line {len(settings.default_text().splitlines()) + row}"
    assert words in problem.message
    assert "value error" not in problem.message.lower()
