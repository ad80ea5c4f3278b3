"""The font map that WeasyPrint draws with: our fonts and no others, on any machine.

WeasyPrint's own starts from the machine's fontconfig, with whatever fonts are installed there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cffi import FFI
from weasyprint.text.ffi import ffi, fontconfig, gobject, pangoft2
from weasyprint.text.fonts import FontConfiguration

from cpdocs.documents import fonts
from cpdocs.errors import WorkspaceFault

_OWN = FFI()
_OWN.cdef("void *FcConfigCreate(void); int FcConfigBuildFonts(void *config); int FcConfigSetCurrent(void *config);")


class OurFonts(FontConfiguration):  # type: ignore[misc]  # WeasyPrint has no type information
    """A font configuration made from ``fonts.fontconfig`` instead of the machine's."""

    def __init__(self, folders: Sequence[Path]) -> None:
        library = _OWN.dlopen("libfontconfig.so.1")
        config = ffi.cast("FcConfig *", int(_OWN.cast("intptr_t", library.FcConfigCreate())))
        document = fonts.fontconfig(folders).encode()
        loaded = fontconfig.FcConfigParseAndLoadFromMemory(config, document, True)
        pointer = _OWN.cast("void *", int(ffi.cast("intptr_t", config)))
        if not loaded or not library.FcConfigBuildFonts(pointer):
            raise WorkspaceFault("fontconfig can't read the fonts.", todo="Run `cpdocs doctor`.")
        # Pango asks the process-wide configuration, not the map's own, which font stands in for which.
        library.FcConfigSetCurrent(pointer)
        self._config = config
        self.font_map = ffi.gc(pangoft2.pango_ft2_font_map_new(), gobject.g_object_unref)
        pangoft2.pango_fc_font_map_set_config(ffi.cast("PangoFcFontMap *", self.font_map), config)
        # The font map keeps its own reference to the configuration.
        fontconfig.FcConfigDestroy(config)
        self._folder: Any = None
        self.strut_layouts: dict[Any, Any] = {}
        self.font_features: dict[Any, Any] = {}
