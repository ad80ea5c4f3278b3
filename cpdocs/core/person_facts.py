"""What is true of a person and not of one assignment: that they died, and that nothing may come to them by mail.

Any line of any roster that states it holds for all the member's lines, whatever the program, until a later roster says
otherwise of the very assignment that stated it, or a person takes it back (contract §3, rule 4, second edition). An
empty cell and a line that is missing take nothing back; nor does another payer's line, which may know nothing of it:
a letter to the dead hurts their family, and one to somebody who hides may be read by whom they hide from.

``PERSON_FACT_STATED`` carries member_id, facts and file: a line stated them that couldn't be recorded otherwise.
``PERSON_FACT_CORRECTED`` carries member_id, fact, on, how, by: a person found out that it isn't so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from cpdocs.core.cells import as_code
from cpdocs.core.members import Assignment, AssignmentKey


class Fact(StrEnum):
    """A fact about a person, by the code for which their letters are suppressed."""

    DECEASED = "deceased"
    NO_MAIL = "no_mail"


STATED_BY_CELL: Mapping[Fact, tuple[str, str]] = {
    Fact.DECEASED: ("status", "deceased"),
    Fact.NO_MAIL: ("safe_contact", "phone_only"),
}
"""Fact → the column that states it, and the code by which it does."""

ENOUGH_TO_TAKE_BACK: Mapping[Fact, frozenset[str]] = {
    Fact.DECEASED: frozenset({"assigned", "engaged", "declined", "disenrolled"}),
    Fact.NO_MAIL: frozenset({"mail"}),
}
"""Fact → the codes in the same column that say that it isn't so. Anything else, an empty cell too, says nothing."""

THIS_FILE = ""
"""In place of a file's SHA-256: the roster that is being judged."""
NO_ASSIGNMENT: AssignmentKey = ("", "", "", "")
"""In place of an assignment: a line that couldn't be recorded as one."""

_Stated: TypeAlias = dict[tuple[str, Fact], dict[AssignmentKey, str]]


@dataclass(slots=True)
class PersonFacts:
    """Who died and who may not be written to, as the statements so far add up; statements are added in order.

    ``stated``: by member and fact, the assignments whose lines state it, each with the file that did. ``corrected``:
    the assignments whose statement a person took back, for as long as they go on stating it.
    """

    stated: _Stated = field(default_factory=dict)
    corrected: dict[tuple[str, Fact], frozenset[AssignmentKey]] = field(default_factory=dict)

    def copy(self) -> PersonFacts:
        """The same facts, to add the lines of a roster to."""
        return PersonFacts({who: dict(by) for who, by in self.stated.items()}, dict(self.corrected))

    def add(self, item: Assignment, file: str) -> None:
        """Takes in what a line of ``file`` (its SHA-256) states of its assignment. Lines of one file never take each
        other's words back, in whichever order they stand."""
        for fact, (column, code) in STATED_BY_CELL.items():
            said = getattr(item, column)
            who = (item.member_id, fact)
            if said == code:
                if item.key not in self.corrected.get(who, ()):
                    self.stated.setdefault(who, {})[item.key] = file
            elif said in ENOUGH_TO_TAKE_BACK[fact]:
                self._take_back(who, item.key, file)

    def _take_back(self, who: tuple[str, Fact], key: AssignmentKey, file: str) -> None:
        by = self.stated.get(who)
        if by and by.get(key, file) != file:
            del by[key]
            if not by:
                del self.stated[who]
        if key in self.corrected.get(who, ()):
            self.corrected[who] -= {key}

    def add_loose(self, member_id: str, fact: Fact, file: str) -> None:
        """Takes in what a line states that couldn't be read as an assignment."""
        if NO_ASSIGNMENT not in self.corrected.get((member_id, fact), ()):
            self.stated.setdefault((member_id, fact), {})[NO_ASSIGNMENT] = file

    def correct(self, member_id: str, fact: Fact) -> None:
        """A person found out that it isn't so: what was stated until now counts no more."""
        who = (member_id, fact)
        self.corrected[who] = self.corrected.get(who, frozenset()) | frozenset(self.stated.pop(who, {}))

    def holds(self, member_id: str, fact: Fact) -> bool:
        """Whether it is so of this member."""
        return (member_id, fact) in self.stated

    def states(self, item: Assignment, fact: Fact) -> bool:
        """Whether this assignment itself states it, and no person took that back."""
        column, code = STATED_BY_CELL[fact]
        return getattr(item, column) == code and item.key not in self.corrected.get((item.member_id, fact), ())

    def of(self, member_id: str) -> Iterator[Fact]:
        """Everything that is so of this member, in the order in which letters are suppressed for it."""
        return (fact for fact in Fact if self.holds(member_id, fact))


_DIED = frozenset({"dead", "died", "death", "decd", "deceased_member", "member_deceased"})
_NO_LETTERS = frozenset(
    {
        *("no_mail", "do_not_mail", "dont_mail", "never_mail", "no_letters", "no_mailings", "no_post", "phone"),
        *(
            "call_only",
            "calls_only",
            "telephone_only",
            "telephone",
            "by_phone",
            "phone_calls_only",
            "no_mail_phone_only",
        ),
    }
)


def status_of(cell: str) -> str:
    """A status as the contract writes it. A payer's own words for a death are a death: what is at stake is a letter to
    the dead, on another of the member's lines too."""
    code = as_code(cell)
    return "deceased" if code in _DIED else code


def safe_contact_of(cell: str) -> str:
    """How a member may be reached, as the contract writes it. Whoever says in other words that there is to be no mail
    says ``phone_only``: it holds for all of the member's lines."""
    code = as_code(cell.replace("'", "").replace("’", ""))
    return "phone_only" if code in _NO_LETTERS else code


def loose_facts(cells: Mapping[str, str]) -> list[Fact]:
    """What the cells of a line state of the person, whatever else is wrong with it."""
    said = {"status": status_of(cells["status"]), "safe_contact": safe_contact_of(cells["safe_contact"])}
    return [fact for fact, (column, code) in STATED_BY_CELL.items() if said[column] == code]
