/* SPDX-License-Identifier: Apache-2.0 */
/* One line of the map file (identity_map.h has the format). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "identity/identity_map.h"

enum identity_map_kind {
    IDENTITY_LINE_EMPTY,   /* blank, or a comment */
    IDENTITY_LINE_IDS,     /* a principal with user, group, further groups */
    IDENTITY_LINE_ACCOUNT, /* a principal with an account; the account may be "": that of its name */
    IDENTITY_LINE_NOBODY,  /* a principal that is nobody */
    IDENTITY_LINE_GROUP,   /* the name of a group, and its number */
};

struct identity_map_line {
    enum identity_map_kind kind;
    char name[IDENTITY_WORD_BYTES];    /* the principal or the group */
    char account[IDENTITY_WORD_BYTES]; /* or "" */
    uint32_t uid, gid;
    uint32_t gid_count;
    uint32_t gids[LIMIT_CALLER_GIDS];
};

/* NULL, or what is wrong, for people. */
const char *identity_map_line_parse(const char *text, size_t len,
                                    struct identity_map_line *line) MUST_USE;
