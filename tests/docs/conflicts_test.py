#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The matrix of conflicts in docs/callbacks.md is the table of the test that goes through it."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORDS = {"STAYS": "-", "RECALLED": "recalled", "ENDS": "ends"}
TOLD = {'"add': "ADD_ENTRY", '"remove': "REMOVE_ENTRY", '"rename': "RENAME_ENTRY", '"dir': "CHANGE_DIR_ATTRS"}


def tested():
    text = (ROOT / "tests/protocol/dir_deeds.c").read_text()
    table = text[text.index("const struct deed deeds[]"):]
    found = re.findall(r'\{"([^"]+)",\s*\w+,\s*(\w+),\s*(\w+),\s*\w+,\s*\w+,\s*(NULL|"\w+)', table)
    return [(name, WORDS[another], TOLD.get(told, WORDS[another]), WORDS[holder])
            for name, another, holder, told in found]


def documented():
    text = (ROOT / "docs/callbacks.md").read_text()
    part = text[text.index("## Delegations of directories"):text.index("## The operations")]
    found = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", part, re.M)
    return [row for row in found if row[0] not in ("operation", "---")]


def main():
    code, page = tested(), documented()
    for row in code:
        if row not in page:
            print("not in docs/callbacks.md:", row)
    for row in page:
        if row not in code:
            print("not in tests/protocol/dir_deeds.c:", row)
    print(f"conflicts: {len(code)} rows")
    return code != page or not code


if __name__ == "__main__":
    sys.exit(main())
