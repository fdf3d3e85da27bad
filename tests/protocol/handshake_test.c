/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that EXCHANGE_ID and CREATE_SESSION refuse (RFC 8881 §18.35, §18.36). */
#include <string.h>

#include "script.h"

static struct client_conn conn;

static int connect_up(void **state)
{
    (void)state;
    script_connect(&conn);
    return 0;
}

static int hang_up(void **state)
{
    (void)state;
    client_conn_close(&conn);
    return 0;
}

static void exchange(const struct client_session_wish *wish, struct client_session *session,
                     enum nfsstat4 expected)
{
    enum nfsstat4 status;

    assert_int_equal(client_session_exchange_id(&conn, wish, session, &status), CLIENT_OK);
    expect_status(status, expected);
}

static void create(const struct client_session_wish *wish, struct client_session *session,
                   enum nfsstat4 expected)
{
    enum nfsstat4 status;

    assert_int_equal(client_session_create(&conn, wish, session, &status), CLIENT_OK);
    expect_status(status, expected);
}

/* One operation alone, outside a session. */
static void alone(struct nfs_argop4 *op, enum nfsstat4 expected)
{
    client_result_free(R);
    client_compound_free(C);
    client_compound_begin_plain(C);
    client_compound_add(C, op);
    run_on(&conn, expected);
}

/* SP4_MACH_CRED needs RPCSEC_GSS (§18.35.3), and there is no SP4_SSV. */
static void protection(void **state)
{
    struct wire_opaque algorithm = client_text("none");
    struct nfs_argop4 op = {
        .argop = OP_EXCHANGE_ID,
        .opexchange_id = {.eia_clientowner = {.co_ownerid = client_text("protected")},
                          .eia_state_protect = {.spa_how = SP4_MACH_CRED}}};
    struct ssv_sp_parms4 *ssv = &op.opexchange_id.eia_state_protect.spa_ssv_parms;

    (void)state;
    alone(&op, NFS4ERR_INVAL);
    op.opexchange_id.eia_state_protect.spa_how = SP4_SSV;
    memset(ssv, 0, sizeof(*ssv));
    alone(&op, NFS4ERR_INVAL);
    ssv->ssp_hash_algs = ssv->ssp_encr_algs = &algorithm;
    ssv->ssp_hash_algs_count = ssv->ssp_encr_algs_count = ssv->ssp_window = 1;
    alone(&op, NFS4ERR_ENCR_ALG_UNSUPP);
}

/* Callbacks under RPCSEC_GSS alone, with unknown handles. */
static void callback_security(void **state)
{
    struct client_session_wish wish = client_session_wish_default("callbacks");
    struct client_session session = {0};
    struct callback_sec_parms4 gss = {.cb_secflavor = 6, .cbsp_gss_handles = {.gcbp_service = 1}};
    struct nfs_argop4 op = {.argop = OP_CREATE_SESSION};
    enum nfsstat4 status;

    (void)state;
    exchange(&wish, &session, NFS4_OK);
    op.opcreate_session = (struct CREATE_SESSION4args){.csa_clientid = session.clientid,
                                                       .csa_sequence = session.create_seqid,
                                                       .csa_fore_chan_attrs = wish.fore,
                                                       .csa_back_chan_attrs = wish.back,
                                                       .csa_sec_parms = &gss,
                                                       .csa_sec_parms_count = 1};
    alone(&op, NFS4ERR_NOENT);
    assert_int_equal(client_session_destroy_clientid(&conn, &session, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
}

/* The 65th session of a client. */
static void too_many_sessions(void **state)
{
    struct client_session_wish wish = client_session_wish_default("many sessions");
    static struct client_session session, more;
    enum nfsstat4 status = NFS4_OK;

    (void)state;
    exchange(&wish, &session, NFS4_OK);
    create(&wish, &session, NFS4_OK);
    more = session;
    for (unsigned i = 0; i < LIMIT_SESSIONS_PER_CLIENT && status == NFS4_OK; i++)
        assert_int_equal(client_session_create(&conn, &wish, &more, &status), CLIENT_OK);
    expect_status(status, NFS4ERR_NOSPC);
    assert_int_equal(client_session_destroy_clientid(&conn, &session, &status), CLIENT_OK);
    expect_status(status, NFS4ERR_CLIENTID_BUSY);
}

#define WITH_CONNECTION(test) cmocka_unit_test_setup_teardown(test, connect_up, hang_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CONNECTION(protection),
        WITH_CONNECTION(callback_security),
        WITH_CONNECTION(too_many_sessions),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
