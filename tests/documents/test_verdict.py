"""The report on an examined file on paper: text from outside is drawn or spelled, never left out and never obeyed."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pypdf import PdfReader

from cpdocs.documents.verdict import VerdictPaper, render_verdict, verdict_view

SHIPPED = Path(__file__).parent.parent.parent / "templates"
NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)


def signature(**changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "slot": "pcp",
        "field": "PCPSig",
        "signer": "Olga Examplesen",
        "npi": "1234567893",
        "credential": "MD",
        "signed_at": NOW.isoformat(),
        "timestamped": None,
        "trusted": True,
        "intact": True,
        "covers": "whole_file",
        "changes_after": "none",
    }
    unsaid = dict.fromkeys(
        (
            *(
                "identity",
                "certificate_sha256",
                "issuer",
                "digest",
                "format",
                "judged_at",
                "level",
                "revocation_source",
                "revoked_at",
                "reason",
            ),
            *("valid_from", "valid_until", "not_after", "covers_bytes", "problem"),
        ),
        "",
    )
    said = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in changes.items()}
    return {**unsaid, "chain": [], **plain, **said}


def paper(*signatures: dict[str, Any], **changes: Any) -> VerdictPaper:
    report = {
        "sha256": "ab" * 32,
        "verdict": "held",
        "lane": "digital",
        "document_id": "7K3M-9QXW-2RR",
        "slots_filled": [],
        "findings": [{"code": "unknown_ca", "severity": "held", "message": "Nobody knows the issuer."}],
        "signatures": list(signatures),
        "made_by": "cpdocs 0",
        "revisions": [{"number": 1, "what": "The plan as it was rendered."}],
        "checked": ["One thing."],
        "not_checked": ["Another."],
    }
    return VerdictPaper({**report, **changes}, "Example Community Partner", NOW, sandbox=False)


def words(given: VerdictPaper) -> str:
    pdf = render_verdict(given, shipped=SHIPPED).pdf
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def rows(given: VerdictPaper) -> dict[str, str]:
    return dict(verdict_view(given)["signatures"][0]["rows"])


def test_the_same_report_gives_the_same_bytes() -> None:
    first, second = (render_verdict(paper(signature()), shipped=SHIPPED).pdf for _ in range(2))
    assert first == second


def test_a_claimed_time_is_never_shown_as_proven() -> None:
    claimed = rows(paper(signature()))
    assert claimed["Signed (claimed)"].endswith("by the signer's own clock")
    assert claimed["Signed (proven)"] == "by no time stamp that we trust"
    assert rows(paper(signature(timestamped=NOW)))["Signed (proven)"] == "Nov 2, 2026, 10:00 AM EST"


def test_what_fails_is_said_in_capitals_and_what_a_finding_weighs_in_words() -> None:
    shown = rows(paper(signature(intact=False, trusted=False, covers="unclear", changes_after="other")))
    assert (shown["Made over these bytes by this key"], shown["Believed"]) == ("NO", "NO")
    assert shown["Came into the file after it"] == "something besides signatures"
    assert "unknown_ca (a person must look): Nobody knows the issuer." in words(paper(signature()))


def test_characters_that_no_font_draws_or_that_steer_the_reader_stand_as_their_codes() -> None:
    text = words(paper(signature(signer="Ned \ue123\x07\u202e<b>Samplewick</b>")))
    assert "Ned <U+E123><U+0007><U+202E><b>Samplewick</b>" in text


def test_the_head_says_in_short_who_approved_and_a_stamp_has_no_meaning_or_claim() -> None:
    shown = verdict_view(paper(signature(), signature(slot="timestamp", timestamped=NOW), signature(slot="seal")))
    (line,) = shown["summary"]
    assert line[0] == "PCP or designee"
    assert line[1].startswith(
        "Olga Examplesen, MD, NPI 1234567893; claimed Nov 2, 2026, 10:00 AM EST; intact; believed"
    )
    stamp = dict(shown["signatures"][1]["rows"])
    assert stamp["Time"] == "Nov 2, 2026, 10:00 AM EST"
    assert not {"Meaning", "Signed (claimed)", "Revoked"} & stamp.keys()


def test_a_file_without_signatures_says_so() -> None:
    assert "None that could be read." in words(paper(document_id=None, lane="unmatched"))
