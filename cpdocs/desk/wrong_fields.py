"""What is wrong with a field, said beside it: the page that the form came from, with that field marked.

One place for every form: its templates know nothing of it. For a screen reader the field is invalid and described by
the message; for a keyboard it has the focus; from the top of the page a link leads to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markupsafe import escape

from cpdocs.desk.at_the_desk import at_the_desk

if TYPE_CHECKING:
    from cpdocs.desk.forms import FieldFault

_FORM = re.compile(r'<form\b[^>]*\bmethod="post".*?</form>', re.DOTALL)
_TICKED = re.compile(r'\btype="(?:radio|checkbox)"')


def with_wrong_field(page: str, fault: FieldFault, button: str) -> str:
    """``page`` with the field of the form that was sent by ``button`` (empty: it has one of no name) marked. What is
    written in fields is escaped, so that no tag ends within a value."""
    wanted = re.compile(rf'<(?:input|select|textarea)\b[^>]*\bname="{re.escape(fault.field)}"[^>]*>')
    mine = f'name="do" value="{escape(button)}"'
    for form in _FORM.finditer(page):
        found = wanted.search(page, form.start(), form.end()) if not button or mine in form[0] else None
        if found:
            return _to_it(page[: found.start()] + _marked(found[0], fault) + page[found.end() :], found[0])
    return page


def _marked(tag: str, fault: FieldFault) -> str:
    """The field's tag, invalid and with the focus, behind what is wrong with it: a box to tick has no room for that,
    and is described by the message at the top."""
    beside = not _TICKED.search(tag)
    described = "wrong" if beside else "fault"
    if 'aria-describedby="' in tag:
        tag = tag.replace('aria-describedby="', f'aria-describedby="{described} ', 1)
    else:
        tag = f'{tag[:-1]} aria-describedby="{described}">'
    tag = f'{tag[:-1]} aria-invalid="true" autofocus>'
    said = escape(at_the_desk(f"{fault.message} {fault.todo}"))
    return f'<span class="wrong" id="wrong">{said}</span>{tag}' if beside else tag


def _to_it(page: str, tag: str) -> str:
    """The page with a link from the message at its top to the field."""
    at, named = page.find('id="fault"'), re.search(r'\bid="([^"]+)"', tag)
    end = page.find("</p>", at)
    if at < 0 or end < 0 or not named:
        return page
    return f'{page[:end]} <a href="#{named[1]}">To the field</a>{page[end:]}'
