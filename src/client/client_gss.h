/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RPCSEC_GSS contexts of the client (RFC 2203) with Kerberos, as the initiator.  A context is made
 * over a connection and can then be used over any: conn->gss.  Its services (enum rpc_gss_svc_t)
 * can differ from call to call: conn->gss_service.
 *
 *     status = client_gss_open(&conn, &wish, &gss, why);
 *     client_gss_use(&conn, gss, RPC_GSS_SVC_INTEGRITY);
 *     ... calls; `conn.gss_fault.what = CLIENT_GSS_BAD_MIC` spoils the next one ...
 *     client_gss_put(gss);
 *
 * Not thread safe: a context belongs to one thread, with all the connections that use it.
 */
#pragma once

#include "client/client_conn.h"

struct gss_ctx_id_struct;
struct gss_cred_id_struct;
struct gss_name_struct;
struct client_reply; /* client/client_call.h */

#define CLIENT_GSS_HANDLE_BYTES 64u

struct client_gss_wish {
    const char *server;    /* HOST, for nfs/HOST in the client's realm, or a principal with `/` */
    const char *principal; /* NULL: the default of the cache */
    const char *ccache;    /* NULL: KRB5CCNAME, or the default */
    const char *keytab;    /* get tickets with it, for `principal`; NULL: there are tickets */
};

struct client_gss {
    unsigned refs;
    bool done; /* the context is complete */
    struct gss_ctx_id_struct *context;
    struct gss_cred_id_struct *credential;
    struct gss_name_struct *server;
    uint32_t seq;          /* of the last call; tests may set it */
    uint32_t window;       /* that the server announced */
    uint32_t major, minor; /* of the last INIT's reply */
    uint32_t handle_len;
    uint8_t handle[CLIENT_GSS_HANDLE_BYTES]; /* tests may change it */
    uint32_t token_len; /* what the next INIT sends; tests may change, not lengthen, it */
    uint8_t *token;
    uint32_t lifetime_s; /* from when it was made */
};

/* What spoils calls: conn->gss_fault.  Bits of `what`; the numbers are for those that have one. */
enum {
    CLIENT_GSS_BAD_MIC = 1u << 0,      /* a bit of the call's verifier is flipped */
    CLIENT_GSS_SHORT_MIC = 1u << 1,    /* the verifier lacks its last four bytes */
    CLIENT_GSS_NO_MIC = 1u << 2,       /* the verifier is AUTH_NONE */
    CLIENT_GSS_BAD_HANDLE = 1u << 3,   /* a bit of the handle is flipped, before the MIC is made */
    CLIENT_GSS_NO_HANDLE = 1u << 4,    /* the handle is empty */
    CLIENT_GSS_SET_VERSION = 1u << 5,  /* version `number` in the credentials, not 1 */
    CLIENT_GSS_SET_PROC = 1u << 6,     /* gss procedure `number`, not DATA */
    CLIENT_GSS_SET_SERVICE = 1u << 7,  /* service `number` in the credentials alone */
    CLIENT_GSS_SET_SEQ = 1u << 8,      /* sequence number `number`, also in the body */
    CLIENT_GSS_INNER_SEQ = 1u << 9,    /* the sequence number in the body is one more */
    CLIENT_GSS_BAD_BODY = 1u << 10,    /* a bit of the body's MIC, or of its token, is flipped */
    CLIENT_GSS_SHORT_BODY = 1u << 11,  /* the record ends four bytes early */
    CLIENT_GSS_BODY_LENGTH = 1u << 12, /* the body says that it is 2^31 bytes long */
    CLIENT_GSS_BAD_ARGS = 1u << 13,    /* a bit of integrity's plain arguments is flipped */
};

/* Make the initiator, with the first token.  `why` says what is wrong: "no ticket: run kinit
 * first".  Asks the KDC. */
MUST_USE enum client_status client_gss_create(const struct client_gss_wish *wish,
                                              struct client_gss **gss, char why[CLIENT_WHY_BYTES]);

/* Take in a token of the server, or nothing, and make the next one.  Returns the major status. */
uint32_t client_gss_advance(struct client_gss *gss, const void *token, uint32_t len,
                            uint32_t *minor);

/* Send the token with INIT or CONTINUE_INIT over a NULL call, and take the answer: gss->major,
 * `handle`, `window`, and, if there is a step to come, the next token.  CLIENT_OK with a major
 * status other than 0 and 1 is a refusal.  `reply`, if not NULL, gets the whole answer, to be
 * freed. */
MUST_USE enum client_status client_gss_step(struct client_conn *conn, struct client_gss *gss,
                                            struct client_reply *reply, char why[CLIENT_WHY_BYTES]);

/* Both, until gss->done.  On failure *gss is NULL. */
MUST_USE enum client_status client_gss_open(struct client_conn *conn,
                                            const struct client_gss_wish *wish,
                                            struct client_gss **gss, char why[CLIENT_WHY_BYTES]);

/* From now on the connection's calls are made with this context, which it holds a reference to.
 * NULL: with conn->cred again. */
void client_gss_use(struct client_conn *conn, struct client_gss *gss, uint32_t service);

/* Send RPCSEC_GSS_DESTROY over the connection.  The context can be used on, to see it refused. */
enum client_status client_gss_destroy(struct client_conn *conn, struct client_gss *gss);

struct client_gss *client_gss_get(struct client_gss *gss);
void client_gss_put(struct client_gss *gss); /* may be NULL */

/* A MIC of `data`, and its check, with the context itself.  free() *mic. */
MUST_USE bool client_gss_sign(struct client_gss *gss, const void *data, size_t len, uint8_t **mic,
                              uint32_t *mic_len);
MUST_USE bool client_gss_verify(struct client_gss *gss, const void *data, size_t len,
                                const void *mic, uint32_t mic_len);

/* Encrypt and decrypt.  free() *out. */
MUST_USE bool client_gss_wrap(struct client_gss *gss, const void *data, size_t len, uint8_t **out,
                              uint32_t *out_len);
MUST_USE bool client_gss_unwrap(struct client_gss *gss, const void *data, size_t len, uint8_t **out,
                                uint32_t *out_len);
