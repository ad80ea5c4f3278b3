"""Words by which the Community Partner would seem to decide on a service: authorized, approved, granted, covered (D11).

Asking somebody to decide, waiting for it and saying that it wasn't decided are no claims; nor are the member's own
words, nor what stands under ``quantity`` with the name of who authorized it. Pure.
"""

from __future__ import annotations

import re

from cpdocs.core.plan_amounts import as_read

_CLAIM = re.compile(
    r"\b(?:(?:pre-?)?authori[sz](?:ed|es)|(?:pre-?)?approv(?:ed|es))\b"
    r"|\b(?:we|i|cp|coordinator|partners?) (?:hereby )?(?:authori[sz]e|approve|grant|cover)\b"
    r"|\b(?:granted|entitled)\b"
    r"|\bcovered (?:for|up to|until|through|by|under|in full)\b"
    r"|\b(?:is|are|was|were|been|fully|gets?) covered\b(?! with)",
    re.IGNORECASE,
)
_NO_CLAIM = re.compile(
    r"\b(?:not|never|no|nothing|isn't|aren't|wasn't|weren't|won't|whether|if|unless|until|once|when|before|ask\w*"
    r"|request\w*|appl(?:y|ies|ied)|find out|check\w*|wait\w*|to be|may be|might be|must be|can be|could be|pending"
    r"|need\w*|who)\b",
    re.IGNORECASE,
)
"""What comes before, in the same clause, where nothing is claimed."""
_OTHER_SENSE = re.compile(
    r"\b(?:fda|ada|hud|fire|state)-approved\b|\bauthori[sz]ed representative\b|\bentitled [“\"']", re.IGNORECASE
)
_CLAUSE = re.compile(r"[.;:!?]\s|\s(?:but|and then)\s")


def claims_authority(text: str) -> bool:
    """Whether a text in a field of the CP's says that a service is authorized, approved, granted or covered."""
    for clause in _CLAUSE.split(_OTHER_SENSE.sub(" ", as_read(text))):
        for found in _CLAIM.finditer(clause):
            if not _NO_CLAIM.search(clause[: found.start()]):
                return True
    return False
