"""A defect of ours, told without its text, which can hold member data."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

from cpdocs.errors import Defect, Problem


def defect_of(error: BaseException, *, name: str = "") -> Defect:
    """What a page says of an error that nobody foresaw: its kind, and where in our own code it came up."""
    frames = [
        f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if f"{os.sep}cpdocs{os.sep}" in frame.filename
    ]
    return Defect(
        f"A defect of ours ({name or type(error).__name__}). Nothing that was recorded is lost.",
        todo="Please report these lines:",
        problems=[Problem("defect", line) for line in frames],
    )
