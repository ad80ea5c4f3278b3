"""Plots of the reports and scorecards, as SVG: lines and letters that stay sharp in print, without script.

Drawn by ReportLab's charts. A plot never stands alone: the table that it shows is beside it, and its name says what it
is to who can't see it.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reportlab.graphics.shapes import Drawing

_HOUSE, _LATE, _PALE, _TEXT, _GRID = 0x0F3D4C, 0xC8553D, 0xDCE6EA, 0x16242B, 0xD3DDE1
_FONT = "Helvetica"
_SIZE = 11.0
_WIDE = 640.0
_ROW = 24.0


@lru_cache(maxsize=64)
def bars(title: str, labels: tuple[str, ...], values: tuple[int, ...], wholes: tuple[int, ...] = ()) -> bytes:
    """Horizontal bars, one a label, with their numbers; behind each that of which it is a part, where ``wholes`` has
    it. What was drawn of the same is kept: the desk shows a plot more often than its figures change."""
    from reportlab.graphics.charts.barcharts import HorizontalBarChart
    from reportlab.graphics.shapes import Drawing, String
    from reportlab.lib.colors import HexColor

    left = min(max((len(label) for label in labels), default=0) * _SIZE * 0.6, 270.0) + 12
    high = _ROW * len(labels) + 10
    drawing = Drawing(_WIDE, high)
    most = max([*values, *wholes, 1])
    inner = _WIDE - left - 80
    for numbers, color in ((wholes, _PALE), (values, _HOUSE)):
        if not numbers:
            continue
        chart = HorizontalBarChart()
        chart.x, chart.y, chart.width, chart.height = left, 5, inner, high - 10
        chart.data = [[*reversed(numbers)]]
        chart.barWidth, chart.groupSpacing = 7, 3
        chart.bars[0].fillColor, chart.bars[0].strokeColor = HexColor(color), None
        _plain_axes(chart, most)
        drawing.add(chart)
    for place, label in enumerate(labels):
        middle = high - 5 - _ROW * (place + 0.5) - _SIZE / 3
        told = f"{values[place]}" + (f" of {wholes[place]}" if wholes else "")
        end = left + inner * max(values[place], wholes[place] if wholes else 0) / most + 6
        drawing.add(_text(String, 0, middle, _short(label)))
        drawing.add(_text(String, end, middle, told))
    return _svg(drawing, title)


def columns(title: str, labels: Sequence[str], values: Sequence[int], late_from: int, under: str) -> bytes:
    """Columns, one a label, with their numbers above; those from place ``late_from`` on in another color, and a line
    before them. ``under`` says what the labels are."""
    from reportlab.graphics.charts.barcharts import VerticalBarChart
    from reportlab.graphics.shapes import Drawing, Line, String
    from reportlab.lib.colors import HexColor

    high, base = 240.0, 44.0
    drawing = Drawing(_WIDE, high)
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = 10, base, _WIDE - 20, high - base - 40
    chart.data = [[*values]]
    chart.categoryAxis.categoryNames = [*labels]
    chart.barWidth, chart.groupSpacing = 7, 3
    chart.bars[0].fillColor, chart.bars[0].strokeColor = HexColor(_HOUSE), None
    for place in range(late_from, len(values)):
        chart.bars[0, place].fillColor, chart.bars[0, place].strokeColor = HexColor(_LATE), None
    most = max([*values, 1])
    _plain_axes(chart, most)
    chart.categoryAxis.visible = True
    chart.categoryAxis.visibleTicks = False
    chart.categoryAxis.strokeColor = HexColor(_GRID)
    chart.categoryAxis.labels.fontName, chart.categoryAxis.labels.fontSize = _FONT, _SIZE
    drawing.add(chart)
    step = chart.width / max(len(values), 1)
    for place, value in enumerate(values):
        if value:
            top = base + chart.height * value / most + 4
            drawing.add(_text(String, chart.x + step * (place + 0.5), top, str(value), anchor="middle"))
    if 0 < late_from < len(values):
        x = chart.x + step * late_from
        drawing.add(
            Line(x, base, x, high - 24, strokeColor=HexColor(0x941A1A), strokeWidth=1.2, strokeDashArray=[4, 3])
        )
        drawing.add(_text(String, x + 6, high - 20, "late"))
    drawing.add(_text(String, chart.x, 8, under))
    return _svg(drawing, title)


def shares(title: str, labels: Sequence[str], parts: Sequence[int], wholes: Sequence[int]) -> bytes:
    """A line through the share that each part is of its whole, in percent, from 0 to 100."""
    from reportlab.graphics.charts.lineplots import LinePlot
    from reportlab.graphics.shapes import Drawing, String
    from reportlab.graphics.widgets.markers import makeMarker
    from reportlab.lib.colors import HexColor

    high, base, left = 240.0, 34.0, 46.0
    drawing = Drawing(_WIDE, high)
    chart = LinePlot()
    chart.x, chart.y, chart.width, chart.height = left, base, _WIDE - left - 30, high - base - 30
    percents = [100 * part / whole if whole else 0.0 for part, whole in zip(parts, wholes, strict=True)]
    chart.data = [[*enumerate(percents)]]
    chart.lines[0].strokeColor, chart.lines[0].strokeWidth = HexColor(_HOUSE), 2
    chart.lines[0].symbol = makeMarker("FilledCircle", size=7, fillColor=HexColor(_HOUSE), strokeColor=None)
    last = max(len(labels) - 1, 1)
    chart.xValueAxis.valueMin, chart.xValueAxis.valueMax, chart.xValueAxis.valueSteps = 0, last, [*range(len(labels))]
    chart.xValueAxis.labelTextFormat = lambda place: labels[int(place)] if int(place) < len(labels) else ""
    chart.yValueAxis.valueMin, chart.yValueAxis.valueMax, chart.yValueAxis.valueSteps = 0, 100, [0, 25, 50, 75, 100]
    chart.yValueAxis.labelTextFormat = "%d%%"
    chart.yValueAxis.visibleGrid, chart.yValueAxis.gridStrokeColor = True, HexColor(_GRID)
    for axis in (chart.xValueAxis, chart.yValueAxis):
        axis.labels.fontName, axis.labels.fontSize = _FONT, _SIZE
        axis.strokeColor = HexColor(_GRID)
        axis.visibleTicks = False
    drawing.add(chart)
    for place, percent in enumerate(percents):
        x, y = left + chart.width * place / last, base + chart.height * percent / 100
        drawing.add(_text(String, x, y - 16 if percent > 20 else y + 9, f"{percent:.0f}%", anchor="middle"))
    return _svg(drawing, title)


def _plain_axes(chart: Any, most: int) -> None:
    chart.valueAxis.valueMin, chart.valueAxis.valueMax = 0, most
    chart.valueAxis.visible = chart.categoryAxis.visible = False


def _text(kind: Any, x: float, y: float, text: str, anchor: str = "start") -> Any:
    from reportlab.lib.colors import HexColor

    return kind(x, y, text, fontName=_FONT, fontSize=_SIZE, fillColor=HexColor(_TEXT), textAnchor=anchor)


def _short(label: str) -> str:
    return label if len(label) <= 42 else label[:41] + "…"


def _svg(drawing: Drawing, title: str) -> bytes:
    """The drawing with a name for who can't see it, and letters in the page's own type."""
    from reportlab.graphics import renderSVG

    text = renderSVG.drawToString(drawing)
    text = re.sub(r"<(title|desc)>[^<]*</\1>", "", text[text.index("<svg") :])
    text = text.replace("font-family: Helvetica", "font-family: 'Noto Sans', sans-serif")
    own = f"{zlib.crc32(title.encode()):08x}"  # several stand on one page, where an id may stand once
    for name in ("clip", "group"):
        text = text.replace(f'id="{name}"', f'id="{name}-{own}"').replace(f"url(#{name})", f"url(#{name}-{own})")
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}" ', 1).encode()
