"""The tables of ``paper.py``, and each goal beside what was found."""

from __future__ import annotations

from benchmarks import _channels
from benchmarks._tally import Found, Tally
from cpdocs.core.page_facts import BoxReading

ORDINARY = {"signed": 0.44, "empty": 0.44, "initials": 0.04, "odd pen": 0.04, "odd mark": 0.04}
"""What is guessed of an office's post, by which the share of boxes left to a person is weighed: half are empty when a
page comes home, and one in twelve is odd."""
VISIBLE = 2.0
"""Square millimetres of ink that arrived, from which a box that reads empty is wrongly read."""
READINGS = (BoxReading.SIGNED, BoxReading.UNSURE, BoxReading.EMPTY)
KINDS = ("scan", "fax", "bad fax", "photo")


def show(found: Found) -> None:
    """Prints the tables of what was worked."""
    for part, table in (("pages", show_matching), ("boxes", show_boxes), ("marks", show_marks), ("slips", show_slips)):
        if part in found:
            table(found[part])


def together(tallies: dict[str, Tally], kind: str) -> Tally:
    """The tally of all channels of a kind: scan, fax, bad fax, photo."""
    whole = Tally()
    for channel in _channels.CHANNELS:
        if kind in ("", channel.kind):
            whole.add(tallies[channel.name])
    return whole


def show_matching(tallies: dict[str, Tally]) -> None:
    heads = f"{'pages':>6} {'matched':>8} {'unread':>7} {'wrong':>6} {'ms':>5}"
    print(f"\n{'matched by code':24} {heads}  first seen by")
    for name, tally in [*tallies.items(), ("all", together(tallies, ""))]:
        total = max(tally.counts.total(), 1)
        row = [tally.counts[each] for each in ("right", "unread", "WRONG")]
        looks = ", ".join(f"{look} {count}" for look, count in tally.kinds.most_common())
        print(f"{name:24} {total:6} {row[0]:8} {row[1]:7} {row[2]:6} {tally.seconds / total * 1000:5.0f}  {looks}")
    whole, bad = together(tallies, ""), together(tallies, "bad fax")
    good = whole.counts - bad.counts
    goal("matched, all but bad faxes", 100 * good["right"] / good.total(), ">=", 99, "%")
    goal("matched, bad faxes", 100 * bad.counts["right"] / bad.counts.total(), ">=", 96, "%")
    goal("matched wrongly", whole.counts["WRONG"], "<=", 0)
    goal("pages a second and core, matched", whole.counts.total() / whole.seconds, ">=", 20)


def show_boxes(tallies: dict[str, Tally]) -> None:
    classes = ("ink", "little ink", "none arrived", "empty", "odd mark")
    print(f"\n{'signed/unsure/empty':24}" + "".join(f"{each:>16}" for each in classes) + "  unread  unsure     ms")
    for name, tally in [*tallies.items(), *((f"all: {kind}", together(tallies, kind)) for kind in KINDS)]:
        cells = ("/".join(str(tally.counts[each, reading]) for reading in READINGS) for each in classes)
        total = max(tally.counts.total(), 1)
        unread = sum(tally.counts[each, None] for each in classes)
        row = "".join(f"{cell:>16}" for cell in cells)
        print(f"{name:24}{row} {unread:7} {unsure(tally):6.0f}% {tally.seconds / total * 2000:6.0f}")
    whole, bad = together(tallies, ""), together(tallies, "bad fax")
    nothing = sum(whole.counts[each, reading] for each in ("empty", "odd mark") for reading in (*READINGS, None))
    wrongly = whole.counts["empty", BoxReading.SIGNED] + whole.counts["odd mark", BoxReading.SIGNED]
    goal("signed where no pen was", 100 * wrongly / nothing, "<=", 0.3, "%")
    goal("signed on bad faxes", sum(n for (_, each), n in bad.counts.items() if each is BoxReading.SIGNED), "<=", 0)
    ink = sum(whole.counts["ink", reading] for reading in (*READINGS, None))
    goal(f"empty where {VISIBLE:g} mm² arrived", 100 * whole.counts["ink", BoxReading.EMPTY] / ink, "<=", 0.3, "%")
    for kind, most in (("scan", 10), ("fax", 25), ("bad fax", 60)):
        goal(f"unsure, {kind}", unsure(together(tallies, kind)), "<=", most, "%")
    goal("pages a second and core, with boxes", whole.counts.total() / 2 / whole.seconds, ">=", 8)


def unsure(tally: Tally) -> float:
    """The share of boxes that are left to a person in ordinary post, as unsure or unread with their page, in per
    cent."""
    share = 0.0
    for kind, part in ORDINARY.items():
        found = {reading: n for (each, reading), n in tally.kinds.items() if each == kind}
        share += part * (found.get(BoxReading.UNSURE, 0) + found.get(None, 0)) / max(sum(found.values()), 1)
    return 100 * share


def show_marks(tallies: dict[str, Tally]) -> None:
    kinds = ("clean", "remark", "crossed out", "struck")
    print(f"\n{'marked/not/not looked':24}" + "".join(f"{each:>14}" for each in kinds) + "     ms")
    for name, tally in [*tallies.items(), ("all", together(tallies, ""))]:
        cells = ("/".join(str(tally.counts[each, seen]) for seen in (True, False, None)) for each in kinds)
        row = "".join(f"{cell:>14}" for cell in cells)
        print(f"{name:24}{row} {tally.seconds / max(tally.counts.total(), 1) * 1000:6.0f}")
    whole = together(tallies, "")
    looked = whole.counts["clean", True] + whole.counts["clean", False]
    print(f"marked wrongly: {whole.counts['clean', True]} of {looked} clean pages that were looked through")
    goal("pages a second and core, with marks", whole.counts.total() / whole.seconds, ">=", 4)


def goal(what: str, found: float, how: str, wanted: float, unit: str = "") -> None:
    met = found >= wanted if how == ">=" else found <= wanted
    print(f"  {'met ' if met else 'MISSED'}  {what}: {found:.4g}{unit} ({how} {wanted:g}{unit})")


def show_slips(tallies: dict[str, Tally]) -> None:
    kinds = ("ticked", "blank", "two", "circled", "beside", "dot")
    print(f"\n{'right/unsure/wrong/unread':24}" + "".join(f"{each:>16}" for each in kinds) + "     ms")
    for name, tally in [*tallies.items(), *((f"all: {kind}", together(tallies, kind)) for kind in KINDS)]:
        cells = (
            "/".join(str(tally.counts[each, came]) for came in ("right", "unsure", "WRONG", "unread")) for each in kinds
        )
        row = "".join(f"{cell:>16}" for cell in cells)
        print(f"{name:24}{row} {tally.seconds / max(tally.counts.total(), 1) * 1000:6.0f}")
    whole = together(tallies, "")
    wrong = sum(count for (_, came), count in whole.counts.items() if came == "WRONG")
    print(f"an answer that wasn't given: {wrong} of {whole.counts.total()} slips")
