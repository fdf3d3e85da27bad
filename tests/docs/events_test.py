#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/events.md is what mainstayd prints, and its rows are the events of the source: every call that logs has a row
with its level and its fields, and every row a call.  No line passes two limits.  S22B-07."""

import glob
import os
import re
import subprocess
import unittest

BIN = os.environ.get("MAINSTAY_BIN", "")
ROOT = os.environ.get("MAINSTAY_SOURCE", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))

# Where a call that logs has its level (a number: that argument; a word: always that) and its event.
CALLS = {"log_error": ("error", 0), "log_warn": ("warn", 0), "log_info": ("info", 0), "log_debug": ("debug", 0),
         "log_error_taken": ("error", 1), "log_info_taken": ("info", 1), "LOG_AT": (0, 1), "LOG_TAKEN": (1, 2),
         "log_write": (0, 1), "log_write_now": (0, 1), "line_make": (1, 2)}
LIMITED = ("log_error", "log_warn", "log_info", "LOG_AT")  # these take a limit of their own
TAKES_LIMIT = r"\b(log_limit_take|delegation_log)\("
MECHANISM = ("src/base/log.c", "src/base/log.h")  # passes on what it is given, but for log.dropped
FUNCTION = re.compile(r"^[a-z][^;{}()#]*?\b(\w+)\(([^;{}]*?)\)\n\{\n(.*?)^\}", re.M | re.S)


def text(path):
    """Without comments."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)


def arguments(source, start):
    """The arguments of a call, of which the first begins at `start`."""
    found, depth, begin, at = [], 0, start, start
    while True:
        string = re.compile(r'"(?:[^"\\]|\\.)*"').match(source, at)
        if string:
            at = string.end()
            continue
        c = source[at]
        if depth == 0 and c in ",)":
            found.append(source[begin:at].strip())
            begin = at + 1
            if c == ")":
                return found
        depth += (c in "([{") - (c in ")]}")
        at += 1


def calls(source, names):
    """(name, arguments) of each call of one of these."""
    for match in re.finditer(rf"(?<![\w\"])({'|'.join(names)})\(", source):
        yield match[1], arguments(source, match.end())


class Function:
    def __init__(self, path, name, parameters, body):
        self.path, self.name, self.body = path, name, body
        self.parameters = [re.sub(r"\[\w*\]$", "", one.split()[-1]).lstrip("*") for one in parameters.split(",")]


def functions():
    for path in sorted(glob.glob("src/**/*.[ch]", root_dir=ROOT, recursive=True)):
        for match in FUNCTION.finditer(text(path)):
            yield Function(path, *match.groups())


def levels_of(argument, function):
    """Of an argument, or of whatever the function makes it from."""
    return set(re.findall(r"\bLOG_LEVEL_(\w+)", argument) or re.findall(r"\bLOG_LEVEL_(\w+)", function.body))


def fields_of(arguments_, function):
    """The keys of the fields.  "...": and others, by a table of counters."""
    of = ",".join(arguments_)
    if re.search(r"\bfields\b", of):
        of = function.body
    found = set(re.findall(r'\bLOG_(?:STRN?|U64|I64|HEX|ID)\(\s*"(\w+)",', of))
    return found | ({"..."} if re.search(r'\bLOG_U64\((?:"\w+" )?#', of) else set())


class Source:
    """What the source logs: event -> its levels, its fields; and what is wrong with a call."""

    def __init__(self):
        self.levels, self.fields, self.wrong = {}, {}, []
        self.functions = list(functions())
        for function in self.functions:
            for name, args in calls(function.body, CALLS):
                self.add_call(function, name, args)

    def add_call(self, function, name, args):
        level, event = CALLS[name]
        levels = {level} if isinstance(level, str) else {one.lower() for one in levels_of(args[level], function)}
        literal = re.fullmatch(r'"([\w.]+)"', args[event])
        if literal:
            self.add(literal[1], levels, fields_of(args, function))
        elif args[event] in function.parameters:
            self.add_callers(function, function.parameters.index(args[event]), levels, fields_of(args, function))
        elif function.path not in MECHANISM:
            self.wrong.append(f"{function.path}: {function.name}: the event is {args[event]}, which is no literal")

    def add_callers(self, function, index, levels, fields):
        """The event is a parameter: those who call the function name it."""
        if function.path in MECHANISM:
            return
        found = 0
        for caller in self.functions:
            for _, args in calls(caller.body, [function.name]):
                literal = re.fullmatch(r'"([\w.]+)"', args[index]) if index < len(args) else None
                if literal:
                    more = set() if fields - {"..."} else fields_of(args, caller)
                    self.add(literal[1], levels, fields | more)
                    found += 1
        if found == 0:
            self.wrong.append(f"{function.path}: nobody calls {function.name} with the name of an event")

    def add(self, event, levels, fields):
        self.levels.setdefault(event, set()).update(levels)
        self.fields.setdefault(event, set()).update(fields)


