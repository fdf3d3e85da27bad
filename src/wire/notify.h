/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The changes of a directory as CB_NOTIFY tells them (RFC 8881 §20.4, §10.9): what the opaque
 * notify_vals of a notify4 contains, in either direction.  The server sends one event in each
 * notify4; a receiver accepts one of each type, in ascending order of their bits.
 */
#pragma once

#include "wire/nfs4_callback.h"

enum {
    NOTIFY_TYPES = 6, /* NOTIFY4_CHANGE_CHILD_ATTRS to NOTIFY4_CHANGE_COOKIE_VERIFIER; the higher
                       * bits of a mask are flags, and have no values */

    /* The largest notify4 without attributes: a rename between names of LIMIT_NAME_BYTES, with the
     * entry that it replaced and its predecessor. */
    NOTIFY_BARE_BYTES = 1132,
};

/* One change.  The member of the union is that of RFC 8881 §20.4.1 for `type`; names and attribute
 * values point to memory of whoever filled it in, or into what was decoded. */
struct notify_event {
    enum notify_type4 type;
    union {
        struct notify_attr4 attr; /* CHANGE_CHILD_ATTRS; CHANGE_DIR_ATTRS, with an empty name */
        struct notify_remove4 remove;
        struct notify_add4 add;
        struct notify_rename4 rename;
        struct notify_verifier4 verifier;
    };
};

/* Of one notify4. */
struct notify_events {
    uint32_t count;
    struct notify_event events[NOTIFY_TYPES];
};

/* Append the event as one notify4.  False: it does not fit; then nothing is appended, and the
 * cursor has not failed. */
bool notify_encode(struct xdr *x, struct notify_event *event);

/* Decode a notify4, which wire_CB_NOTIFY4args() has decoded.  Arrays come from `arena`; attribute
 * values remain for fattr_decode().  False: no event, a bit without a value, a malformed value, a
 * name that is too long, or empty where an entry is named, or bytes left over. */
bool notify_decode(const struct notify4 *change, struct notify_events *out, struct arena *arena);

/* "child_attributes", "directory_attributes", "remove", "add", "rename", "cookie_verifier"; NULL
 * for other bits. */
const char *notify_type_name(uint32_t type);
