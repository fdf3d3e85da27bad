/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client of 4.0 is told when a table is full, or when the rest of it is reserved for other
 * clients. The test sets the counters of its owners and locks to the limit.
 */
#include <string.h>

#include "base/limits.h"
#include "lib/test.h"
#include "state/client/client.h"
#include "state/file/owner.h"
#include "v40_fixture.h"

static struct v40_caller me;
static struct v40_owner owner, locker, another;
static struct v40_file file;
static struct client *client;
static struct owner_table *owners;

static int set_up(void **unused)
{
    v41_set_up(unused);
    v40_alice(&me, &owner, &locker, &file);
    another = (struct v40_owner){owner.clientid, "another", 1};
    client = client_lookup(test_server.state, owner.clientid);
    assert_non_null(client);
    owners = owner_table_of(client);
    return 0;
}

static int tear_down(void **unused)
{
    client_put(client);
    return v41_tear_down(unused);
}

static void owners_full(void **unused)
{
    struct v40_file none;
    struct stateid4 lock;

    (void)unused;
    owners->count[OWNER_OPEN] += LIMIT_OWNERS_PER_CLIENT;
    owners->count[OWNER_LOCK] += LIMIT_OWNERS_PER_CLIENT;
    assert_int_equal(
        send_open(&me, &another, "file", OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE, &none),
        NFS4ERR_DELAY);
    assert_int_equal(send_lock_new(&me, &owner, &file, &locker, 0, 10, &lock), NFS4ERR_DELAY);
    owners->count[OWNER_OPEN] -= LIMIT_OWNERS_PER_CLIENT;
    owners->count[OWNER_LOCK] -= LIMIT_OWNERS_PER_CLIENT;
    assert_int_equal(send_lock_new(&me, &owner, &file, &locker, 0, 10, &lock), NFS4_OK);
}

static void locks_full(void **unused)
{
    struct stateid4 lock;

    (void)unused;
    assert_int_equal(send_lock_new(&me, &owner, &file, &locker, 0, 10, &lock), NFS4_OK);
    atomic_fetch_add(&owners->lock_count, LIMIT_LOCKS_PER_CLIENT);
    assert_int_equal(send_unlock(&me, &file, &locker, 5, 1, &lock), NFS4ERR_DELAY);
    atomic_fetch_sub(&owners->lock_count, LIMIT_LOCKS_PER_CLIENT);
    assert_int_equal(send_unlock(&me, &file, &locker, 5, 1, &lock), NFS4_OK);
}

static int set_up_small(void **unused)
{
    v41_clients_max = 1;
    return set_up(unused);
}

static int tear_down_small(void **unused)
{
    v41_clients_max = 0;
    return tear_down(unused);
}

/* The only client that fits is there, and alive. */
static void clients_full(void **unused)
{
    struct nfs_argop4 op = {.argop = OP_SETCLIENTID,
                            .opsetclientid = {.client = {.id = v40_text("second")}}};

    (void)unused;
    v40_begin(&me);
    v41_put(&me.call, &op);
    assert_int_equal(v41_last(&me.call)->status, NFS4ERR_DELAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(owners_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(locks_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(clients_full, set_up_small, tear_down_small),
    };

    return test_group_run(tests);
}
