"""Charts: SVG made on the server by pygal, shown as images, without script and readable in light and dark.

Each chart also has a table on its page; the picture is for the eye only.
"""

import sys
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pygal
from pygal.style import Style

# pygal puts a finder of its plug-ins before every later import of the whole program; none is used here, and Python warns about it.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"}
"""An image brings its own style; it may bring nothing else."""
_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground="#6b7684",
    foreground_strong="#6b7684",
    foreground_subtle="#8a94a0",
    opacity=".9",
    font_family="system-ui, sans-serif",
    label_font_size=13,
    legend_font_size=13,
    major_label_font_size=13,
    title_font_size=15,
    colors=("#2f6f9f", "#b5651d", "#3f7f5f", "#8a5a9c", "#a8323e", "#7a7a2a", "#4a90a4", "#555f6b"),
)
_READABLE = (
    "inline:text { fill: #525c69 !important; } .guide { stroke: #8a94a0 !important; stroke-opacity: .4; }"
    " @media (prefers-color-scheme: dark) { text { fill: #c3c9d1 !important; } }"
)
"""One grey is pale on paper or dim on a dark page: an image knows the scheme too."""


def stacked(title: str, counts: Mapping[tuple[date, str], int], days: Sequence[date]) -> bytes:
    """Draw counts by day, stacked by name, as an SVG image."""
    wide = {"legend_at_bottom_columns": 2, "truncate_legend": 40} if len({name for _, name in counts}) <= 4 else {}
    chart = pygal.StackedBar(**_options(title) | wide, x_label_rotation=0, show_minor_x_labels=False)
    chart.x_labels = [f"{day:%d %b}" for day in days]
    chart.x_labels_major = chart.x_labels[:: max(len(days) // 5, 1)]
    totals: dict[str, int] = {}
    for (_, name), count in counts.items():
        totals[name] = totals.get(name, 0) + count
    for name in sorted(totals, key=lambda name: -totals[name])[:8]:
        chart.add(name, [counts.get((day, name), 0) for day in days])
    return _drawn(chart)


def ranked(title: str, counts: Mapping[str, int]) -> bytes:
    """Draw counts by name as horizontal bars, most first."""
    options = _options(title) | {"show_legend": False, "height": 60 + 26 * max(len(counts), 1)}
    chart = pygal.HorizontalBar(**options)
    ordered = sorted(counts.items(), key=lambda item: item[1])
    chart.x_labels = [name for name, _ in ordered]
    chart.add("", [count for _, count in ordered])
    return _drawn(chart)


def last_days(today: date, length: int) -> list[date]:
    """Give the last days up to today, oldest first."""
    return [today - timedelta(days=back) for back in range(length - 1, -1, -1)]


def _options(title: str) -> dict[str, Any]:
    return {
        "style": _STYLE,
        "title": title,
        "css": ("file://style.css", "file://graph.css", _READABLE),
        "width": 640,
        "height": 340,
        "legend_at_bottom": True,
        "legend_at_bottom_columns": 3,
        "no_data_text": "nothing yet",
        "js": [],
        "show_y_guides": True,
        "margin": 12,
        "margin_bottom": 60,
        "truncate_legend": 24,
        "truncate_label": 24,
    }


def _drawn(chart: Any) -> bytes:
    chart.add_xml_filter(_without_script)
    svg: bytes = chart.render()
    return svg


def _without_script(root: Any) -> Any:
    for parent in list(root.iter()):
        for child in list(parent):
            if str(child.tag).endswith("script"):
                parent.remove(child)
    return root
