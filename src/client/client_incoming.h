/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A callback on its way through the client: decoded (client_incoming), checked and executed
 * (client_callback), answered (client_outgoing).
 */
#pragma once

#include "client/client_callback.h"

struct client_incoming {
    struct client_conn *conn;
    struct client_callbacks *cbs; /* of the connection */
    struct client_behaviour behaviour;
    struct client_callback cb;
    struct client_back_gss_call gss;
    struct CB_NOTIFY4args notify[CLIENT_CALLBACK_OPS]; /* of those operations that are CB_NOTIFY */
    struct arena *arena;                               /* has what the arguments point to */
    struct client_back_session *session; /* that CB_SEQUENCE names; NULL: it has not begun */
    struct client_back_slot *slot;       /* NULL: without a session */
    uint64_t digest;                     /* of the operations after CB_SEQUENCE */
    struct wire_opaque tag;
    uint32_t reply_len; /* including the RPC header */
    uint8_t reply[sizeof(((struct client_held *)0)->reply)];
};

/* Record a violation by the server; the first one is kept. */
void client_incoming_trouble(struct client_incoming *in, const char *what);

/* Decode the credentials, or all arguments of a CB_COMPOUND.  False if it is malformed. */
void client_incoming_cred(struct client_incoming *in, const struct opaque_auth *cred,
                          struct arena *arena);
bool client_incoming_compound(struct client_incoming *in, struct xdr *x);
