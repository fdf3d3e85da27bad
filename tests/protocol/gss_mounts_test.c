/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole mounts by Kerberos: files with each service and minor version, retries of calls, calls that
 * wait, and the sizes of a session, which count what RPCSEC_GSS adds.
 */
#include <stdlib.h>
#include <string.h>

#include "client/client_gss_call.h"
#include "client/client_owner.h"
#include "gss.h"
#include "holder.h"

enum {
    MAX_REQUEST = 2048,
    MAX_REPLY = 4096,
};

static const enum client_sec secs[] = {CLIENT_SEC_KRB5, CLIENT_SEC_KRB5I, CLIENT_SEC_KRB5P};

/* ---- files ---- */

static void files(void **state)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(secs); i++) {
        for (uint32_t minor = 0; minor <= 2; minor++) {
            struct client_fh dir = script_dir(*state);
            struct client_mount mount;

            gss_mount(&mount, "alice", secs[i], minor);
            gss_write_and_read(&mount, &dir, i * 3 + minor);
            client_mount_close(&mount);
        }
    }
}

/* ---- retries ---- */

/* Another connection with the mount's context. */
static void connect_too(const struct client_mount *mount, struct client_conn *conn)
{
    script_connect(conn);
    client_gss_use(conn, mount->conn.gss, mount->conn.gss_service);
}

/* The call again, with another service of the same context. */
static void again(const struct client_mount *mount, uint32_t service, enum nfsstat4 status)
{
    struct client_conn other;

    connect_too(mount, &other);
    other.gss_service = service;
    if (status == NFS4_OK)
        replay_on(&other);
    else
        run_again_on(&other, status);
    assert_int_equal(R->reply.verf, CLIENT_VERF_GOOD);
    client_conn_close(&other);
}

/* The reply that a slot, or 4.0's cache, has kept is sealed anew, with the sequence number of the
 * retry.  A retry with less protection does not get what was encrypted the first time: in a session
 * it is a false one (W04); in 4.0 a call with another service is another call. */
static void retried(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < ARRAY_SIZE(secs); i++) {
        for (uint32_t minor = 0; minor <= 1; minor++) {
            struct client_fh dir = script_dir(script_mem);
            struct client_mount mount;
            uint32_t own;

            gss_mount(&mount, "alice", secs[i], minor);
            own = mount.conn.gss_service;
            begin(&mount, &dir);
            client_op_create(C, "made", NF4DIR, NULL, 0755);
            client_op_getfh(C);
            run(NFS4_OK);
            again(&mount, own, NFS4_OK);
            for (uint32_t more = own + 1; more <= RPC_GSS_SVC_PRIVACY && minor > 0; more++)
                again(&mount, more, NFS4_OK);
            for (uint32_t less = RPC_GSS_SVC_NONE; less < own; less++)
                again(&mount, less, minor > 0 ? NFS4ERR_SEQ_FALSE_RETRY : NFS4ERR_EXIST);
            client_mount_close(&mount);
        }
    }
}

/* The same for what an owner of 4.0 is answered again: its seqid was used by another call. */
static void owner_retried(void **state)
{
    const struct client_open open = {
        .access = OPEN4_SHARE_ACCESS_BOTH, .name = "opened", .create = true, .mode = 0600};
    struct client_fh dir = script_dir(script_mem), file;
    struct client_owner owner;
    struct stateid4 stateid;
    struct client_mount mount;

    (void)state;
    gss_mount(&mount, "alice", CLIENT_SEC_KRB5P, 0);
    client_owner_init(&owner, client_mount_clientid(&mount), "owner");
    owner.seqid = 0;
    begin(&mount, &dir);
    client_owner_open(C, &owner, &open);
    client_op_getfh(C);
    run(NFS4_OK);
    stateid = result(OP_OPEN)->opopen.stateid;
    file = result_fh();
    begin(&mount, &file);
    client_owner_open_confirm(C, &owner, &stateid);
    client_op_getfh(C);
    run(NFS4_OK);
    again(&mount, RPC_GSS_SVC_PRIVACY, NFS4_OK);
    again(&mount, RPC_GSS_SVC_NONE, NFS4ERR_BAD_SEQID);
    again(&mount, RPC_GSS_SVC_INTEGRITY, NFS4ERR_BAD_SEQID);
    client_mount_close(&mount);
}

