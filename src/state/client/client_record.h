/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Creates and frees client records, and finds them by owner string.
 */
#pragma once

#include <stdint.h>

#include "base/htable.h"
#include "state/client/client.h"

struct client_owner {
    struct hnode by_owner; /* of client_table.by_owner: kind and string */
    enum client_kind kind;
    struct client *confirmed, *unconfirmed;
    uint32_t len;
    uint8_t string[];
};

struct client_info;

/* Functions for a record of 4.0, which may be left out of the build. */
struct client_v40_hooks {
    void (*free)(struct client_v40 *v40);
    /* With client_table.lock. */
    void (*describe)(const struct client_v40 *v40, struct client_info *info);
};

/* Arguments for a new record. */
struct client_new {
    enum client_kind kind;
    struct wire_opaque id; /* the owner string */
    const uint8_t *verifier;
    const struct client_caller *caller;
    const struct client_source *source; /* NULL: not known */
    int64_t now_ns;
};

/* Create an unconfirmed record for the owner string, in all tables.  The previous unconfirmed
 * record must have been unhashed, and room made.  NULL without memory. */
struct client *client_record_add_locked(struct state *state, const struct client_new *what);

/* The entry of an owner string, or NULL. */
struct client_owner *client_owner_lookup_locked(struct state *state, enum client_kind kind,
                                                const struct wire_opaque *id);
