"""The work list as the desk shows it: the rows of ``cpdocs todo``, in groups by urgency, each with the way to where it
is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.ids import last_four
from cpdocs.core.worklist import Kind, Waiting
from cpdocs.desk import words
from cpdocs.index.queries import Page, PracticeContact, practices_of
from cpdocs.index.waiting import Tally, WorkFilter
from cpdocs.worklist.todo import tallies, todo

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

WEEK = timedelta(days=7)

TO_DO: Mapping[Kind, str] = {
    Kind.MEMBER_SIGNATURE: "Get the member's approval",
    Kind.PCP_SIGNATURE: "Ask for the PCP's signature",
    Kind.RETURNED: "Review what came back",
    Kind.HELD_PART: "Find out what this page is",
    Kind.REPLY_SLIP: "Read the member's reply slip",
    Kind.CALL_WANTED: "Call the member, who asked for it",
    Kind.COMMENTS: "Answer the practice's comments",
    Kind.REFUSAL_RETRY: "Offer it to the member again",
    Kind.UNSENT: "Send it to the practice",
    Kind.NOTICE_TO_SEND: "Send a notice",
    Kind.REVIEW_DUE: "Review the plan",
    Kind.PLAN_MISSING: "Write the plan",
    Kind.FIRST_VISIT_DUE: "Meet the member face to face",
    Kind.HOME_VISIT_DUE: "Visit the member at home",
    Kind.MEDICATIONS_UNSENT: "Send the list of medicines",
    Kind.PCP_CHANGED: "Issue it for the new PCP",
    Kind.PRACTICE_CHANGED: "Issue it for the new practice",
    Kind.MEMBER_ENDED: "Withdraw it: the member left",
    Kind.CONSENT_ENDING: "Renew the Part 2 consent",
    Kind.SIGNER_CHANGED: "Issue it for who signs now",
    Kind.FILING_HELD: "See why it isn't filed",
    Kind.DELIVERY_UNSURE: "Ask whether it arrived",
    Kind.DELIVERY_HELD: "See why it isn't delivered",
    Kind.CHART_CONFIRM: "Confirm it in the chart",
    Kind.LETTERS_HELD: "Decide on held letters",
}
"""What is to be done, as the link says it."""

CAME = (Kind.RETURNED, Kind.HELD_PART, Kind.REPLY_SLIP, Kind.COMMENTS)
CHANGED = (Kind.PCP_CHANGED, Kind.PRACTICE_CHANGED, Kind.MEMBER_ENDED)
DATED = tuple(kind for kind in Kind if kind not in (*CAME, *CHANGED))


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that waits: ``what`` is to be done at ``address`` (empty: at the member's, found by ``member_id``).
    ``left`` is the days to ``due``, None where there is no day."""

    kind: Kind
    what: str
    address: str
    member: str
    member_id: str
    about: str
    waits_for: str
    contact: str
    since: str
    waited: str
    due: str
    left: int | None

    @property
    def tone(self) -> str:
        """How pressing its day is: ``late``, ``soon`` or plain."""
        if self.left is None:
            return ""
        return "late" if self.left < 0 else "soon" if self.left <= 1 else "plain"

    @property
    def tag(self) -> str:
        """Its day in words, seen from today."""
        if self.left is None:
            return ""
        if self.left < 0:
            return f"{words.counted(-self.left, 'day')} late"
        return {0: "due today", 1: "due tomorrow"}.get(self.left, f"{self.left} days left")


@dataclass(frozen=True, slots=True)
class Group:
    """What is alike urgent: its first rows, and how many there are (``total``)."""

    name: str
    title: str
    tone: str
    rows: Sequence[Row]
    total: int


def groups_of(on: date, wanted: WorkFilter) -> Mapping[str, tuple[str, str, WorkFilter]]:
    """The groups by urgency: title, tone, and what belongs there of what is wanted."""
    day = timedelta(days=1)

    def only(kinds: Iterable[Kind], due_from: str = "", due_until: str = "", *, undated: bool = False) -> WorkFilter:
        chosen = tuple(kind for kind in kinds if not wanted.kinds or kind in wanted.kinds)
        return replace(wanted, kinds=chosen, due_from=due_from, due_until=due_until, undated=undated)

    return {
        "overdue": ("Overdue", "late", only(DATED, due_until=(on - day).isoformat())),
        "came": ("Came back, to decide", "came", only(CAME)),
        "week": ("Due within a week", "soon", only(DATED, on.isoformat(), (on + WEEK).isoformat())),
        "changed": ("Changed on the record", "", only(CHANGED)),
        "later": ("Later, or without a day", "", only(DATED, (on + WEEK + day).isoformat(), undated=True)),
    }


