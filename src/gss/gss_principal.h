/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a caller is, as Kerberos says: a principal with its realm.  Immutable and reference-counted.
 * Principals are compared by their exported names (RFC 2743 §3.2), or by the keyed hash of these,
 * never by a part of what is displayed.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct gss_principal {
    _Atomic uint32_t refs; /* contexts, calls, and whatever remembers it */
    uint64_t id;           /* never 0, below 2^63: hash of `exported`, its key is of this process */
    bool machine;          /* host/X@R, nfs/X@R or root/X@R: the machine, not one of its users */
    const char *realm;     /* "MAINSTAY.TEST"; in `name`.  "": it has none */
    uint32_t exported_bytes;
    const uint8_t *exported; /* gss_export_name() */
    char name[];             /* "alice@MAINSTAY.TEST": printable, below LIMIT_GSS_NAME_BYTES */
};

/* With one reference.  NULL: no memory, or a name that is too long, is empty, has control
 * characters or is not UTF-8. */
struct gss_principal *gss_principal_create(const char *name, const void *exported,
                                           size_t exported_bytes) MUST_USE;

/* Any thread.  get returns its argument; NULL is allowed in both. */
struct gss_principal *gss_principal_get(const struct gss_principal *principal);
void gss_principal_put(const struct gss_principal *principal);
