"""A blank consent to share substance use treatment records, for a visit (42 CFR 2.31, documents.md §5).

It asks for what 2.31(a) asks for, in plain words of our own; the organization's own clauses, where it has a form
(``[consent_form]``), take the place of ours. What the plan's last consent said stands in it, to be confirmed or struck
out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cpdocs.core.phones import phone
from cpdocs.core.plans import Consent
from cpdocs.documents.html import fill, long_date, template_folders
from cpdocs.documents.pdf import Rendered, to_pdf
from cpdocs.documents.plan_paper import PlanPaper

_SHEETS = ("base/base.css", "leaflets/leaflets.css", "leaflets/consent.css")
_CLAUSES = {
    "revocation": (
        "I may take this consent back at any time, in writing: a letter or a note to {cp_name}, {address}, is enough. "
        "What was shared before, because of this consent, stays shared."
    ),
    "redisclosure": (
        "Whoever gets my records for treatment, payment or health care operations may pass them on as federal "
        "health privacy rules allow, but not for use against me in a court or proceeding, unless I agree or a "
        "court orders it."
    ),
    "refusal": (
        "I don't have to sign. My MassHealth benefits and my services don't depend on it. Without it, my plan is "
        "shared without what comes from these records."
    ),
}
_LINES = ("", "")
"""Lines to write on; a row has so many of them."""
_SIGNING = (
    ("I agree", "Signature"),
    ("Date", "The day on which I sign"),
    ("Name in print", ""),
    ("If somebody else signs", "Name, relation to the patient, and by what right"),
)


def render_consent(
    paper: PlanPaper, *, clauses: Mapping[str, str], shipped: Path, site: Path | None = None
) -> Rendered:
    """The form as a tagged PDF, in large print where the member needs it. ``clauses`` are the organization's own:
    ``revocation``, ``redisclosure``, ``refusal``; ours stand where it has none."""
    sender, member = paper.sender, paper.member
    known = paper.plan.part2.consent or Consent()
    place = ", ".join(filter(None, (sender.address1, sender.address2, f"{sender.city}, {sender.state} {sender.zip}")))
    texts = [clauses.get(name) or text.format(cp_name=sender.name, address=place) for name, text in _CLAUSES.items()]
    rows = [
        ("Patient", "", f"{member.full_name}, born {long_date(member.dob)}", _LINES[:0]),
        ("Who may share", "The program or person that has the records", known.discloser, _LINES[:1]),
        ("What may be shared", "All of it, or which part", known.scope, _LINES[:2]),
        ("With whom", "Names, or a group such as “my treating providers”", known.recipients, _LINES[:1]),
        ("What for", "Such as treatment, payment and health care operations", known.purpose, _LINES[:1]),
        ("Until when", "A date, an event, or “none”", "", _LINES[:1]),
    ]
    values = {
        "large": paper.large_print,
        "sandbox": paper.sandbox,
        "cp_name": sender.name,
        "cp_phone": phone(sender.phone),
        "cp_tty": sender.tty,
        "rows": rows,
        "clauses": texts,
        "signing": _SIGNING,
    }
    return to_pdf(
        fill("leaflets/consent.html", values, shipped=shipped, site=site),
        folders=template_folders(shipped, site),
        profile="letter",
        identifier=f"{paper.document_id}-consent",
        created=paper.issued_at,
        stylesheets=_SHEETS,
    )
