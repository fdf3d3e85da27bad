/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of contexts: who goes when it is full, or after a time, and that threads may do all at
 * once.  The contexts are never established: no KDC is needed.
 */
#include "gss/gss_table.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/memory.h"
#include "gss/gss_table_internal.h"
#include "lib/test.h"

enum {
    SECONDS_TO_SWEEP = 16 /* ticks until all shards were looked at */
};

static struct gss_table *table;
static int64_t now_ns;
static uint64_t memory_before;

static uint64_t memory_held(void)
{
    struct memory_stats stats;

    memory_stats_read(&stats);
    return stats.of[MEMORY_security];
}

static int set_up(void **state)
{
    static const struct gss_table_settings settings = {.contexts = 8};

    (void)state;
    memory_before = memory_held();
    table = gss_table_create(&settings);
    now_ns = 1000 * NSEC_PER_SEC;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gss_table_destroy(table);
    assert_int_equal(memory_held(), memory_before);
    return 0;
}

static struct wire_opaque handle_of(const struct gss_context *context)
{
    return (struct wire_opaque){gss_context_handle(context), GSS_HANDLE_BYTES};
}

/* A context in the table; the table alone has a reference, and the handle remains valid as long. */
static struct gss_context *add(uint64_t address)
{
    struct gss_context *context = gss_context_create(now_ns);

    assert_non_null(context);
    assert_true(gss_table_add(table, context, address, now_ns));
    gss_context_put(context);
    now_ns += 2 * NSEC_PER_SEC;
    return context;
}

static bool is_there(const uint8_t handle[GSS_HANDLE_BYTES])
{
    const struct wire_opaque opaque = {handle, GSS_HANDLE_BYTES};
    struct gss_context *found = gss_table_lookup(table, &opaque);

    gss_context_put(found);
    return found;
}

static struct gss_table_stats stats_now(void)
{
    struct gss_table_stats stats;

    gss_table_stats_read(table, &stats);
    return stats;
}

static void test_lookup(void **state)
{
    struct gss_context *context = add(1), *found;
    struct wire_opaque handle = handle_of(context);
    uint8_t other[GSS_HANDLE_BYTES];

    (void)state;
    found = gss_table_lookup(table, &handle);
    assert_ptr_equal(found, context);
    memcpy(other, handle.data, sizeof(other));
    other[3] ^= 1;
    assert_false(is_there(other));
    handle.len--;
    assert_null(gss_table_lookup(table, &handle));
    handle.len = 0;
    assert_null(gss_table_lookup(table, &handle));
    /* DESTROY: the call that runs keeps it. */
    memcpy(other, gss_context_handle(found), sizeof(other));
    gss_table_remove(table, found);
    gss_table_remove(table, found);
    assert_false(is_there(other));
    assert_false(gss_context_is_established(found));
    assert_int_equal(stats_now().destroyed, 1);
    assert_int_equal(stats_now().contexts, 0);
    assert_int_equal(stats_now().unproven, 0);
    gss_context_put(found);
}

/* At the limit the context goes that was used longest ago. */
static void test_full(void **state)
{
    uint8_t handles[9][GSS_HANDLE_BYTES];
    struct gss_context *contexts[9];

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        contexts[i] = add(1);
        memcpy(handles[i], gss_context_handle(contexts[i]), GSS_HANDLE_BYTES);
        gss_table_prove(table, contexts[i], now_ns);
    }
    assert_int_equal(stats_now().unproven, 0);
    now_ns += 2 * NSEC_PER_SEC;
    gss_table_prove(table, contexts[0], now_ns);
    contexts[8] = add(1);
    memcpy(handles[8], gss_context_handle(contexts[8]), GSS_HANDLE_BYTES);
    assert_true(is_there(handles[0]));
    assert_false(is_there(handles[1]));
    for (unsigned i = 2; i < 9; i++)
        assert_true(is_there(handles[i]));
    assert_int_equal(stats_now().evicted, 1);
    assert_int_equal(stats_now().contexts, 8);
}

/* 10,000 contexts that nobody can use take nothing from those in use. */
static void test_unproven_first(void **state)
{
    uint8_t handles[7][GSS_HANDLE_BYTES];

    (void)state;
    for (unsigned i = 0; i < 7; i++) {
        struct gss_context *context = add(1);

        memcpy(handles[i], gss_context_handle(context), GSS_HANDLE_BYTES);
        gss_table_prove(table, context, now_ns);
    }
    for (unsigned i = 0; i < 10000; i++)
        (void)add(i);
    for (unsigned i = 0; i < 7; i++)
        assert_true(is_there(handles[i]));
    assert_int_equal(stats_now().contexts, 8);
    assert_int_equal(stats_now().unproven, 1);
}

