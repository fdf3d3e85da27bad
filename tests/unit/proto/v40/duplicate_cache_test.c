/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of the duplicate request cache: which request counts as a retry, which one waits, and
 * which entries are dropped when there are too many.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/test.h"
#include "proto/v40/duplicate_cache.h"
#include "vfs/vfs_blocking.h"

enum {
    THREADS = 4,
    REPLY_BYTES = 100
};

static struct duplicate_cache *cache;

static void make(uint64_t bytes_max, uint64_t client_bytes_max)
{
    const struct duplicate_cache_config config = {.bytes_max = bytes_max,
                                                  .client_bytes_max = client_bytes_max,
                                                  .waiters_max = 3,
                                                  .client_waiters_max = 2};

    cache = duplicate_cache_create(&config);
}

static int tear_down(void **state)
{
    (void)state;
    vfs_blocking_hooks = (struct vfs_blocking_hooks){NULL, NULL};
    duplicate_cache_destroy(cache);
    cache = NULL;
    return 0;
}

static struct duplicate_stats stats(void)
{
    struct duplicate_stats stats;

    duplicate_stats_read(cache, &stats);
    return stats;
}

/* ---- requests ---- */

struct caller {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } address;
};

static struct caller caller(const char *text, uint16_t port)
{
    struct caller made = {0};

    if (inet_pton(AF_INET, text, &made.address.in.sin_addr) == 1) {
        made.address.in.sin_family = AF_INET;
        made.address.in.sin_port = htons(port);
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &made.address.in6.sin6_addr), 1);
        made.address.in6.sin6_family = AF_INET6;
        made.address.in6.sin6_port = htons(port);
    }
    return made;
}

/* Hosts with numbers, from 10.0.0.0 on. */
static struct caller host(unsigned n)
{
    struct caller made = {.address.in = {.sin_family = AF_INET}};

    made.address.in.sin_addr.s_addr = htonl(0x0a000000u + n);
    return made;
}

struct ask {
    struct duplicate_reply reply;
    struct duplicate *entry;
    uint8_t data[LIMIT_DUPLICATE_REPLY_BYTES];
};

static enum duplicate_verdict enter(const struct caller *from, uint32_t xid, uint64_t digest,
                                    struct ask *ask)
{
    const struct duplicate_request request = {&from->address.any, xid, digest, clock_now_ns()};

    ask->reply = (struct duplicate_reply){.data = ask->data, .size = sizeof(ask->data)};
    return duplicate_cache_enter(cache, &request, &ask->reply, &ask->entry);
}

static enum duplicate_verdict find(const struct caller *from, uint32_t xid, uint64_t digest)
{
    const struct duplicate_request request = {&from->address.any, xid, digest, clock_now_ns()};
    static _Thread_local struct ask ask;

    ask.reply = (struct duplicate_reply){.data = ask.data, .size = sizeof(ask.data)};
    return duplicate_cache_lookup(cache, &request, &ask.reply);
}

/* A complete request, which must be new. */
static void done(const struct caller *from, uint32_t xid, uint32_t bytes)
{
    static _Thread_local struct ask ask;

    assert_int_equal(enter(from, xid, 1, &ask), DUPLICATE_NEW);
    memset(ask.data, (int)xid, bytes);
    duplicate_cache_keep(cache, ask.entry, ask.data, bytes);
}

static bool kept(const struct caller *from, uint32_t xid)
{
    return duplicate_cache_suspects(cache, xid) && find(from, xid, 1) == DUPLICATE_REPLAY;
}

/* ---- what counts as a retry ---- */

static void answered_again(void **state)
{
    static struct ask first, again;
    struct caller from = caller("192.0.2.1", 700), later = caller("192.0.2.1", 800);

    (void)state;
    make(0, 0);
    assert_false(duplicate_cache_suspects(cache, 5));
    assert_int_equal(find(&from, 5, 77), DUPLICATE_NEW);
    assert_int_equal(enter(&from, 5, 77, &first), DUPLICATE_NEW);
    duplicate_cache_keep(cache, first.entry, "reply", 5);
    assert_true(duplicate_cache_suspects(cache, 5));
    assert_int_equal(find(&later, 5, 77), DUPLICATE_REPLAY);
    assert_int_equal(enter(&later, 5, 77, &again), DUPLICATE_REPLAY);
    assert_null(again.entry);
    assert_int_equal(again.reply.len, 5);
    assert_false(again.reply.waited);
    assert_memory_equal(again.data, "reply", 5);
    assert_int_equal(stats().inserts, 1);
    assert_int_equal(stats().hits, 2);
    assert_int_equal(stats().entries, 1);
    assert_int_equal(stats().clients, 1);
}

