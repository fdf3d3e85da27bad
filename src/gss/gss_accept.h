/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making contexts: RPCSEC_GSS_INIT and CONTINUE_INIT (RFC 2203 §5.2) on the server's side.
 *
 * gss_accept() may block on the keytab's file system and computes for 60 us or more: call it off
 * the event loops.  It never waits for a KDC.  Thread safe.  What it refuses it logs (gss.refuse),
 * and counts by kind; what it establishes it logs (gss.context).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gss/gss_context.h"
#include "gss/gss_credential.h"
#include "gss/gss_refusal.h"
#include "gss/gss_table.h"
#include "wire/xdr.h"

struct gss_acceptor;

struct gss_accept_call {
    bool first;                /* INIT; else CONTINUE_INIT, of `handle` */
    struct wire_opaque handle; /* of the credentials */
    struct wire_opaque token;
    const char *peer; /* "192.0.2.1:700", for the log */
    uint64_t address; /* the same for all connections of an address (IPv6: a /64), for limits */
    int64_t now_ns;   /* clock_now_ns() */
};

/* The answer: always an accepted SUCCESS reply with rpc_gss_init_res.  When the context is
 * complete, its verifier is the context's MIC of seq_window (RFC 2203 §5.2.3.1), else AUTH_NONE. */
struct gss_accept_reply {
    uint32_t major, minor; /* gss_major, gss_minor */
    uint32_t seq_window;
    uint8_t *token; /* may be NULL, of token_bytes; freed by gss_accept_reply_fini() */
    uint32_t token_bytes;
    struct gss_context *context; /* with a reference, its handle goes into the reply; NULL: refused,
                                  * and the handle is empty */
    bool complete;               /* the context is established */
    enum gss_refusal refusal;    /* if !context */
};

/* Contexts by this credential, into this table; both outlive it. */
struct gss_acceptor *gss_acceptor_create(struct gss_credential *credential,
                                         struct gss_table *table);
void gss_acceptor_destroy(struct gss_acceptor *acceptor);

/* Fills `reply` in any case. */
void gss_accept(struct gss_acceptor *acceptor, const struct gss_accept_call *call,
                struct gss_accept_reply *reply);

/* Refuse instead: too many threads make contexts already, and none of them comes to an end.  Does
 * not block. */
void gss_accept_put_off(struct gss_acceptor *acceptor, const struct gss_accept_call *call,
                        struct gss_accept_reply *reply);

void gss_accept_reply_fini(struct gss_accept_reply *reply);

/* How often a client was refused for that reason. */
uint64_t gss_acceptor_refused(const struct gss_acceptor *acceptor, enum gss_refusal refusal);
