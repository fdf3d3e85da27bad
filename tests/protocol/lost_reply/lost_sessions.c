/* SPDX-License-Identifier: Apache-2.0 */
/* Operations that create and end sessions: exactly once without a slot, or in a slot of another
 * session. */
#include <string.h>

#include "lost.h"

static struct client_conn conn;
static struct client_session_wish wish;
static struct client_session session;

static void open_client(void)
{
    enum nfsstat4 status;

    wish = client_session_wish_default(NULL);
    memset(&session, 0, sizeof(session));
    script_connect(&conn);
    assert_int_equal(client_session_exchange_id(&conn, &wish, &session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
}

static void create_session(void)
{
    enum nfsstat4 status;

    assert_int_equal(client_session_create(&conn, &wish, &session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
}

/* DESTROY_SESSION needs a connection bound to the session. */
static void bind_conn(void)
{
    enum channel_dir_from_server4 bound;
    enum nfsstat4 status;

    assert_int_equal(client_session_bind(&conn, &session, CDFC4_FORE_OR_BOTH, &bound, &status),
                     CLIENT_OK);
    expect_status(status, NFS4_OK);
}

static void close_client(void)
{
    enum nfsstat4 status;

    bind_conn();
    assert_int_equal(client_session_close(&conn, &session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    client_conn_close(&conn);
}

/* EXCHANGE_ID has no cache (RFC 8881 §18.35.4): a retry finds the first one's record, and
 * CREATE_SESSION confirms it. */
void lost_exchange_id(void **state)
{
    struct client_session again = {0};
    enum nfsstat4 status;

    (void)state;
    open_client();
    create_session();
    client_conn_abort(&conn);
    script_connect(&conn);
    assert_int_equal(client_session_exchange_id(&conn, &wish, &again, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_true(again.clientid == session.clientid);
    assert_int_equal(again.create_seqid, session.create_seqid);
    assert_true(again.exchange_flags & EXCHGID4_FLAG_CONFIRMED_R);
    close_client();
}

static void begin_create(void)
{
    static struct callback_sec_parms4 sec;
    struct nfs_argop4 op = {.argop = OP_CREATE_SESSION};

    sec = (struct callback_sec_parms4){.cb_secflavor = AUTH_NONE};
    op.opcreate_session.csa_clientid = session.clientid;
    op.opcreate_session.csa_sequence = session.create_seqid;
    op.opcreate_session.csa_fore_chan_attrs = wish.fore;
    op.opcreate_session.csa_back_chan_attrs = wish.back;
    op.opcreate_session.csa_sec_parms = &sec;
    op.opcreate_session.csa_sec_parms_count = 1;
    client_result_free(R);
    client_compound_free(C);
    client_compound_begin_plain(C);
    client_compound_add(C, &op);
}

/* CREATE_SESSION has one slot for each client id: the same bytes, and one session (RFC 8881
 * §18.36.4). */
void lost_create_session(void **state)
{
    (void)state;
    open_client();
    begin_create();
    lost_send(NFS4_OK);
    lost_retry(NFS4_OK);
    lost_retry(NFS4_OK);
    memcpy(session.sessionid, result(OP_CREATE_SESSION)->opcreate_session.csr_sessionid,
           NFS4_SESSIONID_SIZE);
    /* One session was made: once it has ended, the client id is no longer busy. */
    close_client();
}

static void op_destroy(const uint8_t *sessionid)
{
    struct nfs_argop4 op = {.argop = OP_DESTROY_SESSION};

    memcpy(op.opdestroy_session.dsa_sessionid, sessionid, NFS4_SESSIONID_SIZE);
    client_compound_add(C, &op);
}

/* Alone it has no slot, and its retry is told that the session is gone; inside another session of
 * the client that session's slot answers the retry. */
void lost_destroy_session(void **state)
{
    struct client_session first;

    (void)state;
    open_client();
    create_session();
    first = session;
    create_session();
    client_result_free(R);
    client_compound_free(C);
    client_compound_begin_slot(C, &session, 0, true);
    op_destroy(first.sessionid);
    lost_send_over(&conn, NFS4_OK);
    lost_retry(NFS4_OK);
    lost_retry(NFS4_OK);

    script_connect(&conn);
    bind_conn();
    client_result_free(R);
    client_compound_free(C);
    client_compound_begin_plain(C);
    op_destroy(session.sessionid);
    lost_send_over(&conn, NFS4_OK);
    script_connect(&conn);
    run_on(&conn, NFS4ERR_BADSESSION);
    create_session();
    close_client();
}

/* The retry gets the first reply, not COMPLETE_ALREADY; a new request gets that. */
void lost_reclaim_complete(void **state)
{
    (void)state;
    open_client();
    create_session();
    client_result_free(R);
    client_compound_free(C);
    client_compound_begin_slot(C, &session, 0, true);
    client_op(C, OP_RECLAIM_COMPLETE);
    client_op_putrootfh(C);
    client_op_getfh(C);
    client_op_getattr(C, CLIENT_BITS(FATTR4_TYPE, FATTR4_CHANGE, FATTR4_FILEID));
    lost_send(NFS4_OK);
    lost_retry(NFS4_OK);
    lost_retry(NFS4_OK);
    client_compound_free(C);
    client_compound_begin_slot(C, &session, 0, true);
    client_op(C, OP_RECLAIM_COMPLETE);
    run_on(&conn, NFS4ERR_COMPLETE_ALREADY);
    close_client();
}
