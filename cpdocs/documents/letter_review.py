"""A language's texts beside the English, on one page for a reviewer to mark: written, and taken back.

The page is HTML that needs nothing else: each translation is a field that can be typed in, and "save page as" keeps
what was typed. What comes back is a stranger's file: read as text alone in a child (``intake.marked_page``), held
against the texts that were asked about, and refused where a value or a tag of the English is missing. A draft stays a
draft: only a person changes the header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from html import escape

from cpdocs.documents.letter_languages import Catalogue, check_values
from cpdocs.errors import InputFault

_HEAD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Review: {tag}</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 1.5rem auto; padding: 0 1rem; color: #111 }}
table {{ border-collapse: collapse; width: 100% }} td, th {{ border: 1px solid #888; padding: .4rem .6rem;
vertical-align: top; text-align: start; width: 47% }} td:first-child, th:first-child {{ width: 3rem }}
td[contenteditable] {{ background: #fffbe6 }} @media print {{ tr {{ break-inside: avoid }} }}
</style></head><body>
<h1>Review of the letters in {tag}</h1>
<p>English on the left, the translation on the right. Correct a translation by typing in its yellow field, then save
this page from the browser and send the file back. Leave as they are: words such as %(phone)s, which stand for a
value, and tags such as &lt;strong&gt;. Nothing counts as reviewed until you say so in writing, with your name and
the day.</p>
<p>Reviewer: ______________________ Read all of it on: ______________________</p>
<table><thead><tr><th>No.</th><th>English</th><th>{tag}</th></tr></thead><tbody>
"""


def review_page(catalogue: Catalogue) -> str:
    """The page for one language."""
    direction = "rtl" if catalogue.right_to_left else "ltr"
    rows = [
        f'<tr><td>{number}</td><td lang="en">{escape(source)}</td><td contenteditable="true" lang="{catalogue.tag}" '
        f'dir="{direction}" data-text="{_mark(source)}">{escape(text)}</td></tr>\n'
        for number, (source, text) in enumerate(catalogue.messages.items(), start=1)
    ]
    return _HEAD.format(tag=escape(catalogue.tag)) + "".join(rows) + "</tbody></table></body></html>\n"


def marked_changes(cells: Mapping[str, str], catalogue: Catalogue, name: str) -> dict[str, str]:
    """What a reviewer changed, by the text of each marked cell of the page called ``name``: message → new translation.
    Raises InputFault, naming the row, where the page is another one's or a translation can't be used."""
    asked = {_mark(source): source for source in catalogue.messages}
    if not cells or not cells.keys() <= asked.keys():
        raise InputFault(
            f"{name} isn't the page that was sent out for {catalogue.tag}, or texts have changed since.",
            todo="Make the page anew, and let the reviewer mark that one.",
        )
    changed = {}
    for mark, typed in cells.items():
        source = asked[mark]
        text = " ".join(typed.split())
        if not text or text == " ".join(catalogue.messages[source].split()):
            continue
        check_values(name, source, text)
        changed[source] = text
    return changed


def with_changes(po: str, changed: Mapping[str, str]) -> str:
    """The catalogue's file with these translations in place of its own; header and comments stay."""
    blocks = po.split("\n\n")
    for place, block in enumerate(blocks):
        source = _quoted(block, "msgid")
        if source and source in changed:
            head = [line for line in block.split("\n") if line.startswith("#")]
            blocks[place] = "\n".join([*head, _line("msgid", source), _line("msgstr", changed[source])])
    return "\n\n".join(blocks).rstrip("\n") + "\n"


def _mark(source: str) -> str:
    return sha256(source.encode()).hexdigest()[:16]


def _quoted(block: str, key: str) -> str:
    found = re.search(rf'^{key} ((?:".*"\n?)+)', block, re.MULTILINE)
    if found is None:
        return ""
    text = "".join(line.strip()[1:-1] for line in found[1].strip().split("\n"))
    return re.sub(r"\\(.)", lambda each: "\n" if each[1] == "n" else each[1], text)


def _line(key: str, text: str) -> str:
    return f'{key} "{text.translate({92: chr(92) * 2, 34: chr(92) + chr(34)})}"'
