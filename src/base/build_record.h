/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program tells of its build: --version.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

/* Each build writes a file with it (cmake/build_record.cmake), which only programs are linked with:
 * a commit changes that file and nothing else. */
struct build_record {
    const char *commit;     /* 12 hex digits, a + if files were changed since; or "unknown" */
    const char *type;       /* Release, Debug, ... */
    const char *compiler;   /* "GNU 12.2.0" */
    const char *processor;  /* "x86_64" */
    const char *sanitizers; /* "none", "address", "thread" */
    const char *krb5;       /* version of the headers; the library does not tell its own */
};

extern const struct build_record build_record;

/* A library that a program uses, with the version that it has at run time. */
struct build_library {
    const char *name, *version;
};

/* What --version prints; the first line is "PROGRAM VERSION".  `features` may be NULL. */
void build_record_print(FILE *out, const char *program, const char *features,
                        const struct build_library *libraries, size_t count);
