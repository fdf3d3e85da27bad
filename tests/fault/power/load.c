/* SPDX-License-Identifier: Apache-2.0 */
/*
 * power_load TARGET RECORD DIRECTORY SEED WORKERS STOCK ACKNOWLEDGED ACTION...
 *     Makes DIRECTORY, lets each worker do STOCK actions in it, and then random ACTIONs until it is
 *     killed.  Prints "now" when the server has acknowledged ACKNOWLEDGED of them.
 * power_load TARGET again MINOR PATH VERIFIER
 *     Retries an exclusive create, as a client without an answer does, and prints the status.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action.h"
#include "lib/wait.h"
#include "record.h"

enum {
    WORKERS_MAX = 64,
    ACTIONS_MAX = 16,
    V40_ONE_IN = 4
};

/* What exists from the beginning. */
static const char *const stock[] = {"mkdir", "create", "create", "size"};

static struct {
    unsigned worker_count, stock, action_count;
    action_run actions[ACTIONS_MAX];
    struct worker workers[WORKERS_MAX + 1]; /* 0 makes the tree */
    struct worker_tree tree;
    pthread_barrier_t stocked;
    _Atomic long wanted; /* how many acknowledgements to wait for before the line "now" */
} load;

static int usage(void)
{
    (void)fprintf(stderr, "usage: see tests/fault/power/load.c\n");
    return 2;
}

/* False: the server has gone. DELAY is allowed; any other error is a finding. */
static bool act(struct worker *me, action_run action)
{
    enum nfsstat4 status = action(me);

    if (me->mount.trouble != CLIENT_OK)
        return false;
    if (status == NFS4ERR_DELAY)
        wait_ms(1);
    else if (status != NFS4_OK)
        (void)fprintf(stderr, "power_load: worker %u: %s\n", me->number, status_name(status));
    return status == NFS4_OK || status == NFS4ERR_DELAY;
}

static void acknowledged(void)
{
    if (atomic_fetch_sub(&load.wanted, 1) == 1) {
        (void)printf("now\n");
        (void)fflush(stdout);
    }
}

static void *work(void *context)
{
    struct worker *me = context;
    bool alive = true;

    for (unsigned i = 0; alive && i < load.stock; i++)
        alive = act(me, action_find(stock[i % ARRAY_SIZE(stock)]));
    pthread_barrier_wait(&load.stocked);
    while (alive) {
        alive = act(me, load.actions[random_below(&me->random, load.action_count)]);
        if (alive)
            acknowledged();
    }
    return NULL;
}

static bool workers_open(const char *target, uint64_t seed)
{
    for (unsigned i = 0; i <= load.worker_count; i++)
        if (!worker_open(&load.workers[i], i, target, i % V40_ONE_IN == 1, seed, &load.tree))
            return false;
    return true;
}

static int run(const char *target, uint64_t seed)
{
    pthread_t threads[WORKERS_MAX];

    if (!workers_open(target, seed))
        return 1;
    if (action_make_tree(&load.workers[0], &load.tree) != NFS4_OK) {
        (void)fprintf(stderr, "power_load: the directories cannot be made\n");
        return 1;
    }
    CHECK(pthread_barrier_init(&load.stocked, NULL, load.worker_count) == 0);
    for (unsigned i = 0; i < load.worker_count; i++)
        CHECK(pthread_create(&threads[i], NULL, work, &load.workers[i + 1]) == 0);
    for (unsigned i = 0; i < load.worker_count; i++)
        pthread_join(threads[i], NULL);
    return 1; /* the load is to be killed while it works */
}

/* PATH is DIRECTORY/DIRECTORY/NAME. */
static int repeat(const char *target, bool v40, char *path, uint64_t verifier)
{
    char *name = strrchr(path, '/');
    struct worker *me = &load.workers[0];
    struct client_open open = {
        .owner = "opener",
        .access = OPEN4_SHARE_ACCESS_BOTH | (v40 ? 0 : OPEN4_SHARE_ACCESS_WANT_NO_DELEG),
        .create = true,
        .how = v40 ? EXCLUSIVE4 : EXCLUSIVE4_1,
        .mode = 0600,
    };
    struct client_file file;
    struct client_fh dir;
    enum nfsstat4 status;

    if (!name || !worker_open(me, 0, target, v40, 0, &load.tree))
        return 1;
    *name++ = '\0';
    open.name = name;
    memcpy(open.verifier, &verifier, sizeof(verifier));
    status = client_file_lookup(&me->mount, path, &dir);
    if (status == NFS4_OK)
        status = client_file_open(&me->mount, &dir, &open, &file);
    (void)printf("%s\n", status_name(status));
    client_mount_close(&me->mount);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[2], "again") == 0)
        return repeat(argv[1], argv[3][0] == '0', argv[4], strtoull(argv[5], NULL, 10));
    if (argc < 9 || argc - 8 > ACTIONS_MAX)
        return usage();
    load.tree.path = argv[3];
    load.worker_count = (unsigned)strtoul(argv[5], NULL, 10);
    load.stock = (unsigned)strtoul(argv[6], NULL, 10);
    load.wanted = strtol(argv[7], NULL, 10);
    for (int i = 8; i < argc; i++) {
        load.actions[load.action_count] = action_find(argv[i]);
        if (!load.actions[load.action_count++])
            return usage();
    }
    if (load.worker_count == 0 || load.worker_count > WORKERS_MAX || !record_open(argv[2]))
        return usage();
    return run(argv[1], strtoull(argv[4], NULL, 10));
}
