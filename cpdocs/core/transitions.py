"""What may follow what on the road of one plan version (contract §4). Each rule returns, or raises InputFault with the
reason.

Days are compared, not minutes: a fax machine's clock and ours differ, and what a person logs is a day and a rough hour.
"""

from __future__ import annotations

from datetime import date, datetime

from cpdocs.core.clock import eastern_date
from cpdocs.core.plan_record import PlanRecord
from cpdocs.core.verdicts import Evidence, Slot
from cpdocs.errors import AnswerIsNo, InputFault, Problem


def may_issue(version: int, last: PlanRecord | None) -> None:
    """``version`` must be the last issued plus one; the first is 1 (contract §4)."""
    expected = last.version + 1 if last else 1
    if version == expected:
        return
    was = f"version {last.version} ({last.document_id}) is the last issued" if last else "no version was issued yet"
    raise InputFault(
        f"plan.version is {version}, but {was}.", todo=f"Set plan.version to {expected} and issue it again."
    )


def may_send(record: PlanRecord, *, to: str, channel: str, at: datetime, now: datetime) -> None:
    """An open version may be sent as often as needed; the same sending is logged once."""
    _open(record, "sent")
    _not_before_issue(record, at, now, "sent")
    if any((sending.to, sending.channel, sending.at) == (to, channel, at) for sending in record.sendings):
        raise InputFault(f"{record.document_id}: this very sending is already logged; nothing was changed.")


def may_receive(record: PlanRecord, *, at: datetime, now: datetime) -> None:
    """Receipt starts the clock, once, and not before the version was issued or first sent."""
    _open(record, "received")
    if record.received_at:
        logged = _said(record.received_at)
        raise InputFault(
            f"{record.document_id}: receipt is already logged ({logged}); the clock keeps it and nothing was changed.",
            todo="Where that was wrong, say so: --corrects --reason WHY.",
        )
    if record.returned:
        raise InputFault(
            f"{record.document_id} was returned with comments; its clock has stopped.",
            todo="Issue a corrected version.",
        )
    _receipt_fits(record, at, now)


def may_correct_receipt(record: PlanRecord, *, at: datetime | None, now: datetime) -> None:
    """A receipt that is logged may be corrected at any time, also of a closed version: what was true doesn't change by
    that.

    ``at`` is None where the version was never received. The true receipt lies between issue and whatever came back for
    it.
    """
    if record.received_at is None:
        raise InputFault(
            f"{record.document_id}: no receipt is logged, so there is none to correct.",
            todo="Log it without --corrects.",
        )
    if at is None:
        return
    if at == record.received_at:
        raise InputFault(f"{record.document_id}: that is the receipt that is logged; nothing was changed.")
    _receipt_fits(record, at, now)
    approval = record.fills.get(Slot.PCP)
    for came_back, what in (
        (record.returned and record.returned.at, "returned"),
        (approval and approval.received_at, "approved by the PCP"),
    ):
        if came_back and eastern_date(at) > eastern_date(came_back):
            raise InputFault(
                f"{record.document_id}: received after it was {what} ({_said(came_back)}).", todo="Check --at."
            )


def _receipt_fits(record: PlanRecord, at: datetime, now: datetime) -> None:
    _not_before_issue(record, at, now, "received")
    if record.sent_at and eastern_date(at) < eastern_date(record.sent_at):
        raise InputFault(
            f"{record.document_id}: received before it was sent ({_said(record.sent_at)}).", todo="Check --at."
        )


def may_return(record: PlanRecord, *, at: datetime, now: datetime) -> None:
    """A practice returns an open version with comments once, and not after approving it."""
    _open(record, "returned")
    if record.returned:
        raise InputFault(f"{record.document_id}: already returned ({_said(record.returned.at)}); nothing was changed.")
    if Slot.PCP in record.fills:
        raise InputFault(
            f"{record.document_id}: the PCP's approval is in; it can't be returned too.",
            todo="Issue a new version, or withdraw this one.",
        )
    _not_before_issue(record, at, now, "returned")
    if record.received_at and eastern_date(at) < eastern_date(record.received_at):
        raise InputFault(
            f"{record.document_id}: returned before it was received ({_said(record.received_at)}).", todo="Check --at."
        )


def may_withdraw(record: PlanRecord) -> None:
    """Any open version may be withdrawn, in the chart or not: what is there is then recalled (contract §9)."""
    _open(record, "withdrawn")


def may_fill(record: PlanRecord, slot: Slot, *, on: date, now: datetime) -> None:
    """A person records an approval of an open version whose slot is empty, on a day from its issue to today."""
    _open(record, "approved")
    if slot in record.fills:
        evidence = record.fills[slot].evidence.value.replace("_", " ")
        raise InputFault(
            f"{record.document_id}: the {slot.value} slot is already filled ({evidence}); nothing was changed."
        )
    if record.returned:
        raise InputFault(
            f"{record.document_id} was returned with comments; it can't be approved.", todo="Issue a corrected version."
        )
    _day_on_the_road(record, on, now, "approved")