/* In a table full of contexts that have been used, those that two clients make at the same time
 * live until their first calls. */
static void test_both_new(void **state)
{
    uint8_t handles[2][GSS_HANDLE_BYTES];
    struct gss_context *contexts[2];

    (void)state;
    gss_table_set_limits(table, 16, 0);
    for (unsigned i = 0; i < 16; i++)
        gss_table_prove(table, add(1), now_ns);
    for (unsigned i = 0; i < 2; i++) {
        contexts[i] = add(1);
        memcpy(handles[i], gss_context_handle(contexts[i]), GSS_HANDLE_BYTES);
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_true(is_there(handles[i]));
        gss_table_prove(table, contexts[i], now_ns);
    }
    assert_int_equal(stats_now().contexts, 16);
    assert_int_equal(stats_now().evicted, 2);
}

/* A context of that user, which is in use unless it is unproven; where its handle is. */
static struct gss_context *add_of(const char *name, uint8_t handle[GSS_HANDLE_BYTES])
{
    struct gss_context *context = gss_context_create(now_ns);

    assert_non_null(context);
    context->principal = gss_principal_create(name, name, strlen(name));
    context->expires_ns = INT64_MAX;
    atomic_store(&context->established, true);
    assert_true(gss_table_add(table, context, 1, now_ns));
    gss_context_put(context);
    now_ns += 2 * NSEC_PER_SEC;
    memcpy(handle, gss_context_handle(context), GSS_HANDLE_BYTES);
    return context;
}

static struct gss_context *use_of(const char *name, uint8_t handle[GSS_HANDLE_BYTES])
{
    struct gss_context *context = add_of(name, handle);

    gss_table_prove(table, context, now_ns);
    return context;
}

/* Whoever makes more and more contexts loses only its own contexts, the oldest first. */
static void test_share(void **state)
{
    uint8_t bobs[GSS_HANDLE_BYTES], carols[GSS_HANDLE_BYTES], first[GSS_HANDLE_BYTES];
    uint8_t second[GSS_HANDLE_BYTES], last[GSS_HANDLE_BYTES];
    struct gss_context *first_context;

    (void)state;
    (void)use_of("bob", bobs);
    (void)use_of("carol", carols);
    first_context = use_of("alice", first);
    (void)use_of("alice", second);
    for (unsigned i = 0; i < 4; i++)
        (void)use_of("alice", last);
    gss_table_prove(table, first_context, now_ns + 2 * NSEC_PER_SEC);
    assert_int_equal(stats_now().evicted, 0);
    (void)use_of("alice", last);
    assert_false(is_there(second));
    assert_true(is_there(first));
    for (unsigned i = 0; i < 10000; i++)
        (void)use_of("alice", last);
    assert_true(is_there(bobs));
    assert_true(is_there(carols));
    assert_false(is_there(first));
    assert_true(is_there(last));
    assert_int_equal(stats_now().contexts, 8);
    assert_int_equal(stats_now().evicted, 10001);
}

/* Of those that have more than a share, one with the most loses first, and nobody who has no more,
 * as long as there is one. */
static void test_largest(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    uint8_t kept[ARRAY_SIZE(names)][2][GSS_HANDLE_BYTES], handle[GSS_HANDLE_BYTES];

    (void)state;
    gss_table_set_limits(table, 2 * LIMIT_GSS_SHARES, 0); /* a share is 2 */
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        for (unsigned j = 0; j < 2; j++)
            (void)use_of(names[i], kept[i][j]);
    }
    for (unsigned i = 0; i < 3 * LIMIT_GSS_SHARES; i++)
        (void)use_of(i % 2 ? "alice" : "mallory", handle);
    for (unsigned i = 0; i < 2 * LIMIT_GSS_SHARES; i++)
        (void)use_of("a", handle);
    assert_false(is_there(kept[0][0]));
    for (unsigned i = 1; i < ARRAY_SIZE(names); i++) {
        assert_true(is_there(kept[i][0]));
        assert_true(is_there(kept[i][1]));
    }
    assert_int_equal(stats_now().contexts, 2 * LIMIT_GSS_SHARES);
}

