"""Words that a member shouldn't be asked to sign, and what says it instead: person-first language. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cpdocs.core.plan_amounts import as_read

PERSON_FIRST = {
    "addict": "a person with a substance use disorder",
    "addicts": "people with a substance use disorder",
    "alcoholic": "a person with alcohol use disorder",
    "substance abuse": "substance use",
    "drug abuse": "drug use",
    "drug abuser": "a person who uses drugs",
    "abuser": "a person who uses …",
    "misuses": "uses",
    "is clean": "is in recovery, or isn't using",
    "been clean": "been in recovery, or not used",
    "stay clean": "stay in recovery, or not use",
    "stays clean": "stays in recovery, or doesn't use",
    "get clean": "start recovery, or stop using",
    "got clean": "started recovery, or stopped using",
    "clean time": "time in recovery",
    "clean urine": "a negative test",
    "dirty urine": "a positive test",
    "dirty test": "a positive test",
    "dirty screen": "a positive test",
    "non-compliant": "what keeps the member from it, in their words",
    "noncompliant": "what keeps the member from it, in their words",
    "refuses to": "chooses not to",
    "schizophrenic": "a person with schizophrenia",
    "the mentally ill": "people with a mental health condition",
    "suffers from": "has, or lives with",
    "wheelchair-bound": "uses a wheelchair",
    "wheelchair bound": "uses a wheelchair",
    "handicapped": "disabled, or with a disability",
    "frequent flyer": "comes often",
    "abusers": "people who use …",
    "drug abusers": "people who use drugs",
    "misuse": "use",
    "misused": "used",
    "misusing": "using",
    "abuses": "uses",
    "substance abuser": "a person with a substance use disorder",
    "alcoholics": "people with alcohol use disorder",
    "addicted": "with a substance use disorder",
    "junkie": "a person who uses drugs",
    "non compliant": "what keeps the member from it, in their words",
    "non-compliance": "what keeps the member from it, in their words",
    "noncompliance": "what keeps the member from it, in their words",
    "schizophrenics": "people with schizophrenia",
    "mentally ill": "with a mental health condition",
    "manipulative": "what the member does, not what they are",
}
"""Words that a member shouldn't be asked to sign, and what says it instead. A site adds its own."""

_NAMES = re.compile(
    r"\b(?:alcoholics anonymous|substance abuse and mental health services administration|non-alcoholic"
    r"|alcoholic (?:drinks?|beverages?|hepatitis|cirrhosis|liver)|handicapped (?:parking|placard|plates?)"
    r"|(?:domestic|child|elder|sexual|physical|emotional) abusers?|abuses? of power)\b",
    re.IGNORECASE,
)
"""Names and terms in which such a word labels nobody."""


def labels(text: str, avoided: Iterable[tuple[str, str]] = ()) -> Iterator[tuple[str, str]]:
    """Each word of a text that labels the member, once, with what says it instead. ``avoided`` are a site's own."""
    words = {word.casefold(): better for word, better in {**PERSON_FIRST, **dict(avoided)}.items()}
    alternatives = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    pattern = re.compile(rf"\b({alternatives})\b", re.IGNORECASE)
    for found in dict.fromkeys(match.casefold() for match in pattern.findall(_NAMES.sub(" ", as_read(text)))):
        yield found, words[found]