def tallies_of(ws: Workspace, wanted: WorkFilter) -> dict[Kind, Tally]:
    """How much of each kind is wanted, late and within the week told apart."""
    return tallies(ws, wanted, eastern_date(ws.clock.now()) + WEEK)


def _total(name: str, kinds: Iterable[Kind], counted: Mapping[Kind, Tally]) -> int:
    """How many rows a group has."""
    found = [counted[kind] for kind in kinds if kind in counted]
    if name == "overdue":
        return sum(each.late for each in found)
    if name == "week":
        return sum(each.soon for each in found)
    if name == "later":
        return sum(each.total - each.late - each.soon for each in found)
    return sum(each.total for each in found)


def group(ws: Workspace, name: str, wanted: WorkFilter, counted: Mapping[Kind, Tally], page: Page) -> Group:
    """One group by its name, with a page of its rows; ``counted`` is how much there is. Raises KeyError for another
    name."""
    on = eastern_date(ws.clock.now())
    title, tone, mine = groups_of(on, wanted)[name]
    total = _total(name, mine.kinds, counted)
    # Kinds of which nothing waits needn't be looked through again.
    there = replace(mine, kinds=tuple(kind for kind in mine.kinds if kind in counted))
    found = todo(ws, there, page) if total and there.kinds else []
    return Group(name, title, tone, rows(ws, found, on) if found else (), total)


def groups(ws: Workspace, wanted: WorkFilter, counted: Mapping[Kind, Tally], each: int) -> list[Group]:
    """Every group that has something in it, the most pressing first, with its ``each`` oldest rows."""
    on = eastern_date(ws.clock.now())
    return [found for name in groups_of(on, wanted) if (found := group(ws, name, wanted, counted, Page(each))).total]


def rows(ws: Workspace, items: Sequence[Waiting], on: date) -> list[Row]:
    """What waits, as rows."""
    known = practices_of(ws.index, (item.practice_id for item in items if item.practice_id))
    return [_row(item, known.get(item.practice_id), on) for item in items]


def _row(item: Waiting, practice: PracticeContact | None, on: date) -> Row:
    since = words.as_date(item.since)
    due = words.as_date(item.due_on)
    at_practice = item.kind is Kind.PCP_SIGNATURE and practice is not None
    return Row(
        kind=item.kind,
        what=TO_DO[item.kind],
        address=_address(item),
        member=item.member,
        member_id=item.member_id,
        about=" · ".join(filter(None, (last_four(item.member_id) if item.member_id else "", item.program))),
        waits_for=practice.name if at_practice and practice else item.waits_for,
        contact=_contact(item, practice),
        since=words.day(since),
        waited=_waited(since, on),
        due=words.day(due),
        left=(due - on).days if due else None,
    )


def _contact(item: Waiting, practice: PracticeContact | None) -> str:
    if practice is None:
        return ""
    if item.kind is Kind.PCP_SIGNATURE:
        return " · ".join(filter(None, (practice.key_contact, practice.phone)))
    return practice.name


def _waited(since: date | None, on: date) -> str:
    days = (on - since).days if since else 0
    return words.counted(days, "day") if days > 0 else ""


def _address(item: Waiting) -> str:
    if item.kind in (Kind.RETURNED, Kind.HELD_PART, Kind.REPLY_SLIP):
        return f"/review/{item.about}"
    if item.kind in (Kind.CALL_WANTED, Kind.MEDICATIONS_UNSENT):
        return ""  # its document is no plan: a letter, whose call is recorded of the member, or a list of medicines
    if item.kind is Kind.NOTICE_TO_SEND:
        return "/notices"
    if item.kind is Kind.LETTERS_HELD:
        return "/letters/held"
    if item.kind in (Kind.DELIVERY_HELD, Kind.DELIVERY_UNSURE):
        return "/deliveries"
    return f"/plans/{item.document_id}" if item.document_id else ""
