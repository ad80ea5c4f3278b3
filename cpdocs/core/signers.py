"""Who may approve a plan in the PCP's slot (contract §6).

The rules, each with the code that it gives when it fails:

1. The signer is a clinician on record (``signer_unknown``; nothing else can be said of a stranger).
2. The signer has a row at the plan's practice (``wrong_practice``).
3. That row is active (``clinician_inactive``); without a row there, any row of the signer's.
4. The signer is the plan's PCP, or

   a. holds a credential that a designee may have (``credential_not_eligible``), and
   b. is designated by that PCP (``not_designated``; then no other designation code is given), in one designation that
   c. names plan approval (``task_not_delegated``),
   d. attests the care team, for this member where it names members (``not_on_care_team``),
   e. attests face-to-face contact with the PCP (``no_face_to_face``),
   f. is in force on the day (``designation_expired``, also before its first day),
   g. was attested by a person on record, named in full or by NPI, who isn't the designee
      (``designation_not_attested``), and
   h. was on record when the signature was made (``designation_recorded_late``).

   Of several designations one must satisfy c to h alone; else the one with the fewest faults is reported.
5. The plan's PCP is the member's PCP still (``pcp_changed``).

Every rule is tested on the day of signing and at receipt. What fails on one of the two days only is reported as
such and held, never rejected: a person must look (contract §6, last paragraph).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from cpdocs.core.clock import eastern_date
from cpdocs.core.findings import finding
from cpdocs.core.names import is_named, may_be, name_words
from cpdocs.core.providers import Clinician, Designation, Directory
from cpdocs.core.verdicts import Finding, Verdict

DESIGNEE_CREDENTIALS = frozenset({"RN", "MD", "DO", "NP", "PA"})
PLAN_APPROVAL = "plan_approval"
PCP = "pcp"
PCP_DESIGNEE = "pcp_designee"

CLINICIAN_CODES = frozenset({"signer_unknown", "wrong_practice", "clinician_inactive", "credential_not_eligible"})
"""The codes that come from the clinician's own rows, not from a designation."""

