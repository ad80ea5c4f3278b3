"""What was appended to an issued plan, as facts: whether all of it is accounted for, and if not, what isn't.

The one door to the grammar (``increments``) and to the list of what revisions may hold (``increment_rules``)."""

from __future__ import annotations

from cpdocs.signing.file_facts import Additions
from cpdocs.signing.increment_rules import check_revisions
from cpdocs.signing.increments import Issued, read_increments
from cpdocs.signing.syntax import Unclear
from cpdocs.signing.tables import Place


def read_additions(data: bytes, issued: bytes) -> Additions:
    """The facts of what follows ``issued`` in ``data``, which begins with it. Never raises, whatever follows."""
    try:
        plan = Issued.of(issued)
        revisions = read_increments(data, plan)
        spent = check_revisions(plan, revisions)
    except Unclear as why:
        return Additions(str(why))
    except Exception:  # noqa: BLE001 check 11: what our own reader can't take is in doubt
        return Additions("what was appended to the plan can't be read")
    found = []
    for revision, numbers in zip(revisions, spent, strict=True):
        for number in sorted(numbers):
            place = revision.table.entries[number]
            assert isinstance(place, Place)
            found.append((number, place.entry))
    return Additions(passed_over=tuple(found))
