"""What a person read on a letter's reply slip, recorded: the member's decline, wish for another Community Partner, or
wish to be called (contract §8). What its ticks seem to say is shown, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.enrollment import Choice
from cpdocs.core.events import NewEvent
from cpdocs.core.issued import IssuedLetter
from cpdocs.core.page_facts import PageKind
from cpdocs.core.people import Role
from cpdocs.core.reply_slips import Answer
from cpdocs.core.review_queue import Item
from cpdocs.core.verdicts import Verdict
from cpdocs.errors import AnswerIsNo, InputFault, UsageFault, required_reason, required_text
from cpdocs.members.choices import record_choice
from cpdocs.people import people
from cpdocs.returns.held import finish_item, still_waiting
from cpdocs.returns.issued_letters import issued_letter
from cpdocs.returns.records import the_part
from cpdocs.returns.review_queue import find_held
from cpdocs.returns.settled import resolved

if TYPE_CHECKING:
    from cpdocs.ledger.transaction import Transaction
    from cpdocs.workspace import Workspace

_CHOICES = {Answer.DECLINE: Choice.DECLINED, Answer.CHANGE_CP: Choice.CHANGED_CP}


def record_answer(
    ws: Workspace,
    which: str,
    answer: Answer,
    *,
    by: str,
    reason: str,
    secret: people.Secret,
    said_on: date | None = None,
) -> Item:
    """A reviewer records what a held reply slip says, read by ``by``: the member's decline or wish for another partner,
    with all that follows from it, or their wish for a call. ``said_on`` is the day that is written on it (None: none
    is, and the day on which it came counts).

    Raises:
        UsageFault: something is missing.
        InputFault: it isn't held or is no slip, or the member's record doesn't let it be said.
        AnswerIsNo: it is about an assignment that isn't the member's current one, or the member has died.
    """
    reason = required_reason(reason)
    by = required_text(by, "Whoever reads a slip must be known.", "Say with --by who read it.")
    if answer is Answer.UNSURE:
        raise UsageFault("What does the slip say?", todo="Look at it; if nobody can tell, ask the member and close it.")
    people.require(ws, Role.REVIEWER, secret)
    item = find_held(ws, which)
    letter = issued_letter(ws, item.document_id) if item.kind is PageKind.REPLY_SLIP else None
    if letter is None:
        raise UsageFault("That is no reply slip.", todo="Leave out --answer; attest it with --slot, or close it.")
    received = eastern_date(item.first.received_at)
    if said_on is not None and said_on > received:
        raise InputFault(f"The slip is dated {said_on}, after it was received.", todo="Read the date again.")
    _may_be_recorded(letter, answer)

    def ended(tx: Transaction) -> Iterable[NewEvent]:
        for part in item.parts:
            record = the_part(tx, part)
            still_waiting(record)
            yield resolved(record, letter.document_id, Verdict.ACCEPTED.value, reason, (), by=by, answer=answer.value)

    if answer in _CHOICES:
        record_choice(
            ws,
            letter.member_id,
            _CHOICES[answer],
            on=said_on or received,
            how=f"reply slip of letter {letter.document_id}",
            by=by,
            program=letter.program,
            also=ended,
        )
    else:
        with ws.ledger.write() as tx:
            tx.append(*ended(tx))
    return finish_item(ws, item)


def _may_be_recorded(letter: IssuedLetter, answer: Answer) -> None:
    if letter.stands == "deceased":
        raise AnswerIsNo(
            "By our record the member has died; nothing was recorded.",
            todo="Close it with `cpdocs held close`. A record that is wrong is mended with `cpdocs member correct`.",
        )
    if letter.stands == "replaced" and answer is not Answer.CALL:
        raise AnswerIsNo(
            "The slip's letter is about an assignment that isn't the member's current one; nothing was recorded.",
            todo=(
                "Ask the member which partner was meant, record that with `cpdocs member decline` or `change-cp`, and "
                "close the slip."
            ),
        )
