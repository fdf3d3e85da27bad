/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The number of a client's slots, as the client sees it (S20-D1, W01, W02, W03, S20-08, SR-26): the
 * server has little room for cached replies and grants few slots at first.
 */
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "script.h"

enum {
    LEASE_S = 2,
    SLOTS = 32,
    CACHED = 6144,
    COST = CACHED + 64,     /* cost of a slot */
    BUDGET_BYTES = 2 << 20, /* --reply-cache */
    CROWD_MAX = 30,
    PATIENCE_S = 20
};

static int setup(void **state)
{
    static const char *const options[] = {"--export",
                                          "/mem=mem:,no_root_squash",
                                          "--lease",
                                          "2",
                                          "--slots",
                                          "32",
                                          "--reply-cache",
                                          "2",
                                          NULL};

    (void)state;
    return script_setup(options);
}

static void open_with(struct client_mount *mount, struct client_session_wish *wish)
{
    struct client_cred cred = script_cred();

    expect_status(client_mount_open(mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, wish),
                  NFS4_OK);
}

static void open_one(struct client_mount *mount)
{
    struct client_session_wish wish = client_session_wish_default(NULL);

    open_with(mount, &wish);
    assert_int_equal(mount->session.fore.ca_maxresponsesize_cached, CACHED);
}

static void sleep_ms(long ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&pause, NULL);
}

/* SR-26: the operator configures the initial number of slots; a client that wants fewer gets
 * fewer. */
static void as_configured(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_mount mount;

    (void)state;
    assert_int_equal(alice.session.fore.ca_maxrequests, SLOTS);
    wish.fore.ca_maxrequests = 3;
    open_with(&mount, &wish);
    assert_int_equal(mount.session.fore.ca_maxrequests, 3);
    script_sequence_in(&mount, 2, NFS4_OK);
    assert_int_equal(mount.session.highest_slot, 2);
    script_sequence_in(&mount, 3, NFS4ERR_BADSLOT);
    client_mount_close(&mount);
}

/* A client that uses its last slot gets half as many again, and all of them work (P-10). */
static void more_with_use(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_mount mount;

    (void)state;
    wish.fore.ca_maxresponsesize_cached = 192; /* 256 bytes a slot */
    wish.fore.ca_maxrequests = LIMIT_SLOTS;
    open_with(&mount, &wish);
    assert_int_equal(mount.session.fore.ca_maxrequests, SLOTS);
    script_sequence_in(&mount, SLOTS, NFS4ERR_BADSLOT);
    for (uint32_t count = SLOTS; count < LIMIT_SLOTS;) {
        uint32_t more = count + count / 2 < LIMIT_SLOTS ? count + count / 2 : LIMIT_SLOTS;

        script_sequence_in(&mount, count - 2, NFS4_OK);
        assert_int_equal(mount.session.highest_slot, count - 1);
        script_sequence_in(&mount, count - 1, NFS4_OK);
        assert_int_equal(mount.session.highest_slot, more - 1);
        assert_int_equal(mount.session.target_highest_slot, more - 1);
        count = more;
    }
    for (uint32_t i = 0; i < LIMIT_SLOTS; i++)
        script_sequence_in(&mount, i, NFS4_OK);
    script_sequence_in(&mount, LIMIT_SLOTS - 1, NFS4_OK);
    assert_int_equal(mount.session.highest_slot, LIMIT_SLOTS - 1);
    client_mount_close(&mount);
}

/* Until the server reports `highest` as the target; it reviews a session once a second. */
static void await_target(struct client_mount *mount, uint32_t highest)
{
    int64_t until_ns = clock_now_ns() + PATIENCE_S * NSEC_PER_SEC;

    while (mount->session.target_highest_slot != highest && clock_now_ns() < until_ns) {
        script_sequence_in(mount, 0, NFS4_OK);
        sleep_ms(50);
    }
    assert_int_equal(mount->session.target_highest_slot, highest);
}

/* Open sessions and use them until seven eighths of the budget are charged; alice and bob have
 * theirs already.  Later sessions get fewer slots. */
