"""What a person must decide about a held return, in words: one sentence for each kind of doubt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cpdocs.core.page_facts import PageKind
from cpdocs.core.return_record import Decision
from cpdocs.core.verdicts import Finding, Lane, Verdict
from cpdocs.errors import Problem

_PERSON = (
    "Find out who the signer is; import the clinicians or the designation that is missing, then recheck. "
    "Or ask the PCP to sign, and reject this."
)
_IDENTITY = (
    "Find out whose certificate it is, in person or by a call to a number on record; pin it with `cpdocs keys "
    "pin`, then recheck. "
    "Or reject it."
)
_CLOSED = "Nothing on this version can count any more. Reject it, and point the practice to the version that is open."

_BY_CODE = {
    "active_content": "Don't open it on an ordinary machine. Ask the sender where it came from; reject it.",
    "resource_limit": "Don't open it on an ordinary machine. Ask the sender where it came from; reject it.",
    "page_not_drawn": (
        "Don't open it on an ordinary machine. Ask for every page again, as a new scan or fax; when it has come, close "
        "this with `cpdocs held close`."
    ),
    "unsearchable": "Don't open it on an ordinary machine. Reject it, and ask for a new scan or a new signature.",
    "encrypted": "Reject it, and ask for it without a password.",
    "wrapped_file": (
        "What could be taken out of it is an item of its own. Read the message itself for comments, or open what is "
        "left on a machine that may be lost; then close this with `cpdocs held close`. A report on a mail that waits "
        "here is about no message of ours, or names another address: no delivery was changed."
    ),
    "too_large": "Reject it, and ask for the signed plan alone.",
    "too_many_pages": "Reject it, and ask for the signed plan alone.",
    "several_plans": "Reject it, and ask for each plan as a file of its own.",
    "superseded_version": _CLOSED,
    "withdrawn_version": _CLOSED,
    "not_open": _CLOSED,
    "member_not_enrolled": (
        "Find out whether the member still takes part. Where the roster is wrong, import a mended one and recheck; "
        "otherwise withdraw the plan and reject this."
    ),
    "no_signature": "Was it meant to be signed? Reject it, so that the practice learns that no signature is in it.",
    "second_person_needed": (
        "Ask the clinician, by a number that you find yourself, whether they signed; then accept it with the reason. "
        "Whoever issued the key and witnessed the member can't."
    ),
    "wrong_return_folder": (
        "Ask how the plan came to that practice. If it is in order, accept it with the reason; if not, treat it "
        "as a disclosure."
    ),
    "changes_unclear": (
        "Reject it and ask for a new signature on the file as issued: a doubtful digital signature can't be "
        "made a sure one."
    ),
    "designation_recorded_late": "Reject it and ask the same person to sign again: their designation is on record now.",
    "designation_not_attested": (
        "Get the designation attested by the PCP and import it, then ask for a new signature and reject this."
    ),
    "pcp_changed": "Ask who the member's PCP is now. Issue a new version for that PCP, and reject this.",
    "clinician_inactive": (
        "Find out on which day they left or began; mend the clinicians on record and recheck, or ask the PCP to sign."
    ),
    "comments": (
        "Read the comments: the words of notes stand below, handwriting is on the pages. Where they ask for a change, "
        "record them as the practice's return (`cpdocs held return`), which stops the clock. Where they ask for "
        "nothing, attest a signature that is on paper, or close this with `cpdocs held close`."
    ),
    "information_copy": (
        "It is a copy that we gave out for information. Read what came with it for comments, then close this with "
        "`cpdocs held close`."
    ),
    "copy_not_plan": (
        "Somebody signed or wrote on the copy that we gave out for information. Read it for comments, send the plan "
        "itself to be signed, then close this with `cpdocs held close`."
    ),
    "content_differs": "Compare every page with the issued plan before anything else.",
    **dict.fromkeys(
        ("self_signed_unpinned", "unknown_ca", "certificate_names_nobody", "member_identity_unproven"), _IDENTITY
    ),
    **dict.fromkeys(
        (
            "signer_unknown",
            "not_designated",
            "designation_expired",
            "task_not_delegated",
            "not_on_care_team",
            "no_face_to_face",
            "wrong_practice",
        ),
        _PERSON,
    ),
}
_DESIGNATION = (
    "Import the designation as it is now (`cpdocs import designations FILE`), or have the PCP sign a new copy."
)
_SIGNER: Mapping[str, tuple[str, str]] = {
    "signer_unknown": (
        "Nobody with this NPI is on record.",
        "Read it again from the page, or import the clinicians' list that has them (`cpdocs import clinicians FILE`).",
    ),
    "credential_not_eligible": ("", "Reject it: the PCP, or a designee who is RN, MD, DO, NP or PA, must sign."),
    "clinician_inactive": (
        "",
        "If they work there, import the clinicians' list as it is now (`cpdocs import clinicians FILE`); if not, "
        "reject it.",
    ),
    "wrong_practice": (
        "",
        "If they work there, import the clinicians' list with that row (`cpdocs import clinicians FILE`), or have the "
        "PCP sign.",
    ),
    "designation_recorded_late": ("", "Ask the same person to sign again: their designation is on record now."),
    "pcp_changed": ("", "Ask who the member's PCP is now, and issue a new version for that PCP."),
}


def why_not_this_signer(findings: Iterable[Finding]) -> list[Problem]:
    """Why somebody may not approve, and what to do, for the person here who named them: a finding's own words are a
    practice's (contract §6)."""
    found = []
    for each in findings:
        message, todo = _SIGNER.get(each.code, ("", _DESIGNATION))
        detail = f" ({each.detail})" if each.detail else ""
        found.append(Problem(each.code, message or f"{each.kind.message}{detail}", todo=todo))
    return found


_SLIP = (
    "Look at the slip, and record what the member wants (`cpdocs held accept ITEM --answer decline|change_cp|call`). "
    "If nobody can tell, ask the member, and close it."
)
_BY_LANE = {
    Lane.INK: (
        "Look at the pages. If a signature is there, attest it: who signed, with which credential, on "
        "which date. If not, reject it."
    ),
    Lane.ESIGN_SERVICE: (
        "Compare the pages with the issued plan and read the service's completion page. "
        "Attest what it shows, or ask for a signature on our own file."
    ),
    Lane.UNMATCHED: (
        "Look at the file. If it is a page of a plan, say of which, by the document id at its foot; if "
        "it is nothing of ours, close it."
    ),
    Lane.DIGITAL: "Mend what is said above and recheck, or reject it and ask for a new signature.",
    Lane.DAMAGED: "Reject it, and ask for the file again.",
}


def what_to_decide(decision: Decision) -> str:
    """What a person must decide: by the first doubt that has its own words, else by the lane. Comments come last: a
    closed version can't be returned, and what is dangerous isn't opened to be read."""
    if decision.kind is PageKind.REPLY_SLIP:
        return _SLIP
    doubts = [each.code for each in decision.findings if each.severity is not Verdict.ACCEPTED]
    doubts.sort(key=lambda code: code == "comments")
    return next((_BY_CODE[code] for code in doubts if code in _BY_CODE), _BY_LANE[decision.lane])
