"""The walls of the house are tests (.importlinter)."""

from __future__ import annotations

import ast
from pathlib import Path

from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent


def test_no_import_goes_against_the_stream(monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / ".importlinter"), no_cache=True) == 0


def test_no_module_has_grown_into_two() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "cpdocs").rglob("*.py")
        if (lines := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert long == {}


def test_what_weasyprint_does_not_promise_is_used_in_few_places() -> None:
    promised = {"weasyprint", "weasyprint.urls", "weasyprint.text.fonts"}
    using = set()
    for path in (ROOT / "cpdocs").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.partition(".")[0] in ("weasyprint", "pydyf") and name not in promised for name in names):
                using.add(str(path.relative_to(ROOT / "cpdocs" / "documents")))
    assert using == {
        *("fontmap.py", "glyphs.py", "pdf.py", "tags.py"),  # documents: fonts, words beside glyphs, tags
        *(f"stamping/internals/{name}.py" for name in ("engine", "easel", "retype", "tagged", "bound")),  # letters stamped from a layout
    }
