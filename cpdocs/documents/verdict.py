"""The report on one examined file, for an auditor who wants it on paper (``verify --report pdf``).

Times that are proven stand apart from times that are claimed, and what was not checked is said as plainly as what was.
Names out of a stranger's certificate are text from outside: what no font draws is written as its code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cpdocs.core.moments import moment_text
from cpdocs.documents.certificate import hash_text
from cpdocs.documents.fonts import uncovered
from cpdocs.documents.html import fill, template_folders
from cpdocs.documents.pdf import Rendered, to_pdf

_SHEETS = ("base/base.css", "verdict/verdict.css")
_HEADINGS = {
    "member": "The member's signature",
    "pcp": "The PCP's or designee's signature",
    "seal": "The organization's seal",
}
_COVERS = {
    "whole_file": "the whole file",
    "revision": "the file up to the signature's own end",
    "unclear": "not established",
}
_AFTER = {
    "none": "nothing",
    "archival": "validation material or a time stamp, as archives need it",
    "signatures": "further signatures in the plan's own fields",
    "other": "something besides signatures",
    "unclear": "more than a signature needs; a person must look",
    "not_judged": "not judged",
}
_WEIGHTS = {"accepted": "a remark", "held": "a person must look", "rejected": "it can't count"}


@dataclass(frozen=True, slots=True)
class VerdictPaper:
    """What the report is made from: ``report`` as ``mailroom.verdict_report`` makes it, and who reports, when
    (aware)."""

    report: Mapping[str, Any]
    organization: str
    made_at: datetime
    sandbox: bool


def render_verdict(paper: VerdictPaper, *, shipped: Path, site: Path | None = None) -> Rendered:
    """The report as PDF/UA-1; the same ``paper`` gives the same bytes."""
    folders = template_folders(shipped, site)
    html = fill("verdict/verdict.html", _drawable(verdict_view(paper), folders), shipped=shipped, site=site)
    return to_pdf(
        html,
        folders=folders,
        profile="letter",
        identifier=f"verdict-{paper.report['sha256']}",
        created=paper.made_at,
        stylesheets=_SHEETS,
    )


def verdict_view(paper: VerdictPaper) -> dict[str, Any]:
    """The report for ``verdict/verdict.html``, as strings."""
    report = paper.report
    rows = [
        ("File, SHA-256", hash_text(report["sha256"])),
        ("Lane", report["lane"].replace("_", " ")),
        ("Would fill", " and ".join(report["slots_filled"]) or "nothing"),
        ("Examined", f"{moment_text(paper.made_at)}, by {report['made_by']}"),
    ]
    return {
        "organization": paper.organization,
        "verdict": report["verdict"],
        "document_id": report["document_id"] or "",
        "sandbox": paper.sandbox,
        "file": rows,
        "findings": [
            {"code": each["code"], "weight": _WEIGHTS[each["severity"]], "message": each["message"]}
            for each in report["findings"]
        ],
        "summary": [_summary(each) for each in report["signatures"] if each["slot"] in ("member", "pcp")],
        "signatures": [_signature_view(each) for each in report["signatures"]],
        "revisions": [(f"Revision {each['number']}", each["what"]) for each in report["revisions"]],
        "checked": list(report["checked"]),
        "unchecked": list(report["not_checked"]),
    }


def _summary(each: Mapping[str, Any]) -> tuple[str, str]:
    """One line for an approval: who, as whom, when, and whether it is believed."""
    who = ", ".join(filter(None, (each["signer"], each["credential"]))) or "a signer without a name"
    npi = f", NPI {each['npi']}" if each["npi"] else ""
    when = f"proven to be there {_moment(each['timestamped'])}" if each["timestamped"] else ""
    claimed = f"claimed {_moment(each['signed_at'])}" if each["signed_at"] else "no time stated"
    held = "intact" if each["intact"] else "NOT INTACT"
    trusted = "believed" if each["trusted"] else "NOT BELIEVED"
    said = f"{who}{npi}; {when or claimed}; {held}; {trusted}; {each['identity']}"
    return {"member": "Member", "pcp": "PCP or designee"}[each["slot"]], said


def _signature_view(each: Mapping[str, Any]) -> dict[str, Any]:
    stamp = each["slot"] == "timestamp"
    heading = _HEADINGS.get(each["slot"], "A time stamp on the document" if stamp else "Another signature")
    dates = f"{_moment(each['valid_from'])} to {_moment(each['valid_until'])}" if each["valid_from"] else ""
    said = f"{_moment(each['revoked_at'])} ({each['revoked_because']})" if each["revoked_at"] else "no"
    revoked = f"{said}, by {_source(each)}" if each["revocation_source"] else "nobody says"
    own = [
        ("NPI", each["npi"]),
        ("Meaning", f"“{each['reason']}”" if each["reason"] else "none stated"),
        (
            "Signed (claimed)",
            f"{_moment(each['signed_at'])}, by the signer's own clock" if each["signed_at"] else "no time stated",
        ),
        ("Signed (proven)", _moment(each["timestamped"]) or "by no time stamp that we trust"),
    ]
    rows = [
        ("Could not be read", each["problem"]),
        ("Name", ", ".join(filter(None, (each["signer"], each["credential"])))),
        *([("Time", _moment(each["timestamped"]) or "of an authority that we don't know")] if stamp else own),
        ("Made over these bytes by this key", "yes" if each["intact"] else "NO"),
        ("Whose certificate", each["identity"]),
        ("Certificate, SHA-256", hash_text(each["certificate_sha256"])),
        ("Issued by", each["issuer"]),
        ("Chain above it", "; then ".join(_link(link) for link in each["chain"])),
        ("Valid", f"{dates}; judged as of {_moment(each['judged_at'])}" if dates and each["judged_at"] else dates),
        ("Revoked", revoked if each["certificate_sha256"] and not stamp else ""),
        ("Believed", "yes" if each["trusted"] else "NO"),
        (
            "Covers",
            f"{_COVERS.get(each['covers'], each['covers'])} ({each['covers_bytes']:,} bytes)"
            if each["covers_bytes"]
            else "",
        ),
        ("Came into the file after it", _AFTER.get(each["changes_after"], each["changes_after"])),
        ("Format", ", ".join(filter(None, (each["format"], each["digest"])))),
        ("How far its proof reaches", f"PAdES {each['level']}" if each["level"] else ""),
    ]
    return {"heading": heading, "rows": [row for row in rows if row[1]]}


def _link(text: str) -> str:
    """A certificate of the chain: its name, and the beginning of its fingerprint, which the JSON report has whole."""
    name, _, mark = text.rpartition(" (")
    return f"{name} (SHA-256 {hash_text(mark.rstrip(')')[:16])} …)"


def _source(each: Mapping[str, Any]) -> str:
    """Whose word it is that a certificate was, or was not, revoked."""
    if each["revocation_source"] == "ledger":
        return "our own record"
    what = {"crl": "list of revoked certificates", "ocsp": "answer"}[each["revocation_source"]]
    made = f"made {_moment(each['revocation_from'])}, good until {_moment(each['revocation_until'])}"
    return f"its authority's {what} {made} (SHA-256 {hash_text(each['revocation_sha256'])})"


def _moment(text: str | None) -> str:
    return moment_text(datetime.fromisoformat(text)) if text else ""


def _drawable(value: Any, folders: Sequence[Path]) -> Any:
    """``value`` with every character that no font draws, or that isn't for print, as its code."""
    if isinstance(value, str):
        missing = set(uncovered(value, folders)) | {char for char in value if not char.isprintable()}
        return "".join(f"<U+{ord(char):04X}>" if char in missing else char for char in value)
    if isinstance(value, dict):
        return {key: _drawable(each, folders) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_drawable(each, folders) for each in value]
    return value
