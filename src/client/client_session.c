/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_session.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/client_op.h"

#define WISH_SLOTS 64u
#define WISH_BYTES ((1u << 20) + 4096u)
#define WISH_CACHED_BYTES 6144u
#define WISH_OPS 64u
#define WISH_BACK_BYTES 4096u
#define WISH_BACK_SLOTS 16u

struct client_session_wish client_session_wish_default(const char *owner)
{
    static char unique[64];
    static unsigned count;
    struct client_session_wish wish = {
        .owner = owner ? owner : unique,
        .minor = 1,
        .callback_program = CLIENT_CALLBACK_PROGRAM,
        .flags = CREATE_SESSION4_FLAG_CONN_BACK_CHAN,
        .fore = {.ca_maxrequestsize = WISH_BYTES,
                 .ca_maxresponsesize = WISH_BYTES,
                 .ca_maxresponsesize_cached = WISH_CACHED_BYTES,
                 .ca_maxoperations = WISH_OPS,
                 .ca_maxrequests = WISH_SLOTS},
        .back = {.ca_maxrequestsize = WISH_BACK_BYTES,
                 .ca_maxresponsesize = WISH_BACK_BYTES,
                 .ca_maxoperations = 8,
                 .ca_maxrequests = WISH_BACK_SLOTS},
    };
    int64_t now_ns = clock_now_ns();

    if (!owner)
        (void)snprintf(unique, sizeof(unique), "mainstay-client %ld %lld %u", (long)getpid(),
                       (long long)now_ns, count++);
    memcpy(wish.verifier, &now_ns, sizeof(now_ns));
    return wish;
}

/* Call, and set *status to the compound's status.  On CLIENT_OK the caller must free the result. */
static enum client_status call(struct client_conn *conn, struct client_compound *c,
                               struct client_result *result, enum nfsstat4 *status)
{
    enum client_status client = client_compound_call(conn, c, result);

    client_compound_free(c);
    *status = client == CLIENT_OK ? result->status : NFS4ERR_SERVERFAULT;
    if (client == CLIENT_REJECTED)
        client_result_free(result);
    if (client == CLIENT_OK && *status == NFS4_OK && result->decoded == 0) {
        client_result_free(result);
        return CLIENT_MALFORMED;
    }
    return client;
}

/* A compound without SEQUENCE. */
static void begin_alone(struct client_compound *c, const struct client_session *session)
{
    client_compound_begin(c, client_text(""), client_session_minor(session));
}

enum client_status client_session_exchange_id(struct client_conn *conn,
                                              const struct client_session_wish *wish,
                                              struct client_session *session, enum nfsstat4 *status)
{
    struct nfs_argop4 op = {.argop = OP_EXCHANGE_ID};
    struct nfs_impl_id4 impl = {.nii_domain = client_text("mainstay"),
                                .nii_name = client_text("Mainstay client " MAINSTAY_VERSION)};
    struct client_compound c;
    struct client_result r;
    enum client_status client;

    session->minor = wish->minor;
    memcpy(op.opexchange_id.eia_clientowner.co_verifier, wish->verifier, NFS4_VERIFIER_SIZE);
    op.opexchange_id.eia_clientowner.co_ownerid = client_text(wish->owner);
    op.opexchange_id.eia_flags = wish->exchange_flags;
    op.opexchange_id.eia_state_protect.spa_how = SP4_NONE;
    op.opexchange_id.eia_client_impl_id = &impl;
    op.opexchange_id.eia_client_impl_id_count = 1;
    begin_alone(&c, session);
    client_compound_add(&c, &op);
    client = call(conn, &c, &r, status);
    if (client != CLIENT_OK)
        return client;
    if (*status == NFS4_OK) {
        session->clientid = r.ops[0].opexchange_id.eir_clientid;
        session->create_seqid = r.ops[0].opexchange_id.eir_sequenceid;
        session->exchange_flags = r.ops[0].opexchange_id.eir_flags;
    }
    client_result_free(&r);
    return CLIENT_OK;
}

static void session_fill(struct client_session *session, const struct CREATE_SESSION4resok *ok)
{
    memcpy(session->sessionid, ok->csr_sessionid, NFS4_SESSIONID_SIZE);
    session->create_seqid = ok->csr_sequence + 1;
    session->flags = ok->csr_flags;
    session->fore = ok->csr_fore_chan_attrs;
    session->back = ok->csr_back_chan_attrs;
    session->slot_count = session->fore.ca_maxrequests;
    if (session->slot_count > CLIENT_SLOTS)
        session->slot_count = CLIENT_SLOTS;
    session->highest_slot = session->target_highest_slot = session->slot_count - 1;
    for (uint32_t i = 0; i < CLIENT_SLOTS; i++)
        session->slots[i].seqid = 1;
}

enum client_status client_session_create(struct client_conn *conn,
                                         const struct client_session_wish *wish,
                                         struct client_session *session, enum nfsstat4 *status)
{
    struct nfs_argop4 op = {.argop = OP_CREATE_SESSION};
    struct CREATE_SESSION4args *args = &op.opcreate_session;
    struct callback_sec_parms4 sec = {.cb_secflavor = AUTH_SYS};
    struct client_compound c;
    struct client_result r;
    enum client_status client;

