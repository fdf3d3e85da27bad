# SPDX-License-Identifier: Apache-2.0
"""The blocks of code in the documents: indented ones, and those between lines of ```.

tests/docs/commands.txt says of each how it is run. A row of it is found by the page and the first line."""

import os
import re
from dataclasses import dataclass

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.normpath(os.environ.get("MAINSTAY_SOURCE", os.path.join(HERE, "../..")))
ROWS = "tests/docs/commands.txt"


@dataclass
class Block:
    page: str
    line: int
    heading: str
    text: str

    @property
    def first(self):
        return self.text.split("\n", 1)[0].strip()


@dataclass
class Row:
    page: str
    how: str  # its first word
    more: str  # the rest of that column
    first: str  # how the block begins


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def unindented(lines):
    """Without what all lines begin with, and the empty ones at the end."""
    width = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "\n".join(line[width:] for line in lines).rstrip() + "\n"


def blocks(page):
    """In the page's order."""
    lines = read(page).split("\n")
    found, heading, at = [], "", 0
    while at < len(lines):
        line, begin = lines[at], at
        at += 1
        if re.match(r"#+ ", line):
            heading = line.strip("# ")
        elif line.startswith("```"):
            while not lines[at].startswith("```"):
                at += 1
            found.append(Block(page, begin + 1, heading, unindented(lines[begin + 1:at])))
            at += 1
        elif re.match(r"    +\S", line) and (begin == 0 or not lines[begin - 1].strip()):
            while at < len(lines) and (lines[at].startswith("    ") or not lines[at].strip()):
                at += 1
            found.append(Block(page, begin + 1, heading, unindented(lines[begin:at])))
    return found


def rows():
    """Of the table, "page | how | first line" each."""
    found = []
    for line in read(ROWS).splitlines():
        if line.strip() and not line.startswith("#"):
            page, how, first = (cell.strip() for cell in line.split(" | ", 2))
            word, _, more = how.partition(" ")
            found.append(Row(page, word, more, first))
    return found


def rows_of(block, table):
    return [row for row in table if row.page == block.page and block.first.startswith(row.first)]


def blocks_to_run(page, how):
    """Those of the page whose row says so."""
    table = rows()
    return [block for block in blocks(page) if [row.how for row in rows_of(block, table)] == [how]]
