"""The same letters by Typst and ReportLab, one by one and in bulk. Run by letters.py with the Python of a venv of its
own.

Takes JSON on standard input: fonts (a folder) and letters, each a list of pages, each a list of paragraphs. Prints
JSON: milliseconds of CPU and kilobytes a letter by name. Neither sets the window address or the tags that ours has.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

Letter = list[list[str]]


def measured(make: Callable[[], int], letters: int) -> dict[str, float]:
    """``make`` gives the bytes that it made of all letters."""
    make()
    begin = time.process_time()
    size = make()
    return {"ms": (time.process_time() - begin) * 1000 / letters, "kb": size / 1000 / letters}


def by_typst(letters: list[Letter], fonts: Path) -> dict[str, dict[str, float]]:
    import typst

    head = (
        '#set page("us-letter", margin: 0.75in)\n#set text(font: ("Noto Sans", "Noto Sans CJK SC"), size: '
        "12pt, fallback: true)\n"
    )
    folders = [str(fonts), "/usr/share/fonts/opentype/noto"]
    fonts_found = typst.Fonts(include_system_fonts=False, font_paths=folders)

    def source(some: list[Letter]) -> bytes:
        pages = (page for letter in some for page in letter)
        return (
            head
            + "\n#pagebreak()\n".join(
                "\n\n".join(f"#{json.dumps(text, ensure_ascii=False)}" for text in page) for page in pages
            )
        ).encode()

    def made(some: list[Letter]) -> int:
        return len(typst.compile(source(some), format="pdf", font_paths=fonts_found))

    return {
        "Typst, one by one": measured(lambda: sum(made([letter]) for letter in letters), len(letters)),
        "Typst, all in one": measured(lambda: made(letters), len(letters)),
    }


def by_reportlab(letters: list[Letter], fonts: Path) -> dict[str, dict[str, float]]:
    from reportlab.lib.pagesizes import letter as paper
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

    pdfmetrics.registerFont(TTFont("Noto", str(fonts / "NotoSans-Regular.ttf")))
    style = ParagraphStyle("text", fontName="Noto", fontSize=12, leading=16)

    def made(some: list[Letter]) -> int:
        out = io.BytesIO()
        flow = []
        for item in some:
            for page in item:
                flow += [*(Paragraph(escape(text), style) for text in page), PageBreak()]
        SimpleDocTemplate(out, pagesize=paper).build(flow)
        return len(out.getvalue())

    return {
        "ReportLab (no shaping), one by one": measured(lambda: sum(made([item]) for item in letters), len(letters)),
        "ReportLab (no shaping), all in one": measured(lambda: made(letters), len(letters)),
    }


def main() -> None:
    asked = json.load(sys.stdin)
    found: dict[str, object] = {}
    for name, peer in (("Typst", by_typst), ("ReportLab", by_reportlab)):
        try:
            found |= peer(asked["letters"], Path(asked["fonts"]))
        except Exception as fault:  # noqa: BLE001  # a peer that can't be used is left out with a word
            found[name] = f"skipped: {type(fault).__name__}: {fault}"[:200]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