    sec.cbsp_sys_cred.machinename = client_text("mainstay");
    args->csa_clientid = session->clientid;
    args->csa_sequence = session->create_seqid;
    args->csa_flags = wish->flags;
    args->csa_fore_chan_attrs = wish->fore;
    args->csa_back_chan_attrs = wish->back;
    args->csa_cb_program = wish->callback_program;
    args->csa_sec_parms = wish->callback_secs ? wish->callback_secs : &sec;
    args->csa_sec_parms_count = wish->callback_secs ? wish->callback_sec_count : 1;
    if (wish->callbacks)
        conn->callbacks = wish->callbacks;
    begin_alone(&c, session);
    client_compound_add(&c, &op);
    if (conn->callbacks)
        conn->callbacks->session_comes = true;
    client = call(conn, &c, &r, status);
    if (conn->callbacks)
        conn->callbacks->session_comes = false;
    if (client != CLIENT_OK)
        return client;
    if (*status == NFS4_OK) {
        session_fill(session, &r.ops[0].opcreate_session);
        if (conn->callbacks)
            client_callback_session_begin(conn->callbacks, session);
    }
    client_result_free(&r);
    return CLIENT_OK;
}

enum client_status client_session_reclaim_complete(struct client_conn *conn,
                                                   struct client_session *session,
                                                   enum nfsstat4 *status)
{
    struct client_compound c;
    struct client_result r;
    enum client_status client;

    client_compound_begin_slot(&c, session, 0, false);
    client_op(&c, OP_RECLAIM_COMPLETE);
    client = call(conn, &c, &r, status);
    if (client == CLIENT_OK)
        client_result_free(&r);
    return client;
}

enum client_status client_session_open(struct client_conn *conn,
                                       const struct client_session_wish *wish,
                                       struct client_session *session, enum nfsstat4 *status)
{
    enum client_status client;

    memset(session, 0, sizeof(*session));
    client = client_session_exchange_id(conn, wish, session, status);
    if (client == CLIENT_OK && *status == NFS4_OK)
        client = client_session_create(conn, wish, session, status);
    if (client == CLIENT_OK && *status == NFS4_OK && session->slot_count == 0)
        return CLIENT_MALFORMED;
    if (client == CLIENT_OK && *status == NFS4_OK)
        client = client_session_reclaim_complete(conn, session, status);
    return client;
}

enum client_status client_session_bind(struct client_conn *conn,
                                       const struct client_session *session,
                                       enum channel_dir_from_client4 direction,
                                       enum channel_dir_from_server4 *bound, enum nfsstat4 *status)
{
    struct nfs_argop4 op = {.argop = OP_BIND_CONN_TO_SESSION};
    struct client_compound c;
    struct client_result r;
    enum client_status client;

    memcpy(op.opbind_conn_to_session.bctsa_sessid, session->sessionid, NFS4_SESSIONID_SIZE);
    op.opbind_conn_to_session.bctsa_dir = direction;
    begin_alone(&c, session);
    client_compound_add(&c, &op);
    client = call(conn, &c, &r, status);
    if (client != CLIENT_OK)
        return client;
    if (*status == NFS4_OK)
        *bound = r.ops[0].opbind_conn_to_session.bctsr_dir;
    client_result_free(&r);
    return CLIENT_OK;
}

enum client_status client_session_destroy(struct client_conn *conn, struct client_session *session,
                                          enum nfsstat4 *status)
{
    struct nfs_argop4 op = {.argop = OP_DESTROY_SESSION};
    struct client_compound c;
    struct client_result r;
    enum client_status client;

    memcpy(op.opdestroy_session.dsa_sessionid, session->sessionid, NFS4_SESSIONID_SIZE);
    begin_alone(&c, session);
    client_compound_add(&c, &op);
    client = call(conn, &c, &r, status);
    if (client == CLIENT_OK && *status == NFS4_OK && conn->callbacks)
        client_callback_session_end(conn->callbacks, session->sessionid);
    if (client == CLIENT_OK)
        client_result_free(&r);
    return client;
}

enum client_status client_session_destroy_clientid(struct client_conn *conn,
                                                   struct client_session *session,
                                                   enum nfsstat4 *status)
{
    struct nfs_argop4 op = {.argop = OP_DESTROY_CLIENTID};
    struct client_compound c;
    struct client_result r;
    enum client_status client;

    op.opdestroy_clientid.dca_clientid = session->clientid;
    begin_alone(&c, session);
    client_compound_add(&c, &op);
    client = call(conn, &c, &r, status);
    if (client == CLIENT_OK)
        client_result_free(&r);
    return client;
}

enum client_status client_session_close(struct client_conn *conn, struct client_session *session,
                                        enum nfsstat4 *status)
{
    enum client_status client = client_session_destroy(conn, session, status);

    if (client == CLIENT_OK && *status == NFS4_OK)
        client = client_session_destroy_clientid(conn, session, status);
    return client;
}

enum client_status client_session_renew(struct client_conn *conn, struct client_session *session,
                                        uint32_t slot, enum nfsstat4 *status)
{
    struct client_compound c;
    struct client_result r;
    enum client_status client;

    client_compound_begin_slot(&c, session, slot, false);
    client = call(conn, &c, &r, status);
    if (client == CLIENT_OK)
        client_result_free(&r);
    return client;
}
