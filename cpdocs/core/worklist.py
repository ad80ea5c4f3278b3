"""What waits for somebody (contract §10): the kinds of it, for whom each waits, and what is to be done next, in words
with the command spelled out.

Dates are Massachusetts dates. What is asked of whom follows documents.md §7 and requirements X1 (review within twelve
months), X2 (a face-to-face attempt within three months) and D1 (a plan for every member).
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from cpdocs.core.clock import eastern_date
from cpdocs.core.moments import eastern_text

REVIEW_AHEAD = timedelta(days=60)
"""How long before its day a review is on the list."""
CONSENT_AHEAD = timedelta(days=30)
"""How long before its last day a Part 2 consent is on the list."""
SIGNER_AHEAD = timedelta(days=30)
"""How long before its day a change of who signs is on the list."""
VISIT_AHEAD = timedelta(days=30)
"""How long before its day a first visit is on the list."""

ACKNOWLEDGED_WITHIN = timedelta(days=1)
"""How long what was handed over may wait for its acknowledgement before somebody asks."""


class Kind(StrEnum):
    """What waits (contract §10)."""

    MEMBER_SIGNATURE = "member_signature"
    PCP_SIGNATURE = "pcp_signature"
    RETURNED = "returned"
    HELD_PART = "held_part"
    REPLY_SLIP = "reply_slip"
    CALL_WANTED = "call_wanted"
    COMMENTS = "comments"
    REFUSAL_RETRY = "refusal_retry"
    UNSENT = "unsent"
    NOTICE_TO_SEND = "notice_to_send"
    REVIEW_DUE = "review_due"
    PLAN_MISSING = "plan_missing"
    FIRST_VISIT_DUE = "first_visit_due"
    HOME_VISIT_DUE = "home_visit_due"
    MEDICATIONS_UNSENT = "medications_unsent"
    PCP_CHANGED = "pcp_changed"
    PRACTICE_CHANGED = "practice_changed"
    MEMBER_ENDED = "member_ended"
    SIGNER_CHANGED = "signer_changed"
    CONSENT_ENDING = "consent_ending"
    FILING_HELD = "filing_held"
    DELIVERY_UNSURE = "delivery_unsure"
    DELIVERY_HELD = "delivery_held"
    CHART_CONFIRM = "chart_confirm"
    LETTERS_HELD = "letters_held"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits, as the record tells it. ``since`` and ``due_on`` are ISO 8601 (empty: no day is set);
    ``about`` names what isn't a plan: a held file, a run of letters, a delivery's target; of a home visit it is the
    moment by which it is due. Names are empty where they
    aren't known."""

    kind: Kind
    since: str
    due_on: str = ""
    document_id: str = ""
    member_id: str = ""
    member: str = ""
    program: str = ""
    coordinator: str = ""
    practice_id: str = ""
    key_contact: str = ""
    about: str = ""

    @property
    def waits_for(self) -> str:
        """Whose turn it is: a person's name where it is known, else the part they have."""
        if self.kind in _COORDINATORS:
            return self.coordinator or "the coordinator"
        if self.kind is Kind.PCP_SIGNATURE:
            return self.key_contact or f"practice {self.practice_id}"
        return _WAITS_FOR[self.kind]

    @property
    def what_to_do(self) -> str:
        """The next step, with its command."""
        return _NEXT[self.kind].format(
            id=self.document_id,
            about=self.about,
            contact=_argument(self.key_contact or "NAME"),
            program=self.program,
            due=self.due_on,
            moment=eastern_text(self.due_at) if self.due_at else self.due_on,
        )

    @property
    def due_at(self) -> datetime | None:
        """The moment at which it is due, where hours count and not days."""
        return datetime.fromisoformat(self.about) if self.kind is Kind.HOME_VISIT_DUE else None

    def is_late(self, now: datetime) -> bool:
        """Whether its day, or its hour, is over at that moment (aware)."""
        if self.due_at:
            return now > self.due_at
        return bool(self.due_on) and date.fromisoformat(self.due_on) < eastern_date(now)


