"""Addresses: what stands in a cell and is no place, and which state a ZIP lies in.

A placeholder for an address sends a letter with a member's name to nobody or to anybody (contract §3, rule 5). General
Delivery, PO boxes, rural routes and care-of lines are addresses.
"""

from __future__ import annotations

import re
from functools import lru_cache

_NO_PLACE = frozenset(
    {
        *("UNKNOWN", "UNK", "UNKN", "NONE", "NA", "N A", "NIL", "NULL", "TBD", "TBA", "TEST", "PENDING", "REFUSED"),
        *("DECLINED", "CONFIDENTIAL", "TRANSIENT", "NOT PROVIDED", "NOT GIVEN", "NOT KNOWN", "NOT AVAILABLE", "SAME"),
        *("NOT APPLICABLE", "NO ADDRESS", "NO STREET", "NO STREET ADDRESS", "NO PERMANENT ADDRESS", "INCOMPLETE"),
        *("NO CURRENT ADDRESS", "NO KNOWN ADDRESS", "NO MAILING ADDRESS", "ADDRESS", "INVALID", "INVALID ADDRESS"),
        *("MOVED", "MOVED AWAY", "STREET", "THE STREET", "STREETS", "ON THE STREET", "STREET HOMELESS", "SHELTER"),
        *("UNDOMICILED", "UNHOUSED", "UNSHELTERED", "HOUSELESS", "NOWHERE", "SEE NOTES", "SEE FILE", "ASK", "CHECK"),
        *("UPDATE", "UPDATE ADDRESS", "NEED ADDRESS", "NEEDS ADDRESS", "MISSING", "BLANK", "EMPTY", "NO DATA", "BAD"),
        *("UNABLE TO OBTAIN", "UNABLE TO LOCATE", "NFA", "RTS", "DNM", "SAME AS ABOVE", "SAME AS MAILING"),
        *("LIVES IN CAR", "CAR", "VEHICLE", "COUCH SURFING", "DECEASED"),
    }
)
"""What a whole cell may say instead of a street, a city or a place, in capitals, without punctuation."""
_NO_PLACE_WITHIN = re.compile(
    r"\b(BAD ADDR(ESS)?|(ADDR(ESS)?|STREET|WHEREABOUTS) (IS )?UNKNOWN"
    r"|(UNKNOWN|UNVERIFIED|WRONG|OLD|INCORRECT|INVALID|NO (FIXED|PERMANENT|KNOWN|CURRENT|VALID|GOOD)) "
    r"(ADDR(ESS)?|ABODE|RESIDENCE)|NO FIXED|DO NOT (MAIL|SEND|USE|WRITE)|DONT (MAIL|SEND|USE)|NO MAIL"
    r"|RETURN(ED)? (MAIL|TO SENDER)|MAIL RETURNED|UNDELIVERABLE|ADDRESS (NEEDED|MISSING|REFUSED|WITHHELD|PENDING)"
    r"|STREETS OF|^CONFIDENTIAL|NOT A VALID ADDRESS|REFUSED TO (GIVE|PROVIDE)|DECLINED TO (GIVE|PROVIDE))\b"
)
_NO_HOME = re.compile(r"\b(HOMELESS|UNHOUSED|UNDOMICILED|UNSHELTERED)\b")
_FILLED = re.compile(r"(X+|0+|9{3,}|Z{2,}|ASDF\w*)")


@lru_cache(maxsize=65536)
def is_no_place(cell: str) -> bool:
    """Whether what stands in a street or city cell is no place: a placeholder or a remark. An empty cell isn't one."""
    if not cell:
        return False
    words = _words(cell)
    solid = words.replace(" ", "")
    if not words or words in _NO_PLACE or _FILLED.fullmatch(solid) or _NO_PLACE_WITHIN.search(words):
        return True
    if solid.isdigit():
        return True
    # A shelter with a house number is a place where mail arrives.
    return _NO_HOME.search(words) is not None and not any(char.isdigit() for char in words)


def is_remark_of_no_place(cell: str) -> bool:
    """Whether a second street line says that mail doesn't arrive here: DO NOT MAIL, HOMELESS, BAD ADDRESS …"""
    words = _words(cell)
    return _NO_PLACE_WITHIN.search(words) is not None or _NO_HOME.fullmatch(words) is not None


