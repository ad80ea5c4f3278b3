"""By which lane a file came that doesn't begin with the bytes we issued, or can't be read further.

Nothing here accepts. ``rejected`` is said only where the copy itself is proven to be spoilt, so that the office learns
at once what to do; what a person might still use is held (shared signing rules, "Lanes for what comes back"). Pages
that are pictures of paper are ink, whatever else stands in the file: no scan is rejected by rule (contract §8).
"""

from __future__ import annotations

from collections.abc import Iterator

from cpdocs.core.findings import finding
from cpdocs.core.issued import IssuedPlan
from cpdocs.core.parts import PageGroup
from cpdocs.core.verdicts import Finding, Lane
from cpdocs.signing.field_names import SEAL_FIELD
from cpdocs.signing.file_facts import Begins, Beside, Covers, FileFacts, ReturnFacts, SignatureFacts, Tail


def classify(
    facts: ReturnFacts, group: PageGroup, beside: Beside, plan: IssuedPlan
) -> tuple[Lane, tuple[Finding, ...]]:
    """The lane and findings of what names ``plan`` and doesn't begin with its bytes; ``group`` are the pages that name
    it, ``beside`` is how the file stands to what was issued."""
    if beside.begins is Begins.PUT_BEFORE:
        return Lane.DAMAGED, (finding("leading_bytes"),)
    if beside.begins is Begins.CUT_OFF:
        return Lane.DAMAGED, (finding("truncated"),)
    forged = tuple(_forged_seal(facts.signed, plan))
    if group.scanned:
        return Lane.INK, (finding("ink_scan"), *_changed_by_a_program(group), *forged)
    if signed_whole(facts.signed):
        differs = () if beside.same_text else (finding("content_differs"),)
        return Lane.ESIGN_SERVICE, (finding("esign_service_file"), *differs, *forged)
    if beside.fewer_pages:
        # The cover sheet with comments written on it, as a rule: a person must read them.
        return Lane.DAMAGED, (finding("not_the_whole_plan"), *forged)
    if beside.drawn_on:
        where = ", ".join(map(str, beside.drawn_on))
        return Lane.DAMAGED, (finding("drawn_on", f"on page {where}"), *forged)
    # Drawn in another way, nobody can say by rule whether a comment is among it.
    redrawn = tuple(_changed_by_a_program(group, redrawn=True))
    return Lane.DAMAGED, (*(redrawn or (finding("damaged_resaved"),)), *forged)


def signed_whole(facts: FileFacts) -> list[SignatureFacts]:
    """The sound signatures over all of a file: whoever put them there made the file."""
    return [
        each for each in facts.signatures if each.sound and each.covers is Covers.WHOLE_FILE and not each.is_timestamp
    ]


def unreadable(facts: ReturnFacts) -> tuple[Lane, tuple[Finding, ...]]:
    """The lane and findings of a file that begins with ours but can't be read to its end."""
    signed = facts.signed
    if signed.problem == "too many revisions":
        return Lane.DIGITAL, (
            finding("too_many_revisions", f"{signed.revisions - signed.issued_revisions} after issue"),
        )
    if facts.tail is not Tail.NOTHING:
        # The start of a revision without its end was cut off; anything else was put there.
        return Lane.DAMAGED, (finding("truncated" if facts.tail is Tail.BROKEN_OFF else "trailing_bytes"),)
    return Lane.DIGITAL, (finding("unverifiable", signed.problem),)


def _changed_by_a_program(group: PageGroup, *, redrawn: bool = False) -> Iterator[Finding]:
    """Pages that a program wrote and that don't look as they were issued; ``redrawn``, those alone of which nobody can
    say in which places."""
    changed = [page for page in group.pages if page.marks and not page.scanned]
    where = sorted({page.plan_page or page.number for page in changed if page.marks_elsewhere is None or not redrawn})
    if where:
        yield finding("content_differs", f"on page {', '.join(map(str, where))}")


def _forged_seal(facts: FileFacts, plan: IssuedPlan) -> Iterator[Finding]:
    """A seal field that somebody else filled is no accident of a signing service."""
    seal = facts.signature_in(SEAL_FIELD)
    if seal is not None and seal.sound and seal.certificate and seal.certificate.fingerprint != plan.seal_fingerprint:
        yield finding("seal_not_ours")