_NPI = re.compile(r"(?<!\d)\d{10}(?!\d)")


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether one signer may approve one plan, and as what.

    ``role`` is ``pcp`` or ``pcp_designee``; ``on_behalf_of`` is the PCP's NPI for a designee, else empty.
    ``clinician`` is the row that names the signer (the one at the plan's practice where there is one).
    ``findings`` holds every reason against; empty means that the signer may approve.
    """

    role: str
    on_behalf_of: str
    clinician: Clinician | None
    findings: tuple[Finding, ...]

    @property
    def may_approve(self) -> bool:
        return not self.findings


def may_approve(
    *,
    signer_npi: str,
    pcp_npi: str,
    practice_id: str,
    member_id: str,
    directory: Directory,
    signed_at: datetime,
    received_at: datetime,
    directory_then: Directory | None = None,
    current_pcp_npi: str | None = None,
) -> Standing:
    """Judge whether ``signer_npi`` may fill the PCP slot of the plan that names ``pcp_npi`` at ``practice_id``.

    ``signed_at`` is the proven time of signing, or the claimed one within what is proven; ``received_at`` when the
    signed file came (both aware). ``directory`` is what is on record at receipt, ``directory_then`` what was on
    record when it was signed, where that is known. ``current_pcp_npi`` is the member's PCP on record at receipt.
    """
    row = _row(directory, signer_npi, practice_id)
    role = PCP if signer_npi == pcp_npi else PCP_DESIGNEE
    at_receipt = _faults(directory, signer_npi, pcp_npi, practice_id, member_id, eastern_date(received_at), signed_at)
    at_signing = _faults(directory, signer_npi, pcp_npi, practice_id, member_id, eastern_date(signed_at), signed_at)
    if directory_then is not None:
        at_signing = _as_of_then(at_signing, directory_then, signer_npi, pcp_npi, practice_id)
    findings = [finding(code) for code in at_receipt if code in at_signing]
    findings += [_held(code, "on the day of signing, not at receipt") for code in at_signing if code not in at_receipt]
    findings += [_held(code, "at receipt, not on the day of signing") for code in at_receipt if code not in at_signing]
    if current_pcp_npi is not None and current_pcp_npi != pcp_npi:
        findings.append(finding("pcp_changed"))
    return Standing(role, "" if role == PCP else pcp_npi, row, tuple(findings))


def _held(code: str, when: str) -> Finding:
    return finding(code, when, severity=Verdict.HELD)


def _row(directory: Directory, npi: str, practice_id: str) -> Clinician | None:
    rows = directory.rows_of(npi)
    here = [row for row in rows if row.practice_id == practice_id]
    return here[0] if here else (rows[0] if rows else None)


def _faults(
    directory: Directory, npi: str, pcp_npi: str, practice_id: str, member_id: str, day: date, signed_at: datetime
) -> tuple[str, ...]:
    """Every code that fails on ``day``, in the order of the rules."""
    faults = _clinician_faults(directory, npi, pcp_npi, practice_id)
    if npi == pcp_npi or faults == ("signer_unknown",):
        return faults
    pairs = [each for each in directory.designations if each.designee_npi == npi and each.pcp_npi == pcp_npi]
    if not pairs:
        return (*faults, "not_designated")
    rows = directory.rows_of(npi)
    return faults + min(
        (_designation_faults(each, directory, rows, member_id, day, signed_at) for each in pairs), key=len
    )


def _clinician_faults(directory: Directory, npi: str, pcp_npi: str, practice_id: str) -> tuple[str, ...]:
    """Rules 1 to 4a: what the clinician's own rows say."""
    rows = directory.rows_of(npi)
    if not rows:
        return ("signer_unknown",)
    faults = []
    here = tuple(row for row in rows if row.practice_id == practice_id)
    if not here:
        faults.append("wrong_practice")
    telling = here or rows
    if not any(row.active for row in telling):
        faults.append("clinician_inactive")
    if npi != pcp_npi and not any(row.credential.upper() in DESIGNEE_CREDENTIALS for row in telling):
        faults.append("credential_not_eligible")
    return tuple(faults)


def _designation_faults(
    designation: Designation,
    directory: Directory,
    rows: tuple[Clinician, ...],
    member_id: str,
    day: date,
    signed_at: datetime,
) -> tuple[str, ...]:
    """Rules 4c to 4h for one designation."""
    faults = []
    if PLAN_APPROVAL not in designation.tasks:
        faults.append("task_not_delegated")
    narrowed_away = bool(designation.member_ids) and member_id not in designation.member_ids
    if not designation.on_care_team or narrowed_away:
        faults.append("not_on_care_team")
    if not designation.face_to_face_with_pcp:
        faults.append("no_face_to_face")
    if day < designation.valid_from or (designation.valid_to is not None and day > designation.valid_to):
        faults.append("designation_expired")
    if not _is_attested(designation.attested_by, rows, designation.pcp_npi, directory):
        faults.append("designation_not_attested")
    # A signature's own clock shows whole seconds only.
    if designation.recorded_at.replace(microsecond=0) > signed_at:
        faults.append("designation_recorded_late")
    return tuple(faults)


def _is_attested(attested_by: str, rows: tuple[Clinician, ...], pcp_npi: str, directory: Directory) -> bool:
    """Whether it names a person on record, by NPI or in full, who isn't the designee (``rows``).

    Where several names are in it (Ann Lee designated by Ann Lee Wong) the longest counts; a tie with the designee's is
    no attestation, nor is a person on record whose name may be the designee's own in another spelling.
    """
    if named := _NPI.findall(attested_by):
        return not any(row.npi in named for row in rows) and any(directory.rows_of(npi) for npi in named)
    own = _longest(attested_by, rows)
    if _longest(attested_by, directory.rows_of(pcp_npi)) > own:
        return True
    others = (row for npi, each in directory.clinicians.items() if rows and npi != rows[0].npi for row in each)
    if _longest(attested_by, [row for row in others if not _same_name(row, rows)]) > own:
        return True
    enrolled = [
        name for name in directory.people if not any(may_be(name, row.first_name, row.last_name) for row in rows)
    ]
    return not own and any(name_words(name) <= name_words(attested_by) for name in enrolled)


def _longest(attested_by: str, rows: Iterable[Clinician]) -> int:
    """How many words of it are the full name of one of these; 0 where none is named."""
    named = (row for row in rows if is_named(attested_by, row.first_name, row.last_name))
    return max((len(name_words(f"{row.first_name} {row.last_name}")) for row in named), default=0)


def _same_name(row: Clinician, rows: tuple[Clinician, ...]) -> bool:
    return any(may_be(f"{row.first_name} {row.last_name}", each.first_name, each.last_name) for each in rows)


def _as_of_then(
    at_signing: tuple[str, ...], then: Directory, npi: str, pcp_npi: str, practice_id: str
) -> tuple[str, ...]:
    """The faults on the day of signing with the clinician's rows as they were then.

    Designations carry their own dates, so rules 4b to 4h stand as judged. A signer whose rows came on record after
    the signature is judged by the rows on record now: nothing earlier says otherwise.
    """
    if not then.rows_of(npi):
        return at_signing
    designation_part = tuple(code for code in at_signing if code not in CLINICIAN_CODES)
    return _clinician_faults(then, npi, pcp_npi, practice_id) + designation_part
