"""Draws widgets on CloudWatch's grid of 24 columns. Reads them from standard input; its argument is the file to write.

Runs in an environment of its own, with matplotlib and nothing of this project.
"""

import json
import math
import sys
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Rectangle

COLUMNS, COLUMN, ROW = 24, 0.72, 0.44  # inches
GAP = 0.09
PAGE, CARD, EDGE, INK, FAINT = "#f2f3f3", "#ffffff", "#d5dbdb", "#16191f", "#687078"
COLORS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf")
HOURS = 24

type Widget = dict[str, Any]


class Page:
    """The whole picture, in inches from its upper left corner."""

    def __init__(self, widgets: list[Widget]) -> None:
        self._height = max(it["y"] + it["height"] for it in widgets) * ROW + 2 * GAP
        self._width = COLUMNS * COLUMN + 2 * GAP
        self.figure = plt.figure(figsize=(self._width, self._height), facecolor=PAGE)

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Return axes for a part of the page."""
        bottom = self._height - top - height
        part = (left / self._width, bottom / self._height, width / self._width, height / self._height)
        return self.figure.add_axes(part)

    def card(self, widget: Widget) -> tuple[float, float, float, float]:
        """Draw a widget's card and title; return where it is: left, top, width, height."""
        left, top = GAP + widget["x"] * COLUMN + GAP / 2, GAP + widget["y"] * ROW + GAP / 2
        width, height = widget["width"] * COLUMN - GAP, widget["height"] * ROW - GAP
        card = self.axes(left, top, width, height)
        card.axis("off")
        edge = {"facecolor": CARD, "edgecolor": EDGE, "linewidth": 1, "clip_on": False}
        card.add_patch(Rectangle((0, 0), 1, 1, transform=card.transAxes, **edge))
        card.text(0.12 / width, 1 - 0.24 / height, widget["title"], color=INK, weight="bold", fontsize=10, va="center")
        return left, top, width, height


def heading(page: Page, widget: Widget) -> None:
    """Draw a heading."""
    axes = page.axes(GAP, GAP + widget["y"] * ROW, widget["width"] * COLUMN, widget["height"] * ROW)
    axes.axis("off")
    axes.text(0.004, 0.42, widget["title"], color=INK, weight="bold", fontsize=15, va="center")


def numbers(page: Page, widget: Widget) -> None:
    """Draw single values side by side."""
    left, top, width, height = page.card(widget)
    each = width / len(widget["numbers"])
    for at, number in enumerate(widget["numbers"]):
        axes = page.axes(left + at * each, top + 0.4, each, height - 0.4)
        axes.axis("off")
        value = "none" if number["value"] is None else f"{number['value']:,.0f}"
        axes.text(0.1, 0.62, value, fontsize=21, color=INK, va="center")
        axes.add_patch(Rectangle((0.1, 0.14), 0.045, 0.13, color=number["color"] or COLORS[0]))
        axes.text(0.17, 0.2, number["label"], fontsize=9, color=FAINT, va="center")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)


def alarms(page: Page, widget: Widget) -> None:
    """Draw the alarms and their states."""
    left, top, width, height = page.card(widget)
    in_a_row = 6
    rows = math.ceil(len(widget["alarms"]) / in_a_row)
    axes = page.axes(left + 0.1, top + 0.42, width - 0.2, height - 0.5)
    axes.axis("off")
    axes.set_xlim(0, in_a_row)
    axes.set_ylim(rows, 0)
    for at, alarm in enumerate(widget["alarms"]):
        column, row = at % in_a_row, at // in_a_row
        color = "#d13212" if alarm["alarm"] else "#1d8102"
        box = FancyBboxPatch(
            (column + 0.04, row + 0.14), 0.92, 0.72, boxstyle="round,pad=0,rounding_size=0.04", linewidth=0
        )
        box.set_facecolor(color + "18")
        axes.add_patch(box)
        axes.text(
            column + 0.09, row + 0.5, "In alarm" if alarm["alarm"] else "OK", color=color, fontsize=8, va="center"
        )
        axes.text(column + 0.25, row + 0.5, _words(alarm["label"]), color=INK, fontsize=8.5, va="center")


