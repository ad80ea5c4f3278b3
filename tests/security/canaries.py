"""Invented particulars that occur nowhere else, and how to find them again in whatever a program leaves behind."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import openpyxl
import yaml

from cpdocs.demo.files import Sample, write_sample

LAST, FIRST, MEMBER_ID, MRN = "Zanaryqwick", "Yolandrixa", "840917362055", "ZQ77881MRN"
DOB, ADDRESS, PHONE = "1961-02-13", "77 Vexillary Crookedlane", "(339) 555-0166"
GOAL, CONTACT = "I want to juggle zanyflamingos", "Quillonbrax"
PIN, PASSPHRASE = "zq-pin-5551212", "zq flamboyance 77"
FILE_NAME = f"Fnamewick {LAST} {DOB}"

SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "last name": (LAST,),
    "first name": (FIRST,),
    "date of birth": (DOB, "02/13/1961", "2/13/1961", "19610213", "february 13, 1961", "feb 13, 1961"),
    "address": ("vexillary", "crookedlane"),
    "member id": (MEMBER_ID,),
    "phone": ("339) 555-0166", "339-555-0166", "3395550166"),
    "MRN": (MRN,),
    "goal": ("zanyflamingos",),
    "contact": (CONTACT,),
    "PIN": (PIN,),
    "passphrase": (PASSPHRASE,),
    "file name": ("fnamewick",),
}


def told(text: str | bytes) -> list[str]:
    """Which canaries a text holds, in any spelling."""
    shown = (text.decode("utf-8", "replace") if isinstance(text, bytes) else text).casefold()
    return [
        name for name, spellings in SPELLINGS.items() if any(spelling.casefold() in shown for spelling in spellings)
    ]


def write_canary_sample(folder: Path, as_of: date) -> Sample:
    """The product's sample, in which the first member and their plan carry the canaries."""
    sample = write_sample(folder, as_of)
    before = sample.member_ids["bh"]
    with sample.roster.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["member_id"] == before:
            row |= canary_cells()
    write_rows(sample.roster, rows)
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(list(rows[0]))
    book.active.append([*list((rows[0] | canary_cells()).values())[:-1], f"=HYPERLINK({LAST})"])
    book.save(folder / "roster.xlsx")
    plan = yaml.safe_load(sample.plans["bh"].read_text("utf-8"))
    plan["member_id"] = MEMBER_ID
    plan["goals"][0]["goal"] = GOAL
    plan["emergency_contacts"][0] |= {"name": CONTACT, "phone": PHONE}
    sample.plans["bh"].write_text(yaml.safe_dump(plan, sort_keys=False), "utf-8")
    sample.member_ids["bh"] = MEMBER_ID
    return sample


def canary_cells() -> dict[str, str]:
    """The cells of a roster line that say who somebody is."""
    return {
        "member_id": MEMBER_ID,
        "last_name": LAST,
        "first_name": FIRST,
        "dob": DOB,
        "address1": ADDRESS,
        "phone": PHONE,
        "mrn": MRN,
    }


def write_rows(path: Path, rows: list[dict[str, str]], *, header: bool = True) -> Path:
    """A CSV of these rows; without ``header`` its first line is data, as some exports have it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        if header:
            writer.writeheader()
        writer.writerows(rows)
    return path


@dataclass
class Evidence:
    """What a walk through the commands left to be searched, by where it was found."""

    texts: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)

    def add(self, where: str, step: str, text: str | bytes) -> None:
        self.texts.setdefault(where, []).append(
            (step, text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
        )

    def leaks(self, *where: str) -> list[str]:
        """One line for each text that holds a canary: where, at which step, which, and its neighbourhood."""
        return [
            f"{place}, {step}: {', '.join(names)} in {text[:600]!r}"
            for place in where
            for step, text in self.texts.get(place, [])
            if (names := told(text))
        ]
