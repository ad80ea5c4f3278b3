"""Issuing a plan: checked, rendered, sealed, recorded, and put out for its practice with a cover sheet (contract
§4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core import transitions
from cpdocs.core.discharges import last_discharge
from cpdocs.core.enrollment import ENROLLMENT_EVENTS, enrollment
from cpdocs.core.events import JSON, EventType, NewEvent, document_subject, member_subject, practice_subject
from cpdocs.core.ids import derive_document_id, last_four
from cpdocs.core.members import Assignment
from cpdocs.core.plan_record import PlanRecord
from cpdocs.core.plans import Plan
from cpdocs.core.plurals import counted
from cpdocs.core.providers import Clinician, Practice
from cpdocs.core.register import Register
from cpdocs.core.reports import CHOICES
from cpdocs.core.verdicts import Slot
from cpdocs.errors import AnswerIsNo, CpdocsError, Defect, InputFault, Problem
from cpdocs.keys.organization_keys import load_pair, token_place
from cpdocs.ledger.reads import Reads
from cpdocs.plans.check import PlanReport, check_files, version_faults
from cpdocs.plans.notice_files import NoticePaper, discarding, put_out_papers
from cpdocs.plans.paper_sources import PaperSources
from cpdocs.plans.print_form import PrintForm, print_form
from cpdocs.plans.records import find_plan, last_version, the_plan
from cpdocs.plans.stop_notices import same_sending, stop_event, stop_paper
from cpdocs.plans.version_changes import version_changes
from cpdocs.register.load import load_register
from cpdocs.system.outbox import discard, finish, put_out, stage, stage_key

if TYPE_CHECKING:
    from cpdocs.documents.pdf import Rendered
    from cpdocs.documents.plan_paper import PlanPaper
    from cpdocs.documents.plans import WrittenPlan
    from cpdocs.signing.keyfiles import KeyPair
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Issued:
    """One plan that was issued: its record, the file it came from, and where the sealed PDF lies."""

    name: str
    record: PlanRecord
    file: Path
    cover: Path
    warnings: tuple[Problem, ...]
    form: PrintForm

    def as_json(self) -> dict[str, JSON]:
        """The contract's object (§4)."""
        record = self.record
        return {
            "document_id": record.document_id,
            "member_id": record.member_id,
            "program": record.program,
            "version": record.version,
            "file": str(self.file),
            "sha256": record.sha256,
            "practice_id": record.practice_id,
            "cover": str(self.cover),
            "pages": record.pages,
            "supersedes": record.supersedes or None,
            "source": self.name,
            "language": self.form.language,
            "large_print": self.form.large_print,
            "warnings": [{"code": problem.code, "message": str(problem)} for problem in self.warnings],
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch: what was issued, and one error for all that wasn't (None where everything was)."""

    issued: tuple[Issued, ...]
    refused: CpdocsError | None


def issue_files(
    ws: Workspace,
    files: Sequence[Path],
    *,
    token_pin: Callable[[], bytes] | None = None,
    drafts: bool = False,
    issued: Callable[[Issued], None] = lambda _: None,
) -> Outcome:
    """Checks every file, then issues those without errors, in the order given; ``issued`` is told of each.

    ``token_pin`` gives the PIN where the seal is on a token. With ``drafts`` translations that nobody reviewed are
    printed, and the pages say so. The error in the outcome lists every file that wasn't
    issued with its reasons. Raises what stops everything: a workspace fault, a full disk, another process.
    """
    return issue_checked(ws, check_files(ws, files, versions=False), token_pin=token_pin, drafts=drafts, issued=issued)


def issue_checked(
    ws: Workspace,
    reports: Sequence[PlanReport],
    *,
    token_pin: Callable[[], bytes] | None = None,
    drafts: bool = False,
    moved: bool = False,
    issued: Callable[[Issued], None] = lambda _: None,
) -> Outcome:
    """Issues what was checked and has no errors; as :func:`issue_files`. ``moved``: a person says that the PCP whom it
    names is the member's now, whatever the roster still says."""
    ws.require_sender()
    finish_issues(ws)
    desk = _Desk(
        ws, load_register(ws, *(report.plan.member_id for report in reports if report.plan)), token_pin, drafts, moved
    )
    if token_place(ws.paths, "seal") and any(report.plan and not report.errors for report in reports):
        _ = desk.seal  # once and for all plans: a wrong PIN tried for each would lock the token
    done: list[Issued] = []
    refused: list[tuple[str, CpdocsError]] = []
    for report in reports:
        try:
            one = desk.issue(report)
        except (InputFault, AnswerIsNo) as error:
            refused.append((report.name, error))
            continue
        done.append(one)
        issued(one)
    return Outcome(tuple(done), _one_error(refused, len(done)))


def finish_issues(ws: Workspace) -> None:
    """Puts out what an earlier command sealed and recorded but was killed before it could name."""

    def recorded(key: str) -> bool:
        document_id, _, start = key.partition(".")
        record = find_plan(ws.ledger, document_id)
        return record is not None and record.sha256.startswith(start)

    finish(ws.paths.plans, recorded, ws.clock.true_now())


class _Desk:
    """One batch: keys are read once, and only when the first plan is to be sealed."""

    def __init__(
        self, ws: Workspace, register: Register, token_pin: Callable[[], bytes] | None, drafts: bool, moved: bool
    ) -> None:
        self.ws = ws
        self._drafts = drafts
        self._moved = moved
        self._token_pin = token_pin
        self.register = register
        self._sources = PaperSources()

    @cached_property
    def seal(self) -> KeyPair:
        return load_pair(self.ws, "seal", self._token_pin)

    def issue(self, report: PlanReport) -> Issued:
        """Issues one checked plan. Raises AnswerIsNo where the check failed, InputFault where it can't be issued
        now."""
        from cpdocs.signing.field_names import MEANING
        from cpdocs.signing.keyfiles import fingerprint
        from cpdocs.signing.seal import seal_plan

        ws = self.ws
        plan, member = report.plan, report.assignment
        if report.errors or plan is None:
            raise self._refusal(report)
        if member is None:
            raise Defect("A plan passed its check without a live assignment.")
        header = plan.plan
        last = last_version(ws.ledger, plan.member_id, header.program.value)
        transitions.may_issue(header.version, last)
        document_id = derive_document_id(
            ws.id_secret, "plan", plan.member_id, header.program.value, str(header.version)
        )
        practice, pcp = self._office(plan)
        supersedes = last.document_id if last else ""
        paper = self._paper(plan, document_id, member, practice, pcp, supersedes)
        written, form = print_form(ws, paper, drafts=self._drafts)
        rendered, cover = self._render(written)
        sealed = seal_plan(
            rendered.pdf,
            rendered.boxes,
            self.seal,
            document_id=document_id,
            organization=ws.senders.organization.name,
            now=paper.issued_at,
        )
        file, cover_file = (
            f"{practice.practice_id}/{document_id}.pdf",
            f"{practice.practice_id}/{document_id}-cover.pdf",
        )
        data: dict[str, JSON] = {
            "document_id": document_id,
            "member_id": plan.member_id,
            "program": header.program.value,
            "version": header.version,
            "practice_id": practice.practice_id,
            "pcp_npi": plan.pcp_npi,
            "payer": member.plan_name,
            "sha256": ws.blobs.put(sealed),
            "size": len(sealed),
            "pages": rendered.pages,
            "seal_fingerprint": fingerprint(self.seal.certificate),
            "plan_sha256": ws.blobs.put(report.data),
            "cover_sha256": ws.blobs.put(cover.pdf),
            "file": file,
            "cover_file": cover_file,
            "part2": plan.carries_part2,
            "reason": header.reason.value,
            "supersedes": supersedes or None,
            "due_days": ws.senders.payer(member.plan_name).due_days,
            "suffolk": practice.suffolk_holidays,
            "assigned_on": member.assigned_on.isoformat(),
            "consent_until": _consent_until(plan),
            "next_review": plan.plan.next_review.isoformat(),
            **({"consent_form": dict(report.clauses)} if report.clauses else {}),
            "pcp_meaning": MEANING[Slot.PCP],
            "choices": [name for name in CHOICES if getattr(plan.choice, name, False)],
            "discharge": last_discharge(plan),
            "services": len(plan.services),
            "language": form.language,
            "draft_translation": bool(form.catalogue and not form.catalogue.reviewed),
            "large_print": form.large_print,
            "affiliated": sum(service.affiliated is True for service in plan.services),
        }
        moved_from = last.moved_from if last and last.pcp_npi == plan.pcp_npi else ("", "")
        if self._moved:
            moved_from = (member.pcp_npi, member.practice_id)
        if any(moved_from):
            data |= {"moved_from_npi": moved_from[0], "moved_from_practice": moved_from[1]}
        key = stage_key(document_id, str(data["sha256"]))
        stage(ws.paths.plans, key, {file: sealed, cover_file: cover.pdf})
        before = the_plan(ws.ledger, supersedes) if supersedes else None
        stopped = self._stopped(before, plan, document_id)
        try:
            with discarding(ws, stopped):
                self._record(data, member, before, stopped)
        except InputFault:
            discard(ws.paths.plans, key)
            raise
        put_out(ws.paths.plans, key)
        put_out_papers(ws, stopped)
        record = the_plan(ws.ledger, document_id)
        warnings = (*report.warnings, *form.warnings)
        return Issued(report.name, record, ws.paths.plans / file, ws.paths.plans / cover_file, warnings, form)

    def _refusal(self, report: PlanReport) -> CpdocsError:
        """Everything that is wrong with a file, its version too; that one decides the exit status, as it does alone
        (contract §4)."""
        faults = tuple(version_faults(self.ws, report.plan)) if report.plan and report.assignment else ()
        kind = InputFault if faults else AnswerIsNo
        return kind("the check found errors.", problems=(*report.errors, *faults))

    def _stopped(self, last: PlanRecord | None, plan: Plan, document_id: str) -> list[NoticePaper]:
        """The notice to whoever was sent the version before: not to be used any more."""
        if last is None:
            return []
        why = plan.plan.reason_text.strip().rstrip(".") or "The plan was updated"
        paper = stop_paper(
            self.ws, last, f"{why}.", replaced_by=f"version {plan.version}, plan {document_id}, which comes by itself"
        )
        return [paper] if paper else []

    def _record(
        self, data: dict[str, JSON], member: Assignment, before: PlanRecord | None, stopped: Sequence[NoticePaper]
    ) -> None:
        """Decides under the write lock what may have changed while the plan was rendered: the version, the member's
        word, whether the version before was sent."""
        supersedes = before.document_id if before else ""
        subjects = [
            document_subject(str(data["document_id"])),
            member_subject(member.member_id),
            practice_subject(str(data["practice_id"])),
        ]
        if supersedes:
            subjects.append(document_subject(supersedes))
        with self.ws.ledger.write() as tx:
            last = last_version(tx, member.member_id, member.program.value)
            transitions.may_issue(int(str(data["version"])), last)
            if (last.document_id if last else "") != supersedes:
                raise InputFault("another version was issued meanwhile.", todo="Run the command again.")
            _refuse_stopped(tx, member)
            if before is not None:
                same_sending(before, the_plan(tx, supersedes))
            data["sources"] = {**self._sources.of(tx, member, str(data["practice_id"]), str(data["pcp_npi"]), before)}
            (issued,) = tx.append(NewEvent(EventType.PLAN_ISSUED, tuple(subjects), data))
            tx.append(*(stop_event(paper, before, issued.seq) for paper in stopped if before is not None))

    def _paper(
        self, plan: Plan, document_id: str, member: Assignment, practice: Practice, pcp: Clinician, supersedes: str
    ) -> PlanPaper:
        from cpdocs.documents.plan_paper import PlanPaper
        from cpdocs.signing.field_names import MEANING

        return PlanPaper(
            plan=plan,
            document_id=document_id,
            member=member,
            pcp=pcp,
            practice=practice,
            senders=self.ws.senders,
            titles=self.ws.options.plan_titles,
            meanings=MEANING,
            issued_at=self.ws.clock.now(),
            supersedes=supersedes,
            changes=self._changes(plan, supersedes),
            sandbox=self.ws.sandbox,
        )

    def _changes(self, plan: Plan, supersedes: str) -> tuple[str, ...]:
        """What changed since the version that this one takes the place of, for its cover."""
        if not supersedes:
            return ()
        before = the_plan(self.ws.ledger, supersedes)
        found = version_changes(self.ws, self.register, before, plan, self.ws.clock.now())
        return tuple(each.text for each in found)

    def _office(self, plan: Plan) -> tuple[Practice, Clinician]:
        """The practice and the PCP of a plan that passed its check."""
        practice = self.register.directory.practices.get(plan.practice_id)
        rows = self.register.directory.rows_of(plan.pcp_npi)
        pcp = next((row for row in rows if row.practice_id == plan.practice_id), rows[0] if rows else None)
        if practice is None or pcp is None:
            raise Defect("A plan passed its check without its practice or its PCP on record.")
        return practice, pcp

    def _render(self, written: WrittenPlan) -> tuple[Rendered, Rendered]:
        from cpdocs.documents.plans import render_cover, render_written

        shipped, site = self.ws.shipped_templates, self.ws.paths.templates
        rendered = render_written(written, shipped=shipped, site=site)
        most = self.ws.options.max_return_pages
        if rendered.pages > most:
            raise InputFault(
                f"The plan would have {rendered.pages} pages, and a return of more than {most} isn't taken back; "
                "it was not issued.",
                todo="Shorten the plan, or raise max_pages under [intake] in cpdocs.toml.",
            )
        return rendered, render_cover(written.paper, pages=rendered.pages, shipped=shipped, site=site)


def _consent_until(plan: Plan) -> str | None:
    """The last day of the consent behind the plan's Part 2 records; None where it has none, or no such day."""
    consent = plan.part2.consent if plan.carries_part2 else None
    return consent.expires_on.isoformat() if consent and consent.expires_on else None


def _refuse_stopped(source: Reads, member: Assignment) -> None:
    said = enrollment(source.events(subject=member_subject(member.member_id), types=ENROLLMENT_EVENTS))
    stopped = said.stops(member)
    if stopped:
        words = "has declined" if stopped.value == "declined" else "has asked for another Community Partner"
        raise InputFault(
            f"member {last_four(member.member_id)} {words}.",
            todo="`cpdocs member reinstate` records it when they take part again.",
        )


def _one_error(refused: Sequence[tuple[str, CpdocsError]], issued: int) -> CpdocsError | None:
    """One error for everything that wasn't issued; its status is that of the gravest reason."""
    if not refused:
        return None
    problems: list[Problem] = []
    for name, error in refused:
        if error.problems:
            problems.extend(
                Problem(each.code, each.message, f"{name}: {each.place}".rstrip(": "), each.todo)
                for each in error.problems
            )
        else:
            problems.append(Problem("not_issued", error.message, name, error.todo))
    kind = max((error for _, error in refused), key=lambda error: error.exit_status)
    word = (
        "This plan wasn't issued"
        if len(refused) == 1 and not issued
        else f"{counted(len(refused), 'plan')} not issued, {issued} issued"
    )
    return type(kind)(f"{word}.", todo="Mend what is named above and issue those files again.", problems=problems)
