/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests revoke state of silent clients, while these return, close, unlock, acknowledge and are
 * removed. The test checks that the sanitizer reports nothing, that a client granted a file or a
 * range has it exclusively, and that every count is right at the end.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "lib/wait.h"
#include "state/client/client_lease.h"
#include "state/client/client_table.h"
#include "state/file/revocation.h"
#include "unit/state/open/open_fixture.h"

enum {
    TURNS = 3000, /* or as many as fit into TIME_S */
    TIME_S = 8,
    LOSERS = 2, /* alice and bob, who fall silent now and then */
    TAKERS = 2, /* two threads of carol */
};

/* Sets a silent client's last request to long ago. */
static const int64_t long_ago_ns = 3600 * NSEC_PER_SEC;

static struct client *loser_at(uint32_t index)
{
    return index ? fx.bob : fx.alice;
}

static void fall_silent(struct client *client)
{
    atomic_store(&client->renewed_ns, clock_now_ns() - long_ago_ns);
}

static bool gone(enum nfsstat4 status)
{
    return status == NFS4ERR_EXPIRED || status == NFS4ERR_ADMIN_REVOKED ||
           status == NFS4ERR_BAD_STATEID;
}

/* The lock stateid made last, for another thread to free at the same time. */
static pthread_mutex_t published_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    struct client *client;
    struct stateid4 lock;
} published;

static void publish(struct client *client, const struct stateid4 *lock)
{
    pthread_mutex_lock(&published_lock);
    published.client = client;
    published.lock = *lock;
    pthread_mutex_unlock(&published_lock);
}

/* Whatever happened to it, its client no longer has it after this. */
static void give_up(struct client *client, struct stateid4 *open, struct stateid4 *lock)
{
    enum nfsstat4 status;

    open->seqid = lock->seqid = 0;
    status = do_close(client, open);
    CHECK(status == NFS4_OK || gone(status));
    if (status != NFS4_OK)
        (void)do_free(client, open);
    /* A lock that was revoked before its open was closed. */
    if (revoked(client, lock) != NFS4ERR_BAD_STATEID) {
        do {
            status = do_free(client, lock);
        } while (status == NFS4ERR_DELAY);
        CHECK(status == NFS4_OK || status == NFS4ERR_BAD_STATEID);
    }
}

static void lose(struct client *client, const char *owner, unsigned *seed)
{
    struct vfs_object *obj = fx.files[rand_r(seed) % 2];
    struct stateid4 open, lock = {.seqid = 0};
    uint32_t deny = rand_r(seed) % 2 ? W : NONE;

    client_renew(client, clock_now_ns());
    if (do_open(client, owner, obj, RW, deny, &open) != NFS4_OK)
        return;
    if (do_lock(client, &open, owner, true, 0, 10, &lock) == NFS4_OK) {
        for (int i = 1; i < 4; i++)
            (void)do_lock_again(client, &lock, true, 20 * (uint64_t)i, 10);
        publish(client, &lock);
    }
    if (rand_r(seed) % 4)
        fall_silent(client);
    for (int i = rand_r(seed) % 8; i > 0; i--)
        sched_yield();
    client_renew(client, clock_now_ns());
    lock.seqid = 0;
    if (rand_r(seed) % 2)
        (void)do_unlock(client, &lock, 0, UINT64_MAX);
    give_up(client, &open, &lock);
}

static _Atomic int alone[2], locked[2];

static void take_shares(uint32_t self, int file)
{
    const char owner[2] = {(char)('A' + self), 0};
    struct stateid4 open;

    if (do_open(fx.carol, owner, fx.files[file], RW, RW, &open) != NFS4_OK)
        return;
    CHECK(atomic_fetch_add(&alone[file], 1) == 0);
    CHECK(atomic_fetch_sub(&alone[file], 1) == 1);
    CHECK(do_close(fx.carol, &open) == NFS4_OK);
}

static void take_range(uint32_t self, int file)
{
    const char owner[2] = {(char)('a' + self), 0};
    struct stateid4 open, lock;

    if (do_open(fx.carol, owner, fx.files[file], RW, NONE, &open) != NFS4_OK)
        return;
    if (do_test(fx.carol, owner, fx.files[file], true, 0, 100) == NFS4_OK &&
        do_lock(fx.carol, &open, owner, true, 0, 100, &lock) == NFS4_OK) {
        CHECK(atomic_fetch_add(&locked[file], 1) == 0);
        CHECK(atomic_fetch_sub(&locked[file], 1) == 1);
    }
    CHECK(do_close(fx.carol, &open) == NFS4_OK);
}

struct worker {
    pthread_t thread;
    uint32_t self;
};

static int64_t end_ms;

