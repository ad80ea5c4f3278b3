"""What is missing or unsafe in a workspace and on this machine, and how to mend it.

Each check is a function from the workspace to its findings; none changes anything. A fault makes ``doctor`` answer no;
a warning is for a person to weigh (reliability.md, "People and keys").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cpdocs.health import keys, machine, people, record, ways
from cpdocs.health.answers import Checked
from cpdocs.workspace import Workspace


def examine(ws: Workspace) -> list[Checked]:
    """Every check's answers, in the order in which a person would mend them."""
    checks: tuple[Callable[[Workspace], Iterator[Checked]], ...] = (
        machine.libraries,
        machine.fonts,
        record.templates,
        machine.confinement,
        record.folders,
        record.permissions,
        record.owners,
        machine.disk,
        keys.keys_in_order,
        keys.time_stamps,
        record.database,
        machine.clock,
        record.settings,
        ways.ways,
        people.roles,
        people.removed,
        people.lately,
        record.backups,
    )
    return [answer for check in checks for answer in check(ws)]