/* Nobody has more than a share: the context goes that was used longest ago. */
static void test_equal(void **state)
{
    uint8_t handles[9][GSS_HANDLE_BYTES];

    (void)state;
    for (unsigned i = 0; i < 9; i++) {
        char name[] = {(char)('a' + i), '\0'};

        (void)use_of(name, handles[i]);
    }
    assert_false(is_there(handles[0]));
    for (unsigned i = 1; i < 9; i++)
        assert_true(is_there(handles[i]));
}

/* Whoever repeats alice's INIT makes contexts in her name that no call proves: they do not count
 * as hers, and so displace none of hers. */
static void test_repeated(void **state)
{
    uint8_t alices[2][GSS_HANDLE_BYTES], handle[GSS_HANDLE_BYTES];

    (void)state;
    gss_table_set_limits(table, 2 * LIMIT_GSS_SHARES, 0); /* a share is 2 */
    for (unsigned i = 0; i < 2 * LIMIT_GSS_SHARES - 2; i++) {
        char name[8];

        (void)snprintf(name, sizeof(name), "u%u", i);
        (void)use_of(name, handle);
    }
    for (unsigned i = 0; i < 2; i++)
        (void)use_of("alice", alices[i]);
    for (unsigned i = 0; i < 1000; i++)
        (void)add_of("alice", handle);
    assert_true(is_there(alices[0]));
    assert_true(is_there(alices[1]));
}

/* DESTROY overtakes the first call: nothing keeps the context when that has ended. */
static void test_gone(void **state)
{
    uint64_t before = memory_held();
    uint8_t handle[GSS_HANDLE_BYTES];
    struct gss_context *context = gss_context_get(add_of("alice", handle));

    (void)state;
    gss_table_remove(table, context);
    gss_table_prove(table, context, now_ns);
    gss_context_put(context);
    assert_int_equal(memory_held(), before);
}

/* An address has so many that are unproven; another one keeps its own. */
static void test_address(void **state)
{
    uint8_t theirs[GSS_HANDLE_BYTES], first[GSS_HANDLE_BYTES], second[GSS_HANDLE_BYTES];

    (void)state;
    gss_table_set_limits(table, 10000, 0);
    memcpy(theirs, gss_context_handle(add(2)), sizeof(theirs));
    memcpy(first, gss_context_handle(add(1)), sizeof(first));
    memcpy(second, gss_context_handle(add(1)), sizeof(second));
    for (unsigned i = 0; i < LIMIT_GSS_UNPROVEN_PER_ADDRESS - 1; i++)
        (void)add(1);
    assert_false(is_there(first));
    assert_true(is_there(second));
    assert_true(is_there(theirs));
    assert_int_equal(stats_now().unproven, LIMIT_GSS_UNPROVEN_PER_ADDRESS + 1);
    assert_int_equal(stats_now().contexts, LIMIT_GSS_UNPROVEN_PER_ADDRESS + 1);
}

static void tick_all(void)
{
    for (unsigned i = 0; i < SECONDS_TO_SWEEP; i++)
        gss_table_tick(table, now_ns);
}

/* What is unproven goes after a minute, what is unused after an hour. */
static void test_time(void **state)
{
    uint8_t used[GSS_HANDLE_BYTES], unproven[GSS_HANDLE_BYTES];
    struct gss_context *context = add(1);
    int64_t made_ns = now_ns - 2 * NSEC_PER_SEC;

    (void)state;
    memcpy(used, gss_context_handle(context), sizeof(used));
    gss_table_prove(table, context, made_ns + NSEC_PER_SEC);
    now_ns = made_ns;
    memcpy(unproven, gss_context_handle(add(1)), sizeof(unproven));
    now_ns = made_ns + LIMIT_GSS_UNPROVEN_S * NSEC_PER_SEC;
    tick_all();
    assert_true(is_there(unproven));
    now_ns++;
    tick_all();
    assert_false(is_there(unproven));
    assert_true(is_there(used));
    now_ns = made_ns + (LIMIT_GSS_IDLE_S + 1) * NSEC_PER_SEC - 1;
    tick_all();
    assert_true(is_there(used));
    now_ns++;
    tick_all();
    assert_false(is_there(used));
    assert_int_equal(stats_now().idle, 2);
    assert_int_equal(stats_now().contexts, 0);
}

