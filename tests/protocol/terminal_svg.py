# SPDX-License-Identifier: Apache-2.0
"""A screen of a terminal as SVG: text that can be read on light and on dark pages, since it has its own background."""

import re
import unicodedata
from xml.sax.saxutils import escape

CHAR, LINE, FONT, MARGIN = 8.4, 18, 14, 12
NO_BREAK = "\u00a0"  # spaces that readers of SVG do not join
BACK, FRONT = "#1d2329", "#d8dee4"
COLOURS = {30: "#6e7781", 31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 34: "#79c0ff", 35: "#d2a8ff", 36: "#76e3ea",
           37: "#d8dee4"}


def pieces(line, style):
    """(text, style) for each run of characters; the last style goes on in the next line."""
    found = []
    for part in re.split(r"(\x1b\[[\d;]*m|\x0e|\x0f)", line):
        sequence = re.fullmatch(r"\x1b\[([\d;]*)m", part)
        if sequence:
            style = changed(style, [int(code or 0) for code in sequence[1].split(";")])
        elif part not in ("", "\x0e", "\x0f"):
            found.append((part, style))
    return found, style


def changed(style, codes):
    style = dict(style)
    for code in codes:
        if code == 0:
            style = {}
        elif code == 1:
            style["bold"] = True
        elif code == 7:
            style["reverse"] = True
        elif code in COLOURS:
            style["colour"] = COLOURS[code]
        elif code == 39:
            style.pop("colour", None)
    return style


def width(text):
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def run(text, style, column, row):
    x, y = MARGIN + column * CHAR, MARGIN + row * LINE
    colour, made = style.get("colour", FRONT), []
    if style.get("reverse"):
        made.append(f'<rect x="{x:.1f}" y="{y}" width="{width(text) * CHAR:.1f}" height="{LINE}" fill="{colour}"/>')
        colour = BACK
    if text.strip():
        bold = ' font-weight="bold"' if style.get("bold") else ""
        made.append(f'<text x="{x:.1f}" y="{y + FONT}" textLength="{width(text) * CHAR:.1f}" fill="{colour}"{bold}>'
                    f"{escape(text.replace(' ', NO_BREAK))}</text>")
    return made


def make(screen, columns, rows, title):
    """`screen` as `tmux capture-pane -e -p` has it."""
    wide, high = 2 * MARGIN + columns * CHAR, 2 * MARGIN + rows * LINE
    made = ["<!-- SPDX-License-Identifier: Apache-2.0 -->",
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high}" width="{wide:.0f}" '
            f'height="{high}" role="img" font-family="monospace" font-size="{FONT}">',
            f"<title>{escape(title)}</title>", f'<rect width="100%" height="100%" rx="8" fill="{BACK}"/>']
    style = {}
    for row, line in enumerate(screen.split("\n")[:rows]):
        column = 0
        runs, style = pieces(line, style)
        for text, of in runs:
            made += run(text, of, column, row)
            column += width(text)
    return "\n".join([*made, "</svg>", ""])
