/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of an owner that arrive over several connections at once: one runs, and all get its
 * answer. And owners that come and go while the timer removes unconfirmed ones.
 */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/test.h"
#include "proto/nfs4_program.h"
#include "v40_fixture.h"

enum {
    THREADS = 4,
    ROUNDS = 150,
    R = OPEN4_SHARE_ACCESS_READ,
    RW = OPEN4_SHARE_ACCESS_BOTH,
    NONE = OPEN4_SHARE_DENY_NONE,
    ALL = OPEN4_SHARE_DENY_BOTH,
};

struct worker {
    pthread_t thread;
    struct v40_caller caller;
    unsigned number;
    uint64_t clientid;
};

static struct worker workers[THREADS];
static pthread_barrier_t barrier;

static void run(void *(*body)(void *), uint64_t clientid)
{
    assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        v40_caller_init(&workers[i].caller, v41_connect());
        workers[i].number = i;
        workers[i].clientid = clientid;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, body, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        close(workers[i].caller.fd);
    }
    pthread_barrier_destroy(&barrier);
}

/* All threads sent the same request, and must have got the same reply. */
static void compare(struct worker *me, enum nfsstat4 status)
{
    const struct v41_call *mine = &me->caller.call, *first = &workers[0].caller.call;

    assert_int_equal(status, NFS4_OK);
    pthread_barrier_wait(&barrier);
    assert_int_equal(mine->body_len, first->body_len);
    assert_memory_equal(mine->body, first->body, first->body_len);
    pthread_barrier_wait(&barrier);
}

static void *same_requests(void *arg)
{
    struct worker *me = arg;
    struct v40_caller *c = &me->caller;
    struct v40_owner owner = {me->clientid, "owner", 0}, locker = {me->clientid, "locker", 0};
    struct v40_file file;
    struct stateid4 lock;
    char name[32];

    compare(me, send_create(c, &owner, "first", R, NONE, &file));
    compare(me, send_confirm(c, &owner, &file));
    for (int i = 0; i < ROUNDS; i++) {
        (void)snprintf(name, sizeof(name), "file %d", i);
        compare(me, send_create(c, &owner, name, RW, ALL, &file));
        compare(me, send_lock_new(c, &owner, &file, &locker, 0, 10, &lock));
        compare(me, send_lock(c, &file, &locker, 20, 10, &lock));
        compare(me, send_unlock(c, &file, &locker, 0, UINT64_MAX, &lock));
        compare(me, send_close(c, &owner, &file));
    }
    return NULL;
}

/* The counterpart of S20-12 for 4.0: a retransmission over another connection while the first
 * request runs. */
static void test_duplicates_at_once(void **unused)
{
    struct v40_caller main_caller;

    (void)unused;
    v40_caller_init(&main_caller, v41_fd);
    run(same_requests, v40_client(&main_caller, "alice"));
}

static _Atomic bool over;

static void *tick(void *arg)
{
    (void)arg;
    while (!atomic_load(&over))
        nfs4_tick(&test_server, clock_now_ns() + NSEC_PER_SEC * 2 * LEASE_S);
    return NULL;
}

/* The timer may have been faster. */
static bool fine(enum nfsstat4 status)
{
    return status == NFS4_OK || status == NFS4ERR_BAD_STATEID || status == NFS4ERR_BAD_SEQID;
}

static void *short_lives(void *arg)
{
    struct worker *me = arg;
    struct v40_caller *c = &me->caller;
    struct v40_file file;
    char name[32];

    for (int i = 0; i < ROUNDS; i++) {
        /* Two threads for each owner, which disturb each other. */
        struct v40_owner owner = {me->clientid, name, (uint32_t)i * 100};
        enum nfsstat4 status;

        (void)snprintf(name, sizeof(name), "owner %u", me->number / 2 + 2 * (i % 5));
        status = send_open(c, &owner, "file", R, NONE, &file);
        assert_true(status == NFS4_OK || status == NFS4ERR_BAD_SEQID);
        if (status == NFS4_OK && file.rflags & OPEN4_RESULT_CONFIRM)
            assert_true(fine(status = send_confirm(c, &owner, &file)));
        if (status == NFS4_OK)
            assert_true(fine(send_close(c, &owner, &file)));
    }
    return NULL;
}

static void test_owners_come_and_go(void **unused)
{
    struct v40_owner owner = {0, "maker", 0};
    struct v40_caller main_caller;
    struct v40_file file;
    pthread_t ticker;

    (void)unused;
    v40_caller_init(&main_caller, v41_fd);
    owner.clientid = v40_client(&main_caller, "alice");
    must_open(&main_caller, &owner, "file", R, NONE, &file);
    atomic_store(&over, false);
    assert_int_equal(pthread_create(&ticker, NULL, tick, NULL), 0);
    run(short_lives, owner.clientid);
    atomic_store(&over, true);
    assert_int_equal(pthread_join(ticker, NULL), 0);
    assert_int_equal(send_close(&main_caller, &owner, &file), NFS4_OK);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, v41_set_up, v41_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_duplicates_at_once),
        TEST(test_owners_come_and_go),
    };

    return test_group_run(tests);
}
