#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""A source tree: unpacked with tar, compared, built with make and cc, changed and built again.

The project's own sources are unpacked, as a tree with a shape of its own; what is built is made up
here, so that its size and its answer are known. make tells whether mtimes are right.
"""

import io
import os
import subprocess
import sys
import tarfile
import time

from check import drop_caches, equal, main, read, test, true

MODULES = int(os.environ.get("MS_MODULES", "30"))
PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))

MAKEFILE = """\
CFLAGS = -O1 -Wall -Werror -Iinclude -MMD
SOURCES = $(wildcard lib/*.c)
OBJECTS = $(SOURCES:.c=.o)
program: main.o libparts.a
\t$(CC) -o $@ main.o -L. -lparts
libparts.a: $(OBJECTS)
\t$(AR) rcs $@ $^
clean:
\trm -f program libparts.a main.o main.d $(OBJECTS) $(SOURCES:.c=.d)
-include $(wildcard lib/*.d) main.d
"""


def module(index):
    return f"""\
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common.h"
#include "part{index}.h"

static unsigned table{index}[64];

static void fill(void)
{{
    for (unsigned i = 0; i < 64; i++)
        table{index}[i] = mix(i * {index + 3}u + {index}u);
}}

unsigned part{index}(unsigned value)
{{
    char text[32];

    fill();
    snprintf(text, sizeof(text), "%u", value);
    for (size_t i = 0; i < strlen(text); i++)
        value = mix(value ^ table{index}[text[i] & 63]);
    return value;
}}
"""


def tree():
    parts = range(MODULES)
    files = {"Makefile": MAKEFILE,
             "include/common.h": "#pragma once\nstatic inline unsigned mix(unsigned x)\n"
                                 "{\n    x ^= x << 13;\n    x ^= x >> 17;\n    x ^= x << 5;\n"
                                 "    return x;\n}\n",
             "main.c": "#include <stdio.h>\n" + "".join(f'#include "part{i}.h"\n' for i in parts) +
                       "int main(void)\n{\n    unsigned value = 1;\n\n" +
                       "".join(f"    value = part{i}(value);\n" for i in parts) +
                       '    printf("%u\\n", value);\n    return 0;\n}\n'}
    for index in parts:
        files[f"lib/part{index}.c"] = module(index)
        files[f"include/part{index}.h"] = f"#pragma once\nunsigned part{index}(unsigned value);\n"
    return files


def expected_answer():
    def mix(x):
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        return x ^ (x << 5 & 0xFFFFFFFF)

    value = 1
    for index in range(MODULES):
        table = [mix((i * (index + 3) + index) & 0xFFFFFFFF) for i in range(64)]
        for letter in str(value):
            value = mix(value ^ table[ord(letter) & 63])
    return value


def run(*argv):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    true(done.returncode == 0, f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def compiled(output):
    return sum(" -c " in line for line in output.splitlines())


@test
def build_a_source_tree():
    files = tree()
    with tarfile.open("/tmp/tree.tar", "w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = len(text), int(time.time()) - 3600, 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
    run("tar", "-xf", "/tmp/tree.tar")
    drop_caches()
    for name, text in files.items():
        equal(read(name).decode(), text, name)
    started = time.monotonic()
    equal(compiled(run("make", "-j2")), MODULES + 1, "files compiled")
    print(f"     {MODULES + 1} files compiled in {time.monotonic() - started:.1f} s", flush=True)
    equal(int(run("./program")), expected_answer(), "what the program computed")
    true("up to date" in run("make"), "make finds something to do in a built tree")
    drop_caches()
    true("up to date" in run("make"), "make finds something to do once the cache is empty")
    os.utime("include/part1.h")
    equal(compiled(run("make")), 2, "files compiled after one header changed")
    equal(int(run("./program")), expected_answer(), "what the program computed then")
    run("make", "clean")
    left = sorted(os.path.relpath(os.path.join(path, name)) for path, _, names in os.walk(".")
                  for name in names)
    equal(left, sorted(files), "files left after make clean")


@test
def unpack_our_own_sources():
    run("tar", "-cf", "/tmp/own.tar", "--exclude=__pycache__", "-C", PROJECT, "src", "tests")
    run("tar", "-xf", "/tmp/own.tar")
    drop_caches()
    run("tar", "-df", "/tmp/own.tar")  # compares contents, sizes, modes, owners and times


sys.exit(main())