static uint32_t crowd_open(struct client_mount *mounts)
{
    uint32_t count = 0, slots = script_use_slots(&alice) + script_use_slots(&bob), least = SLOTS;

    while (slots * COST <= BUDGET_BYTES / 8 * 7) {
        struct client_mount *mount = &mounts[count++];

        assert_true(count < CROWD_MAX);
        open_one(mount);
        assert_in_range(mount->session.fore.ca_maxrequests, 1, least);
        least = mount->session.fore.ca_maxrequests;
        slots += script_use_slots(mount);
    }
    assert_true(least < SLOTS / 2);
    assert_true(slots * COST <= BUDGET_BYTES);
    return count;
}

static void fewer_under_pressure(void **state)
{
    static struct client_mount mounts[CROWD_MAX];
    uint32_t crowd = crowd_open(mounts);
    const uint32_t share = BUDGET_BYTES / 8 * 7 / (crowd + 2) / COST;
    int64_t shrunk_ns;

    (void)state;
    for (uint32_t i = 0; i + 1 < SLOTS; i++)
        script_sequence_in(&alice, i, NFS4_OK);
    await_target(&alice, share - 1);
    while (alice.session.highest_slot != share - 1)
        script_sequence_in(&alice, 0, NFS4_OK);
    shrunk_ns = clock_now_ns();
    script_sequence_in(&alice, SLOTS - 2, NFS4ERR_BADSLOT);
    script_sequence_in(&alice, share - 1, NFS4_OK);
    for (uint32_t i = 0; i < crowd; i++)
        client_mount_close(&mounts[i]);

    /* There is room again, and a lease later alice gets her slots back. Like Linux, she begins the
     * slots that were taken from her at 1. */
    while (alice.session.highest_slot == share - 1 &&
           clock_now_ns() < shrunk_ns + PATIENCE_S * NSEC_PER_SEC) {
        script_sequence_in(&alice, share - 1, NFS4_OK);
        sleep_ms(20);
    }
    assert_true(clock_now_ns() - shrunk_ns > LEASE_S * NSEC_PER_SEC * 9 / 10);
    assert_int_equal(alice.session.highest_slot, share + share / 2 - 1);
    for (uint32_t i = share; i + 2 < share + share / 2; i++) {
        alice.session.slots[i].seqid = 1;
        script_sequence_in(&alice, i, NFS4_OK);
        script_sequence_in(&alice, i, NFS4_OK);
    }
}

/* RFC 8881 §18.36.3, §18.34.3: this transport has no RDMA, so the server does not grant it. */
static void no_rdma(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct nfs_argop4 op = {.argop = OP_BIND_CONN_TO_SESSION};
    struct client_mount mount;
    struct client_conn conn;

    (void)state;
    wish.flags |= CREATE_SESSION4_FLAG_CONN_RDMA | CREATE_SESSION4_FLAG_PERSIST;
    wish.fore.ca_rdma_ird_count = wish.back.ca_rdma_ird_count = 1;
    wish.fore.ca_rdma_ird[0] = wish.back.ca_rdma_ird[0] = 16;
    open_with(&mount, &wish);
    assert_int_equal(mount.session.flags & CREATE_SESSION4_FLAG_CONN_RDMA, 0);
    assert_int_equal(mount.session.flags & CREATE_SESSION4_FLAG_PERSIST, 0);
    assert_int_equal(mount.session.fore.ca_rdma_ird_count, 0);
    assert_int_equal(mount.session.back.ca_rdma_ird_count, 0);
    script_connect(&conn);
    op.opbind_conn_to_session.bctsa_dir = CDFC4_FORE_OR_BOTH;
    op.opbind_conn_to_session.bctsa_use_conn_in_rdma_mode = true;
    memcpy(op.opbind_conn_to_session.bctsa_sessid, mount.session.sessionid, NFS4_SESSIONID_SIZE);
    client_result_free(R);
    client_compound_free(C);
    client_compound_begin_plain(C);
    client_compound_add(C, &op);
    run_on(&conn, NFS4_OK);
    assert_false(R->ops[0].opbind_conn_to_session.bctsr_use_conn_in_rdma_mode);
    client_conn_close(&conn);
    script_sequence_in(&mount, 0, NFS4_OK); /* record marking is still used */
    client_mount_close(&mount);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_configured),
        cmocka_unit_test(more_with_use),
        cmocka_unit_test(fewer_under_pressure),
        cmocka_unit_test(no_rdma),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
