/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process' file descriptors, shared out at the start: connections cannot take those that files
 * need, nor files those of connections, nor both those of the server's own files.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What needs descriptors. */
struct descriptor_needs {
    uint32_t limit;   /* of the process; 0: as many as it may have, up to LIMIT_DESCRIPTORS */
    uint32_t exports; /* that keep files open */
    uint32_t listeners;
    uint32_t loops; /* 0: one per CPU */
};

struct descriptor_shares {
    uint32_t limit;
    uint32_t own;         /* the server's files, listeners and event loops, and a reserve */
    uint32_t connections; /* accepted */
    uint32_t dialled;     /* connections to clients of NFSv4.0 */
    uint32_t files;       /* of all exports */
};

/* Divide `needs->limit` descriptors.  False: they are too few; *least would do. */
bool descriptor_shares_divide(const struct descriptor_needs *needs,
                              struct descriptor_shares *shares, uint32_t *least);

/* Set the limit of the process, the hard one too where the process may raise that, divide it and
 * tell the log.  False after telling why on stderr. */
bool descriptor_shares_init(const struct descriptor_needs *needs, struct descriptor_shares *shares);