static bool more(uint32_t turn, uint32_t turns)
{
    return turn < turns && wait_now_ms() < end_ms;
}

static void *loser(void *arg)
{
    uint32_t self = ((struct worker *)arg)->self;
    const char owner[2] = {(char)('0' + self), 0};
    unsigned seed = self + 1;

    for (uint32_t turn = 0; more(turn, TURNS); turn++)
        lose(loser_at(self % LOSERS), owner, &seed);
    return NULL;
}

static _Atomic bool done;

static void *taker(void *arg)
{
    uint32_t self = ((struct worker *)arg)->self;
    unsigned seed = self + 100;

    while (!done) {
        int file = rand_r(&seed) % 2;

        client_renew(fx.carol, clock_now_ns());
        if (rand_r(&seed) % 3)
            take_range(self, file);
        else
            take_shares(self, file);
        (void)denied(fx.files[file], W);
    }
    return NULL;
}

static void *administrator(void *arg)
{
    unsigned seed = 1000;
    uint32_t count;

    while (!done) {
        CHECK(open_client_revoke(loser_at(rand_r(&seed) % LOSERS), NFS4ERR_ADMIN_REVOKED, &count));
        sched_yield();
    }
    return arg;
}

/* FREE_STATEID of a lock while its open is freed, too. */
static void *acknowledger(void *arg)
{
    while (!done) {
        struct client *client;
        struct stateid4 lock;

        pthread_mutex_lock(&published_lock);
        client = published.client;
        lock = published.lock;
        pthread_mutex_unlock(&published_lock);
        if (client && gone(revoked(client, &lock)))
            (void)do_free(client, &lock);
        else
            sched_yield();
    }
    return arg;
}

static void expect_nothing_left(struct client *client)
{
    const struct owner_table *table = owner_table_of(client);

    assert_int_equal(atomic_load(&client->revoked_count), 0);
    assert_int_equal(atomic_load(&client->revoked_admin), 0);
    assert_int_equal(table->open_total, 0);
    assert_int_equal(table->revoked_opens, 0);
    assert_int_equal(table->lock_count, 0);
    assert_int_equal(table->lock_state_count, 0);
    assert_int_equal(table->waiter_count, 0);
}

static void start(struct worker *workers, uint32_t count, void *(*run)(void *))
{
    for (uint32_t i = 0; i < count; i++) {
        workers[i].self = i;
        CHECK(pthread_create(&workers[i].thread, NULL, run, &workers[i]) == 0);
    }
}

static void join(struct worker *workers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        CHECK(pthread_join(workers[i].thread, NULL) == 0);
}

/* Clients fall silent, lose state, return, close and acknowledge. */
static void test_coming_and_going(void **unused)
{
    struct worker losers[2 * LOSERS], takers[TAKERS], admin[1], freeing[1];

    (void)unused;
    done = false;
    end_ms = wait_now_ms() + TIME_S * 1000LL;
    published.client = NULL;
    start(freeing, 1, acknowledger);
    start(takers, TAKERS, taker);
    start(admin, 1, administrator);
    start(losers, 2 * LOSERS, loser);
    join(losers, 2 * LOSERS);
    done = true;
    join(takers, TAKERS);
    join(admin, 1);
    join(freeing, 1);
    expect_nothing_left(fx.alice);
    expect_nothing_left(fx.bob);
    assert_null(fx.files[0]->node->state);
    assert_null(fx.files[1]->node->state);
    assert_int_equal(fixture_vfs_opens, 0);
}

/* The client is removed while others revoke its state. */
static void test_removed_meanwhile(void **unused)
{
    struct worker takers[TAKERS];

    (void)unused;
    done = false;
    end_ms = wait_now_ms() + TIME_S * 1000LL;
    start(takers, TAKERS, taker);
    for (uint32_t turn = 0; more(turn, TURNS / 10); turn++) {
        char name[24];
        struct client *client;
        struct stateid4 open, lock;

        (void)snprintf(name, sizeof(name), "mortal%u", turn);
        client = fixture_client(name);
        for (int file = 0; file < 2; file++) {
            if (do_open(client, "o", fx.files[file], RW, NONE, &open) == NFS4_OK)
                (void)do_lock(client, &open, "l", true, 0, 10, &lock);
        }
        fall_silent(client);
        for (uint32_t i = turn % 16; i > 0; i--)
            sched_yield();
        assert_int_equal(client_destroy_id(fx.state, client->id, &fixture_caller, clock_now_ns()),
                         NFS4_OK);
        client_put(client);
    }
    done = true;
    join(takers, TAKERS);
    assert_null(fx.files[0]->node->state);
    assert_null(fx.files[1]->node->state);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_coming_and_going),
        TEST(test_removed_meanwhile),
    };

    return test_group_run(tests);
}
