/* SPDX-License-Identifier: Apache-2.0 */
/* Turns at names: who waits for whom, in which order, and how many at most. */
#include "backend/local/names.h"

#include <stdatomic.h>

#include "backend/local/local_internal.h"
#include "base/limits.h"
#include "lib/test.h"
#include "lib/wait.h"

enum {
    CALLS_MAX = 8,
    STORM_THREADS = 8,
    STORM_ROUNDS = 2000,
    STORM_NAMES = 3,
};

static struct local_fs fs;
static struct local_node nodes[2];
static struct local_object dirs[2];

/* A call in a thread of its own. */
struct call {
    int dir, other_dir; /* other_dir -1: one name */
    const char *name, *other;
    _Atomic bool has_turn, may_end;
    _Atomic uint32_t came; /* as which of all calls, from 1 */
    pthread_t thread;
};

static struct call calls[CALLS_MAX];
static uint32_t call_count;
static _Atomic uint32_t last_came;

static int setup(void **state)
{
    (void)state;
    memset(&fs, 0, sizeof(fs));
    memset(nodes, 0, sizeof(nodes));
    for (int i = 0; i < 2; i++) {
        local_names_init(&nodes[i].names);
        dirs[i] = (struct local_object){.base.fs = &fs.base, .file = &nodes[i]};
    }
    memset(calls, 0, sizeof(calls));
    call_count = 0;
    last_came = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        local_names_fini(&nodes[i].names);
    return 0;
}

static void hold(struct call *call)
{
    call->came = atomic_fetch_add(&last_came, 1) + 1;
    call->has_turn = true;
    while (!call->may_end)
        wait_ms(1);
}

static void *run_call(void *arg)
{
    struct call *call = arg;
    struct local_object *dir = &dirs[call->dir];
    struct local_turn turn;
    struct local_turns turns;

    if (call->other_dir < 0) {
        CHECK(local_names_begin(dir, call->name, &turn) == VFS_OK);
        hold(call);
        local_names_end(dir, &turn);
    } else {
        struct local_object *to = &dirs[call->other_dir];

        CHECK(local_names_begin_both(dir, call->name, to, call->other, &turns) == VFS_OK);
        hold(call);
        local_names_end_both(dir, to, &turns);
    }
    return NULL;
}

/* How many calls have or await a turn in the directory? */
static uint32_t turn_count(int dir)
{
    uint32_t count;

    pthread_mutex_lock(&nodes[dir].names.lock);
    count = nodes[dir].names.turn_count;
    pthread_mutex_unlock(&nodes[dir].names.lock);
    return count;
}

/* Returns when the call has or awaits its first turn. */
static struct call *rename_begin(int dir, const char *name, int other_dir, const char *other)
{
    struct call *call = &calls[call_count++];
    uint32_t before = turn_count(0) + turn_count(1);

    *call = (struct call){.dir = dir, .name = name, .other_dir = other_dir, .other = other};
    assert_int_equal(pthread_create(&call->thread, NULL, run_call, call), 0);
    wait_until(turn_count(0) + turn_count(1) > before);
    return call;
}

static struct call *change_begin(const char *name)
{
    return rename_begin(0, name, -1, NULL);
}

static void end(struct call *call)
{
    call->may_end = true;
    pthread_join(call->thread, NULL);
}

static void different_names_do_not_wait(void **state)
{
    (void)state;
    (void)change_begin("a");
    (void)change_begin("b");
    (void)rename_begin(1, "a", -1, NULL);
    (void)rename_begin(0, "c", 0, "d");
    (void)rename_begin(1, "e", 0, "e");
    for (uint32_t i = 0; i < call_count; i++)
        wait_until(calls[i].has_turn);
    for (uint32_t i = 0; i < call_count; i++)
        end(&calls[i]);
}

/* Each waits until the one before it has ended. */
static void expect_sequence(void)
{
    for (uint32_t i = 0; i < call_count; i++) {
        wait_until(calls[i].has_turn);
        for (uint32_t later = i + 1; later < call_count; later++)
            assert_false(calls[later].has_turn);
        end(&calls[i]);
        assert_int_equal(calls[i].came, i + 1);
    }
}

static void one_name_comes_in_order(void **state)
{
    (void)state;
    (void)change_begin("a");
    (void)change_begin("a");
    (void)change_begin("a");
    expect_sequence();
}

static void rename_waits_for_both_names(void **state)
{
    (void)state;
    (void)change_begin("a");
    (void)rename_begin(0, "b", 0, "a");
    (void)change_begin("b");
    (void)rename_begin(0, "c", 0, "b");
    (void)change_begin("c");
    expect_sequence();
}

static void rename_to_its_own_name(void **state)
{
    (void)state;
    (void)rename_begin(0, "a", 0, "a");
    (void)change_begin("a");
    expect_sequence();
}

