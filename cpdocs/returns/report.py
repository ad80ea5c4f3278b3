"""The full report on one examined file (``verify --report``): the verdict, what it rests on, and what it doesn't.

For an auditor at a health plan: per signature who, with which credential and NPI, what it means, the claimed and the
proven time, whose certificate, revocation, coverage, and what came into the file afterwards (shared signing rules).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import cpdocs
from cpdocs.core.verdicts import Lane

if TYPE_CHECKING:
    from cpdocs.returns.checking import Checked
    from cpdocs.workspace import Workspace

FORMAT = "cpdocs.verdict/1"

CHECKED = (
    "The file begins with exactly the bytes that were issued, and so do the revisions that a reader sees.",
    "The last signature covers the file to its end; only validation material or a time stamp may follow it.",
    "Every signature was made over its bytes by the key in its certificate, the seal's first.",
    "The form has the three fields that were issued and no other, but for invisible document time stamps.",
    "The seal was made by the certificate that sealed this plan, at the permission that we give.",
    "What came into the file after each signature is on a list of what signing needs.",
    "Signature values, certificates and keys are distinct between the seal and the two slots.",
    "Each slot's certificate is tied to a person by our own authority, an outside one that is on record for it, "
    "a recorded "
    "confirmation, or the record of a visit; that "
    "person may approve this plan, on the day of signing and on the day of receipt.",
    "No certificate used was revoked by our own record or, for one of an outside authority, by its own current "
    "word; dates, key "
    "usage, keys and digests are as they must be.",
    "The document's title and other particulars are as sealed.",
    "The file holds no scripts, attachments or actions.",
    "The plan's version is the current one and is open for signatures.",
)
"""What stands behind a verdict in the digital lane, in words for people; the procedure is ``cpdocs.signing.verify``."""

ONLY_LANE = (
    "The file's size, structure and end; scripts, attachments and actions in it.",
    "Whether it begins with the bytes of a plan that was issued: it does not.",
    "Which plan it names, by page codes or metadata, and in what state it came back.",
)
"""What was looked at where the file isn't the issued one any more. Nothing of this can accept it."""

NOT_CHECKED = (
    "That the person at the keyboard was the certificate's holder, or read the plan.",
    "The signer's own clock, where no trusted time stamp proves the time.",
    "Revocation by anything else than our own record and what is named with each signature.",
    "What a particular reader program shows on its screen.",
)
NOT_CHECKED_OFF_LANE = (
    "Any signature's right to fill a slot: only the issued file, signed, can do that by itself.",
    "The words on the pages, beyond a comparison of the text that the file itself states.",
)


def verdict_report(ws: Workspace, checked: Checked) -> dict[str, Any]:
    """The report as plain JSON values. Holds names of signers as their certificates state them, and no member's."""
    decision = checked.parts[0]
    digital = decision.lane is Lane.DIGITAL
    return {
        "format": FORMAT,
        "made_at": ws.clock.now().isoformat(),
        "made_by": f"cpdocs {cpdocs.__version__}",
        "organization": ws.senders.organization.name,
        "sandbox": ws.sandbox,
        "sha256": checked.sha256,
        "verdict": decision.verdict.value,
        "lane": decision.lane.value,
        "document_id": decision.document_id or None,
        "slots_filled": [slot.value for slot in decision.slots_filled],
        "findings": [
            {"code": each.code, "severity": each.severity.value, "message": each.message} for each in decision.findings
        ],
        "signatures": [dict(each) for each in decision.signatures],
        "revisions": _revisions(decision.signatures),
        "checked": list(CHECKED if digital else ONLY_LANE),
        "not_checked": list(NOT_CHECKED if digital else NOT_CHECKED_OFF_LANE + NOT_CHECKED),
    }


_CAME = {
    "none": "nothing came after it",
    "archival": "after it came validation material or time stamps, nothing else",
    "signatures": "after it came signatures in the plan's own fields, validation material or time stamps, nothing else",
    "other": "AFTER IT CAME SOMETHING ELSE",
    "unclear": "what came after it must be looked at by a person",
    "not_judged": "what came after it was not judged",
}


def _revisions(signatures: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """How the file grew, revision by revision, as far as its signatures tell: each covers everything up to its own
    end."""
    signed = {each["revision"]: each for each in signatures if not each["problem"]}
    rows = []
    last = max(signed, default=0)
    first = min(signed, default=0)
    for number in range(1, last + 1):
        each = signed.get(number)
        if each is None:
            rows.append(
                {
                    "number": number,
                    "what": "The plan as it was rendered."
                    if number < first
                    else "No signature in it: what it brought was judged as coming after the one before.",
                }
            )
            continue
        what = {
            "seal": "The organization's seal",
            "member": "The member's signature",
            "pcp": "The PCP's or designee's signature",
        }
        name = what.get(each["slot"], "A document time stamp" if each["slot"] == "timestamp" else "Another signature")
        rows.append(
            {
                "number": number,
                "what": f"{name}, over the first {each['covers_bytes']:,} bytes; {_CAME[each['changes_after']]}.",
            }
        )
    return rows


def report_pdf(ws: Workspace, report: Mapping[str, Any]) -> bytes:
    """The report on paper: a tagged PDF."""
    from cpdocs.documents.verdict import VerdictPaper, render_verdict

    paper = VerdictPaper(report, ws.senders.organization.name, ws.clock.now(), ws.sandbox)
    return render_verdict(paper, shipped=ws.shipped_templates, site=ws.paths.templates).pdf