/* ---- calls that wait ---- */

/* An OPEN waits for a delegation to be returned, without a thread; its request was decrypted where
 * it lay. */
static void parked(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct holder holder;

    holder_open(&holder, 1);
    for (uint32_t i = 0; i < ARRAY_SIZE(secs); i++) {
        struct client_file file = holder_delegated(&holder, &dir, "wanted", OPEN_DELEGATE_WRITE);
        struct client_mount mount;
        struct pending pending;
        enum nfsstat4 status = NFS4ERR_DELAY;

        gss_mount(&mount, "alice", secs[i], 1);
        while (status == NFS4ERR_DELAY) {
            pending_open(&pending, &mount, &dir, "wanted");
            if (holder_recalls(&holder, &file) == 0) {
                (void)holder_wait_recall(&holder, &file);
                holder_finish(&holder, &file);
            }
            status = pending_take(&pending);
        }
        expect_status(status, NFS4_OK);
        assert_int_equal(R->reply.verf, CLIENT_VERF_GOOD);
        client_mount_close(&mount);
        expect_status(client_file_remove(&bob, &dir, "wanted"), NFS4_OK);
    }
    holder_close(&holder);
}

/* ---- stateids of 4.0 ---- */

/* Whoever has a stateid and its owner's seqid may end the state: no operation that does so has an
 * error for another principal (docs/rfc-coverage.md). */
static void closed_by_another(void **state)
{
    const struct client_open open = {
        .access = OPEN4_SHARE_ACCESS_BOTH, .name = "shared", .create = true, .mode = 0600};
    struct client_fh dir = script_dir(script_mem), file;
    struct client_mount alices, bobs;
    struct client_owner owner;
    struct stateid4 stateid;

    (void)state;
    gss_mount(&alices, "alice", CLIENT_SEC_KRB5, 0);
    gss_mount(&bobs, "bob", CLIENT_SEC_KRB5, 0);
    client_owner_init(&owner, client_mount_clientid(&alices), "owner");
    begin(&alices, &dir);
    client_owner_open(C, &owner, &open);
    client_op_getfh(C);
    run(NFS4_OK);
    stateid = result(OP_OPEN)->opopen.stateid;
    file = result_fh();
    begin(&alices, &file);
    client_owner_open_confirm(C, &owner, &stateid);
    run(NFS4_OK);
    stateid = result(OP_OPEN_CONFIRM)->opopen_confirm.open_stateid;
    begin(&bobs, &file);
    client_owner_close(C, &owner, &stateid);
    run(NFS4_OK);
    client_mount_close(&alices);
    client_mount_close(&bobs);
}

/* ---- callbacks of 4.0 ---- */

/* A client of 4.0 that registered by Kerberos is probed and called by AUTH_SYS, as nobody: the
 * server makes no contexts.  It is given delegations. */
static void called_back_v40(void **state)
{
    struct client_security security = {.sec = CLIENT_SEC_KRB5P, .gss = gss_wish("alice")};
    struct client_fh dir = script_dir(script_mem);
    const struct client_callback *call;
    struct client_file file;
    struct holder holder;

    (void)state;
    script_security = &security;
    holder_open(&holder, 0);
    script_security = NULL;
    assert_int_equal(holder.mount.conn.gss_service, RPC_GSS_SVC_PRIVACY);
    file = holder_contended(&holder, &dir, "contended");
    (void)holder_wait_recall(&holder, &file);
    call = client_callback_at(holder.callbacks, holder.callbacks->count - 1);
    assert_int_equal(call->flavor, AUTH_SYS);
    assert_int_equal(call->uid, 65534);
    assert_int_equal(call->gid, 65534);
    holder_finish(&holder, &file);
    holder_close(&holder);
}

