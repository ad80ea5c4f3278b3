"""Beginning the next version of a plan, and telling one version from another (contract §11, requirement D9).

1. What is on record: the member's live assignment, the directory, the last issued version's own file.
2. A draft is text for a person, or a spreadsheet form: nothing is recorded but that it was looked at.
3. A form that was filled in is read in a confined child, since it came from outside, and becomes the plan file; every
   fault is told with its sheet and cell.
4. A FHIR bundle is read the same way; its patient must be the member, by identifier, name and date of birth.
5. The difference of two versions is told in words; the cover of a new version tells the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.discharges import DISCHARGE_EVENTS, fold_discharges
from cpdocs.core.events import document_subject, member_subject
from cpdocs.core.found_plan import FoundPlan, mismatches
from cpdocs.core.ids import is_member_id, last_four
from cpdocs.core.members import Program
from cpdocs.core.plan_draft import Known, draft_plan, plan_text
from cpdocs.errors import InputFault
from cpdocs.people.access import record_access
from cpdocs.plans.records import last_version, plan_of, the_plan
from cpdocs.plans.version_changes import version_changes
from cpdocs.register.load import load_register
from cpdocs.system.input_files import read_input

if TYPE_CHECKING:
    from cpdocs.core.members import Assignment
    from cpdocs.core.plan_changes import Change
    from cpdocs.core.plan_form import FormRead
    from cpdocs.workspace import Workspace

_SECONDS = 20.0
_MEGABYTES = 512
_BUNDLE_SECONDS = 30.0
_BUNDLE_MEGABYTES = 2048


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft's text, and of a bundle the paths of what wasn't taken."""

    text: str
    untaken: tuple[str, ...] = ()


def draft(
    ws: Workspace, member_id: str, program: Program, *, begin_from: str = "", bundle: Path | None = None
) -> Draft:
    """The commented plan file for the member's next version; ``begin_from`` names another version to carry over from,
    ``bundle`` a FHIR bundle whose plan is taken as far as it maps.

    Raises InputFault: no member id, nobody of that id in this program, a version of somebody else, a bundle that can't
    be read or is of somebody else.
    """
    if not is_member_id(member_id):
        raise InputFault("That is no member id.", todo="Give the twelve digits on standard input.")
    register = load_register(ws, member_id)
    member = register.enrolled(member_id, program, eastern_date(ws.clock.now()))
    if member is None:
        raise InputFault(
            f"Member {last_four(member_id)} has no live {program.value} assignment on record.",
            todo="Import the roster that has it, or give the other --program.",
        )
    last = the_plan(ws.ledger, begin_from) if begin_from else last_version(ws.ledger, member_id, program.value)
    if last is not None and (last.member_id, last.program) != (member_id, program.value):
        raise InputFault(f"{begin_from} is a plan of another member or program.", todo="Read the id again.")
    rows = register.directory.rows_of(member.pcp_npi)
    practice = register.directory.practices.get(member.practice_id)
    known = Known(
        member=member,
        on=eastern_date(ws.clock.now()),
        cp_name=ws.senders.for_cp(member.cp_org).name,
        coordinator_phone=ws.senders.phone_of(member.coordinator, member.cp_org),
        pcp_name=rows[0].display_name if rows else "",
        practice_name=practice.name if practice else "",
        last=plan_of(ws, last) if last else None,
        last_issued_on=eastern_date(last.issued_at) if last else None,
        guardians=register.guardians_of(member_id),
        discharge=fold_discharges(ws.ledger.events(subject=member_subject(member_id), types=DISCHARGE_EVENTS)).get(
            (member_id, program.value)
        ),
        found=_read_bundle(bundle, member) if bundle else FoundPlan(),
    )
    record_access(ws, "plan draft", member_subject(member_id))
    return Draft(draft_plan(known), known.found.untaken)


def _read_bundle(path: Path, member: Assignment) -> FoundPlan:
    """What a bundle says of this member. Raises InputFault: it can't be read, or is of somebody else."""
    from cpdocs.intake.fhir_tree import MAX_BYTES
    from cpdocs.sandbox.run import Stopped, run_sandboxed

    data = read_input(path, MAX_BYTES)
    try:
        found: FoundPlan = run_sandboxed(
            "cpdocs.intake.fhir_bundle:read_bundle",
            data,
            path.name,
            seconds=_BUNDLE_SECONDS,
            megabytes=_BUNDLE_MEGABYTES,
        )
    except Stopped:
        raise InputFault(
            f"{path.name} can't be read within its limits.", todo="Ask for a bundle of this member's plan alone."
        ) from None
    if found.fault:
        raise InputFault(found.fault, todo=found.todo)
    if differs := list(mismatches(found.patient, member)):
        raise InputFault(
            f"{path.name} is about somebody else than member {last_four(member.member_id)}; nothing was taken.",
            todo="Find out whose bundle it is. Where it is theirs, mend the roster or ask the sender to mend theirs.",
            problems=differs,
        )
    return found


def as_form(ws: Workspace, text: str) -> bytes:
    """A draft as a spreadsheet form to fill in (XLSX)."""
    from cpdocs.documents.plan_form import write_form
    from cpdocs.intake.form_values import form_values

    return write_form(form_values(text), on=ws.clock.now())


def plan_from_form(ws: Workspace, path: Path) -> str:
    """The plan file that a filled-in form states. Raises InputFault with every fault, each with its sheet and cell."""
    from cpdocs.intake.form_cells import MAX_BYTES
    from cpdocs.intake.plan_form import plan_of_form
    from cpdocs.sandbox.run import Stopped, run_sandboxed

    data = read_input(path, MAX_BYTES)
    try:
        read: FormRead = run_sandboxed(
            "cpdocs.intake.form_cells:read_form", data, path.name, seconds=_SECONDS, megabytes=_MEGABYTES
        )
    except Stopped:
        raise InputFault(
            f"{path.name} can't be read within its limits.",
            todo="Fill in a form that `cpdocs plan draft --form` wrote.",
        ) from None
    plan, unanswered = plan_of_form(read, path.name)
    record_access(ws, "plan draft", member_subject(plan.member_id))
    return plan_text(plan, unanswered)


def difference(ws: Workspace, old_id: str, new_id: str) -> tuple[Change, ...]:
    """What changed from one version to another of the same member's plan. Raises InputFault for two different plans."""
    old, new = the_plan(ws.ledger, old_id), the_plan(ws.ledger, new_id)
    if (old.member_id, old.program) != (new.member_id, new.program):
        raise InputFault(
            f"{old_id} and {new_id} aren't versions of one plan.", todo="Name two versions of the same member's plan."
        )
    record_access(ws, "plan diff", *dict.fromkeys((document_subject(old_id), document_subject(new_id))))
    return version_changes(ws, load_register(ws, old.member_id), old, plan_of(ws, new), new.issued_at)
