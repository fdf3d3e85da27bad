/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callbacks by RPCSEC_GSS in minor version 1 (RFC 8881 §2.10.8.2, §18.36.3): the server calls with
 * the context that the client made, under a handle that the client chose.
 */
#pragma once

#include "client/client_gss.h"
#include "wire/nfs4_op.h"
#include "wire/rpc_msg.h"

#define CLIENT_BACK_GSS_HANDLES 4u
#define CLIENT_BACK_GSS_HANDLE_BYTES 8u

/* A context that the server may use, and what it has used of it. */
struct client_back_gss {
    struct client_gss *gss; /* a reference */
    uint32_t service;       /* that calls must have */
    uint8_t handle[CLIENT_BACK_GSS_HANDLE_BYTES];
    uint32_t seq_top;
    uint64_t seqs_seen; /* bit i: seq_top - i */
};

/* All zero: none was offered. */
struct client_back_gss_table {
    uint32_t count;
    struct client_back_gss of[CLIENT_BACK_GSS_HANDLES];
};

/* Fill `parms`, for CREATE_SESSION or BACKCHANNEL_CTL: the server may now use this context with
 * this service.  `parms` points into the table and the context. */
void client_back_gss_offer(struct client_back_gss_table *table, struct client_gss *gss,
                           uint32_t service, struct callback_sec_parms4 *parms);

/* Drop all references. */
void client_back_gss_fini(struct client_back_gss_table *table);

/* A call that was made with one of them, or was not. */
struct client_back_gss_call {
    struct client_back_gss *by; /* NULL: by another flavor */
    uint32_t service, seq;
    bool bad_verf;  /* let the reply's verifier be wrong */
    uint8_t *plain; /* the arguments, if they were encrypted; free() it */
};

/* Check the call in `record`, up to `args`, and let `args` decode what was protected.  NULL, or
 * what the server did wrong, with *stat: how to refuse it, or AUTH_OK for garbage arguments. */
const char *client_back_gss_open(struct client_back_gss_table *table,
                                 const struct rpc_call_header *header, const uint8_t *record,
                                 struct xdr *args, struct client_back_gss_call *call,
                                 enum auth_stat *stat) MUST_USE;

/* The reply to such a call, made of an accepted reply that is plain.  free() *out. */
size_t client_back_gss_seal(const struct client_back_gss_call *call, const uint8_t *reply,
                            size_t len, uint8_t **out);
