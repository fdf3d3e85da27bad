/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exactly once: a request whose reply is lost with its connection is retried over another one and
 * gets the first reply's bytes (SR-01, S20-07, S20-12, P-01).
 */
#include "lost_reply/lost.h"

static struct client_fh dir;

static void names(void **state)
{
    lost_run(*state, &lost_names);
}

static void opens(void **state)
{
    lost_run(*state, &lost_opens);
}

static void data(void **state)
{
    lost_run(*state, &lost_data);
}

static void locks(void **state)
{
    lost_run(*state, &lost_locks);
}

static void attributes(void **state)
{
    lost_run(*state, &lost_attributes);
}

/* The connection is cut at a random moment: the request runs once, on the first or the second
 * arrival; DELAY while the first runs (S20-11). */
static void connection_cut(void **state)
{
    dir = script_dir(*state);
    for (unsigned i = 0; i < 40; i++) {
        lost_cut(&dir, i);
        do {
            client_result_free(R);
            assert_int_equal(client_compound_call(&alice.conn, C, R), CLIENT_OK);
        } while (R->status == NFS4ERR_DELAY);
        expect_status(R->status, NFS4_OK);
    }
}

/* W13: SEQUENCE itself succeeds, the operation behind it has the error. */
static void retry_uncached(void **state)
{
    dir = script_dir(*state);
    client_result_free(R);
    client_compound_free(C);
    client_compound_begin_slot(C, &alice.session, 0, false);
    client_op_putfh(C, &dir);
    client_op_create(C, "once", NF4DIR, NULL, 0700);
    run(NFS4_OK);
    run(NFS4ERR_RETRY_UNCACHED_REP);
    assert_int_equal(R->count, 2);
    assert_int_equal(R->ops[0].status, NFS4_OK);
    /* P-09: the slot can still be used. */
    begin(&alice, &dir);
    client_op_remove(C, "once");
    run(NFS4_OK);
}

/* W04, S20-09: other operations, or another principal. */
static void false_retry(void **state)
{
    struct client_cred cred = script_cred();

    dir = script_dir(*state);
    begin(&alice, &dir);
    client_op_create(C, "one", NF4DIR, NULL, 0700);
    run(NFS4_OK);
    alice.conn.cred = script_stranger();
    run(NFS4ERR_SEQ_FALSE_RETRY);
    alice.conn.cred = cred;
    alice.session.slots[0].seqid--;
    begin(&alice, &dir);
    client_op_create(C, "two", NF4DIR, NULL, 0700);
    run(NFS4ERR_SEQ_FALSE_RETRY);
    assert_int_equal(R->count, 1);
    alice.session.slots[0].seqid++;
    begin(&alice, &dir);
    client_op_lookup(C, "two");
    run(NFS4ERR_NOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(names),
        ON_BOTH(opens),
        ON_BOTH(data),
        ON_BOTH(locks),
        {"attributes on mem", attributes, NULL, NULL, script_mem}, /* local has none */
        cmocka_unit_test(lost_exchange_id),
        cmocka_unit_test(lost_create_session),
        cmocka_unit_test(lost_destroy_session),
        cmocka_unit_test(lost_reclaim_complete),
        ON_BOTH(connection_cut),
        ON_BOTH(retry_uncached),
        ON_BOTH(false_retry),
    };

    return test_group_run_fixtures(tests, script_setup_default, lost_teardown);
}
