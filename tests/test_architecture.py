"""The walls of the house are tests (.importlinter)."""

from __future__ import annotations

import ast
from pathlib import Path

import grimp
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
        *("cid_fonts.py", "fontmap.py", "glyphs.py", "layout.py", "pdf.py", "tags.py"),  # fonts, words, lines, tags
        *(
            f"mail_merge/internals/{name}.py"
            for name in ("engine", "canvas", "text_substitution", "tagged", "tagged_assembly")
        ),  # letters merged into a layout
    }


def _on_disk() -> set[str]:
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in (ROOT / "cpdocs").rglob("*.py")
    }


def test_the_import_graph_knows_every_module_on_disk() -> None:
    assert grimp.build_graph("cpdocs", cache_dir=None).modules == _on_disk()


PURE = {
    "__future__",
    "bisect",
    "calendar",
    "collections",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "enum",
    "functools",
    "hashlib",
    "hmac",
    "io",
    "ipaddress",
    "itertools",
    "json",
    "math",
    "operator",
    "re",
    "shlex",
    "statistics",
    "string",
    "textwrap",
    "types",
    "typing",
    "unicodedata",
    "zoneinfo",
}
"""What of the standard library the core may use: nothing that reaches a disk, a clock, a network or another process."""


def test_the_core_uses_pure_parts_of_the_standard_library_and_nothing_else() -> None:
    used: dict[str, set[str]] = {}
    for path in (ROOT / "cpdocs" / "core").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and [name.name for name in node.names] != ["intern"]:
                names.append(node.module or "")
            for name in names:
                if name.partition(".")[0] not in PURE and not name.startswith(("cpdocs.core", "cpdocs.errors")):
                    used.setdefault(name, set()).add(path.name)
    assert used == {}