/* With another digest, xid or address it is a request of its own. */
static void others_run(void **state)
{
    struct caller from = caller("192.0.2.1", 700), other = caller("192.0.2.2", 700),
                  six = caller("2001:db8::1", 700), six_too = caller("2001:db8::2", 700);
    static struct ask ask;

    (void)state;
    make(0, 0);
    done(&from, 5, 10);
    assert_int_equal(enter(&from, 5, 2, &ask), DUPLICATE_NEW);
    duplicate_cache_keep(cache, ask.entry, "other", 5);
    assert_int_equal(stats().xid_collisions, 1);
    done(&from, 6, 20);
    done(&other, 5, 30);
    done(&six, 5, 40);
    done(&six_too, 5, 50);
    assert_int_equal(stats().xid_collisions, 1);
    assert_int_equal(enter(&from, 5, 1, &ask), DUPLICATE_REPLAY);
    assert_int_equal(ask.reply.len, 10);
    assert_int_equal(enter(&from, 5, 2, &ask), DUPLICATE_REPLAY);
    assert_int_equal(ask.reply.len, 5);
    assert_int_equal(enter(&from, 6, 1, &ask), DUPLICATE_REPLAY);
    assert_int_equal(ask.reply.len, 20);
    assert_int_equal(enter(&other, 5, 1, &ask), DUPLICATE_REPLAY);
    assert_int_equal(ask.reply.len, 30);
    assert_int_equal(enter(&six, 5, 1, &ask), DUPLICATE_REPLAY);
    assert_int_equal(ask.reply.len, 40);
    assert_int_equal(enter(&six_too, 5, 1, &ask), DUPLICATE_REPLAY);
    assert_int_equal(ask.reply.len, 50);
    assert_int_equal(stats().clients, 4);
}

/* In both byte orders: a client's own recent requests don't make its next one look like a retry. */
static void filter_spreads(void **state)
{
    struct caller from = host(1);

    (void)state;
    for (unsigned swapped = 0; swapped < 2; swapped++) {
        make(0, 0);
        for (uint32_t i = 0; i < 60000; i++) {
            uint32_t xid = swapped ? __builtin_bswap32(0x12345678 + i) : 0x12345678 + i;

            assert_false(duplicate_cache_suspects(cache, xid));
            done(&from, xid, 4);
        }
        tear_down(NULL);
    }
}

static void nothing_kept(void **state)
{
    static struct ask ask;
    struct caller from = host(1);

    (void)state;
    make(0, 0);
    done(&from, 5, 0);
    assert_int_equal(enter(&from, 5, 1, &ask), DUPLICATE_REPLAY);
    assert_int_equal(ask.reply.len, 0);
}

/* ---- which entries are dropped ---- */

static void pass(int64_t seconds)
{
    clock_advance_ns(seconds * NSEC_PER_SEC);
    duplicate_cache_tick(cache, clock_now_ns());
}

static void dropped_by_age(void **state)
{
    struct caller from = host(1);
    static struct ask running;

    (void)state;
    make(0, 0);
    assert_int_equal(enter(&from, 1, 1, &running), DUPLICATE_NEW);
    done(&from, 2, 10);
    done(&from, 3, 10);
    pass(LIMIT_DUPLICATE_AGE_S / 2);
    assert_true(kept(&from, 2)); /* which makes it recent */
    pass(LIMIT_DUPLICATE_AGE_S / 2 + 10);
    assert_false(kept(&from, 3));
    assert_false(duplicate_cache_suspects(cache, 3));
    assert_int_equal(stats().expired, 1);
    /* How long the request ran does not count. */
    duplicate_cache_keep(cache, running.entry, "late", 4);
    pass(1);
    assert_true(kept(&from, 1));
    assert_true(kept(&from, 2));
    pass(2 * LIMIT_DUPLICATE_AGE_S);
    assert_int_equal(stats().expired, 3);
    assert_int_equal(stats().entries, 0);
    assert_int_equal(stats().clients, 0);
    assert_int_equal(stats().bytes, 0);
}

