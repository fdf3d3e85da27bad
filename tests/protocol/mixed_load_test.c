/* SPDX-License-Identifier: Apache-2.0 */
/*
 * S20-26: clients of both minor versions load one server, on the same and on different files, some
 * of them in pairs over one connection, while others fall silent and lose state to clients of the
 * other version (P-06, SR-29). No two clients have the same item at a time, all acknowledged writes
 * are there, and the sanitizer reports nothing.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mixed_load/mortal.h"
#include "mixed_load/worker.h"
#include "script.h"

enum {
    MORTALS = 2,
    CYCLES = 2, /* a share first, then a lock */
    SINGLES = 4,
    PAIRS = (LOAD_ACTORS - SINGLES) / 2
};

static struct load load;
static struct client_mount mounts[LOAD_ACTORS + 2 * MORTALS];
static struct worker workers[LOAD_ACTORS]; /* the last ones are pairs: of 4.1 and of 4.0 */
static struct mortal mortals[MORTALS];
static _Atomic uint64_t turns;

static int set_up(void **state)
{
    static char local[128];
    const char *const options[] = {"--lease",  "3",   "--export", "/mem=mem:,no_root_squash",
                                   "--export", local, NULL};

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

static void act(struct worker *worker, void (*what)(struct worker *))
{
    if (atomic_load(&load.failed))
        return;
    what(worker);
    atomic_fetch_add(&turns, 1);
}

static void *run_single(void *arg)
{
    act(arg, worker_begin);
    while (!atomic_load(&load.stop))
        act(arg, worker_turn);
    act(arg, worker_end);
    return NULL;
}

/* Both over the connection of the first, in turn. */
static void act_both(struct worker *pair, void (*what)(struct worker *))
{
    struct client_conn *first = &pair[0].actor.mount->conn, *second = &pair[1].actor.mount->conn;

    act(&pair[0], what);
    second->fd = first->fd;
    second->xid = first->xid;
    act(&pair[1], what);
    first->xid = second->xid;
}

static void *run_pair(void *arg)
{
    struct worker *pair = arg;

    (void)close(pair[1].actor.mount->conn.fd);
    act_both(pair, worker_begin);
    while (!atomic_load(&load.stop))
        act_both(pair, worker_turn);
    act_both(pair, worker_end);
    pair[1].actor.mount->conn.fd = -1;
    return NULL;
}

static struct actor actor_make(unsigned number, uint64_t seed, bool v40)
{
    struct actor actor = {.load = &load,
                          .number = number,
                          .random = random_from(seed, number),
                          .mount = &mounts[number]};

    if (v40)
        script_mount_v40(actor.mount);
    else
        script_mount_v41(actor.mount);
    return actor;
}

/* With an identity under which it can register again. */
static void mortal_rename(struct mortal *m)
{
    struct client_cred cred = script_cred();

    m->wish = client_id_wish_default("mortal");
    client_mount_close(m->actor.mount);
    expect_status(client_mount_open_v40(m->actor.mount, script_server.target, SCRIPT_TIMEOUT_MS,
                                        &cred, &m->wish),
                  NFS4_OK);
}

static void make_actors(void)
{
    const char *text = getenv("MAINSTAY_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 0) : (uint64_t)time(NULL);

    load.names = script_dir(script_mem);
    load.data = script_dir(script_local);
    for (unsigned i = 0; i < LOAD_ACTORS; i++)
        workers[i].actor = actor_make(i, seed, i % 2);
    for (unsigned i = 0; i < MORTALS; i++) {
        mortals[i].cycles = CYCLES;
        mortals[i].actor = actor_make(LOAD_ACTORS + 2 * i, seed, i % 2);
        if (i % 2)
            mortal_rename(&mortals[i]);
        mortals[i].hunter = actor_make(LOAD_ACTORS + 2 * i + 1, seed, !(i % 2));
    }
    print_message("  seed %llu\n", (unsigned long long)seed);
}

/* Each count starts at zero. */
static void make_ranges(void)
{
    const uint8_t zeros[LOAD_RANGES * LOAD_RECORD_BYTES] = {0};
    struct client_file file = make_open(&alice, &load.data, "ranges");
    uint32_t written;

    expect_status(client_file_write(&alice, &file, 0, FILE_SYNC4, zeros, sizeof(zeros), &written),
                  NFS4_OK);
    expect_status(client_file_setattr(&alice, &file.fh, CLIENT_BITS(FATTR4_MODE),
                                      &(struct nfs4_attrs){.mode = 0666}),
                  NFS4_OK);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

static void run_all(void)
{
    pthread_t threads[SINGLES + PAIRS], lives[MORTALS], hunts[MORTALS];

    for (unsigned i = 0; i < SINGLES; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_single, &workers[i]), 0);
    for (unsigned i = 0; i < PAIRS; i++)
        assert_int_equal(
            pthread_create(&threads[SINGLES + i], NULL, run_pair, &workers[SINGLES + 2 * i]), 0);
    for (unsigned i = 0; i < MORTALS; i++) {
        assert_int_equal(pthread_create(&lives[i], NULL, mortal_run, &mortals[i]), 0);
        assert_int_equal(pthread_create(&hunts[i], NULL, mortal_hunt, &mortals[i]), 0);
    }
    for (unsigned i = 0; i < MORTALS; i++) {
        pthread_join(lives[i], NULL);
        pthread_join(hunts[i], NULL);
    }
    atomic_store(&load.stop, true);
    for (unsigned i = 0; i < SINGLES + PAIRS; i++)
        pthread_join(threads[i], NULL);
}

static void file_is(const char *name, const uint64_t *values, uint32_t count)
{
    uint64_t data[512];
    struct client_file file;
    uint32_t got;
    bool eof;

    expect_status(client_file_open_rw(&alice, &load.data, name, &file), NFS4_OK);
    expect_status(client_file_read(&alice, &file, 0, data, sizeof(data), &got, &eof), NFS4_OK);
    assert_int_equal(got, count * sizeof(values[0]));
    assert_memory_equal(data, values, got);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

/* The files contain what the actors recorded, and their directories are empty. */
static void compare(void)
{
    uint64_t values[512];
    uint64_t counted = 0;
    char name[16];

    for (unsigned i = 0; i < LOAD_RANGES; i++)
        counted += values[i] = load.range_count[i];
    file_is("ranges", values, LOAD_RANGES);
    for (unsigned i = 0; i < LOAD_ACTORS; i++) {
        for (uint32_t j = 0; j < load.records[i]; j++)
            values[j] = worker_record(i, j);
        (void)snprintf(name, sizeof(name), "file %u", i);
        file_is(name, values, load.records[i]);
        (void)snprintf(name, sizeof(name), "home %u", i);
        expect_status(client_file_remove(&alice, &load.names, name), NFS4_OK);
    }
    print_message("  %llu turns, %llu locks\n", (unsigned long long)turns,
                  (unsigned long long)counted);
    assert_true(counted > 0);
}

static void mixed_load(void **state)
{
    (void)state;
    make_actors();
    make_ranges();
    run_all();
    assert_false(load.failed);
    compare();
    for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
        client_mount_close(&mounts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mixed_load)};

    return test_group_run_fixtures(tests, set_up, script_teardown);
}