/* It has its turn in the directory with the lower address first. */
static void move_waits_in_both_directories(void **state)
{
    const struct call *first = rename_begin(0, "a", 1, "b");

    (void)state;
    wait_until(first->has_turn); /* which evaluates this again and again */
    (void)rename_begin(1, "b", 0, "b");
    wait_until(turn_count(1) == 2);
    (void)rename_begin(0, "b", 1, "c");
    expect_sequence();
}

static void watched_directory_makes_one_change_at_a_time(void **state)
{
    struct call *a = change_begin("a"), *b = change_begin("b"), *c, *d;

    (void)state;
    atomic_store(&nodes[0].base.watchers, 1);
    c = change_begin("c");
    d = rename_begin(0, "d", 0, "e");
    wait_until(a->has_turn && b->has_turn);
    end(b);
    assert_false(c->has_turn);
    end(a);
    wait_until(c->has_turn);
    assert_false(d->has_turn);
    atomic_store(&nodes[0].base.watchers, 0);
    end(c);
    end(d);
}

static void vague_names_are_one(void **state)
{
    (void)state;
    fs.names_vague = true;
    (void)change_begin("a");
    (void)change_begin("A");
    (void)rename_begin(0, "b", 0, "c");
    expect_sequence();
}

static void few_wait(void **state)
{
    struct local_turn turns[LIMIT_LOCAL_NAMES_TURNS], more;
    char names[LIMIT_LOCAL_NAMES_TURNS][8];
    struct local_turns both;

    (void)state;
    for (uint32_t i = 0; i < LIMIT_LOCAL_NAMES_TURNS; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "%u", i);
        assert_int_equal(local_names_begin(&dirs[0], names[i], &turns[i]), VFS_OK);
    }
    assert_int_equal(local_names_begin(&dirs[0], "more", &more), VFS_DELAY);
    assert_int_equal(local_names_begin_both(&dirs[0], "a", &dirs[1], "a", &both), VFS_DELAY);
    assert_int_equal(local_names_begin_both(&dirs[1], "a", &dirs[0], "a", &both), VFS_DELAY);
    assert_int_equal(turn_count(1), 0);
    local_names_end(&dirs[0], &turns[7]);
    assert_int_equal(local_names_begin(&dirs[0], "more", &more), VFS_OK);
    local_names_end(&dirs[0], &more);
    for (uint32_t i = 0; i < LIMIT_LOCAL_NAMES_TURNS; i++) {
        if (i != 7)
            local_names_end(&dirs[0], &turns[i]);
    }
}

/* ---- all at once ---- */

static _Atomic uint32_t inside[2][STORM_NAMES], storm_threads, collisions;

static void enter(int dir, uint32_t name, int change)
{
    if (atomic_fetch_add(&inside[dir][name], (uint32_t)change) != (change > 0 ? 0u : 1u))
        atomic_fetch_add(&collisions, 1);
}

static void *storm_thread(void *arg)
{
    static const char *const texts[STORM_NAMES] = {"x", "y", "z"};
    uint64_t seed = hash_u64(atomic_fetch_add(&storm_threads, 1) + 1);

    (void)arg;
    for (uint32_t i = 0; i < STORM_ROUNDS; i++) {
        struct local_turns turns;
        int from_dir, to_dir;
        uint32_t from, to;

        seed = hash_u64(seed + 1);
        from_dir = seed & 1;
        to_dir = seed >> 1 & 1;
        from = (uint32_t)(seed >> 8) % STORM_NAMES;
        to = (uint32_t)(seed >> 40) % STORM_NAMES;
        assert_int_equal(
            local_names_begin_both(&dirs[from_dir], texts[from], &dirs[to_dir], texts[to], &turns),
            VFS_OK);
        enter(from_dir, from, 1);
        if (from_dir != to_dir || from != to)
            enter(to_dir, to, 1);
        atomic_store(&nodes[seed >> 2 & 1].base.watchers, seed >> 3 & 1);
        if (from_dir != to_dir || from != to)
            enter(to_dir, to, -1);
        enter(from_dir, from, -1);
        local_names_end_both(&dirs[from_dir], &dirs[to_dir], &turns);
    }
    return NULL;
}

/* No two have one name at a time, and none waits for ever, whether the directories are watched or
 * not. */
static void storm(void **state)
{
    pthread_t threads[STORM_THREADS];

    (void)state;
    for (size_t i = 0; i < STORM_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, storm_thread, NULL), 0);
    for (size_t i = 0; i < STORM_THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(collisions, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(different_names_do_not_wait),
        TEST(one_name_comes_in_order),
        TEST(rename_waits_for_both_names),
        TEST(rename_to_its_own_name),
        TEST(move_waits_in_both_directories),
        TEST(watched_directory_makes_one_change_at_a_time),
        TEST(vague_names_are_one),
        TEST(few_wait),
        TEST(storm),
    };

    return test_group_run(tests);
}
