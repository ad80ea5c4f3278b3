"""Invented people and places for demos and tests: nobody's name, number or address.

Everything is derived by hashing from a label, so that the same call gives the same data on every machine. Names come
from a short list of words that are plainly no family's; phones are in 555-01xx, which no telephone has.
"""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256

from cpdocs.core.ids import is_npi

FIRST = (
    *(
        "Acorn",
        "Bramble",
        "Cobalt",
        "Dapple",
        "Ember",
        "Fennel",
        "Gable",
        "Hopscotch",
        "Indigo",
        "Jubilee",
        "Kestrel",
        "Lantern",
    ),
    *(
        "Meadow",
        "Nutmeg",
        "Orchard",
        "Pebble",
        "Quill",
        "Ripple",
        "Saffron",
        "Thistle",
        "Umber",
        "Velvet",
        "Willowbark",
        "Zéphyr",
    ),
)
LAST = (
    *(
        "Testwell",
        "Samplewood",
        "Mockford",
        "Fictley",
        "Demoray",
        "Specimen",
        "Placeholder",
        "Trialby",
        "Ejemplo",
        "Modelski",
    ),
    *(
        "Prøve",
        "Beispiel",
        "Exampleton",
        "Dummyfield",
        "Muestra",
        "Esempio",
        "Inventado",
        "Pretendham",
        "Makebelieve",
        "Notreal",
    ),
)
PLACES = (
    *(("Boston", "02118", "Suffolk"), ("Worcester", "01608", "Worcester"), ("Springfield", "01103", "Hampden")),
    *(
        ("Lowell", "01852", "Middlesex"),
        ("New Bedford", "02740", "Bristol"),
        ("Lynn", "01902", "Essex"),
        ("Quincy", "02169", "Norfolk"),
    ),
)
STREETS = ("Specimen Street", "Pattern Road", "Draft Avenue", "Blueprint Lane", "Mockup Way", "Template Court")
PLANS = (("Pretend Health Alliance ACO", "ACPP"), ("Sample Care Partners", "PCACO"), ("Example Community MCO", "MCO"))
COORDINATORS = ("Hedgerow Specimen", "Larkspur Modelski", "Sorrel Trialby")
CP_ORGS = {"BH": "Sample Harbor BH Partners", "LTSS": "Sample Commons LTSS Partners"}

_OLDEST, _YOUNGEST = 64 * 365, 21 * 365


def number(label: str, below: int) -> int:
    """A number from 0 up to but not including ``below``, always the same for ``label``."""
    return int.from_bytes(sha256(f"cpdocs sample {label}".encode()).digest()[:8]) % below


def member_id(index: int) -> str:
    """A member id, different for each index."""
    return f"9{number(f'member {index}', 10**5):05d}{index:06d}"


def npi(label: str) -> str:
    """An NPI with a right check digit."""
    stem = f"1{number(f'npi {label}', 10**8):08d}"
    return next(f"{stem}{digit}" for digit in range(10) if is_npi(f"{stem}{digit}"))


def phone(label: str) -> str:
    """A telephone number that nobody has."""
    area = (413, 508, 617, 781, 978)[number(f"area {label}", 5)]
    return f"({area}) 555-01{number(f'phone {label}', 100):02d}"


def person(index: int, as_of: date) -> tuple[str, str, date]:
    """Last name, first name and date of birth of an adult of 21 to 64; no two indexes below 6,000,000 share all
    three."""
    name, day = index % (len(FIRST) * len(LAST)), index // (len(FIRST) * len(LAST))
    spread = number(f"dob {name}", _OLDEST - _YOUNGEST)
    age = _YOUNGEST + 30 + (spread + 7919 * day) % (_OLDEST - _YOUNGEST - 60)
    return LAST[name % len(LAST)], FIRST[name // len(LAST)], as_of - timedelta(days=age)


def roster_line(index: int, program: str, as_of: date, **changed: str) -> dict[str, str]:
    """A good roster line: an adult, assigned this month, with an address a letter reaches. ``changed`` overrides
    cells."""
    last, first, dob = person(index, as_of)
    city, zip_code, county = PLACES[number(f"city {index}", len(PLACES))]
    plan_name, plan_type = PLANS[number(f"plan {index}", len(PLANS))]
    line = {
        "member_id": member_id(index),
        "last_name": last,
        "first_name": first,
        "dob": dob.isoformat(),
        "sex": "FMX"[number(f"sex {index}", 3)],
        "language_spoken": "English",
        "language_written": "English",
        "format_need": "standard",
        "address1": f"{1 + number(f'house {index}', 900)} {STREETS[number(f'street {index}', len(STREETS))]}",
        "city": city,
        "state": "MA",
        "zip": zip_code,
        "county": county,
        "phone": phone(f"member {index}"),
        "safe_contact": "mail",
        "plan_name": plan_name,
        "plan_type": plan_type,
        "program": program,
        "cp_org": CP_ORGS[program],
        "assigned_on": as_of.replace(day=1).isoformat(),
        "status": "assigned",
        "assignment_source": "auto",
        "dmh_accs": "N",
        "coordinator": COORDINATORS[number(f"coordinator {index}", len(COORDINATORS))],
        "mrn": f"S{number(f'mrn {index}', 10**8):08d}",
    }
    return {**line, **changed}


def years_before(as_of: date, years: int) -> str:
    """The date of birth of somebody who turned ``years`` about half a year before ``as_of``."""
    return (as_of - timedelta(days=round(365.25 * years) + 180)).isoformat()
