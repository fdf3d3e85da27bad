/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client ID and a session: the fields that SEQUENCE needs, and the calls that create and destroy
 * them (RFC 8881 §18.35 to §18.37, §18.50, §18.51).  A session can use many connections.
 */
#pragma once

#include "client/client_callback.h"
#include "client/client_compound.h"

struct client_slot {
    uint32_t seqid; /* of the next request */
};

#define CLIENT_SLOTS 1024u

struct client_session {
    uint32_t minor; /* version, 1 or 2; 0 means 1 */
    uint64_t clientid;
    uint32_t create_seqid; /* csa_sequence of the next CREATE_SESSION */
    uint8_t sessionid[NFS4_SESSIONID_SIZE];
    uint32_t exchange_flags; /* eir_flags */
    uint32_t flags;          /* csr_flags */
    struct channel_attrs4 fore, back;
    uint32_t slot_count;
    uint32_t target_highest_slot, highest_slot, status_flags; /* of the last SEQUENCE */
    uint32_t highest_in_use; /* set by callers with several concurrent requests */
    struct client_slot slots[CLIENT_SLOTS];
};

/* What to ask for.  client_session_wish_default() has typical values. */
struct client_session_wish {
    const char *owner;
    uint32_t minor; /* version, 1 or 2; 0 means 1 */
    uint8_t verifier[NFS4_VERIFIER_SIZE];
    uint32_t exchange_flags;
    uint32_t flags; /* csa_flags */
    struct channel_attrs4 fore, back;
    uint32_t callback_program;
    struct callback_sec_parms4 *callback_secs; /* NULL: AUTH_SYS with default IDs */
    uint32_t callback_sec_count;
    /* Set for the connection by CREATE_SESSION; NULL: leave it as it is. */
    struct client_callbacks *callbacks;
};

static inline uint32_t client_session_minor(const struct client_session *session)
{
    return session->minor ? session->minor : 1;
}

/* If `owner` is NULL, each call makes a different owner (in static memory: not thread safe). */
struct client_session_wish client_session_wish_default(const char *owner);

/* EXCHANGE_ID, CREATE_SESSION, RECLAIM_COMPLETE.  On CLIENT_OK, *status is the server's; otherwise
 * the session must not be used. */
MUST_USE enum client_status client_session_open(struct client_conn *conn,
                                                const struct client_session_wish *wish,
                                                struct client_session *session,
                                                enum nfsstat4 *status);

/* Its single steps. */
MUST_USE enum client_status client_session_exchange_id(struct client_conn *conn,
                                                       const struct client_session_wish *wish,
                                                       struct client_session *session,
                                                       enum nfsstat4 *status);
MUST_USE enum client_status client_session_create(struct client_conn *conn,
                                                  const struct client_session_wish *wish,
                                                  struct client_session *session,
                                                  enum nfsstat4 *status);
MUST_USE enum client_status client_session_reclaim_complete(struct client_conn *conn,
                                                            struct client_session *session,
                                                            enum nfsstat4 *status);

/* BIND_CONN_TO_SESSION. *bound is the direction that the server granted. */
MUST_USE enum client_status client_session_bind(struct client_conn *conn,
                                                const struct client_session *session,
                                                enum channel_dir_from_client4 direction,
                                                enum channel_dir_from_server4 *bound,
                                                enum nfsstat4 *status);

/* DESTROY_SESSION, then DESTROY_CLIENTID.  Returns the first error. */
MUST_USE enum client_status client_session_close(struct client_conn *conn,
                                                 struct client_session *session,
                                                 enum nfsstat4 *status);
MUST_USE enum client_status client_session_destroy(struct client_conn *conn,
                                                   struct client_session *session,
                                                   enum nfsstat4 *status);
MUST_USE enum client_status client_session_destroy_clientid(struct client_conn *conn,
                                                            struct client_session *session,
                                                            enum nfsstat4 *status);

/* A single SEQUENCE on `slot`. */
MUST_USE enum client_status client_session_renew(struct client_conn *conn,
                                                 struct client_session *session, uint32_t slot,
                                                 enum nfsstat4 *status);
