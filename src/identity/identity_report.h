/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a caller is taken for, and why: for administrators who wonder. */
#pragma once

#include <stdint.h>

#include "identity/identity_cache.h"

enum identity_reason {
    IDENTITY_REASON_LINE,    /* a line of the map file: numbers, or nobody */
    IDENTITY_REASON_ACCOUNT, /* a line that names an account */
    IDENTITY_REASON_REALM,   /* a line for all users of a realm, and an account */
    IDENTITY_REASON_MACHINE, /* a machine, which the configuration makes root or nobody */
    IDENTITY_REASON_IDMAP,   /* nothing of these: libnfsidmap is asked */
    IDENTITY_REASON_DATABASE /* a number or a name, which the database of users is asked for */
};

struct identity_report {
    struct identity *identity; /* a reference; NULL: there is no answer in time */
    int64_t age_ns;            /* of the answer, if it was remembered; -1: it was asked for now */
    enum identity_reason reason;
    enum identity_machine machine;     /* the rule for machines */
    uint32_t line;                     /* of the map file, that says so; 0: none */
    char account[IDENTITY_WORD_BYTES]; /* that the line names, or "" */
    char map[1024];                    /* the map file, or "" */
};

enum {
    IDENTITY_WHY_BYTES = 3072
};

/* Asks as a request would, and waits for the answer; what it learns is remembered. */
void identity_report_principal(struct identity_cache *cache,
                               const struct identity_principal *principal,
                               struct identity_report *report);
void identity_report_uid(struct identity_cache *cache, uint32_t uid,
                         struct identity_report *report);

/* The same of the user that is called so, without a domain. */
void identity_report_name(struct identity_cache *cache, const char *name,
                          struct identity_report *report);

void identity_report_fini(struct identity_report *report);

/* In words.  Returns `text`. */
const char *identity_report_why(const struct identity_report *report,
                                char text[IDENTITY_WHY_BYTES]);
