# SPDX-License-Identifier: Apache-2.0
"""A generated source tree whose size and result are known, for make to build on the mount."""

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


def tree(modules):
    parts = range(modules)
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


def expected_answer(modules):
    def mix(x):
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        return x ^ (x << 5 & 0xFFFFFFFF)

    value = 1
    for index in range(modules):
        table = [mix((i * (index + 3) + index) & 0xFFFFFFFF) for i in range(64)]
        for letter in str(value):
            value = mix(value ^ table[ord(letter) & 63])
    return value