def graph(page: Page, widget: Widget) -> None:
    """Draw lines, or areas on top of each other, over the day."""
    left, top, width, height = page.card(widget)
    both = "right" in widget["axes"]
    lines = widget["lines"]
    legend_rows = _legend(page, lines, left + 0.12, top + height - 0.14, width - 0.2)
    foot = 0.42 + 0.19 * legend_rows
    axes = page.axes(left + 0.62, top + 0.46, width - (1.24 if both else 0.8), height - 0.46 - foot)
    right = axes.twinx() if both else None
    floor: list[float] = [0.0] * max(len(line["values"]) for line in lines)
    for at, line in enumerate(lines):
        color = _color(line, at)
        hours = [(number + 0.5) * line["period"] / 3600 for number in range(len(line["values"]))]
        if widget["stacked"]:
            upper = [below + (value or 0) for below, value in zip(floor, line["values"], strict=True)]
            axes.fill_between(hours, floor, upper, color=color, alpha=0.75, linewidth=0)
            floor = upper
        else:
            values = [math.nan if value is None else value for value in line["values"]]
            on = right if right is not None and line["axis"] == "right" else axes
            on.plot(hours, values, color=color, linewidth=1.5, solid_capstyle="round")
            _dots(on, hours, values, color)
    _dress(axes, widget["axes"]["left"])
    if right is not None:
        _dress(right, widget["axes"]["right"])
        right.grid(visible=False)


def _legend(page: Page, lines: list[Widget], left: float, bottom: float, width: float) -> int:
    """Write what each line is, below the graph; return how many rows that took."""
    rows: list[list[tuple[float, int, Widget]]] = [[]]
    used = 0.0
    for at, line in enumerate(lines):
        needs = 0.3 + 0.064 * len(line["label"])
        if used + needs > width and rows[-1]:
            rows.append([])
            used = 0.0
        rows[-1].append((used, at, line))
        used += needs
    height = 0.19 * len(rows)
    axes = page.axes(left, bottom - height, width, height)
    axes.axis("off")
    axes.set_xlim(0, width)
    axes.set_ylim(len(rows), 0)
    for number, row in enumerate(rows):
        for offset, at, line in row:
            axes.add_patch(Rectangle((offset, number + 0.25), 0.1, 0.5, color=_color(line, at)))
            axes.text(offset + 0.15, number + 0.5, line["label"], fontsize=7.5, color=FAINT, va="center")
    return len(rows)


def _dots(axes: Axes, hours: list[float], values: list[float], color: str) -> None:
    """Draw values without a neighbour, which no line shows."""
    around = [math.nan, *values, math.nan]
    alone = [
        (hour, value)
        for hour, value, before, after in zip(hours, values, around, around[2:], strict=False)
        if not math.isnan(value) and math.isnan(before) and math.isnan(after)
    ]
    if alone:
        axes.plot(*zip(*alone, strict=True), marker="o", markersize=3, linestyle="", color=color)


def _dress(axes: Axes, label: str) -> None:
    axes.set_xlim(0, HOURS)
    axes.set_xticks(range(0, HOURS + 1, 4), [f"{hour:02}:00" for hour in range(0, HOURS + 1, 4)])
    top = axes.get_ylim()[1]
    axes.set_ylim(0, max(top * 1.08, 1))
    axes.yaxis.set_major_locator(mpl.ticker.MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_ylabel(label, fontsize=7.5, color=FAINT)
    axes.tick_params(labelsize=7.5, colors=FAINT, length=0)
    axes.grid(visible=True, axis="y", color="#eaeded", linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(EDGE)


def _color(line: Widget, at: int) -> str:
    return str(line["color"] or COLORS[at % len(COLORS)])


def _words(name: str) -> str:
    text = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    return text[0].upper() + text[1:]


def main() -> None:
    """Draw what standard input has into the file that is named."""
    mpl.rcParams |= {
        "svg.fonttype": "none",
        "svg.hashsalt": "hookswitch",
    }  # its text can be searched
    widgets: list[Widget] = json.load(sys.stdin)
    page = Page(widgets)
    draw = {"text": heading, "numbers": numbers, "alarms": alarms, "graph": graph}
    for widget in widgets:
        draw[widget["kind"]](page, widget)
    for path in sys.argv[1:]:
        page.figure.savefig(path, facecolor=PAGE, metadata={"Date": None} if path.endswith(".svg") else None, dpi=100)


if __name__ == "__main__":
    main()
