/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Divides the process' file descriptors at the start: accepted connections, dialled connections,
 * files and the server's own files each have a share that the others cannot take.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    DESCRIPTORS_OWN_PER_EXPORT = 9, /* the directory and its map */
    /* An export that is added later gets at least so many, these among them. */
    DESCRIPTORS_LATER_MIN = DESCRIPTORS_OWN_PER_EXPORT + 16,
};

/* What needs descriptors. */
struct descriptor_needs {
    uint32_t limit;   /* of the process; 0: as many as permitted, up to LIMIT_DESCRIPTORS */
    uint32_t exports; /* number of exports that keep files open */
    uint32_t listeners;
    uint32_t loops; /* 0: processors_available() */
    uint32_t admin; /* listeners of the admin endpoint */
};

struct descriptor_shares {
    uint32_t limit;
    uint32_t own;         /* the server's files, listeners and event loops, and a reserve */
    uint32_t connections; /* for accepted connections */
    uint32_t dialled;     /* for connections to clients of NFSv4.0 */
    uint32_t files;       /* for the files of the first exports */
    uint32_t spare;       /* for exports that are added later, and their files */
};

/* Divide `needs->limit` descriptors.  False: they are too few; *least would be enough. */
bool descriptor_shares_divide(const struct descriptor_needs *needs,
                              struct descriptor_shares *shares, uint32_t *least);

/* Set the limit of the process, including the hard limit where permitted; divide it and log the
 * shares.  False after an error message. */
bool descriptor_shares_init(const struct descriptor_needs *needs, struct descriptor_shares *shares);
