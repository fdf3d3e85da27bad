/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Program and credentials of callbacks, as CREATE_SESSION and BACKCHANNEL_CTL (RFC 8881 §18.33) set
 * them.
 */
#include <string.h>

#include "backchannel.h"

static struct callback_sec_parms4 sec_sys(uint32_t uid, uint32_t gid)
{
    struct callback_sec_parms4 sec = {.cb_secflavor = AUTH_SYS};

    sec.cbsp_sys_cred.machinename = client_text("client");
    sec.cbsp_sys_cred.uid = uid;
    sec.cbsp_sys_cred.gid = gid;
    return sec;
}

/* ---- CREATE_SESSION ---- */

/* S22-15, S22-D5, S22A-01, L-03: callbacks use what CREATE_SESSION set. */
static void called_as_the_session_says(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct callback_sec_parms4 secs[] = {{.cb_secflavor = AUTH_NONE}, sec_sys(71, 72)};
    const struct client_callback *cb;
    struct client_file file;
    struct holder holder;

    (void)state;
    wish.callback_program = 0x40001234;
    wish.callback_secs = secs;
    wish.callback_sec_count = ARRAY_SIZE(secs);
    holder_open_as(&holder, &wish);
    cb = backchannel_recalled(&holder, "as it says", &file);
    assert_int_equal(cb->program, 0x40001234);
    assert_int_equal(cb->version, NFS_CB);
    assert_int_equal(cb->flavor, AUTH_SYS);
    assert_int_equal(cb->uid, 71);
    assert_int_equal(cb->gid, 72);
    assert_int_equal(cb->minor_version, 1);
    assert_int_equal(cb->ident, 0);
    assert_memory_equal(cb->sequence.csa_sessionid, holder.mount.session.sessionid,
                        NFS4_SESSIONID_SIZE);
    assert_int_equal(cb->ops[0].op, OP_CB_SEQUENCE);
    assert_memory_equal(client_callback_lookup(cb, OP_CB_RECALL)->fh.data, file.fh.data,
                        file.fh.len);
    assert_false(client_callback_lookup(cb, OP_CB_RECALL)->truncate);
    holder_finish(&holder, &file);
    holder_close(&holder);
}

/* RPCSEC_GSS with an unknown handle. */
static struct callback_sec_parms4 sec_gss(void)
{
    static const uint8_t handle[] = {1, 2, 3, 4};
    struct callback_sec_parms4 sec = {.cb_secflavor = RPCSEC_GSS};

    sec.cbsp_gss_handles.gcbp_service = RPC_GSS_SVC_NONE;
    sec.cbsp_gss_handles.gcbp_handle_from_server = (struct wire_opaque){handle, sizeof(handle)};
    sec.cbsp_gss_handles.gcbp_handle_from_client = (struct wire_opaque){handle, sizeof(handle)};
    return sec;
}

/* S22-D8, S22-15: in any order of the list, the strongest usable flavor is taken. AUTH_SYS comes
 * before AUTH_NONE; RPCSEC_GSS cannot be used yet, since no handle is known. */