/* The one address loses its oldest entries, and no other address loses any. */
static void dropped_from_one_address(void **state)
{
    struct caller busy = host(1), quiet = host(2);

    (void)state;
    make(0, 100000);
    done(&quiet, 1, REPLY_BYTES);
    for (uint32_t i = 0; i < 5000; i++)
        done(&busy, 1000 + i, REPLY_BYTES);
    assert_true(stats().evicted_client > 4000);
    assert_int_equal(stats().evicted, 0);
    assert_true(stats().bytes < 100000 + 1000);
    assert_true(stats().entries > 200);
    assert_true(kept(&quiet, 1));
    assert_true(kept(&busy, 1000 + 4999));
    assert_true(kept(&busy, 1000 + 4999 - 100));
    assert_false(kept(&busy, 1000));
    /* An entry that was asked for has moved to the end of the queue. */
    assert_true(kept(&busy, 1000 + 4999 - 150));
    for (uint32_t i = 0; i < 300; i++)
        done(&busy, 100000 + i, REPLY_BYTES);
    assert_true(kept(&busy, 1000 + 4999 - 150));
    assert_false(kept(&busy, 1000 + 4999 - 149));
}

/* A single reply that exceeds the address's whole share is kept alone. */
static void one_long_reply(void **state)
{
    struct caller from = host(1);

    (void)state;
    make(0, 1000);
    done(&from, 1, 100);
    done(&from, 2, LIMIT_DUPLICATE_REPLY_BYTES);
    assert_true(kept(&from, 2));
    assert_false(kept(&from, 1));
    done(&from, 3, 100);
    assert_false(kept(&from, 2));
    assert_true(kept(&from, 3));
}

/* When the cache is full, the addresses with the most give way, in turn. */
static void dropped_from_heaviest(void **state)
{
    struct caller busy[4], quiet[20];

    (void)state;
    make(200000, 90000);
    for (unsigned i = 0; i < 20; i++) {
        quiet[i] = host(100 + i);
        done(&quiet[i], 1, REPLY_BYTES);
    }
    for (unsigned i = 0; i < 4; i++)
        busy[i] = host(i);
    for (uint32_t n = 0; n < 2000; n++) {
        for (unsigned i = 0; i < 4; i++)
            done(&busy[i], 1000 + n, REPLY_BYTES);
        assert_true(stats().bytes <= 200000);
    }
    assert_true(stats().evicted > 4000);
    for (unsigned i = 0; i < 20; i++)
        assert_true(kept(&quiet[i], 1));
    for (unsigned i = 0; i < 4; i++)
        for (uint32_t n = 0; n < 60; n++)
            assert_true(kept(&busy[i], 1000 + 1999 - n));
    /* There is room for a new address, too. */
    done(&quiet[0], 2, REPLY_BYTES);
    assert_true(kept(&quiet[0], 2) && kept(&quiet[0], 1));
}

/* Any number of addresses displace none that has no more than they have, and do not make the memory
 * grow. */
static void many_addresses(void **state)
{
    (void)state;
    make(200000, 90000);
    for (unsigned i = 0; i < 5000; i++) {
        struct caller from = host(i);

        done(&from, i, REPLY_BYTES);
    }
    assert_true(stats().bytes <= 200000);
    assert_true(stats().clients > 400);
    assert_true(stats().clients == stats().entries);
}

/* ---- which requests wait ---- */

struct waiter {
    pthread_t thread;
    struct caller from;
    uint32_t xid;
    bool find;
    struct ask ask;
    enum duplicate_verdict verdict;
};

static void *wait_main(void *arg)
{
    struct waiter *waiter = arg;

    waiter->verdict = waiter->find ? find(&waiter->from, waiter->xid, 1)
                                   : enter(&waiter->from, waiter->xid, 1, &waiter->ask);
    return NULL;
}

static void wait_start(struct waiter *waiter, const struct caller *from, uint32_t xid)
{
    waiter->from = *from;
    waiter->xid = xid;
    assert_int_equal(pthread_create(&waiter->thread, NULL, wait_main, waiter), 0);
}

static void waiting_reaches(uint64_t waiting)
{
    while (stats().waiting != waiting)
        sched_yield();
}

static void wait_over(struct waiter *waiter, enum duplicate_verdict verdict)
{
    assert_int_equal(pthread_join(waiter->thread, NULL), 0);
    assert_int_equal(waiter->verdict, verdict);
}