def document():
    """Event -> (section, levels, fields) of each row of docs/events.md."""
    rows, section = {}, None
    with open(os.path.join(ROOT, "docs/events.md"), encoding="utf-8") as file:
        for line in file:
            section = line[4:].strip(" `\n") if line.startswith("### ") else section
            row = re.match(r"\| `([\w.]+)` \| ([^|]*) \| ([^|]*) \| [^|]+ \|[^|]* \|$", line)
            if row:
                fields = set(re.findall(r"`(\w+)`", row[3])) | ({"..."} if "..." in row[3] else set())
                rows[row[1]] = (section, set(re.findall(r"\w+", row[2])), fields)
    return rows


class Table(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.source, cls.rows = Source(), document()

    def test_is_what_the_program_prints(self):
        done = subprocess.run([os.path.join(BIN, "mainstayd"), "--event-reference"], stdout=subprocess.PIPE,
                              timeout=60, check=True)
        with open(os.path.join(ROOT, "docs/events.md"), "rb") as file:
            self.assertEqual(file.read(), done.stdout,
                             "docs/events.md is out of date: mainstayd --event-reference >docs/events.md")

    def test_the_source_was_understood(self):
        self.assertEqual(self.source.wrong, [])
        for event in ("log.dropped", "check.failed", "daemon.error", "transport.idle", "compound.replay",
                      "daemon.limits", "callback.none", "sequence"):
            self.assertIn(event, self.source.levels)

    def test_each_call_has_a_row_and_each_row_a_call(self):
        self.assertEqual(set(self.source.levels), set(self.rows))

    def test_levels(self):
        for event, (_, levels, _) in self.rows.items():
            self.assertEqual(levels, self.source.levels[event], event)

    def test_fields(self):
        for event, (_, _, fields) in self.rows.items():
            self.assertEqual(fields, self.source.fields[event], event)

    def test_parts(self):
        """A row stands in the section of its part, and each first word has a part."""
        prefixes = re.findall(r'X\(event, "([\w.]+)", (\w+)\)', text("src/base/log_part.h"))
        self.assertGreater(len(prefixes), 15)
        for event, (section, _, _) in self.rows.items():
            parts = [part for prefix, part in prefixes if event.startswith(prefix)]
            self.assertEqual(parts, [section], event)

    def test_part_of_a_test_before_the_call(self):
        """Who asks whether the lines of a part are wanted, logs lines of that part."""
        asked = 0
        for function in self.source.functions:
            for part in re.findall(r"\blog_enabled\(LOG_PART_(\w+),", function.body):
                for event in re.findall(r'"([a-z_]+(?:\.[a-z_]+)*)"', function.body):
                    if event in self.rows:
                        self.assertEqual(self.rows[event][0], part, f"{function.path}: {function.name}")
                        asked += 1
        self.assertGreater(asked, 5)


class Limits(unittest.TestCase):
    def test_one(self):
        """What a limit has let pass, and counted as written, no second one drops."""
        found = 0
        for function in functions():
            if not re.search(TAKES_LIMIT, function.body) or function.path in MECHANISM:
                continue
            found += 1
            self.assertEqual([name for name, _ in calls(function.body, LIMITED)], [],
                             f"{function.path}: {function.name} takes a limit, so it has to use LOG_TAKEN()")
        self.assertGreater(found, 10)

    def test_none(self):
        """Only what no client causes is logged without a limit: by the start, and by SIGUSR1."""
        paths = {function.path for function in functions() if any(calls(function.body, ["log_write"]))}
        self.assertEqual(paths - set(MECHANISM),
                         {f"src/daemon/{name}.c" for name in ("announcement", "console", "stats", "warning")})


if __name__ == "__main__":
    unittest.main()
