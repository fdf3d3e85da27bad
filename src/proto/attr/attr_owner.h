/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owners and groups on the wire (RFC 8881 §5.9): numbers in decimal, which clients with AUTH_SYS
 * want, or alice@lab.example for those with RPCSEC_GSS, as Linux has it.  Both forms are accepted
 * from everybody.
 *
 * A name may have to be asked for.  An operation that encodes attributes never waits for that,
 * since it may hold locks of a backend: the names that it misses are noted.  At its end it waits
 * for all of them and begins again:
 *
 *     do {
 *         xdr_rewind(out, start);
 *         ...
 *     } while (attr_names_await(c));
 */
#pragma once

#include <stdint.h>

#include "identity/identity_names.h"
#include "proto/compound.h"
#include "wire/nfs4_types.h"

enum {
    ATTR_OWNER_BYTES = 12,
    ATTR_NAME_BYTES = IDENTITY_NAME_BYTES /* of a number, too */
};

/* A number; stands at the end of `text`. */
static inline struct wire_opaque attr_owner_text(char text[ATTR_OWNER_BYTES], uint32_t id)
{
    char *p = text + ATTR_OWNER_BYTES;

    do {
        *--p = (char)('0' + id % 10);
        id /= 10;
    } while (id);
    return (struct wire_opaque){(const uint8_t *)p, (uint32_t)(text + ATTR_OWNER_BYTES - p)};
}

/* If c->named_owners: NAME@DOMAIN, or "nobody". */
struct wire_opaque attr_owner_name(struct compound *c, enum identity_kind kind, uint32_t id,
                                   char text[ATTR_NAME_BYTES]);

/* The form that the caller gets. */
static inline struct wire_opaque attr_owner_of(struct compound *c, enum identity_kind kind,
                                               uint32_t id, char text[ATTR_NAME_BYTES])
{
    return __builtin_expect(c->named_owners, 0) ? attr_owner_name(c, kind, id, text)
                                                : attr_owner_text(text, id);
}

/* True: names were missing, are known now (or nobody knows them), and the result has to be encoded
 * again. */
bool attr_names_wait(struct compound *c) MUST_USE;
static inline bool attr_names_await(struct compound *c)
{
    return __builtin_expect(c->missing != NULL, 0) && attr_names_wait(c);
}

/* Parse "1000", "1000@domain" as some clients send it, or "alice@lab.example", which may wait for
 * the database of users.  INVAL if empty, BADOWNER, DELAY. */
enum nfsstat4 attr_owner_parse(struct compound *c, enum identity_kind kind,
                               const struct wire_opaque *text, uint32_t *id);
