/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callbacks by RPCSEC_GSS (RFC 8881 §2.10.8.2): under a context that the client has made, with the
 * handle that the client gave it for calls in this direction.  For GSS the server stays the
 * acceptor of the context; only the roles of RPC are swapped.  Sequence numbers are independent of
 * those of the client's calls (§18.36.3), and each attempt has a new one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "callback/cb_compound.h"

struct arena;
struct client_principal;
struct gss_context;
struct gss_table;
struct session;
struct session_back_params;
struct session_cb_context;
struct wire_opaque;

/* How a request is sealed; all zero: it is not. */
struct cb_gss {
    struct gss_context *context; /* a reference */
    uint32_t service;            /* enum rpc_gss_svc_t */
    uint32_t seq;
};

enum {
    /* By how much a sealed request is longer, at most. */
    CB_GSS_BYTES = 512
};

/* For state_back_hooks.context_known.  `table` may be NULL. */
bool cb_gss_known(struct gss_table *table, const struct wire_opaque *handle,
                  const struct client_principal *caller, int64_t now_ns);

/* Choose the strongest context of `params` that can be used, and take a sequence number.  The
 * session forgets those that have ended.  NULL: there is none; otherwise that context.  Without
 * locks.  cb_gss_fini() must follow. */
const struct session_cb_context *cb_gss_choose(struct gss_table *table, struct session *session,
                                               const struct session_back_params *params,
                                               int64_t now_ns, struct cb_gss *gss);

/* Put the reference.  Allowed again. */
void cb_gss_fini(struct cb_gss *gss);

/* The session forgets the context with this handle of the server. */
void cb_gss_forget(struct session *session, const uint8_t *handle, uint32_t len);

/* Seal an encoded CALL: the same call, but for its credentials, in `to`.  Returns its length, or 0
 * if that fails. */
size_t cb_gss_seal(const struct cb_gss *gss, const struct session_cb_context *context,
                   const uint8_t *record, size_t len, uint8_t *to, size_t size);

/* Interpret a reply to it; `body` is what follows xid and message type.  On CB_ANSWERED
 * `results` are those of the procedure, in `body` or `arena`.  *lost: the client does not know
 * the context (any more). */
enum cb_answer cb_gss_open(const struct cb_gss *gss, const void *body, size_t len,
                           struct arena *arena, struct wire_opaque *results, bool *lost);
