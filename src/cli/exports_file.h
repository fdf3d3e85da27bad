/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file in the format of exports(5), and what it would be as exports of Mainstay: one for each
 * path, with one set of options.
 */
#pragma once

#include "cli/exports_client.h"

struct exports_entry {
    char *path; /* of the export, and of the directory of this machine */
    uint32_t line;
    struct exports_options options;
    bool everybody;
    uint32_t client_count;
    char clients[LIMIT_EXPORT_CLIENTS][EXPORTS_ADDRESS_BYTES];
};

/* What becomes of an option, a client or a line. */
struct exports_remark {
    uint32_t line;
    enum exports_verdict verdict;
    char *path;  /* NULL: none has been read */
    char *about; /* the option or client; NULL: the line */
    char *why;   /* NULL: there is nothing to say */
};

struct exports_file {
    uint32_t count, room;
    struct exports_entry *entries;
    uint32_t remark_count, remark_room, remarks_left_out;
    struct exports_remark *remarks; /* by line */
    bool is_refused;                /* there is one of EXPORTS_REFUSED */
};

/* Parse the whole file, whatever is wrong in it.  Free with exports_file_fini(). */
void exports_file_parse(struct exports_file *file, const char *data, size_t len,
                        exports_resolve *resolve);
void exports_file_fini(struct exports_file *file);