def _words(cell: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", cell.upper().replace("'", "").replace("’", "")).split())


STATES = {
    "ALABAMA": "AL",
    "ALASKA": "AK",
    "ARIZONA": "AZ",
    "ARKANSAS": "AR",
    "CALIFORNIA": "CA",
    "COLORADO": "CO",
    "CONNECTICUT": "CT",
    "DELAWARE": "DE",
    "DISTRICT OF COLUMBIA": "DC",
    "FLORIDA": "FL",
    "GEORGIA": "GA",
    "HAWAII": "HI",
    "IDAHO": "ID",
    "ILLINOIS": "IL",
    "INDIANA": "IN",
    "IOWA": "IA",
    "KANSAS": "KS",
    "KENTUCKY": "KY",
    "LOUISIANA": "LA",
    "MAINE": "ME",
    "MARYLAND": "MD",
    "MASSACHUSETTS": "MA",
    "MICHIGAN": "MI",
    "MINNESOTA": "MN",
    "MISSISSIPPI": "MS",
    "MISSOURI": "MO",
    "MONTANA": "MT",
    "NEBRASKA": "NE",
    "NEVADA": "NV",
    "NEW HAMPSHIRE": "NH",
    "NEW JERSEY": "NJ",
    "NEW MEXICO": "NM",
    "NEW YORK": "NY",
    "NORTH CAROLINA": "NC",
    "NORTH DAKOTA": "ND",
    "OHIO": "OH",
    "OKLAHOMA": "OK",
    "OREGON": "OR",
    "PENNSYLVANIA": "PA",
    "RHODE ISLAND": "RI",
    "SOUTH CAROLINA": "SC",
    "SOUTH DAKOTA": "SD",
    "TENNESSEE": "TN",
    "TEXAS": "TX",
    "UTAH": "UT",
    "VERMONT": "VT",
    "VIRGINIA": "VA",
    "WASHINGTON": "WA",
    "WEST VIRGINIA": "WV",
    "WISCONSIN": "WI",
    "WYOMING": "WY",
    "PUERTO RICO": "PR",
    "VIRGIN ISLANDS": "VI",
    "US VIRGIN ISLANDS": "VI",
    "GUAM": "GU",
    "AMERICAN SAMOA": "AS",
    "NORTHERN MARIANA ISLANDS": "MP",
    "ARMED FORCES EUROPE": "AE",
    "ARMED FORCES AMERICAS": "AA",
    "ARMED FORCES PACIFIC": "AP",
    "MASS": "MA",
    "MASS.": "MA",
    "COMMONWEALTH OF MASSACHUSETTS": "MA",
}
"""States and military areas in words, in capitals → their two letters."""


@lru_cache(maxsize=4096)
def state_code(text: str) -> str:
    """A state in words or with periods as its two letters; what is neither stays as it is."""
    words = " ".join(text.upper().replace(".", "").split())
    return STATES.get(words, words if len(words) == 2 else text)


_PREFIXES = (
    "005-005 NY,006-007 PR,008-008 VI,009-009 PR,010-027 MA,028-029 RI,030-038 NH,039-049 ME,050-054 VT,055-055 MA,"
    "056-059 VT,060-069 CT,070-089 NJ,090-099 AE,100-149 NY,150-196 PA,197-199 DE,200-205 DC,206-219 MD,220-246 VA,"
    "247-268 WV,270-289 NC,290-299 SC,300-319 GA,320-339 FL,340-340 AA,341-349 FL,350-369 AL,370-385 TN,386-397 MS,"
    "398-399 GA,400-427 KY,430-459 OH,460-479 IN,480-499 MI,500-528 IA,530-549 WI,550-567 MN,569-569 DC,570-577 SD,"
    "580-588 ND,590-599 MT,600-629 IL,630-658 MO,660-679 KS,680-693 NE,700-714 LA,716-729 AR,730-749 OK,750-799 TX,"
    "800-816 CO,820-831 WY,832-838 ID,840-847 UT,850-865 AZ,870-884 NM,885-885 TX,889-898 NV,900-961 CA,962-966 AP,"
    "967-968 HI,969-969 GU,970-979 OR,980-994 WA,995-999 AK"
)
"""First three digits of ZIPs → state, after the Postal Service's list of sectional centers (DMM Labeling List L002)."""
_ELSEWHERE = {("063", "NY"), ("733", "TX"), ("201", "VA"), ("967", "AS"), ("969", "MP"), ("834", "WY"), ("865", "UT")}
"""Prefixes that reach over a border."""


def _by_prefix() -> dict[str, str]:
    found = {}
    for part in _PREFIXES.split(","):
        numbers, state = part.split()
        first, last = map(int, numbers.split("-"))
        found.update({f"{number:03d}": state for number in range(first, last + 1)})
    return found


_STATE_OF = _by_prefix()


def is_zip_of_another_state(zip_code: str, state: str) -> bool:
    """Whether ``zip_code`` (five or nine digits) lies in another state than ``state`` (two letters; empty tells
    nothing)."""
    prefix = zip_code[:3]
    return bool(state) and _STATE_OF.get(prefix) != state and (prefix, state) not in _ELSEWHERE
