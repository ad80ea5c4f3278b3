"""What messages say of commands and options, as who sits at the desk would do it: the use cases write them for both.

What is left as a command is an administrator's, or nothing that the desk has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

PLACES: Mapping[str, str] = {
    "held accept": "the form on this page",
    "held close": "“Close: nobody is asked”",
    "held list": "Review",
    "held recheck": "“Judge it again”",
    "held reject": "“Reject, and tell the practice”",
    "held return": "“Return with comments”",
    "held show": "Review",
    "import clinicians": "Imports",
    "import designations": "Imports",
    "import practices": "Imports",
    "import roster": "Imports",
    "letters hold list": "Held letters",
    "letters list": "Letters",
    "letters show": "Letters",
    "member correct": "“What a roster states isn't so” on the member's page",
    "notices list": "Notices",
    "plan issue": "“Write or bring a plan”",
    "plan list": "Plans",
    "plan send": "“Send it to the practice now” on the plan's page",
    "plan show": "the plan's page",
    "todo": "Today",
}
"""The commands that have a place at the desk, by their first words."""
_OPTIONS: Mapping[str, str] = {
    "at": "the time",
    "by": "the name",
    "channel": "how it goes",
    "document": "the document id",
    "npi": "the NPI",
    "on": "the day",
    "reason": "the reason",
    "signed-on": "the day",
    "to": "to whom",
}
_AS = re.compile(r"Say who you are with `--as NAME` if that isn't your name on record")
_COMMAND = re.compile(r"`cpdocs ([^`]+)`")
_RECHECK = re.compile(r"\brecheck\b")
_OPTION = re.compile(r"(?<![\w-])--([a-z][a-z-]*)(?: [A-Z]+)?")
_QUOTED = re.compile(r"(`[^`]*`)")


def at_the_desk(text: str) -> str:
    """``text`` with the desk's own places and fields in place of commands and options."""
    text = _AS.sub("Log in by your own name if this is another's", text)
    text = _RECHECK.sub("have it judged again", _COMMAND.sub(_place, text))
    return "".join(part if part.startswith("`") else _OPTION.sub(_field, part) for part in _QUOTED.split(text))


def _place(found: re.Match[str]) -> str:
    words = found[1].split()
    known = (" ".join(words[:count]) for count in (3, 2, 1))
    return next((PLACES[each] for each in known if each in PLACES), found[0])


def _field(found: re.Match[str]) -> str:
    return _OPTIONS.get(found[1], f"“{found[1].replace('-', ' ')}”")
