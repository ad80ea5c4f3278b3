"""What a notice about a returned file may say: what is true when it is written, in words for an office (contract §8).

Never "sign again" where nothing is open, never a remedy that can't work, never a parser's or a field's name: the
detail of a finding is for our own reviewers, but for the few kinds whose detail is written for people. Wherever a
digital way failed, paper is offered: a payer takes it too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cpdocs.core.findings import FINDINGS, OFFERS_PAPER
from cpdocs.core.moments import moment_text
from cpdocs.core.plan_record import PlanRecord
from cpdocs.core.return_record import RETURNED, ReturnRecord
from cpdocs.core.review_queue import Item, items
from cpdocs.core.verdicts import Finding, Lane, Slot, Verdict

PRINT_SIGN_FAX = (
    "You may also print the plan that we sent, sign it with a pen, and fax or scan every page to us: that counts too."
)
_DIGITAL = frozenset({Lane.DIGITAL, Lane.DAMAGED, Lane.ESIGN_SERVICE, Lane.UNMATCHED})
"""Lanes by which something else than paper came."""
_FOR_PEOPLE = frozenset(
    {"pages_missing", "page_not_drawn", "drawn_on", "comments", "picture_added"}
    | {"clinician_inactive", "designation_expired"}
)
"""Findings whose detail is a page number or a day."""
_TO_OFFICES: Mapping[str, str] = {
    "ink_scan": "A person here reads the signatures and their dates. You need do nothing unless we call.",
    "active_content": "Send it without them: print the signed plan and scan or fax every page.",
    "resource_limit": "Send it again as a new scan or fax, or call us.",
    "content_differs": "A person here compares the pages. You need do nothing unless we call.",
    "not_the_whole_plan": "To approve, send the whole plan, signed, with every page.",
    "member_identity_unproven": "Nothing to do for the practice: we ask the member.",
    "not_witnessed": "Nothing to do for the practice: we ask whoever was at the visit.",
    "reason_differs": "Call us and say what the signature is meant to say.",
    "clinician_in_member_slot": "The member, or who acts for the member, must approve there; call us if it was a slip.",
}
"""What to do, of findings whose own advice is for our reviewers."""
_NO_SIGNING = frozenset({"comments", "active_content", "wrong_return_folder", "pcp_changed", "member_not_enrolled"})
"""What no signature, digital or with a pen, would mend."""
_WEIGHT = {
    Verdict.ACCEPTED: (Verdict.ACCEPTED,),
    Verdict.HELD: (Verdict.HELD,),
    Verdict.REJECTED: (Verdict.REJECTED, Verdict.HELD),
}


def open_slots(plan: PlanRecord) -> tuple[Slot, ...]:
    """The approvals that are still wanted; none of a version that is closed or on hold."""
    if plan.closed or plan.on_hold:
        return ()
    return tuple(slot for slot in Slot if slot not in plan.fills)


def still_open(plan: PlanRecord) -> str:
    """What is wanted beyond what came, of whom; empty where every approval is there."""
    if Slot.PCP in open_slots(plan):
        return (
            "The PCP's approval is still open: the PCP or a designee signs the plan with a digital ID, or on paper "
            "that you fax or scan to us."
        )
    if Slot.MEMBER in open_slots(plan):
        return "The member's approval is still open: we ask the member for it."
    return ""


def sentences(record: ReturnRecord, plan: PlanRecord) -> tuple[str, ...]:
    """Why the file wasn't accepted, or what there is to say of one that was; and what to do where something is open."""
    decision, resolution = record.decision, record.resolution
    assert decision is not None
    told: tuple[str, ...]
    if resolution:
        if resolution.accepted:
            return ()
        if resolution.decision == RETURNED:
            return (
                "We recorded your comments as your return of this plan; nothing needs to be signed until we answer.",
            )
        told = (f"{resolution.reason.rstrip('.')}.", "Call us if you think that this is a mistake.")
    else:
        said = [each for each in decision.findings if each.severity in _WEIGHT[decision.verdict]]
        if "picture_added" in decision.codes:
            # It says both: what becomes of a comment, and what to do where a signature was meant.
            said = [each for each in said if each.code != "comments"]
        told = tuple(map(_plain, said))
    wanted = bool(open_slots(plan)) and not _NO_SIGNING & set(decision.codes)
    if wanted and decision.lane in _DIGITAL and record.verdict is not Verdict.ACCEPTED:
        if OFFERS_PAPER & {each.code for each in decision.findings}:
            return told
        return (*told, PRINT_SIGN_FAX)
    return told


def day_kind(parts: Sequence[ReturnRecord], plan: PlanRecord) -> str:
    """Which letter is true of all that came in one day about a plan, by the name of its template: an office is asked to
    send again only what is still open, and while nothing of it is being looked at."""
    verdicts = {part.verdict for part in parts}
    if Verdict.ACCEPTED in verdicts and not (plan.closed or plan.returned):
        return "accepted"
    if nothing_wanted(plan):
        return "nothing_wanted"
    return "held" if Verdict.HELD in verdicts else "resend"


_LEADING = {"accepted": Verdict.ACCEPTED, "held": Verdict.HELD, "resend": Verdict.REJECTED}


def day_sentences(parts: Sequence[ReturnRecord], plan: PlanRecord) -> tuple[str, ...]:
    """What there is to say of all that came in one day about a plan: of what decides which letter it is, then of the
    rest, as long as something is open."""
    kind = day_kind(parts, plan)
    if kind == "nothing_wanted":
        return (nothing_wanted(plan),)
    leading = [part for part in parts if part.verdict is _LEADING[kind]]
    told = [said for item in items(leading) for said in _of_item(item, plan)]
    for part in parts if open_slots(plan) else ():
        when = moment_text(part.received_at)
        if part.verdict is _LEADING[kind]:
            continue
        if part.verdict is Verdict.HELD:
            told.append(f"What came on {when} must be looked at by a person first.")
        else:
            told += [f"What came on {when} can't be counted.", *sentences(part, plan)]
    return tuple(dict.fromkeys(told))


def _of_item(item: Item, plan: PlanRecord) -> tuple[str, ...]:
    last = item.parts[-1]
    if last.decision is None or last.resolution:
        return tuple(said for part in item.parts for said in sentences(part, plan))
    return sentences(replace(last, decision=replace(last.decision, findings=item.findings)), plan)


def nothing_wanted(plan: PlanRecord) -> str:
    """Why nothing is asked of the practice any more; empty where something is open."""
    if open_slots(plan):
        return ""
    if plan.closed == "superseded":
        return "A newer version of this plan has been issued since; nothing needs to be signed on this one."
    if plan.closed:
        return "This plan was withdrawn; nothing needs to be signed."
    if plan.on_hold == "returned":
        return "This plan went back to us with comments; nothing needs to be signed until we answer."
    if plan.on_hold and not plan.complete:
        return "This plan is on hold; nothing needs to be signed until you hear from us."
    return "We have every approval of this plan; nothing needs to be signed or sent again."


def _plain(found: Finding) -> str:
    kind = FINDINGS.get(found.code)
    if kind is None or found.code in _FOR_PEOPLE:
        return found.message
    return f"{kind.message} {_TO_OFFICES.get(found.code, kind.todo)}".strip()