/* A context ends with its ticket, or earlier where that is set; that of a ticket which is good only
 * because clocks differ, at once. */
static void test_end(void **state)
{
    static const struct {
        uint32_t ticket_s, lifetime_s;
    } cases[] = {{0, 0}, {1, 1}, {60, 60}, {61, 60}, {UINT32_MAX, 60}};

    (void)state;
    gss_table_set_limits(table, 0, 60);
    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(gss_table_expires_ns(table, now_ns, cases[i].ticket_s),
                         now_ns + cases[i].lifetime_s * NSEC_PER_SEC);
}

/* Each context once, whatever the size of the pieces. */
static void test_list(void **state)
{
    struct gss_table_place place = {0};
    struct gss_context_info infos[7];
    uint32_t count = 0, pieces = 0;
    bool seen[256] = {false};

    (void)state;
    gss_table_set_limits(table, 1000, 0);
    for (uint32_t i = 0; i < 200; i++) {
        struct gss_context *context = gss_context_create((int64_t)i + 1);

        assert_true(gss_table_add(table, context, i, now_ns));
        gss_context_put(context);
    }
    while (!place.end) {
        uint32_t got = gss_table_list(table, &place, infos, ARRAY_SIZE(infos));

        for (uint32_t i = 0; i < got; i++) {
            assert_false(seen[infos[i].made_ns]);
            seen[infos[i].made_ns] = true;
            assert_string_equal(infos[i].name, "");
            assert_false(infos[i].proven);
        }
        count += got;
        assert_true(++pieces < 1000);
    }
    assert_int_equal(count, 200);
}

/* ---- threads ---- */

enum {
    THREADS = 4,
    ROUNDS = 3000
};

static _Atomic uint32_t fresh; /* sequence numbers that were taken as new */
static struct gss_context *common;

/* Makes, proves, finds and removes contexts, and takes numbers in a common window. */
static void *work(void *arg)
{
    uint32_t number = *(const uint32_t *)arg;

    static const char *const names[THREADS] = {"alice", "alice", "bob", "carol"};

    for (uint32_t i = 0; i < ROUNDS; i++) {
        int64_t at_ns = now_ns + i * NSEC_PER_SEC / 100;
        struct gss_context *context = gss_context_create(at_ns);
        struct wire_opaque handle = handle_of(context);
        struct gss_context *found;

        context->principal = gss_principal_create(names[number], names[number], 1);
        context->expires_ns = INT64_MAX;
        atomic_store(&context->established, true);
        CHECK(gss_table_add(table, context, number % 2, at_ns));
        found = gss_table_lookup(table, &handle);
        if (found)
            gss_table_prove(table, found, at_ns);
        gss_context_put(found);
        if (i % 3 == 0)
            gss_table_remove(table, context);
        gss_context_put(context);
        gss_table_prove(table, common, at_ns);
        if (gss_context_take_seq(common, i) == GSS_SEQ_NEW)
            atomic_fetch_add(&fresh, 1);
        if (i % 16 == number)
            gss_table_tick(table, at_ns);
    }
    return NULL;
}

static void test_threads(void **state)
{
    uint32_t numbers[THREADS];
    pthread_t threads[THREADS];

    (void)state;
    gss_table_set_limits(table, 64, 0);
    common = gss_context_get(add(9));
    atomic_store(&fresh, 0);
    for (uint32_t i = 0; i < THREADS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &numbers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    /* Each number once, unless a thread was left behind by more than the window. */
    assert_in_range(atomic_load(&fresh), 1, ROUNDS);
    assert_int_equal(gss_context_take_seq(common, ROUNDS - 1), GSS_SEQ_OLD);
    assert_int_equal(gss_context_take_seq(common, ROUNDS), GSS_SEQ_NEW);
    assert_int_equal(gss_context_take_seq(common, 0x80000000u), GSS_SEQ_TOO_BIG);
    assert_true(stats_now().contexts <= 64 + THREADS);
    gss_context_put(common);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lookup),   TEST(test_full),  TEST(test_unproven_first), TEST(test_both_new),
        TEST(test_address),  TEST(test_time),  TEST(test_list),           TEST(test_end),
        TEST(test_threads),  TEST(test_share), TEST(test_largest),        TEST(test_equal),
        TEST(test_repeated), TEST(test_gone),
    };

    return test_group_run(tests);
}
