"""Values of FHIR elements as a draft has them: words of a concept, names, telephones, days, quantities, marks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cpdocs.core.cells import parse_date
from cpdocs.core.found_plan import Said
from cpdocs.intake.fhir_tree import Node

SOURCE = "FHIR bundle"
"""How a draft names where a statement comes from."""
_SENSITIVE = frozenset({"42CFRPart2", "SUD", "ETH", "ETHUD", "OPIOIDUD"})
"""Security labels that say that a resource comes from substance use records (HL7 v3 ActCode)."""


def words_of(node: Node) -> str:
    """The words of a coded concept: as its author put it, else as the code is shown."""
    texts = [node.get("text").words(), *(coding.get("display").words() for coding in node.each("coding"))]
    text = next(filter(None, texts), "")
    if text:
        node.take()
    return text


def codes_of(concepts: Iterable[Node]) -> set[str]:
    """Every code of these concepts."""
    return {coding.get("code").code for each in concepts for coding in each.each("coding")}


def relations_of(concepts: Iterable[Node]) -> list[str]:
    """Relations in words; that somebody is the emergency contact is none."""
    found = []
    for each in concepts:
        texts = [each.get("text").words(), *(coding.get("display").words() for coding in each.each("coding"))]
        text = next(filter(None, texts), "")
        if text and "C" not in codes_of([each]):
            found.append(text)
    return found


def name_of(who: Node) -> str:
    """A person's name, as written or of its parts."""
    for name in who.each("name"):
        parts = [*(one.words() for one in name.each("given")), name.get("family").words()]
        if text := name.get("text").words() or " ".join(filter(None, parts)):
            name.take()
            return text
    return ""


def phone_of(who: Node) -> str:
    """The first telephone number."""
    for each in who.each("telecom"):
        if each.get("system").code == "phone" and (number := each.get("value").words()):
            each.take()
            return number
    return ""


def day_of(node: Node) -> str:
    """The day of a date or moment, as ISO text; empty where it is none."""
    day = parse_date(node.value[:10]) if isinstance(node.value, str) else None
    if day is None:
        return ""
    node.take()
    return day.isoformat()


def period_of(each: Node, key: str) -> Iterator[Said]:
    """From when until when, by a period or a single day."""
    single = key.replace("Period", "DateTime") if key.startswith("occurrence") else ""
    yield Said("start", day_of(each.get(key, "start")) or (day_of(each.get(single)) if single else ""))
    yield Said("end", day_of(each.get(key, "end")))


def quantity_of(each: Node) -> Iterator[Said]:
    """How much was ordered, by whom is asked: the Community Partner sets no quantity."""
    whole, per = each.get("quantityQuantity"), each.get("quantityRatio", "denominator")
    amount = whole if whole.value is not None else each.get("quantityRatio", "numerator")
    number, unit = amount.get("value").raw(), amount.get("unit").words() or amount.get("code").words()
    if not number or not unit:
        return
    amount.take()
    yield Said("amount", number)
    yield Said("unit", unit)
    if period := per.get("unit").words() or per.get("code").words():
        times = per.get("value").raw()
        per.take()
        yield Said("interval", f"per {period}" if times in ("", "1") else f"per {times} {period}")
    yield Said("authorized_by", "", "who authorized it; never the Community Partner")
    yield Said("source", SOURCE)


def part2_mark(each: Node) -> tuple[Said, ...]:
    """The mark of Part 2 records, where the source labels the resource so."""
    labels = {label.get("code").code for label in each.get("meta").each("security")}
    return (Said("part2", "true", "the source labels it as substance use records"),) if labels & _SENSITIVE else ()
