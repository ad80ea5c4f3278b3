"""The events behind the facts that each letter of a run states, by number: what manifest.csv names (``sources``).

Every letter rests on the assignment as it was recorded and on the settings; a kind whose letters say more ("you told
us", "we tried to reach you") on the records for which each goes out. A letter without one of them isn't staged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core.events import WORKSPACE_SUBJECT, EventType
from cpdocs.core.members import assignment_key
from cpdocs.core.roster import Disposition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cpdocs.core.letter_counts import LineResult
    from cpdocs.core.members import AssignmentKey
    from cpdocs.documents.letter_kinds import LetterKind
    from cpdocs.letters.recipients import Recipients
    from cpdocs.workspace import Workspace

_NO_EVENT = frozenset({"program"})
"""Sources that are rules: no event stands behind them."""
_OF_ALL = frozenset({"assignment", "settings"})


def sources_of(ws: Workspace, to: Recipients, lines: tuple[LineResult, ...]) -> Mapping[int, str]:
    """By line of each letter the numbers of its events: ``assignment=15 attempt=31+40 settings=2``."""
    mailed = {line.line for line in lines if line.disposition == Disposition.MAILED.value and line.piece is not None}
    if not mailed:
        return {}
    keys = {
        outcome.assignment.key: outcome.line
        for outcome in to.outcomes
        if outcome.line in mailed and outcome.assignment is not None
    }
    recorded = _recorded(ws)
    settings = max(each.seq for each in ws.ledger.events(subject=WORKSPACE_SUBJECT, types=(EventType.SETTINGS_SEEN,)))
    found = {}
    for key, line in keys.items():
        named = {"assignment": (recorded.get(key, 0),), "settings": (settings,), **to.sources.get(line, {})}
        found[line] = " ".join(
            f"{name}={'+'.join(map(str, seqs))}" for name, seqs in sorted(named.items()) if seqs and all(seqs)
        )
    return found


def missing(kind: LetterKind, sources: Mapping[int, str]) -> list[int]:
    """The lines whose letter states a fact for which no event is named."""
    wanted = {fact.source for fact in kind.facts} - _NO_EVENT | _OF_ALL
    return [
        line for line, text in sources.items() if not wanted <= {each.partition("=")[0] for each in text.split(" ")}
    ]


def _recorded(ws: Workspace) -> dict[AssignmentKey, int]:
    """The number of the last event that recorded each assignment."""
    found: dict[AssignmentKey, int] = {}
    for event in ws.ledger.events(types=(EventType.ASSIGNMENT_RECORDED,)):
        row = event.data["assignment"]
        found[assignment_key(row["member_id"], row["program"], row["cp_org"], row["assigned_on"])] = event.seq
    return found
