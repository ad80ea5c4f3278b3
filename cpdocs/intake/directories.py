"""Practices, clinicians and designations from their tables: all rows good, or every fault named by line (contract
§3)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from datetime import UTC, date, datetime
from typing import TypeVar

from cpdocs.core.plurals import counted
from cpdocs.core.providers import Clinician, Designation, Directory, Practice
from cpdocs.errors import InputFault, Problem
from cpdocs.intake.fields import Fields, usable_rows
from cpdocs.intake.tables import Table, read_table

PRACTICE_COLUMNS = (
    *("practice_id", "name", "provider_id", "address1", "city", "state", "zip", "phone", "fax", "key_contact"),
    *("key_contact_email", "return_channel", "ehr", "suffolk_holidays"),
)
PRACTICE_OPTIONAL = ("channel",)
CLINICIAN_COLUMNS = ("npi", "last_name", "first_name", "credential", "practice_id", "role", "active")
DESIGNATION_COLUMNS = (
    *(
        "designee_npi",
        "pcp_npi",
        "tasks",
        "on_care_team",
        "face_to_face_with_pcp",
        "valid_from",
        "valid_to",
        "attested_by",
    ),
)

RETURN_CHANNELS = frozenset({"fax", "sftp", "secure_email"})
ROLES = frozenset({"pcp", "staff"})
TASKS = frozenset({"plan_approval", "care_team", "medication_follow_up"})
"""What a PCP may delegate (requirement D6)."""

_UNRECORDED = datetime.min.replace(tzinfo=UTC)

T = TypeVar("T")


def read_practices(data: bytes, name: str, renamed: Mapping[str, str], directory: Directory) -> tuple[Practice, ...]:
    """The practices in a table. Raises InputFault with every fault by line."""
    spelled = {practice_id.casefold(): practice_id for practice_id in directory.practices}

    def practice(fields: Fields) -> Practice:
        item = _practice(fields)
        if spelled.get(item.practice_id.casefold(), item.practice_id) != item.practice_id:
            fields.fault(
                "practice_id_differs",
                "practice_id differs from one on record by capital letters alone.",
                "Spell it the same.",
            )
        return item

    table = read_table(data, name, PRACTICE_COLUMNS, renamed=renamed, optional=PRACTICE_OPTIONAL)
    return _all(table, name, practice, lambda item: item.practice_id.casefold(), "practice_id")


def _practice(fields: Fields) -> Practice:
    state = fields.text("state", required=True).upper()
    practice = Practice(
        practice_id=fields.practice_id(),
        name=fields.text("name", required=True),
        provider_id=fields.text("provider_id"),
        address1=fields.text("address1", required=True),
        city=fields.text("city", required=True),
        state=state,
        zip=fields.zip_code(state),
        phone=fields.text("phone"),
        fax=fields.text("fax"),
        key_contact=fields.text("key_contact"),
        key_contact_email=fields.email("key_contact_email"),
        return_channel=fields.choice("return_channel", RETURN_CHANNELS),
        ehr=fields.text("ehr"),
        suffolk_holidays=fields.flag("suffolk_holidays", default=False),
        channel=fields.text("channel"),
    )
    if practice.return_channel == "fax" and not practice.fax:
        fields.fault("fax_missing", "fax is empty, but return_channel says fax.")
    if practice.return_channel == "secure_email" and not practice.key_contact_email:
        fields.fault("key_contact_email_missing", "key_contact_email is empty, but return_channel says secure_email.")
    return practice


def read_clinicians(data: bytes, name: str, renamed: Mapping[str, str], directory: Directory) -> tuple[Clinician, ...]:
    """The clinicians in a table, one row per practice where they work; their practices must be on record.

    Any credential is taken: who may approve is judged when somebody does. Raises InputFault with every fault by line.
    """

    def clinician(fields: Fields) -> Clinician:
        item = Clinician(
            npi=fields.npi("npi"),
            last_name=fields.text("last_name", required=True),
            first_name=fields.text("first_name", required=True),
            credential=fields.text("credential", required=True).replace(".", "").upper(),
            practice_id=fields.practice_id(),
            role=fields.choice("role", ROLES),
            active=fields.flag("active"),
        )
        if item.practice_id and item.practice_id not in directory.practices:
            fields.fault("practice_unknown", "practice_id names no practice on record.", "Import the practices first.")
        return item

    table = read_table(data, name, CLINICIAN_COLUMNS, renamed=renamed)
    return _all(table, name, clinician, lambda item: (item.npi, item.practice_id), "npi at this practice_id")


def read_designations(
    data: bytes, name: str, renamed: Mapping[str, str], directory: Directory
) -> tuple[Designation, ...]:
    """The designations in a table; designee and PCP must be on record. ``recorded_at`` is left to the ledger.

    Whether a designation suffices is judged when the designee approves (contract §6); so is who attested it, beyond
    that somebody must have. Raises InputFault with every fault by line.
    """

    def designation(fields: Fields) -> Designation:
        item = Designation(
            designee_npi=fields.npi("designee_npi"),
            pcp_npi=fields.npi("pcp_npi"),
            tasks=fields.codes("tasks", TASKS),
            on_care_team=fields.flag("on_care_team"),
            face_to_face_with_pcp=fields.flag("face_to_face_with_pcp"),
            valid_from=fields.required_day("valid_from"),
            valid_to=fields.day("valid_to"),
            attested_by=fields.text("attested_by", required=True),
            recorded_at=_UNRECORDED,
            member_ids=fields.member_ids("member_ids"),
        )
        if item.designee_npi and item.designee_npi == item.pcp_npi:
            fields.fault("designee_is_pcp", "designee_npi and pcp_npi are the same person.")
        for column, npi in (("designee_npi", item.designee_npi), ("pcp_npi", item.pcp_npi)):
            if npi and not directory.rows_of(npi):
                fields.fault(
                    "clinician_unknown", f"{column} names no clinician on record.", "Import the clinicians first."
                )
        if directory.rows_of(item.pcp_npi) and not any(row.role == "pcp" for row in directory.rows_of(item.pcp_npi)):
            fields.fault("pcp_has_another_role", "pcp_npi names a clinician whose role is not pcp.")
        if item.valid_to is not None and date.min < item.valid_to < item.valid_from:
            fields.fault("dates_out_of_order", "valid_to is before valid_from.")
        return item

    table = read_table(data, name, DESIGNATION_COLUMNS, optional=("member_ids",), renamed=renamed)
    return _all(table, name, designation, lambda item: item, "designation")


def _all(
    table: Table, name: str, read: Callable[[Fields], T], identity: Callable[[T], Hashable], what: str
) -> tuple[T, ...]:
    """Every row's value, or InputFault: all or nothing."""
    problems: list[Problem] = []
    items: list[T] = []
    seen: dict[Hashable, int] = {}
    for row in usable_rows(table, problems):
        fields = Fields(row, problems)
        faults = len(problems)
        item = read(fields)
        if len(problems) > faults:
            continue
        first = seen.setdefault(identity(item), row.line)
        if first != row.line:
            fields.fault("row_twice", f"the same {what} stands in line {first} already.", "Keep one of them.")
        items.append(item)
    if not items and not problems:
        raise InputFault(f"{name} has no rows under its header.", todo="Export it again; nothing was recorded.")
    if problems:
        raise InputFault(
            f"{name}: {counted(len(problems), 'fault')}; nothing was recorded.",
            todo="Mend them and import it again.",
            problems=problems,
        )
    return tuple(items)