static _Atomic int sections;

/* No lock is held here: other threads get theirs. */
static void section_begin(bool surely)
{
    struct caller other = host(9);

    assert_true(surely);
    assert_int_equal(find(&other, 5, 9), DUPLICATE_NEW);
    for (unsigned i = 0; i < 200; i++) {
        other = host(i);
        assert_int_equal(find(&other, 6, 9), DUPLICATE_NEW);
    }
    sections++;
}

static void section_end(void)
{
    struct caller other = host(9);

    assert_int_equal(find(&other, 5, 9), DUPLICATE_NEW);
    sections += 100;
}

static void waiters_answered(void **state)
{
    static struct waiter waiters[2];
    static struct ask first;
    struct caller from = host(9);

    (void)state;
    make(0, 0);
    vfs_blocking_hooks = (struct vfs_blocking_hooks){section_begin, section_end};
    sections = 0;
    assert_int_equal(enter(&from, 5, 1, &first), DUPLICATE_NEW);
    wait_start(&waiters[0], &from, 5);
    waiters[1].find = true;
    wait_start(&waiters[1], &from, 5);
    waiting_reaches(2);
    duplicate_cache_keep(cache, first.entry, "reply", 5);
    wait_over(&waiters[0], DUPLICATE_REPLAY);
    wait_over(&waiters[1], DUPLICATE_REPLAY);
    assert_int_equal(waiters[0].ask.reply.len, 5);
    assert_true(waiters[0].ask.reply.waited);
    assert_memory_equal(waiters[0].ask.data, "reply", 5);
    assert_int_equal(sections, 202);
    assert_int_equal(stats().waits, 2);
    assert_int_equal(stats().hits, 2);
    assert_int_equal(stats().waiting, 0);
}

/* Limits for one address and for all; an address without waiters is admitted before the common
 * limit. */
static void waiters_bounded(void **state)
{
    static struct waiter waiters[3];
    static struct ask first, second, third;
    struct caller from = host(1), other = host(2), late = host(3);

    (void)state;
    make(0, 0);
    assert_int_equal(enter(&from, 5, 1, &first), DUPLICATE_NEW);
    assert_int_equal(enter(&other, 5, 1, &second), DUPLICATE_NEW);
    assert_int_equal(enter(&late, 5, 1, &third), DUPLICATE_NEW);
    wait_start(&waiters[0], &from, 5);
    wait_start(&waiters[1], &from, 5);
    waiting_reaches(2);
    assert_int_equal(find(&from, 5, 1), DUPLICATE_REFUSED);
    wait_start(&waiters[2], &other, 5);
    waiting_reaches(3);
    assert_int_equal(find(&late, 5, 1), DUPLICATE_REFUSED);
    assert_int_equal(find(&other, 5, 1), DUPLICATE_REFUSED);
    assert_int_equal(stats().refused, 3);
    assert_int_equal(stats().waiting, 3);
    duplicate_cache_keep(cache, first.entry, "1", 1);
    duplicate_cache_keep(cache, second.entry, "2", 1);
    duplicate_cache_keep(cache, third.entry, "3", 1);
    for (unsigned i = 0; i < 3; i++)
        wait_over(&waiters[i], DUPLICATE_REPLAY);
    assert_int_equal(stats().waiting, 0);
    assert_int_equal(find(&late, 5, 1), DUPLICATE_REPLAY);
}

static void waited_too_long(void **state)
{
    static struct waiter waiter;
    static struct ask first;
    struct caller from = host(1);

    (void)state;
    make(0, 0);
    assert_int_equal(enter(&from, 5, 1, &first), DUPLICATE_NEW);
    wait_start(&waiter, &from, 5);
    waiting_reaches(1);
    pass(LIMIT_DUPLICATE_WAIT_S / 2);
    assert_int_equal(stats().waiting, 1);
    pass(LIMIT_DUPLICATE_WAIT_S);
    wait_over(&waiter, DUPLICATE_REFUSED);
    assert_int_equal(stats().refused, 1);
    /* It will be requested again. */
    duplicate_cache_keep(cache, first.entry, "reply", 5);
    assert_true(kept(&from, 5));
}

