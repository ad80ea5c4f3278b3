"""WeasyPrint's libraries by their own names, so that importing it starts no compiler.

WeasyPrint (70.0) tries several names for each library, and for each name that isn't a file's cffi asks
``ctypes.util.find_library``, which runs ldconfig, gcc and ld: some fifty processes for one import. On Linux the name of
the file is known.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import re
import sys

_FILES = {
    "gobject-2.0": "libgobject-2.0.so.0",
    "pango-1.0": "libpango-1.0.so.0",
    "pangoft2-1.0": "libpangoft2-1.0.so.0",
    "harfbuzz": "libharfbuzz.so.0",
    "harfbuzz-subset": "libharfbuzz-subset.so.0",
    "harfbuzz-vector": "libharfbuzz-vector.so.0",
    "fontconfig": "libfontconfig.so.1",
}
_ASKED = re.compile(
    r"(?:lib)?(?P<name>[a-z0-9]+(?:-[a-z]+|-\d\.0)?)(?:-\d(?:\.0)?)?"
    r"(?:\.\d)?(?:\.so\.\d|\.dylib|\.dll)?"
)
_ordinary = ctypes.util.find_library


def find_library(name: str) -> str | None:
    """As ``ctypes.util.find_library``; for WeasyPrint's libraries their file where it is here, without a search."""
    match = _ASKED.fullmatch(name)
    file = _FILES.get(match["name"]) if match else None
    if file is None:
        return _ordinary(name)
    try:
        ctypes.CDLL(file)
    except OSError:
        return None
    return file


def start_no_compiler() -> None:
    """Has this process look for these libraries by their files from now on; harmless when called again."""
    if sys.platform == "linux":
        ctypes.util.find_library = find_library
