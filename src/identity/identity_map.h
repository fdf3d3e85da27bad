/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map file of identities: for users that no database of this machine knows.  A line each:
 *
 *     # a comment
 *     alice@LAB.EXAMPLE      1000:1000,2000,2001   user : group [, further groups]
 *     bob@OTHER.EXAMPLE      account robert        what the database of users has of this account
 *     *@PARTNER.EXAMPLE      account               ... of the account of the same name
 *     *@GUESTS.EXAMPLE       nobody
 *     group staff            2000                  the name of a group
 *
 * A principal with a line of its own is not looked for under `*`.  `*` stands for users only, not
 * for machines (`host/client.example@REALM`); these need lines of their own.  A user's name, where
 * names are shown, is what stands before the `@`.
 *
 * Immutable after it was read.  It is untrusted input: errors, no CHECK.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "identity/identity.h"

struct identity_map;

enum {
    IDENTITY_MAP_ERROR_BYTES = 512,
    IDENTITY_WORD_BYTES = 1024 /* of a principal or name, with the NUL */
};

/* Read a file; takes at most LIMIT_IDENTITY_MAP_BYTES and LIMIT_IDENTITY_MAP_LINES.  NULL, and
 * "FILE:LINE: what is wrong" or "FILE: why it can't be read" in `error`.  May block. */
struct identity_map *identity_map_read(const char *path,
                                       char error[IDENTITY_MAP_ERROR_BYTES]) MUST_USE;

/* The same from memory; `path` for the errors. */
struct identity_map *identity_map_parse(const char *path, const char *text, size_t len,
                                        char error[IDENTITY_MAP_ERROR_BYTES]) MUST_USE;

/* NULL is allowed. */
void identity_map_destroy(struct identity_map *map);

uint32_t identity_map_lines(const struct identity_map *map);

/* What it says of a principal; `*@REALM` stands for its users without a line of their own. */
enum identity_map_answer {
    IDENTITY_MAP_NOTHING,
    IDENTITY_MAP_IDENTITY,    /* *identity, with a reference */
    IDENTITY_MAP_ACCOUNT,     /* ask the database for `account` */
    IDENTITY_MAP_ANY_ACCOUNT, /* the same, by a line for all of a realm: root is not meant */
};
enum identity_map_answer identity_map_principal(const struct identity_map *map,
                                                const char *principal, bool is_machine,
                                                struct identity **identity,
                                                char account[IDENTITY_WORD_BYTES]);

/* By user ID, by names without a domain, and by group ID.  With a reference; NULL: nothing. */
struct identity *identity_map_user(const struct identity_map *map, uint32_t uid) MUST_USE;
struct identity *identity_map_user_named(const struct identity_map *map, const char *name) MUST_USE;
struct identity *identity_map_group(const struct identity_map *map, uint32_t gid) MUST_USE;
struct identity *identity_map_group_named(const struct identity_map *map,
                                          const char *name) MUST_USE;

/* The line that says so, from 1 on; 0: none does. */
uint32_t identity_map_line_of_principal(const struct identity_map *map, const char *principal,
                                        bool is_machine);
uint32_t identity_map_line_of_user(const struct identity_map *map, uint32_t uid);