_COORDINATORS = frozenset(
    {
        *(Kind.MEMBER_SIGNATURE, Kind.COMMENTS, Kind.REFUSAL_RETRY, Kind.REVIEW_DUE, Kind.PLAN_MISSING),
        *(Kind.FIRST_VISIT_DUE, Kind.HOME_VISIT_DUE, Kind.PCP_CHANGED, Kind.PRACTICE_CHANGED, Kind.MEMBER_ENDED),
        Kind.CALL_WANTED,
        Kind.CONSENT_ENDING,
        Kind.SIGNER_CHANGED,
    }
)
_WAITS_FOR = {
    Kind.RETURNED: "a reviewer",
    Kind.HELD_PART: "a reviewer",
    Kind.REPLY_SLIP: "a reviewer",
    Kind.UNSENT: "the mailroom",
    Kind.MEDICATIONS_UNSENT: "the mailroom",
    Kind.NOTICE_TO_SEND: "the mailroom",
    Kind.FILING_HELD: "the mailroom",
    Kind.DELIVERY_UNSURE: "the mailroom",
    Kind.DELIVERY_HELD: "the mailroom",
    Kind.CHART_CONFIRM: "the mailroom",
    Kind.LETTERS_HELD: "a reviewer",
}
_NEXT = {
    Kind.MEMBER_SIGNATURE: (
        "See the member: `cpdocs sign FILE --slot member --in-person --witness NAME` at a visit, or "
        "`cpdocs plan approve {id} --slot member --how HOW --on DATE --by NAME`."
    ),
    Kind.PCP_SIGNATURE: "Ask the practice, then log it: `cpdocs call {id} --to {contact} --note TEXT`.",
    Kind.RETURNED: "Something came back for it: `cpdocs held show {about}`.",
    Kind.HELD_PART: "Nobody knows yet what it belongs to: `cpdocs held show {about}`.",
    Kind.REPLY_SLIP: (
        "A member sent a letter's reply slip back, and gets no letter until it is read: `cpdocs held show {about}`."
    ),
    Kind.CALL_WANTED: (
        "The member asks for a call, by the slip of letter {id}: call, then "
        "`cpdocs member attempt --kind telephone --on DATE --outcome OUTCOME --by NAME`."
    ),
    Kind.COMMENTS: "Answer the comments in a new version: `cpdocs plan show {id}`, then `cpdocs plan issue FILE`.",
    Kind.REFUSAL_RETRY: (
        "Offer it again, as was agreed: `cpdocs plan approve {id} --slot member --how HOW --on DATE --by NAME`, or "
        "`cpdocs plan refuse {id} --slot member --offered TEXT --language L --reason R --on DATE --by NAME`."
    ),
    Kind.UNSENT: (
        "Send it: `cpdocs plan send {id}`; or carry it and log that: "
        "`cpdocs plan sent {id} --to {contact} --channel CHANNEL --at TIME`."
    ),
    Kind.NOTICE_TO_SEND: (
        "Print it and send it, then log it: `cpdocs notices sent {about} --to NAME --channel CHANNEL --at TIME`; "
        "`cpdocs notices list` says where it lies."
    ),
    Kind.REVIEW_DUE: (
        "Review the plan by {due} and issue the next version: `cpdocs plan draft --program {program} -o FILE`, then "
        "`cpdocs plan issue FILE`."
    ),
    Kind.PLAN_MISSING: (
        "Write the {program} plan: `cpdocs plan draft --program {program} -o FILE`, then `cpdocs plan issue FILE`."
    ),
    Kind.FIRST_VISIT_DUE: (
        "Try to meet the member face to face by {due}, then record it: "
        "`cpdocs member attempt --kind face_to_face --on DATE --outcome OUTCOME --by NAME`."
    ),
    Kind.HOME_VISIT_DUE: (
        "Visit the member at home by {moment}, 72 hours after the discharge, and put out the list of medicines: "
        "`cpdocs medications FILE`. If they weren't discharged: "
        "`cpdocs member discharged --never --reason WHY --by NAME`."
    ),
    Kind.MEDICATIONS_UNSENT: (
        "Send the list of medicines to the PCP: `cpdocs plan send {id}`; or carry it and log that: "
        "`cpdocs plan sent {id} --to {contact} --channel CHANNEL --at TIME`."
    ),
    Kind.PCP_CHANGED: (
        "The PCP that this version names isn't the member's any more, or is inactive: issue a version for the new one: "
        "`cpdocs plan transfer {id} --to-npi NPI --reason TEXT`."
    ),
    Kind.PRACTICE_CHANGED: (
        "The member or the PCP moved to another practice: issue a version for it: "
        "`cpdocs plan transfer {id} --to-npi NPI --practice ID --reason TEXT`."
    ),
    Kind.MEMBER_ENDED: "The member doesn't take part any more: `cpdocs plan withdraw {id} --reason TEXT`.",
    Kind.SIGNER_CHANGED: (
        "Who signs for the member changes on {due} (their 18th birthday, or a guardianship): talk with them, and issue "
        "a version that names who signs: `cpdocs plan draft --program {program}`, `cpdocs plan issue FILE`."
    ),
    Kind.CONSENT_ENDING: (
        "The consent to disclose its Part 2 records ends or has ended: get a new one, or take those items out, and "
        "issue a new version (`cpdocs plan issue FILE`)."
    ),
    Kind.FILING_HELD: "See why it isn't filed, mend that, file it: `cpdocs plan show {id}`, `cpdocs file {id}`.",
    Kind.DELIVERY_UNSURE: (
        "Ask {about} whether it arrived. If it didn't: `cpdocs deliver retry {id} --target {about}`; if it did: "
        "`cpdocs file confirm {id} --by NAME --at TIME`, or "
        "`cpdocs deliver give-up {id} --target {about} --reason TEXT`."
    ),
    Kind.DELIVERY_HELD: (
        "See what {about} said: `cpdocs deliver list --state held`. Mend that, then "
        "`cpdocs deliver retry {id} --target {about}`; or carry it there: "
        "`cpdocs deliver give-up {id} --target {about} --reason TEXT`."
    ),
    Kind.CHART_CONFIRM: "Look whether it is in the chart: `cpdocs file confirm {id} --by NAME --at TIME`.",
    Kind.LETTERS_HELD: (
        "Letters of run {about} are held: `cpdocs letters hold list`; where `cpdocs letters show {about}` says another "
        "kind than assignment, with --kind."
    ),
}


def _argument(text: str) -> str:
    """A name as one argument of a command that is typed: in double quotes, where a shell takes nothing in it for its
    own."""
    return shlex.quote(text) if any(sign in '"$`\\!' for sign in text) else f'"{text}"'


def days_ahead(on: date, ahead: timedelta) -> str:
    """The last day that is on the list on ``on`` where things are on it ``ahead`` of their day."""
    return (on + ahead).isoformat()
