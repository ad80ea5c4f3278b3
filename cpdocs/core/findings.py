"""Every finding that can be given on a returned file: its code, how bad it is, the sentence and what to do.

The sentences are read by a practice's office and by a coordinator. Severities: ``rejected`` is for what is proven
(an alteration, a signer whom no designation could make eligible) and for damage that only a new copy can mend;
``held`` is for everything that a person must look at; ``accepted`` marks a remark that stands in nobody's way.
docs/verdicts.md shows this table; a test keeps the two the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cpdocs.core.verdicts import Finding, FindingKind, Verdict

_HELD = Verdict.HELD
_REJECTED = Verdict.REJECTED
_REMARK = Verdict.ACCEPTED

_SIGN_AGAIN = "Open the plan as we sent it, sign it once more, and send that file."
_SEND_AGAIN = "Send the signed file again as an attachment, without opening and saving it in another program."
_OURS_TO_LOOK = "Nothing to do for the practice: our coordinator looks at it."

GROUPS: Mapping[str, tuple[tuple[str, Verdict, str, str], ...]] = MappingProxyType(
    {
        "Who may approve": (
            (
                "signer_unknown",
                _HELD,
                "The signer is not on our list of clinicians.",
                "Tell us the signer's name, NPI and practice, so that we can put them on record.",
            ),
            (
                "credential_not_eligible",
                _REJECTED,
                "The signer's credential can't approve a plan for the PCP.",
                "The PCP, or a designee who is an RN, MD, DO, NP or PA, must sign.",
            ),
            (
                "not_designated",
                _HELD,
                "The signer is not the plan's PCP, and we have no designation from that PCP for them.",
                "Send us the PCP's designation, or have the PCP sign.",
            ),
            (
                "designation_expired",
                _HELD,
                "The signer's designation was not in force.",
                "Send us a current designation, or have the PCP sign.",
            ),
            (
                "task_not_delegated",
                _HELD,
                "The signer's designation doesn't include plan approval.",
                "Send us a designation that does, or have the PCP sign.",
            ),
            (
                "not_on_care_team",
                _HELD,
                "Our record doesn't say that the signer is on this member's care team.",
                "Tell us if they are, or have the PCP sign.",
            ),
            (
                "no_face_to_face",
                _HELD,
                "Our record doesn't say that the signer meets the PCP face to face.",
                "Tell us if they do, or have the PCP sign.",
            ),
            ("clinician_inactive", _REJECTED, "The signer is not active at the practice.", "The PCP or an active designee must sign."),
            (
                "wrong_practice",
                _HELD,
                "The signer isn't listed at the practice that this plan was sent to.",
                "Tell us if they work there, or have the plan's PCP sign.",
            ),
            (
                "designation_not_attested",
                _HELD,
                "The signer's designation names nobody else who attests it.",
                "Send us the designation attested by the PCP.",
            ),
            ("designation_recorded_late", _HELD, "The signer's designation reached us after they signed.", _OURS_TO_LOOK),
            ("pcp_changed", _HELD, "The member's PCP has changed since this plan was issued.", _OURS_TO_LOOK),
        ),
        "What came back": (
            ("empty_file", _REJECTED, "The file is empty.", "Send the signed plan again."),
            ("not_a_pdf", _HELD, "The file is not a PDF.", "Send the signed plan as a PDF."),
            ("too_large", _HELD, "The file is larger than we take.", "Send the signed plan alone, as a PDF."),
            ("too_many_pages", _HELD, "The file has more pages than we take.", "Send the signed plan alone, as a PDF."),
            ("too_many_revisions", _HELD, "The file was saved more often, or with more additions, than signing a plan needs.", _SIGN_AGAIN),
            ("encrypted", _HELD, "The file is protected with a password.", "Send it without password protection."),
            (
                "active_content",
                _HELD,
                "The file holds scripts, attachments or actions, which no plan of ours has.",
                "Do not open it; ask the sender where it came from.",
            ),
            (
                "unmatched",
                _HELD,
                "We can't tell which plan this file belongs to.",
                "If it is a signed plan, send the file that we issued, signed; every page carries its document id.",
            ),
            ("truncated", _REJECTED, "The file is cut off: its end is missing.", "Send it again."),
            (
                "damaged_resaved",
                _REJECTED,
                "The plan was saved again, printed or converted on its way, and no valid signature is left in it.",
                _SEND_AGAIN,
            ),
            (
                "not_the_whole_plan",
                _HELD,
                "The file names the plan but hasn't all its pages: perhaps the cover sheet alone, or a part of the plan.",
                "Read it for comments; to approve, send the plan that we issued, signed, with every page.",
            ),
            ("leading_bytes", _REJECTED, "Something was put in front of the plan, probably by a mail system.", _SEND_AGAIN),
            ("trailing_bytes", _REJECTED, "Something was added to the file after the last signature.", _SEND_AGAIN),
            (
                "esign_service_file",
                _HELD,
                "The plan was signed in another signing service, which makes a new file.",
                "Our coordinator compares it with the plan that we sent; signing our own file is faster.",
            ),
            (
                "content_differs",
                _HELD,
                "The pages don't read the same as the plan that we issued.",
                "Compare the pages before anything else is decided.",
            ),
            (
                "ink_scan",
                _HELD,
                "This is a scanned plan with handwriting.",
                "A named person reads the signer, the credential and the date from it and attests them.",
            ),
            ("pages_missing", _HELD, "Some pages of the plan are missing or can't be read.", "Send every page, signature page included."),
            ("several_plans", _HELD, "The file holds pages of more than one plan.", "Send each plan as a file of its own."),
            ("wrong_return_folder", _HELD, "The file was handed in by a practice other than the plan's.", _OURS_TO_LOOK),
            ("unverifiable", _HELD, "The file is built in a way that we can't check.", _SIGN_AGAIN),
            (
                "resource_limit",
                _HELD,
                "Checking the file would have taken more time or memory than any plan needs; it is set aside.",
                "Ask the sender where it came from.",
            ),
        ),
        "The plan's own state": (
            (
                "superseded_version",
                _HELD,
                "A newer version of this plan has been issued since.",
                "Sign the newer version; approval of an old one doesn't carry over.",
            ),
            ("withdrawn_version", _HELD, "This plan was withdrawn.", "There is nothing to sign; ask us if you expected otherwise."),
            ("not_open", _HELD, "This plan is not waiting for signatures.", "Ask us where it stands."),
            ("member_not_enrolled", _HELD, "By our record the member no longer takes part in the program.", _OURS_TO_LOOK),
            ("already_filled", _REMARK, "We have this approval already.", "There is nothing more to do."),
        ),
        "The seal and the file's integrity": (
            ("not_issued_bytes", _REJECTED, "The file doesn't begin with the plan exactly as we issued it.", _SIGN_AGAIN),
            ("seal_missing", _REJECTED, "The organization's seal is missing.", _SIGN_AGAIN),
            ("seal_not_ours", _REJECTED, "The file carries a seal, but not the one that we put on it.", _SIGN_AGAIN),
            ("seal_broken", _REJECTED, "The plan was changed after we sealed it.", _SIGN_AGAIN),
            ("signature_broken", _REJECTED, "The file was changed after it was signed, or a signature in it is not genuine.", _SIGN_AGAIN),
            ("changed_after_signing", _REJECTED, "Something was added or changed in the plan besides signatures.", _SIGN_AGAIN),
            (
                "changes_unclear",
                _HELD,
                "The signing program changed more of the file than a signature needs.",
                "Our coordinator compares it with the plan that we sent.",
            ),
            ("not_whole_file", _REJECTED, "The last signature doesn't cover the whole file.", _SIGN_AGAIN),
            ("extra_field", _REJECTED, "The file has a form or signature field that we didn't put there.", _SIGN_AGAIN),
            ("field_missing", _REJECTED, "A signature field of ours is gone or was changed.", _SIGN_AGAIN),
            ("title_changed", _REJECTED, "The document's title or other particulars were changed after we sealed it.", _SIGN_AGAIN),
            ("same_signature_twice", _REJECTED, "One signature was used for two fields.", _SIGN_AGAIN),
            (
                "same_certificate_both_slots",
                _REJECTED,
                "One person's certificate was used both for the member and for the PCP.",
                "Each must sign for themselves.",
            ),
            (
                "no_signature",
                _HELD,
                "There is no signature in the file.",
                "Sign it in its signature field and send it again; a picture of a signature doesn't count.",
            ),
            ("reason_differs", _HELD, "A signature gives another reason than approving this plan.", "Ask the signer what they meant."),
            ("no_reason", _REMARK, "A signature gives no reason; the plan says beside its field what it means.", ""),
        ),
        "The signer's certificate": (
            (
                "self_signed_unpinned",
                _HELD,
                "The signer made their digital ID themselves, and nobody has confirmed to us whose it is.",
                "Our coordinator confirms the signer's identity and records the certificate.",
            ),
            (
                "unknown_ca",
                _HELD,
                "The signer's certificate comes from an issuer that we don't know.",
                "Our coordinator confirms the signer's identity and records the certificate.",
            ),
            ("revoked", _REJECTED, "The signer's certificate had been revoked.", "Ask us for a new digital ID and sign again."),
            ("revoked_later", _REMARK, "The signer's certificate was revoked after we received the signature, which stands.", ""),
            (
                "revocation_unknown",
                _HELD,
                "Nothing on record says whether the signer's certificate was revoked by the authority that issued it.",
                "Our coordinator records the authority's list of revoked certificates.",
            ),
            (
                "revocation_stale",
                _HELD,
                "What the signer's authority says of revoked certificates was out of date when the file reached us.",
                "Our coordinator records the authority's current list.",
            ),
            (
                "organization_not_covered",
                _HELD,
                "The signer's certificate is for an organization for which we don't believe the authority that issued it.",
                "Our coordinator confirms the signer's identity and records the certificate.",
            ),
            (
                "expired",
                _HELD,
                "The signer's certificate had expired when the file reached us.",
                "Ask us for a new digital ID and sign again.",
            ),
            (
                "not_yet_valid",
                _HELD,
                "The signer's certificate was not valid yet when the file reached us.",
                "Check the clock of the computer that made it.",
            ),
            (
                "wrong_key_usage",
                _HELD,
                "The signer's certificate is not meant for signing documents.",
                "Sign with a certificate for signatures, or ask us for one.",
            ),
            (
                "weak_digest",
                _HELD,
                "The signature was made with a method that is no longer safe (SHA-1, MD5 or a short key).",
                "Update the signing program, or ask us for a digital ID.",
            ),
            (
                "certificate_names_nobody",
                _HELD,
                "The signer's certificate doesn't carry the NPI of one clinician.",
                "Our coordinator confirms the signer's identity and records the certificate.",
            ),
            (
                "clinician_in_member_slot",
                _HELD,
                "The member's field was signed with a clinician's certificate.",
                "Ask who signed; the member, or their representative, must approve for themselves.",
            ),
            (
                "member_in_pcp_slot",
                _REJECTED,
                "The PCP's field was signed with the member's own certificate.",
                "The PCP or a designee must sign.",
            ),
            (
                "seal_in_slot",
                _REJECTED,
                "A signature field was signed with the organization's own seal.",
                "The member and the PCP must sign for themselves.",
            ),
            (
                "member_identity_unproven",
                _HELD,
                "We can't tell that the member's signature is the member's own.",
                "Record the certificate as the member's, or record the approval as a person took it.",
            ),
            (
                "not_witnessed",
                _HELD,
                "The member's one-time certificate has no record of the visit at which it was used.",
                "Ask whoever was at the visit.",
            ),
            ("witnessed_elsewhere", _REJECTED, "The member's one-time certificate was made for another document.", _SIGN_AGAIN),
            (
                "clock_ahead",
                _REMARK,
                "The signer's clock shows a time after the file reached us; the time of receipt counts.",
                "Set the clock of the signing computer.",
            ),
            (
                "clock_behind",
                _REMARK,
                "The signer's clock shows a time before the plan was issued; the time of issue counts.",
                "Set the clock of the signing computer.",
            ),
            (
                "timestamp_untrusted",
                _REMARK,
                "The signature's time stamp comes from an authority that we don't know; the time of receipt counts.",
                "",
            ),
        ),
    }
)
"""(code, severity, sentence, what to do), by the group under which docs/verdicts.md explains them."""

FINDINGS: Mapping[str, FindingKind] = MappingProxyType(
    {code: FindingKind(code, severity, message, todo) for rows in GROUPS.values() for code, severity, message, todo in rows}
)
"""Every kind of finding by its code."""


def finding(code: str, detail: str = "", *, severity: Verdict | None = None) -> Finding:
    """A finding of the kind ``code``. ``detail`` never holds PHI; ``severity`` only where a rule softens the kind's own."""
    return Finding(FINDINGS[code], detail, severity)
