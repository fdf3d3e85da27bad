/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How client records are made, and the owner strings that they are found by.
 */
#pragma once

#include <stdint.h>

#include "base/htable.h"
#include "state/client/client.h"

struct client_owner {
    struct hnode by_owner; /* in client_table.by_owner: kind and string */
    enum client_kind kind;
    struct client *confirmed, *unconfirmed;
    uint32_t len;
    uint8_t string[];
};

struct client_info;

/* What common code calls for a record of 4.0, which may be left out of the build. */
struct client_v40_hooks {
    void (*free)(struct client_v40 *v40);
    /* With client_table.lock. */
    void (*describe)(const struct client_v40 *v40, struct client_info *info);
};

/* What a new record is made of. */
struct client_new {
    enum client_kind kind;
    struct wire_opaque id; /* the owner string */
    const uint8_t *verifier;
    const struct client_principal *principal;
    const struct client_source *source; /* NULL: not known */
    int64_t now_ns;
};

/* A new record for the owner string, unconfirmed, in all tables.  Whatever unconfirmed record stood
 * there must be unhashed before, and room made.  NULL without memory. */
struct client *client_record_add_locked(struct state *state, const struct client_new *what);

/* The owner string's records, or NULL. */
struct client_owner *client_owner_find_locked(struct state *state, enum client_kind kind,
                                              const struct wire_opaque *id);
