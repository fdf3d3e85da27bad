/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client id and a session of it: the fields that SEQUENCE needs, and the calls that make and
 * end them (RFC 8881 §18.35 to §18.37, §18.50, §18.51).  One session serves many connections.
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
    uint32_t highest_in_use; /* set by callers that have several requests at a time */
    struct client_slot slots[CLIENT_SLOTS];
};

/* What is asked for.  client_session_wish_default() is what a sensible client asks. */
struct client_session_wish {
    const char *owner;
    uint32_t minor; /* version, 1 or 2; 0 means 1 */
    uint8_t verifier[NFS4_VERIFIER_SIZE];
    uint32_t exchange_flags;
    uint32_t flags; /* csa_flags */
    struct channel_attrs4 fore, back;
    uint32_t callback_program;
    struct callback_sec_parms4 *callback_secs; /* NULL: AUTH_SYS without a particular user */
    uint32_t callback_sec_count;
    /* From CREATE_SESSION on, of the connection that it is made over; NULL: it is as it was. */
    struct client_callbacks *callbacks;
};

static inline uint32_t client_session_minor(const struct client_session *session)
{
    return session->minor ? session->minor : 1;
}

/* An owner of its own for each call when `owner` is NULL (static memory then is not thread
 * safe). */
struct client_session_wish client_session_wish_default(const char *owner);

/* EXCHANGE_ID, CREATE_SESSION, RECLAIM_COMPLETE.  CLIENT_OK and *status tells the server's word;
 * otherwise the session must not be used. */
MUST_USE enum client_status client_session_open(struct client_conn *conn,
                                                const struct client_session_wish *wish,
                                                struct client_session *session,
                                                enum nfsstat4 *status);

/* The steps of it. */
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

/* BIND_CONN_TO_SESSION; *bound is the direction that the server granted. */
MUST_USE enum client_status client_session_bind(struct client_conn *conn,
                                                const struct client_session *session,
                                                enum channel_dir_from_client4 direction,
                                                enum channel_dir_from_server4 *bound,
                                                enum nfsstat4 *status);

/* DESTROY_SESSION, then DESTROY_CLIENTID; the first error is told. */
MUST_USE enum client_status client_session_close(struct client_conn *conn,
                                                 struct client_session *session,
                                                 enum nfsstat4 *status);
MUST_USE enum client_status client_session_destroy(struct client_conn *conn,
                                                   struct client_session *session,
                                                   enum nfsstat4 *status);
MUST_USE enum client_status client_session_destroy_clientid(struct client_conn *conn,
                                                            struct client_session *session,
                                                            enum nfsstat4 *status);

/* One SEQUENCE alone on `slot`. */
MUST_USE enum client_status client_session_renew(struct client_conn *conn,
                                                 struct client_session *session, uint32_t slot,
                                                 enum nfsstat4 *status);
