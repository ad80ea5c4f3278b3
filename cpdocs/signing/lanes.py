"""By which lane a file came that doesn't begin with the bytes we issued, or can't be read further.

Nothing here accepts. ``rejected`` is said only where the copy itself is proven to be spoilt, so that the office learns
at once what to do; what a person might still use is held (shared signing rules, "Lanes for what comes back").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cpdocs.core.findings import finding
from cpdocs.core.issued import IssuedPlan
from cpdocs.core.verdicts import Finding, Lane
from cpdocs.signing.content import read_contents, same_pages
from cpdocs.signing.coverage import Covers
from cpdocs.signing.fields import SEAL_FIELD
from cpdocs.signing.file_facts import FileFacts
from cpdocs.signing.filechecks import after_the_end
from cpdocs.signing.gate import GateReport

_CUT_OFF = 4096
"""A copy that agrees with ours this far and then ends is a cut-off one, not another document."""

_BEGINS_OBJECT = re.compile(
    rb"\s*([0-9]{1,10}( [0-9]{0,5}( o?b?j?.*)?)?)?\Z|\s*[0-9]{1,10} [0-9]{1,5} obj\b", re.DOTALL
)


def classify(
    data: bytes, issued: bytes, facts: FileFacts, gate: GateReport, plan: IssuedPlan, *, marked: bool
) -> tuple[Lane, tuple[Finding, ...]]:
    """The lane and findings of a file that names ``plan`` but doesn't begin with its bytes."""
    if issued[:_CUT_OFF] in data[1:]:
        return Lane.DAMAGED, (finding("leading_bytes"),)
    if issued.startswith(data) or (not gate.ends_well and data.startswith(issued[:_CUT_OFF])):
        return Lane.DAMAGED, (finding("truncated"),)
    forged = tuple(_forged_seal(facts, plan))
    whole = [
        each for each in facts.signatures if each.sound and each.covers is Covers.WHOLE_FILE and not each.is_timestamp
    ]
    contents = read_contents(data)
    original = read_contents(issued)
    if whole:
        differs = contents is None or original is None or not same_pages(contents, original)
        return Lane.ESIGN_SERVICE, (
            finding("esign_service_file"),
            *([finding("content_differs")] if differs else []),
            *forged,
        )
    if marked:
        missing = contents is not None and original is not None and contents.pages < original.pages
        return Lane.INK, (finding("ink_scan"), *([finding("pages_missing")] if missing else []), *forged)
    if contents is not None and original is not None and contents.pages < original.pages:
        # The cover sheet with comments written on it, as a rule: a person must read them.
        return Lane.DAMAGED, (finding("not_the_whole_plan"), *forged)
    return Lane.DAMAGED, (finding("damaged_resaved"), *forged)


def unreadable(data: bytes, facts: FileFacts) -> tuple[Lane, tuple[Finding, ...]]:
    """The lane and findings of a file that begins with ours but can't be read to its end."""
    if facts.problem == "too many revisions":
        return Lane.DIGITAL, (finding("too_many_revisions", f"{facts.revisions - facts.issued_revisions} after issue"),)
    tail = after_the_end(data)
    if tail:
        # The start of a revision without its end was cut off; anything else was put there.
        return Lane.DAMAGED, (finding("truncated" if _BEGINS_OBJECT.match(tail) else "trailing_bytes"),)
    return Lane.DIGITAL, (finding("unverifiable", facts.problem),)


def _forged_seal(facts: FileFacts, plan: IssuedPlan) -> Iterator[Finding]:
    """A seal field that somebody else filled is no accident of a signing service."""
    seal = facts.signature_in(SEAL_FIELD)
    if seal is not None and seal.sound and seal.certificate and seal.certificate.fingerprint != plan.seal_fingerprint:
        yield finding("seal_not_ours")
