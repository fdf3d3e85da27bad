/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exactly once in the long run (SR-01, S20-07, S20-12, P-01): eight clients do a hundred thousand
 * mixed steps on each export, connections are cut and requests retried at random points, and the
 * tree is then what the models say. Once more while the number of slots falls and rises (S20-08).
 *
 * MAINSTAY_SEED repeats a run's steps (when and where a connection is cut depends on the machine as
 * well); MAINSTAY_OPERATIONS sets the number of steps.
 */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "exactly_once/courier.h"
#include "exactly_once/tree.h"
#include "script.h"

enum {
    OPERATIONS = 100000, /* of each test */
    CROWD = 24,
    TIDE_MS = 1500,
    LANES = WORKLOAD_CLIENTS * WORKLOAD_LANES
};

static struct workload work;
static struct courier couriers[WORKLOAD_CLIENTS];

static uint64_t number_from(const char *variable, uint64_t usual)
{
    const char *text = getenv(variable);

    return text ? strtoull(text, NULL, 0) : usual;
}

/* Below the export, in a directory of its own: the shared directory, and one for each lane. */
static void make_workload(const char *export)
{
    struct client_fh root, dir, shared;
    struct stat st;

    memset(&work, 0, sizeof(work));
    work.seed = number_from("MAINSTAY_SEED", (uint64_t)time(NULL));
    work.steps = (uint32_t)(number_from("MAINSTAY_OPERATIONS", OPERATIONS) / LANES);
    /* Some file systems count one link for every directory. */
    work.dir_links =
        export == script_mem || (stat(script_server.data, &st) == 0 && st.st_nlink > 1);
    (void)snprintf(work.path, sizeof(work.path), "%s/all", export);
    expect_status(client_file_lookup(&alice, export, &root), NFS4_OK);
    expect_status(client_file_mkdir(&alice, &root, "all", &dir), NFS4_OK);
    expect_status(client_file_mkdir(&alice, &dir, "shared", &shared), NFS4_OK);
    expect_status(client_file_mkdir(&alice, &dir, "tokens", &work.tokens), NFS4_OK);
    work.meeting = make_file(&alice, &dir, "meeting");
    for (unsigned i = 0; i < WORKLOAD_CLIENTS; i++) {
        struct client_cred cred = script_cred();

        assert_true(courier_open(&couriers[i], script_server.target, &cred, &work, i));
        for (unsigned j = 0; j < WORKLOAD_LANES; j++) {
            struct model *model = &couriers[i].lanes[j].model;

            model->nodes[MODEL_SHARED].fh = shared;
            expect_status(
                client_file_mkdir(&alice, &dir, model->prefix, &model->nodes[MODEL_ROOT].fh),
                NFS4_OK);
            model->nodes[MODEL_ROOT].mode =
                attrs_of(&alice, &model->nodes[MODEL_ROOT].fh, CLIENT_BITS(FATTR4_MODE)).mode;
        }
    }
    print_message("  seed %llu, %u steps\n", (unsigned long long)work.seed, work.steps * LANES);
}

static void *client(void *courier)
{
    courier_run(courier);
    return NULL;
}

static void run_clients(void)
{
    pthread_t threads[WORKLOAD_CLIENTS];

    atomic_store(&work.clients_busy, WORKLOAD_CLIENTS);
    for (unsigned i = 0; i < WORKLOAD_CLIENTS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, client, &couriers[i]), 0);
    for (unsigned i = 0; i < WORKLOAD_CLIENTS; i++)
        pthread_join(threads[i], NULL);
}

static unsigned long long told(const struct tale *tale, enum trouble trouble)
{
    return tale->troubles[trouble];
}

static void tell(void)
{
    struct tale t = {0};

    for (unsigned i = 0; i < WORKLOAD_CLIENTS; i++)
        tale_add(&t, &couriers[i].tale);
    print_message(
        "  replies lost %llu, cut behind %llu, cut within %llu, sent twice %llu, false %llu\n",
        told(&t, TROUBLE_REPLY_LOST), told(&t, TROUBLE_CUT_BEHIND), told(&t, TROUBLE_CUT_WITHIN),
        told(&t, TROUBLE_TWICE), told(&t, TROUBLE_FALSE));
    print_message("  the same bytes again %llu, run anew %llu, in progress %llu\n",
                  (unsigned long long)t.replays, (unsigned long long)t.uncached,
                  (unsigned long long)t.delays);
    print_message("  other numbers of slots %llu\n", (unsigned long long)t.resizes);
    assert_true(t.replays > 0 || atomic_load(&work.failed));
}

static void compare_trees(const char *export)
{
    struct client_cred cred = script_cred();
    struct client_mount fresh;
    char dir[128];

    expect_status(client_mount_open(&fresh, script_server.target, SCRIPT_TIMEOUT_MS, &cred, NULL),
                  NFS4_OK);
    tree_compare(&fresh, couriers, WORKLOAD_CLIENTS);
    client_mount_close(&fresh);
    if (export == script_mem)
        return;
    (void)snprintf(dir, sizeof(dir), "%s/all", script_server.data);
    tree_compare_disk(dir, couriers, WORKLOAD_CLIENTS);
}

static void mixed_workload(void **state)
{
    const char *export = *state;

    make_workload(export);
    run_clients();
    tell();
    if (!atomic_load(&work.failed))
        compare_trees(export);
    for (unsigned i = 0; i < WORKLOAD_CLIENTS; i++) {
        courier_close(&couriers[i]);
        courier_fini(&couriers[i]);
    }
    assert_false(atomic_load(&work.failed));
}

static void open_one(struct client_mount *mount, unsigned number)
{
    struct client_cred cred = script_cred();
    struct client_session_wish wish;
    char owner[32];

    (void)snprintf(owner, sizeof(owner), "crowd %u", number);
    wish = client_session_wish_default(owner);
    if (client_mount_open(mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, &wish) != NFS4_OK)
        lane_differs(&couriers[0].lanes[0], "no session for one more client");
}

/* Sessions come and go, so that the number of slots of the others falls and rises. */
static void *tide(void *stop)
{
    static struct client_mount crowd[CROWD];

    while (!atomic_load((_Atomic bool *)stop)) {
        for (unsigned i = 0; i < CROWD; i++)
            open_one(&crowd[i], i);
        poll(NULL, 0, TIDE_MS);
        for (unsigned i = 0; i < CROWD; i++)
            client_mount_close(&crowd[i]);
        poll(NULL, 0, TIDE_MS);
    }
    return NULL;
}

static void slots_come_and_go(void **state)
{
    static _Atomic bool stop;
    pthread_t thread;

    atomic_store(&stop, false);
    assert_int_equal(pthread_create(&thread, NULL, tide, &stop), 0);
    mixed_workload(state);
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
}

static int setup_small(void **state)
{
    const char *const options[] = {"--export",
                                   "/mem=mem:,no_root_squash",
                                   "--lease",
                                   "2",
                                   "--slots",
                                   "8",
                                   "--reply-cache",
                                   "1",
                                   NULL};

    (void)state;
    memset(&script_server, 0, sizeof(script_server)); /* the next group has another server */
    if (script_setup(options) != 0)
        return -1;
    return script_open_to_all(script_mem) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {ON_BOTH(mixed_workload)};
    const struct CMUnitTest small[] = {
        {"slots_come_and_go", slots_come_and_go, NULL, NULL, script_mem}};
    int failed = test_group_run_fixtures(tests, script_setup_default, script_teardown);

    return failed ? failed : test_group_run_fixtures(small, setup_small, script_teardown);
}
