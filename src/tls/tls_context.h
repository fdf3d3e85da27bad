/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server's TLS sessions are made with: its certificate and key, whom it trusts, and which
 * certificates are revoked.  TLS 1.3 only; no tickets, no early data, no resumption (RFC 9289 5,
 * 7).
 *
 * A context never changes.  A reload reads the files again and makes a new context for the sessions
 * to come; tls_context_verify() tells which living ones are no longer good.  Thread safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct tls_context;
struct tls_peer;

enum {
    TLS_WHY_BYTES = 256, /* enough for what functions here say of a failure */
};

/* What a context is made from: paths of PEM files, and a wish. */
struct tls_files {
    const char *cert; /* the server's certificate, then the intermediate ones */
    const char *key;
    const char *ca;  /* that clients' certificates are signed by; NULL: none is good */
    const char *crl; /* revocation lists of these; NULL: nobody is revoked */
    bool offload;    /* the kernel shall encrypt what sessions send, if it can */
};

/* Read the files; may wait for a disk.  One reference.  NULL: `why`, of `size` bytes, says in words
 * which file is wrong and what about it. */
struct tls_context *tls_context_create(const struct tls_files *files, char *why,
                                       size_t size) MUST_USE;

/* Has `context` been begun to read before `other`?  Then its files may be older. */
bool tls_context_is_before(const struct tls_context *context, const struct tls_context *other);

struct tls_context *tls_context_get(struct tls_context *context);

/* NULL is allowed. */
void tls_context_put(struct tls_context *context);

/* When the server's certificate expires, in seconds since 1970. */
int64_t tls_context_not_after_s(const struct tls_context *context);

/* Shall the kernel encrypt what sessions send, and has it TLS? */
bool tls_context_offloads(const struct tls_context *context);

/* Would the context let this peer in, now?  If not, `why` of `size` bytes says the reason.  A peer
 * without certificate is good.  Takes about a millisecond. */
bool tls_context_verify(const struct tls_context *context, const struct tls_peer *peer, char *why,
                        size_t size) MUST_USE;
