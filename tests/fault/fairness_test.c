/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a client with few requests waits beside clients that send as many as they can.
 * MAINSTAY_SAMPLES=N takes more samples. The bound holds for any machine and build;
 * docs/robustness.md has the figures of a release build.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "hostile.h"

enum {
    DEPTH = 200,
    ENTRIES = 800,
    ROUNDS = 3,
    PAUSE_US = 500,
    BOUND_MS = 50, /* of processor time that the server used meanwhile, in the median round */
};

static struct client_fh quiet, deep, full;

static struct client_fh make_deep(void)
{
    struct client_fh at = script_dir(script_local);

    for (unsigned i = 0; i < DEPTH; i++) {
        struct client_fh next;

        expect_status(client_file_mkdir(&alice, &at, "d", &next), NFS4_OK);
        at = next;
    }
    return at;
}

static struct client_fh make_full(const char *export)
{
    struct client_fh dir = script_dir(export), fh;
    char name[32];

    for (unsigned i = 0; i < ENTRIES; i++) {
        (void)snprintf(name, sizeof(name), "a directory with number %u", i);
        expect_status(client_file_mkdir(&alice, &dir, name, &fh), NFS4_OK);
    }
    return dir;
}

static int setup(void **state)
{
    struct client_fh dir;

    (void)state;
    static char local[128];
    static const char *const options[] = {
        "--threads", "1", "--export", "/mem=mem:,no_root_squash", "--export", local, NULL};

    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    if (script_setup(options) != 0 || !script_open_to_all(script_mem))
        return -1;
    dir = script_dir(script_mem);
    quiet = make_file(&alice, &dir, "quiet");
    return 0;
}

static void fill_climb(struct client_compound *c, const struct client_fh *fh)
{
    client_op_putfh(c, fh);
    for (unsigned i = 0; i < 62; i++)
        client_op(c, OP_LOOKUPP);
}

static void fill_attributes(struct client_compound *c, const struct client_fh *fh)
{
    client_op_putfh(c, fh);
    for (unsigned i = 0; i < 62; i++)
        client_op_getattr(c, CLIENT_BITS(FATTR4_TYPE, FATTR4_CHANGE, FATTR4_SIZE, FATTR4_FSID,
                                         FATTR4_ACL, FATTR4_MODE, FATTR4_OWNER));
}

static void fill_list(struct client_compound *c, const struct client_fh *fh)
{
    static const uint8_t verifier[NFS4_VERIFIER_SIZE];

    client_op_putfh(c, fh);
    for (unsigned i = 0; i < 3; i++)
        client_op_readdir(c, 0, verifier, 256 << 10,
                          CLIENT_BITS(FATTR4_TYPE, FATTR4_CHANGE, FATTR4_SIZE, FATTR4_FILEID,
                                      FATTR4_MODE, FATTR4_OWNER, FATTR4_OWNER_GROUP));
}

static unsigned samples(void)
{
    const char *text = getenv("MAINSTAY_SAMPLES");

    return text ? (unsigned)atoi(text) : 150;
}

static int compare(const void *a, const void *b)
{
    const struct latencies *x = a, *y = b;

    return x->server_ms < y->server_ms ? -1 : x->server_ms > y->server_ms;
}

static void show(const char *what, const struct latencies *found, unsigned long replies)
{
    printf("%-28s p50 %7.2f ms, p99 %7.2f ms (server %.2f ms), max %7.2f ms; %lu replies\n", what,
           found->p50_ms, found->p99_ms, found->server_ms, found->max_ms, replies);
}

/* Measure the neighbour alone, then beside `count` hostile connections. */
static void beside(const char *what, unsigned count, uint32_t slots,
                   void (*fill)(struct client_compound *c, const struct client_fh *fh),
                   const struct client_fh *fh)
{
    static struct hostile hostile[16];
    struct latencies alone, rounds[ROUNDS];
    unsigned long replies = 0;

    alone = neighbour_measure(&bob, &quiet, samples(), PAUSE_US);
    show("alone", &alone, 0);
    for (unsigned i = 0; i < count; i++)
        hostile_start(&hostile[i], slots, fill, fh);
    for (unsigned i = 0; i < ROUNDS; i++)
        rounds[i] = neighbour_measure(&bob, &quiet, samples(), PAUSE_US);
    for (unsigned i = 0; i < count; i++) {
        hostile_stop(&hostile[i]);
        replies += atomic_load(&hostile[i].replies);
    }
    qsort(rounds, ROUNDS, sizeof(*rounds), compare);
    show(what, &rounds[ROUNDS / 2], replies);
    assert_true(replies > 0);
    assert_true(rounds[ROUNDS / 2].server_ms < alone.server_ms + BOUND_MS);
}

static void climbers(void **state)
{
    (void)state;
    deep = make_deep();
    beside("62 LOOKUPP at depth 200", 1, 64, fill_climb, &deep);
}

static void attributes(void **state)
{
    (void)state;
    beside("62 GETATTR, 8 connections", 8, 64, fill_attributes, &quiet);
}

static void listers(void **state)
{
    (void)state;
    full = make_full(*state);
    beside(*state == (void *)script_mem ? "READDIR on mem, 4" : "READDIR on local, 4", 4, 16,
           fill_list, &full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"climbers", climbers, NULL, NULL, NULL},
        {"attributes", attributes, NULL, NULL, NULL},
        ON_BOTH(listers),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
