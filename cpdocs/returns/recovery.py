"""What a kill left half done in outbox/, finished by whichever command comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.system.outbox import STAGED

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


def finish_all(ws: Workspace) -> None:
    """Names every plan, package and notice that was recorded and not put out. Three looks at the disk where there is
    none."""
    if (ws.paths.plans / STAGED).is_dir():
        from cpdocs.plans.issue import finish_issues

        finish_issues(ws)
    if (ws.paths.ehr / STAGED).is_dir():
        from cpdocs.chart.file import finish_filings

        finish_filings(ws)
    if (ws.paths.renewed / STAGED).is_dir():
        from cpdocs.retention.renewal import finish_renewals

        finish_renewals(ws)
    if (ws.paths.notices / STAGED).is_dir():
        from cpdocs.plans.notice_files import finish_notices

        finish_notices(ws)