/* The awaited entry may be dropped before the waiter has seen it. */
static void dropped_under_waiter(void **state)
{
    struct caller from = host(1);

    (void)state;
    make(0, 500);
    for (uint32_t i = 0; i < 200; i++) {
        static struct waiter waiter;
        static struct ask first;

        assert_int_equal(enter(&from, 3 * i, 1, &first), DUPLICATE_NEW);
        wait_start(&waiter, &from, 3 * i);
        waiting_reaches(1);
        duplicate_cache_keep(cache, first.entry, "reply", 5);
        done(&from, 3 * i + 1, 400);
        wait_over(&waiter, DUPLICATE_REPLAY);
        assert_memory_equal(waiter.ask.data, "reply", 5);
        assert_false(kept(&from, 3 * i));
    }
    assert_int_equal(stats().waiting, 0);
    assert_true(stats().bytes < 1500);
}

/* ---- concurrency ---- */

enum {
    STRESS_HOSTS = 3,
    STRESS_XIDS = 400
};

static _Atomic unsigned runs[STRESS_HOSTS][STRESS_XIDS];

static void request_stress(unsigned n, uint32_t xid)
{
    static _Thread_local struct ask ask;
    struct caller from = host(n);
    unsigned run;

    switch (enter(&from, xid, 1, &ask)) {
    case DUPLICATE_NEW:
        run = ++runs[n][xid];
        sched_yield();
        memset(ask.data, (int)xid, xid + 4);
        memcpy(ask.data, &run, sizeof(run));
        duplicate_cache_keep(cache, ask.entry, ask.data, xid + 4);
        break;
    case DUPLICATE_REPLAY:
        assert_int_equal(ask.reply.len, xid + 4);
        memcpy(&run, ask.data, sizeof(run));
        assert_true(run > 0 && run <= runs[n][xid]);
        for (uint32_t i = 4; i < ask.reply.len; i++)
            assert_int_equal(ask.data[i], xid & 0xff);
        break;
    case DUPLICATE_REFUSED:
        break;
    }
}

static void *stress_main(void *arg)
{
    unsigned seed = *(unsigned *)arg;

    for (unsigned turn = 0; turn < 3; turn++) {
        for (uint32_t xid = 0; xid < STRESS_XIDS; xid++)
            for (unsigned n = 0; n < STRESS_HOSTS; n++)
                request_stress((n + seed) % STRESS_HOSTS, xid);
        duplicate_cache_tick(cache, clock_now_ns());
        (void)stats();
    }
    return NULL;
}

static void stress(void)
{
    static unsigned seeds[THREADS];
    pthread_t threads[THREADS];

    memset(runs, 0, sizeof(runs));
    for (unsigned i = 0; i < THREADS; i++) {
        seeds[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, stress_main, &seeds[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(stats().waiting, 0);
}

static void each_once(void **state)
{
    (void)state;
    make(0, 0);
    stress();
    for (unsigned n = 0; n < STRESS_HOSTS; n++)
        for (uint32_t xid = 0; xid < STRESS_XIDS; xid++)
            assert_int_equal(runs[n][xid], 1);
    assert_int_equal(stats().inserts, STRESS_HOSTS * STRESS_XIDS);
    assert_int_equal(stats().entries, STRESS_HOSTS * STRESS_XIDS);
}

static void bounded_at_once(void **state)
{
    (void)state;
    make(40000, 20000);
    stress();
    assert_true(stats().bytes <= 40000);
    assert_true(stats().evicted + stats().evicted_client > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(answered_again, tear_down),
        cmocka_unit_test_teardown(others_run, tear_down),
        cmocka_unit_test_teardown(filter_spreads, tear_down),
        cmocka_unit_test_teardown(nothing_kept, tear_down),
        cmocka_unit_test_teardown(dropped_by_age, tear_down),
        cmocka_unit_test_teardown(dropped_from_one_address, tear_down),
        cmocka_unit_test_teardown(one_long_reply, tear_down),
        cmocka_unit_test_teardown(dropped_from_heaviest, tear_down),
        cmocka_unit_test_teardown(many_addresses, tear_down),
        cmocka_unit_test_teardown(waiters_answered, tear_down),
        cmocka_unit_test_teardown(waiters_bounded, tear_down),
        cmocka_unit_test_teardown(waited_too_long, tear_down),
        cmocka_unit_test_teardown(dropped_under_waiter, tear_down),
        cmocka_unit_test_teardown(each_once, tear_down),
        cmocka_unit_test_teardown(bounded_at_once, tear_down),
    };

    return test_group_run(tests);
}
