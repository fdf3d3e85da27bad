/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any user of a client's machine can send from ports of 1024 and up, and claim any identity:
 * `secure` exports accept no AUTH_SYS from there.
 */
#include <unistd.h>

#include "log_lines.h"
#include "peer.h"
#include "script.h"

static struct client_conn low; /* a second connection, from a reserved port */

static int setup(void **state)
{
    static char usual[128], open[128], squashed[128];
    const char *options[] = {"--export", "/mem=mem:,no_root_squash,sec=sys:none",
                             "--export", "/guarded=mem:,no_root_squash,secure,sec=sys:none",
                             "--export", "/outer=mem:,no_root_squash,secure",
                             "--export", "/outer/inner=mem:,no_root_squash",
                             "--export", usual,
                             "--export", open,
                             "--export", squashed,
                             NULL};

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    script_server.usual_ports = true;
    (void)snprintf(usual, sizeof(usual), "/local=local:%s,no_root_squash", script_server.data);
    (void)snprintf(open, sizeof(open), "/open=local:%s,insecure", script_server.data);
    (void)snprintf(squashed, sizeof(squashed), "/squashed=local:%s,all_squash", script_server.data);
    return script_setup(options);
}

static void step_into(const char *name, enum nfsstat4 status)
{
    begin(&alice, NULL);
    client_op_putrootfh(C);
    client_op_lookup(C, name);
    run(status);
}

static void refused_by_name(void **state)
{
    (void)state;
    step_into("mem", NFS4_OK);
    step_into("guarded", NFS4ERR_PERM);
    begin(&alice, NULL);
    client_op_putrootfh(C);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_SECINFO,
                                                .opsecinfo = {.name = client_text("guarded")}});
    run(NFS4ERR_PERM);
}

/* The default is `secure` only where the server acts with its callers' identities. */
static void the_default_protects_identities(void **state)
{
    struct log_line line;

    (void)state;
    step_into("open", NFS4_OK);
    step_into("squashed", NFS4_OK);
    step_into("local", geteuid() == 0 ? NFS4ERR_PERM : NFS4_OK);
    if (geteuid() != 0)
        return;
    line = log_find_with("export.refused", "export", "/local");
    assert_string_equal(log_value(&line, "why"), "port");
}

static bool has_reserved(void)
{
    if (geteuid() == 0)
        return true;
    test_skip("needs root for a reserved port");
    return false;
}

static struct client_fh handle_by_low(const char *name)
{
    begin(&alice, NULL);
    client_op_putrootfh(C);
    client_op_lookup(C, name);
    client_op_getfh(C);
    run_on(&low, NFS4_OK);
    return result_fh();
}

static void a_handle_is_no_way_in(void **state)
{
    struct client_fh guarded;

    (void)state;
    if (!has_reserved())
        return;
    peer_connect(&low, "127.0.0.1", true);
    guarded = handle_by_low("guarded");
    begin(&alice, &guarded);
    run(NFS4ERR_PERM);
    begin(&alice, &guarded);
    client_op_getattr(C, CLIENT_BITS(FATTR4_TYPE));
    run_on(&low, NFS4_OK);
    client_conn_close(&low);
}

static bool same_fh(const struct client_fh *a, const struct client_fh *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* An open export below a guarded one is reached by name, past a directory that shows nothing
 * else. */
static void the_way_to_an_open_one(void **state)
{
    struct client_fh real, outer, up;

    (void)state;
    if (!has_reserved())
        return;
    peer_connect(&low, "127.0.0.1", true);
    real = handle_by_low("outer");
    client_conn_close(&low);
    begin(&alice, NULL);
    client_op_putrootfh(C);
    client_op_lookup(C, "outer");
    client_op_getfh(C);
    run(NFS4_OK);
    outer = result_fh();
    assert_false(same_fh(&outer, &real));
    begin(&alice, &outer);
    client_op_lookup(C, "inner");
    client_op(C, OP_LOOKUPP);
    client_op_getfh(C);
    run(NFS4_OK);
    up = result_fh();
    assert_true(same_fh(&outer, &up));
    begin(&alice, &outer);
    client_op_create(C, "new", NF4DIR, NULL, 0700);
    run(NFS4ERR_ROFS);
}

/* Squashing does not help: a user who is mapped to nobody could have claimed any identity. */
static void not_even_squashed_users(void **state)
{
    struct client_cred before = alice.conn.cred;

    (void)state;
    alice.conn.cred = (struct client_cred){.none = true};
    step_into("guarded", NFS4ERR_PERM);
    alice.conn.cred = (struct client_cred){.uid = 0};
    step_into("guarded", NFS4ERR_PERM);
    alice.conn.cred = before;
}

/* ---- the root of the name space ---- */

static int setup_root(void **state)
{
    const char *options[] = {"--export", "/=mem:,no_root_squash,secure", "--export",
                             "/open=mem:", NULL};

    (void)state;
    return test_server_init(&script_server) ? script_setup(options) : -1;
}

static void the_root_is_guarded(void **state)
{
    static const uint32_t ops[] = {OP_PUTROOTFH, OP_PUTPUBFH};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        begin(&alice, NULL);
        client_op(C, ops[i]);
        client_op_create(C, "new", NF4DIR, NULL, 0700);
        run(NFS4ERR_ROFS); /* the directory that leads to /open */
    }
    step_into("open", NFS4_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_by_name),
        cmocka_unit_test(the_default_protects_identities),
        cmocka_unit_test(a_handle_is_no_way_in),
        cmocka_unit_test(the_way_to_an_open_one),
        cmocka_unit_test(not_even_squashed_users),
    };
    const struct CMUnitTest at_root[] = {
        cmocka_unit_test(the_root_is_guarded),
    };
    int failed = test_group_run_fixtures(tests, setup, script_teardown);

    if (failed == 0 || failed == TEST_EXIT_SKIPPED)
        failed = test_group_run_fixtures(at_root, setup_root, script_teardown);
    return failed;
}