def may_give_copy(record: PlanRecord, *, on: date, now: datetime) -> None:
    """A copy of a version is given on a day from its issue to today; a withdrawn version is given to nobody."""
    if record.withdrawn:
        raise InputFault(f"{record.document_id} was withdrawn ({_said(record.withdrawn.at)}); no copy of it is given.")
    _day_on_the_road(record, on, now, "given as a copy")


def may_end_consent(record: PlanRecord, *, on: date, now: datetime) -> None:
    """A consent behind Part 2 records ends once, on a day that isn't ahead."""
    if not record.part2:
        raise InputFault(f"{record.document_id} carries no Part 2 records; no consent stands behind it.")
    if record.consent_ended:
        when = record.consent_ended.on.isoformat()
        raise InputFault(f"{record.document_id}: the consent's end is on record already ({when}).")
    _not_in_future(record, on, now)


def may_empty(record: PlanRecord, slot: Slot) -> None:
    """An approval that a person recorded by mistake is taken back; a digital signature that stands never is (contract
    §8). Raises InputFault, AnswerIsNo."""
    _open(record, "unapproved")
    fill = record.fills.get(slot)
    if fill is None:
        raise InputFault(f"{record.document_id}: the {slot.value} slot is empty; nothing was changed.")
    if fill.evidence in (Evidence.DIGITAL_SIGNATURE, Evidence.WITNESSED_SIGNATURE):
        raise AnswerIsNo(
            f"{record.document_id}: the {slot.value} slot holds a digital signature, which stands.",
            todo="Withdraw the version with `cpdocs plan withdraw`, or issue a new one.",
        )


def must_take_part(record: PlanRecord, ended: str) -> None:
    """Nobody approves for a member who left the program or died. ``ended`` is what is on record, empty where nothing
    is.

    Raises AnswerIsNo.
    """
    if ended:
        raise AnswerIsNo(
            f"{record.document_id}: by our record the member no longer takes part; nothing was recorded.",
            problems=[Problem("member_not_enrolled", f"on record as {ended.replace('_', ' ')}.")],
            todo=(
                "Where the roster is wrong, import a mended one; otherwise withdraw the plan with `cpdocs plan "
                "withdraw`."
            ),
        )


def may_refuse(record: PlanRecord, slot: Slot, *, on: date, now: datetime) -> None:
    """A member may refuse an open version until they have approved it; each further attempt is recorded."""
    _open(record, "refused")
    if slot in record.fills:
        raise InputFault(
            f"{record.document_id}: the {slot.value} slot is already filled.", todo="Withdraw the version instead."
        )
    if record.refusal and record.refusal.on == on:
        raise InputFault(
            f"{record.document_id}: the refusal of {on.isoformat()} is already recorded; nothing was changed."
        )
    _day_on_the_road(record, on, now, "refused")


def may_confirm(record: PlanRecord, *, at: datetime, now: datetime) -> None:
    """Only a filed version is confirmed in the chart, once; a successor doesn't unmake what was uploaded."""
    if record.filing is None:
        raise InputFault(
            f"{record.document_id} isn't filed yet; there is nothing to confirm.",
            todo=f"cpdocs file {record.document_id}",
        )
    if record.uploaded:
        raise InputFault(f"{record.document_id}: already confirmed ({_said(record.uploaded.at)}); nothing was changed.")
    if eastern_date(at) < eastern_date(record.filing.at):
        raise InputFault(
            f"{record.document_id}: confirmed before its package was built ({_said(record.filing.at)}).",
            todo="Check --at.",
        )
    _not_in_future(record, eastern_date(at), now)


def _open(record: PlanRecord, verb: str) -> None:
    if record.withdrawn:
        raise InputFault(f"{record.document_id} was withdrawn ({_said(record.withdrawn.at)}); it can't be {verb}.")
    if record.superseded_by:
        raise InputFault(
            f"{record.document_id} is superseded by {record.superseded_by}; it can't be {verb}.",
            todo="An approval never carries over: use the new version.",
        )


def _not_before_issue(record: PlanRecord, at: datetime, now: datetime, verb: str) -> None:
    _day_on_the_road(record, eastern_date(at), now, verb)


def _day_on_the_road(record: PlanRecord, on: date, now: datetime, verb: str) -> None:
    issued = eastern_date(record.issued_at)
    if on < issued:
        raise InputFault(
            f"{record.document_id}: {verb} on {on}, before it was issued on {issued}.", todo="Check the date."
        )
    _not_in_future(record, on, now)


def _not_in_future(record: PlanRecord, on: date, now: datetime) -> None:
    if on > eastern_date(now):
        raise InputFault(
            f"{record.document_id}: {on} is in the future.", todo="Log what has happened, when it has happened."
        )


def _said(moment: datetime) -> str:
    return eastern_date(moment).isoformat()
