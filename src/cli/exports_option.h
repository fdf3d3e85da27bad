/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of exports(5), and what becomes of each: an export of Mainstay has it, it means
 * nothing here, or it is refused because the export would not be what the file says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/exports_security.h"

enum exports_verdict {
    EXPORTS_TAKEN,
    EXPORTS_MEANINGLESS,
    EXPORTS_REFUSED,
};

enum exports_squash {
    EXPORTS_ROOT_SQUASH,
    EXPORTS_NO_ROOT_SQUASH,
    EXPORTS_ALL_SQUASH,
};

/* What an export can have of them. */
struct exports_options {
    bool read_write, async, insecure;
    bool squashes_all, keeps_root;
    bool security_label;
    uint32_t anon_uid, anon_gid;
    uint64_t fsid; /* 0: none */
    bool has_sec;  /* `sec` was given */
    char sec[EXPORTS_SECURITY_BYTES], xprtsec[EXPORTS_SECURITY_BYTES];
    bool is_root; /* fsid=0: no option of an export, but what is refused as a whole line */
};

enum {
    EXPORTS_WHY_BYTES = 320,
    EXPORTS_NOBODY = 65534 /* the anonymous user and group, unless others are given */
};

/* The defaults of exports(5): ro, sync, secure, root_squash. */
void exports_options_init(struct exports_options *options);

/* One option, "anonuid=65534".  `why` gets the reason of a verdict that is not EXPORTS_TAKEN, with
 * what would be right; else "". */
enum exports_verdict exports_option_take(struct exports_options *options, const char *text,
                                         char why[EXPORTS_WHY_BYTES]);

bool exports_options_equal(const struct exports_options *a, const struct exports_options *b);

/* But for the flavors. */
bool exports_options_alike(const struct exports_options *a, const struct exports_options *b);
enum exports_squash exports_options_squash(const struct exports_options *options);

/* "rw,sync,secure,root_squash", as --export has them.  Returns `text`. */
const char *exports_options_print(const struct exports_options *options, char *text, size_t size);
