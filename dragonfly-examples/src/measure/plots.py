#!/usr/bin/env python3
"""Draws the plots of the performance page from its data. Needs Python alone.

    plots.py             draws src/site/markdown/images/NAME.svg from each src/site/data/NAME.csv
    plots.py --check     draws nothing, and ends with 1 if a plot is not what its data say

The first lines of a file of data are "# key: value" (title, unit, goal, kind); then come "group,series,value". The kinds:
bars: a bar for each series in each group.
line: a line for each series; groups are numbers, on a logarithmic axis.
"""
import argparse, csv, math, pathlib, sys
from xml.sax.saxutils import escape

SITE = pathlib.Path(__file__).resolve().parents[3] / "src/site"
WIDTH, LEFT, RIGHT, TOP, BAR, GAP = 760, 210, 60, 74, 15, 14
COLOURS = ["#1565c0", "#ef6c00", "#6d4c41", "#9e9e9e", "#2e7d32"]
GOAL = "#c62828"


class Data:
    """What one file says."""

    def __init__(self, path):
        lines = path.read_text().splitlines()
        self.about = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
        rows = [row for row in csv.reader(line for line in lines if not line.startswith("#")) if row]
        self.values = {(group, series): float(value) for group, series, value in rows}
        self.groups = list(dict.fromkeys(group for group, _ in self.values))
        self.series = list(dict.fromkeys(series for _, series in self.values))
        self.goal = float(self.about["goal"]) if "goal" in self.about else None

    def most(self):
        return max([*self.values.values(), self.goal or 0])


def text(x, y, content, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(content)}</text>'


def line(x1, y1, x2, y2, more):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {more}/>'


def frame(data, height, parts):
    """Puts title and legend above the parts."""
    parts = [text(16, 24, data.about["title"], 'font-size="16" font-weight="bold"'), *parts]
    x = 16
    for number, series in enumerate(data.series):
        parts.append(f'<rect x="{x}" y="38" width="12" height="12" fill="{COLOURS[number]}"/>')
        parts.append(text(x + 18, 48, series))
        x += 40 + 7 * len(series)
    if data.goal is not None:
        parts.append(line(x, 44, x + 14, 44, f'stroke="{GOAL}" stroke-width="2" stroke-dasharray="4 3"'))
        parts.append(text(x + 20, 48, f"goal: {data.goal:g}"))
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="sans-serif" font-size="12" fill="#212121">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>', *parts, "</svg>", ""])


def bars(data):
    scale = (WIDTH - LEFT - RIGHT) / data.most()
    parts, y = [], TOP
    for group in data.groups:
        shown = [series for series in data.series if (group, series) in data.values]
        parts.append(text(LEFT - 10, y + BAR * len(shown) / 2 + 4, group, 'text-anchor="end"'))
        for series in shown:
            value = data.values[group, series]
            colour = COLOURS[data.series.index(series)]
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{value * scale:.1f}" height="{BAR - 2}" fill="{colour}"/>')
            parts.append(text(LEFT + value * scale + 5, y + BAR - 4, f"{value:g}"))
            y += BAR
        y += GAP
    if data.goal is not None:
        x = LEFT + data.goal * scale
        parts.append(line(x, TOP - 6, x, y - GAP, f'stroke="{GOAL}" stroke-width="1.5" stroke-dasharray="4 3"'))
    parts.append(text(LEFT, y + 8, data.about["unit"]))
    return frame(data, y + 24, parts)


def plot(data):
    """Lines over a logarithmic axis; the other one begins at 1, the least that there can be."""
    height, bottom = 320, 270
    xs = [math.log10(float(group)) for group in data.groups]
    top = 1 + (data.most() - 1) * 1.15

    def at(group, value):
        x = LEFT - 130 + (math.log10(float(group)) - min(xs)) / (max(xs) - min(xs)) * (WIDTH - LEFT - RIGHT + 110)
        return x, bottom - (value - 1) / (top - 1) * (bottom - TOP)

    parts = [line(80, bottom, WIDTH - RIGHT, bottom, 'stroke="#212121"'), text(60, bottom + 4, "1", 'text-anchor="end"')]
    for group in data.groups:
        parts.append(text(at(group, 1)[0], bottom + 18, f"{int(group):,}", 'text-anchor="middle"'))
    for number, series in enumerate(data.series):
        points = [(*at(group, data.values[group, series]), data.values[group, series])
                  for group in data.groups if (group, series) in data.values]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[number]}" stroke-width="2"/>')
        for x, y, value in points:
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[number]}"/>')
            parts.append(text(x, y - 8, f"{value:g}", f'text-anchor="middle" fill="{COLOURS[number]}"'))
    if data.goal is not None:
        y = at(data.groups[0], data.goal)[1]
        parts.append(line(80, y, WIDTH - RIGHT, y, f'stroke="{GOAL}" stroke-width="1.5" stroke-dasharray="4 3"'))
    parts.append(text(80, bottom + 40, data.about["unit"]))
    return frame(data, height, parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="draw nothing, compare")
    check = parser.parse_args().check
    stale = []
    for path in sorted((SITE / "data").glob("*.csv")):
        data = Data(path)
        drawn = {"bars": bars, "line": plot}[data.about["kind"]](data)
        target = SITE / "markdown/images" / f"{path.stem}.svg"
        if not check:
            target.write_text(drawn)
        elif not target.exists() or target.read_text() != drawn:
            stale.append(target.name)
    if stale:
        sys.exit(f"not what the data say: {', '.join(stale)}; run {sys.argv[0]}")


if __name__ == "__main__":
    main()