static void the_strongest_of_a_list(void **state)
{
    const struct callback_sec_parms4 none = {.cb_secflavor = AUTH_NONE}, sys = sec_sys(61, 62),
                                     gss = sec_gss();
    struct {
        const char *name;
        struct callback_sec_parms4 secs[3];
        uint32_t count, flavor;
    } lists[] = {
        {"none, gss, sys", {none, gss, sys}, 3, AUTH_SYS},
        {"sys, none", {sys, none}, 2, AUTH_SYS},
        {"gss, sys", {gss, sys}, 2, AUTH_SYS},
        {"gss, none", {gss, none}, 2, AUTH_NONE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        struct client_session_wish wish = client_session_wish_default(NULL);
        const struct client_callback *cb;
        struct client_file file;
        struct holder holder;

        wish.callback_secs = lists[i].secs;
        wish.callback_sec_count = lists[i].count;
        holder_open_as(&holder, &wish);
        cb = backchannel_recalled(&holder, lists[i].name, &file);
        assert_int_equal(cb->flavor, lists[i].flavor);
        if (cb->flavor == AUTH_SYS)
            assert_int_equal(cb->uid, 61);
        holder_finish(&holder, &file);
        holder_close(&holder);
    }
}

/* ---- BACKCHANNEL_CTL ---- */

static void ctl(struct holder *holder, uint32_t program, struct callback_sec_parms4 *secs,
                uint32_t count, enum nfsstat4 status)
{
    struct nfs_argop4 op = {.argop = OP_BACKCHANNEL_CTL};

    op.opbackchannel_ctl.bca_cb_program = program;
    op.opbackchannel_ctl.bca_sec_parms = secs;
    op.opbackchannel_ctl.bca_sec_parms_count = count;
    begin(&holder->mount, NULL);
    client_compound_add(C, &op);
    run_on(&holder->mount.conn, status);
}

/* S22-03, S22A-04, S22B-05, S22B-06: from the next callback on. */
static void called_as_backchannel_ctl_says(void **state)
{
    struct callback_sec_parms4 sys = sec_sys(81, 82), none = {.cb_secflavor = AUTH_NONE};
    const struct client_callback *cb;
    struct client_file files[3];
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    cb = backchannel_recalled(&holder, "ctl 0", &files[0]);
    assert_int_equal(cb->program, CLIENT_CALLBACK_PROGRAM);
    ctl(&holder, 0x40004321, &sys, 1, NFS4_OK);
    cb = backchannel_recalled(&holder, "ctl 1", &files[1]);
    assert_int_equal(cb->program, 0x40004321);
    assert_int_equal(cb->flavor, AUTH_SYS);
    assert_int_equal(cb->uid, 81);
    assert_int_equal(cb->gid, 82);
    ctl(&holder, 0x40004322, &none, 1, NFS4_OK);
    cb = backchannel_recalled(&holder, "ctl 2", &files[2]);
    assert_int_equal(cb->program, 0x40004322);
    assert_int_equal(cb->flavor, AUTH_NONE);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        holder_finish(&holder, &files[i]);
    holder_close(&holder);
}

/* S22-13, S22B-05: without a back channel there is nothing to change. */
static void backchannel_ctl_without_a_back_channel(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct callback_sec_parms4 sys = sec_sys(1, 1);
    struct holder holder;

    (void)state;
    wish.flags = 0;
    holder_open_as(&holder, &wish);
    ctl(&holder, 0x40004321, &sys, 1, NFS4ERR_INVAL);
    holder_close(&holder);
}

/* Callbacks are as before. */
static void expect_as_before(struct holder *holder, const char *name)
{
    struct client_file file;
    const struct client_callback *cb = backchannel_recalled(holder, name, &file);

    assert_int_equal(cb->program, 0x40000777);
    assert_int_equal(cb->flavor, AUTH_SYS);
    assert_int_equal(cb->uid, 51);
    holder_finish(holder, &file);
}

/* S22-D7, S22B-05: unknown handles are NOENT, whatever else the list offers, and nothing
 * changes. */
static void unknown_handles(void **state)
{
    struct callback_sec_parms4 first = sec_sys(51, 52), list[] = {sec_sys(53, 54), sec_gss()};
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    ctl(&holder, 0x40000777, &first, 1, NFS4_OK);
    ctl(&holder, 0x40000778, &list[1], 1, NFS4ERR_NOENT);
    ctl(&holder, 0x40000779, list, 2, NFS4ERR_NOENT);
    expect_as_before(&holder, "unknown handles");
    holder_close(&holder);
}

/* S22B-05: undecodable arguments are refused, and the session goes on as before. */
static void bad_arguments(void **state)
{
    /* A list shorter than its count; a flavor that does not exist. */
    static const uint32_t cut[] = {OP_BACKCHANNEL_CTL, 0x40000778, 2, AUTH_NONE};
    static const uint32_t unknown[] = {OP_BACKCHANNEL_CTL, 0x40000778, 1, 77};
    struct callback_sec_parms4 first = sec_sys(51, 52);
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    ctl(&holder, 0x40000777, &first, 1, NFS4_OK);
    begin(&holder.mount, NULL);
    client_compound_add_words(C, cut, ARRAY_SIZE(cut));
    run_on(&holder.mount.conn, NFS4ERR_BADXDR);
    begin(&holder.mount, NULL);
    client_compound_add_words(C, unknown, ARRAY_SIZE(unknown));
    run_on(&holder.mount.conn, NFS4ERR_BADXDR);
    expect_as_before(&holder, "bad arguments");
    holder_close(&holder);
}

/* An empty list leaves the credentials as they are. */
static void only_the_program(void **state)
{
    struct callback_sec_parms4 first = sec_sys(51, 52);
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    ctl(&holder, 0x40000778, &first, 1, NFS4_OK);
    ctl(&holder, 0x40000777, NULL, 0, NFS4_OK);
    expect_as_before(&holder, "only the program");
    holder_close(&holder);
}

/* S22-D6: the operation acts on the session of its SEQUENCE. */
static void not_in_a_session(void **state)
{
    struct nfs_argop4 op = {.argop = OP_BACKCHANNEL_CTL};
    struct callback_sec_parms4 first = sec_sys(51, 52);
    struct holder holder;

    (void)state;
    holder_open(&holder, 1);
    ctl(&holder, 0x40000777, &first, 1, NFS4_OK);
    op.opbackchannel_ctl.bca_cb_program = 0x40000778;
    begin_bare(&holder.mount, 1);
    client_compound_add(C, &op);
    run_on(&holder.mount.conn, NFS4ERR_OP_NOT_IN_SESSION);
    expect_as_before(&holder, "not in a session");
    holder_close(&holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(called_as_the_session_says),
        cmocka_unit_test(the_strongest_of_a_list),
        cmocka_unit_test(called_as_backchannel_ctl_says),
        cmocka_unit_test(backchannel_ctl_without_a_back_channel),
        cmocka_unit_test(unknown_handles),
        cmocka_unit_test(bad_arguments),
        cmocka_unit_test(only_the_program),
        cmocka_unit_test(not_in_a_session),
    };

    return test_group_run_fixtures(tests, backchannel_setup_default, script_teardown);
}