/* ---- sizes ---- */

static void mount_small(struct client_mount *mount, enum client_sec sec)
{
    struct client_session_wish wish = gss_session_wish(1);

    wish.fore.ca_maxrequestsize = MAX_REQUEST;
    wish.fore.ca_maxresponsesize = MAX_REPLY;
    gss_mount_as(mount, "alice", sec, &wish);
    assert_int_equal(mount->session.fore.ca_maxrequestsize, MAX_REQUEST);
    assert_int_equal(mount->session.fore.ca_maxresponsesize, MAX_REPLY);
}

static uint32_t request_bytes(struct client_mount *mount)
{
    struct wire_opaque args = client_compound_args(C);
    struct client_bytes call = client_call_make(&mount->conn, 1, NFS4_PROGRAM, NFS_V4,
                                                NFSPROC4_COMPOUND, args.data, args.len);

    free(call.data);
    return (uint32_t)call.len;
}

/* The largest request that is served has as many bytes as ca_maxrequestsize says, with all that is
 * around its arguments, or too few for another word. */
static void request_size(void **state)
{
    struct client_fh dir = script_dir(script_mem);

    (void)state;
    for (uint32_t i = 0; i < ARRAY_SIZE(secs); i++) {
        uint32_t bytes = 0, pairs = 1;
        struct client_mount mount;

        mount_small(&mount, secs[i]);
        for (;; pairs++) {
            struct client_result r;

            begin(&mount, NULL);
            for (uint32_t j = 0; j < pairs; j++)
                client_op_putfh(C, &dir);
            bytes = request_bytes(&mount);
            assert_int_equal(client_compound_call(&mount.conn, C, &r), CLIENT_OK);
            if (r.status != NFS4_OK) {
                expect_status(r.status, NFS4ERR_REQ_TOO_BIG);
                client_result_free(&r);
                break;
            }
            client_result_free(&r);
            assert_true(bytes <= MAX_REQUEST);
        }
        assert_true(bytes > MAX_REQUEST);
        client_mount_close(&mount);
    }
}

/* The same for replies: READ takes as much as fits, to the word. */
static void reply_size(void **state)
{
    static const uint8_t data[MAX_REPLY * 2];
    struct client_fh dir = script_dir(script_mem);
    struct client_file file = make_open(&alice, &dir, "much");
    uint32_t got;

    (void)state;
    expect_status(client_file_write(&alice, &file, 0, FILE_SYNC4, data, sizeof(data), &got),
                  NFS4_OK);
    for (uint32_t i = 0; i < ARRAY_SIZE(secs); i++) {
        struct client_mount mount;
        uint32_t last = 0;

        mount_small(&mount, secs[i]);
        for (uint32_t count = MAX_REPLY - 512;; count += 4) {
            static const struct stateid4 anonymous;
            struct client_result r;

            begin(&mount, &file.fh);
            client_op_read(C, &anonymous, 0, count);
            assert_int_equal(client_compound_call(&mount.conn, C, &r), CLIENT_OK);
            if (r.status != NFS4_OK || r.ops[2].opread.data.len < count) {
                client_result_free(&r);
                break;
            }
            last = (uint32_t)r.reply.record->len;
            client_result_free(&r);
            assert_true(last <= MAX_REPLY);
        }
        assert_true(last + 4 > MAX_REPLY);
        client_mount_close(&mount);
    }
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(files),
        cmocka_unit_test(retried),
        cmocka_unit_test(owner_retried),
        cmocka_unit_test(called_back_v40),
        cmocka_unit_test(closed_by_another),
        ON_BOTH(parked),
        cmocka_unit_test(request_size),
        cmocka_unit_test(reply_size),
    };

    return test_group_run_fixtures(tests, gss_setup, gss_teardown);
}
