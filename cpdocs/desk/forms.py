"""Fields of a form as values; what is missing or unreadable is said in the form's own words."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import date, datetime

from werkzeug.datastructures import MultiDict

from cpdocs.core.moments import parse_day, parse_moment
from cpdocs.errors import UsageFault

Form = Mapping[str, str]


class FieldFault(UsageFault):
    """What is wrong with one ``field`` of a form, which the page then shows beside it."""

    def __init__(self, message: str, *, field: str, todo: str) -> None:
        super().__init__(message, todo=todo)
        self.field = field


def given(form: Form, name: str) -> str:
    """What is written in a field; empty where nothing is."""
    return form.get(name, "").strip()


def needed(form: Form, name: str, label: str) -> str:
    """What is written in a field. Raises FieldFault where nothing is."""
    text = given(form, name)
    if not text:
        raise FieldFault(f"{label} is empty.", field=name, todo="Fill it in.")
    return text


def ticked(form: MultiDict[str, str], name: str, fault: str, todo: str) -> list[str]:
    """What is ticked of a list. Raises UsageFault, as said, where nothing is."""
    chosen = form.getlist(name)
    if not chosen:
        raise UsageFault(fault, todo=todo)
    return chosen


def one_of(form: Form, name: str, values: Container[str], question: str) -> str:
    """One of these values. Raises FieldFault, with the question, where it is another or none."""
    text = given(form, name)
    if text not in values:
        raise FieldFault(question, field=name, todo="Choose one of those on the page.")
    return text


def day(form: Form, name: str, label: str) -> date:
    """A day. Raises FieldFault."""
    text = needed(form, name, label)
    try:
        return parse_day(text)
    except ValueError:
        raise FieldFault(f"{label} is no day.", field=name, todo="Write it like 2026-11-03.") from None


def perhaps_day(form: Form, name: str, label: str) -> date | None:
    """A day, or None where the field is empty. Raises FieldFault."""
    return day(form, name, label) if given(form, name) else None


def moment(form: Form, name: str, label: str) -> datetime:
    """A moment, aware UTC, from one in Massachusetts. Raises FieldFault."""
    text = needed(form, name, label)
    try:
        return parse_moment(text)
    except ValueError:
        raise FieldFault(f"{label} is no time.", field=name, todo="Write it like 2026-11-03T14:05.") from None
