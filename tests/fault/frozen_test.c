/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An export whose file system hangs or is slow, and clients that keep using it: it blocks its share
 * of the threads and no more, and exports of other file systems are served as before.
 */
#include <linux/magic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostile.h"
#include "lib/directory.h"
#include "lib/disk_watch.h"
#include "lib/wait.h"
#include "protocol/holder.h"

enum {
    CLIENTS = 6,
    SLOTS = 64,
    CALLS = CLIENTS * SLOTS,
    NEIGHBOURS = 4, /* some on each of the two event loops */
    SLOW_MS = 30,
    STRAY = 16,    /* calls that get a thread before the server notices that a share is used up */
    BOUND_MS = 50, /* processor time of the server while the neighbour waits, 99th percentile */
};

/* A client with a call in each slot. */
struct caller {
    struct client_mount mount;
    uint32_t xids[SLOTS];
    struct client_compound compounds[SLOTS];
};

static struct disk_watch *disk;
static struct caller callers[CLIENTS];
static char other[] = "/dev/shm/mainstay-test.XXXXXX";
static bool has_other; /* and it is on another file system than the slow one */
static char root[96];  /* on the slow file system, and exported as `/` */

static dev_t device_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_dev;
}

static bool other_make(void)
{
    if (!mkdtemp(other))
        return false;
    if (device_of(other) != device_of(script_server.data))
        return true;
    (void)rmdir(other);
    return false;
}

/* Three exports of the slow file system, and one of another if there is one. */
static int setup(void **state)
{
    static char exports[4][160], twin[96];
    static const char *options[] = {"--threads", "2",        "--export", "/mem=mem:,no_root_squash",
                                    "--export",  exports[0], "--export", exports[1],
                                    "--export",  exports[2], "--export", exports[3],
                                    NULL};

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(twin, sizeof(twin), "%s/twin", script_server.dir);
    (void)snprintf(root, sizeof(root), "%s/root", script_server.dir);
    if (mkdir(twin, 0755) != 0 || mkdir(root, 0755) != 0)
        return -1;
    has_other = other_make();
    if (!has_other)
        options[10] = NULL;
    (void)snprintf(exports[0], 160, "/local=local:%s,no_root_squash", script_server.data);
    (void)snprintf(exports[1], 160, "/twin=local:%s,no_root_squash", twin);
    (void)snprintf(exports[2], 160, "/=local:%s,no_root_squash", root);
    (void)snprintf(exports[3], 160, "/other=local:%s,no_root_squash", other);
    /* On FUSE, attributes may have to be fetched too. */
    disk = disk_watch_install(script_server.dir, script_server.dir, FUSE_SUPER_MAGIC);
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

static int teardown(void **state)
{
    int status = script_teardown(state);

    if (has_other)
        (void)directory_remove(other);
    return status;
}

/* If `dirs` is NULL: use the directory that in_root() has made, looked up from the root. */
static void put_dir(struct client_compound *c, const struct client_fh *dirs, unsigned i)
{
    char name[32];

    if (dirs) {
        client_op_putfh(c, &dirs[i]);
        return;
    }
    (void)snprintf(name, sizeof(name), "dir %u", i);
    client_op_putrootfh(c);
    client_op_lookup(c, name);
}

static void ask_mkdir(struct client_compound *c)
{
    static unsigned n;
    char name[32];

    (void)snprintf(name, sizeof(name), "made %u", n++);
    client_op_create(c, name, NF4DIR, NULL, 0755);
}

static struct client_fh detour;

/* The compound visits another export before it returns to its directory. */
static void ask_mkdir_by_detour(struct client_compound *c)
{
    client_op(c, OP_SAVEFH);
    client_op_putfh(c, &detour);
    client_op(c, OP_RESTOREFH);
    ask_mkdir(c);
}

static void ask_getattr(struct client_compound *c)
{
    client_op_getattr(c, CLIENT_BITS(FATTR4_FILEID));
}

static void ask_access(struct client_compound *c)
{
    client_op_access(c, ACCESS4_READ);
}

/* Send a call in each slot of each caller, over the directories in turn, without waiting. */
static void call_all(const struct client_fh *dirs, unsigned count,
                     void (*ask)(struct client_compound *c))
{
    unsigned n = 0;

    for (unsigned i = 0; i < CLIENTS; i++) {
        struct caller *caller = &callers[i];

        script_mount_v41(&caller->mount);
        for (uint32_t slot = 0; slot < SLOTS; slot++, n++) {
            struct client_compound *c = &caller->compounds[slot];

            client_compound_begin_slot(c, &caller->mount.session, slot, false);
            put_dir(c, dirs, n % count);
            ask(c);
            assert_int_equal(client_compound_send(&caller->mount.conn, c, &caller->xids[slot]),
                             CLIENT_OK);
        }
    }
}

/* Take all answers; return how many were DELAY. All others must be OK. */
static unsigned answers(void)
{
    unsigned delayed = 0;

    for (unsigned i = 0; i < CLIENTS; i++) {
        struct caller *caller = &callers[i];

        for (uint32_t slot = 0; slot < SLOTS; slot++) {
            struct client_result result;

            assert_int_equal(client_compound_receive(&caller->mount.conn, &caller->compounds[slot],
                                                     caller->xids[slot], &result),
                             CLIENT_OK);
            if (result.status == NFS4ERR_DELAY)
                delayed++;
            else
                expect_status(result.status, NFS4_OK);
            client_result_free(&result);
            client_compound_free(&caller->compounds[slot]);
        }
        client_mount_close(&caller->mount);
    }
    return delayed;
}

static unsigned threads(void)
{
    char path[64], line[256];
    unsigned count = 0;
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/%d/status", script_server.pid);
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        (void)sscanf(line, "Threads: %u", &count);
    (void)fclose(file);
    return count;
}

/* Wait until the server has handled all the calls that it can: no more threads get blocked. */
static void wait_settled(void)
{
    unsigned before, now = threads(), same = 0;

    wait_until((before = now, now = threads(), same = now == before ? same + 1 : 0, wait_ms(10),
                same >= 30));
}

/* Over an old connection and over a new one. */
static void is_served(const struct client_fh *dir)
{
    struct client_mount fresh;

    expect_status(client_file_remove(&bob, dir, "nothing"), NFS4ERR_NOENT);
    make_file(&bob, dir, "made meanwhile");
    expect_status(client_file_remove(&bob, dir, "made meanwhile"), NFS4_OK);
    script_mount_v41(&fresh);
    make_file(&fresh, dir, "made by another");
    expect_status(client_file_remove(&fresh, dir, "made by another"), NFS4_OK);
    client_mount_close(&fresh);
}

/* All callers use the directories, and the file system hangs in these calls. */
static void freeze(uint32_t calls, const struct client_fh *dirs, unsigned count,
                   void (*ask)(struct client_compound *c))
{
    disk_watch_hold(disk, calls);
    call_all(dirs, count, ask);
    wait_settled();
    assert_true(disk_watch_is_met(disk));
}

/* Return how many calls had threads meanwhile; the others got DELAY. */
static unsigned thaw(void)
{
    unsigned delayed;

    disk_watch_let_go(disk);
    delayed = answers();
    printf("frozen: %u of %u calls were DELAY\n", delayed, CALLS);
    assert_in_range(delayed, CALLS / 4, CALLS - 32);
    return CALLS - delayed;
}

static void a_frozen_export(void **state)
{
    struct client_fh in_mem = script_dir(script_mem), in_other, dirs[16];

    (void)state;
    if (has_other)
        in_other = script_dir("/other");
    for (unsigned i = 0; i < ARRAY_SIZE(dirs); i++)
        dirs[i] = script_dir(script_local);
    freeze(DISK_BIT(DISK_MKDIR), dirs, ARRAY_SIZE(dirs), ask_mkdir);
    for (unsigned round = 0; round < 5; round++) {
        is_served(&in_mem);
        if (has_other)
            is_served(&in_other);
    }
    /* A third of all threads, and a few that noticed at the same time. */
    assert_true(threads() < LIMIT_WORKER_THREADS / 2);
    (void)thaw();
    /* Service is as before. */
    call_all(dirs, ARRAY_SIZE(dirs), ask_mkdir);
    (void)answers();
}

/* A call is charged to the export to which RESTOREFH returned, and not to the export that it named
 * last. */
static void a_frozen_export_by_a_detour(void **state)
{
    struct client_fh in_mem = script_dir(script_mem), dirs[16];

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(dirs); i++)
        dirs[i] = script_dir(script_local);
    detour = in_mem;
    freeze(DISK_BIT(DISK_MKDIR), dirs, ARRAY_SIZE(dirs), ask_mkdir_by_detour);
    is_served(&in_mem);
    (void)thaw();
}

/* Two exports of one file system share one limit. */
static void a_frozen_file_system_with_two_exports(void **state)
{
    struct client_fh in_mem = script_dir(script_mem), dirs[16];
    unsigned by_one, by_two;

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(dirs); i++)
        dirs[i] = script_dir(script_local);
    freeze(DISK_BIT(DISK_MKDIR), dirs, ARRAY_SIZE(dirs), ask_mkdir);
    by_one = thaw();
    for (unsigned i = 0; i < ARRAY_SIZE(dirs); i += 2)
        dirs[i] = script_dir("/twin");
    freeze(DISK_BIT(DISK_MKDIR), dirs, ARRAY_SIZE(dirs), ask_mkdir);
    is_served(&in_mem);
    by_two = thaw();
    assert_true(by_two < by_one + STRAY);
}

static void in_root(unsigned count)
{
    char path[128];

    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(path, sizeof(path), "%s/dir %u", root, i);
        assert_int_equal(mkdir(path, 0777), 0);
    }
}

static void root_is_crowded(void)
{
    begin(&bob, NULL);
    client_op_putrootfh(C);
    run(NFS4ERR_DELAY);
    begin(&bob, NULL);
    script_op_zeroed(OP_PUTPUBFH);
    run(NFS4ERR_DELAY);
#ifdef MAINSTAY_V40
    begin_bare(&bob, 0);
    client_op_putrootfh(C);
    run(NFS4ERR_DELAY);
    begin_bare(&bob, 0);
    script_op_zeroed(OP_PUTPUBFH);
    run(NFS4ERR_DELAY);
#endif
}

/* The export `/` hangs, and PUTROOTFH leads into it. */
static void a_frozen_root(void **state)
{
    struct client_fh in_mem = script_dir(script_mem);

    (void)state;
    in_root(16);
    freeze(DISK_BIT(DISK_MKDIR), NULL, 16, ask_mkdir);
    is_served(&in_mem);
    assert_true(threads() < LIMIT_WORKER_THREADS / 2);
    root_is_crowded();
    (void)thaw();
}

/* A network file system that hangs does not even return attributes. */
static void frozen_attributes(void **state)
{
    void (*const asks[])(struct client_compound *) = {ask_getattr, ask_access};
    struct client_fh in_mem = script_dir(script_mem), dirs[16];

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(dirs); i++)
        dirs[i] = script_dir(script_local);
    for (unsigned i = 0; i < ARRAY_SIZE(asks); i++) {
        freeze(DISK_BIT(DISK_ATTRIBUTES), dirs, ARRAY_SIZE(dirs), asks[i]);
        is_served(&in_mem);
        assert_true(threads() < LIMIT_WORKER_THREADS / 2);
        (void)thaw();
    }
}

/* 384 calls for one directory where each takes 30 ms. */
static void a_slow_directory(void **state)
{
    struct client_fh in_mem = script_dir(script_mem), dir = script_dir(script_local), quiet;
    struct latencies found;
    unsigned most, delayed;

    (void)state;
    quiet = make_file(&bob, &in_mem, "quiet");
    disk_watch_delay(disk, DISK_BIT(DISK_MKDIR), SLOW_MS);
    call_all(&dir, 1, ask_mkdir);
    found = neighbour_measure(&bob, &quiet, 300, 500);
    most = threads();
    delayed = answers();
    printf("slow: neighbour p50 %.2f ms, p99 %.2f ms, max %.2f ms; %u threads, %u of %u DELAY\n",
           found.p50_ms, found.p99_ms, found.max_ms, most, delayed, CALLS);
    disk_watch_let_go(disk);
    assert_true(found.server_ms < BOUND_MS);
    assert_true(delayed > 0);
    assert_false(disk_watch_is_met(disk));
}

/* ---- removed files whose space takes long to free ---- */

static struct client_mount neighbours[NEIGHBOURS];
static struct client_fh in_mem, in_local, quiet;

static int neighbours_come(void **state)
{
    (void)state;
    in_mem = script_dir(script_mem);
    quiet = make_file(&bob, &in_mem, "quiet");
    in_local = script_dir(script_local);
    for (unsigned i = 0; i < NEIGHBOURS; i++)
        script_mount_v41(&neighbours[i]);
    return 0;
}

static int neighbours_go(void **state)
{
    (void)state;
    disk_watch_let_go(disk);
    for (unsigned i = 0; i < NEIGHBOURS; i++)
        client_mount_close(&neighbours[i]);
    return 0;
}

/* The compound drops a file's last reference. On whichever loop that happens, only its own client
 * waits. */
static void frees_beside_neighbours(void)
{
    struct pending pending;

    disk_watch_hold(disk, DISK_BIT(DISK_FREE));
    pending_send(&pending, &alice);
    wait_until(disk_watch_is_met(disk));
    for (unsigned i = 0; i < NEIGHBOURS; i++)
        (void)attrs_of(&neighbours[i], &quiet, CLIENT_BITS(FATTR4_SIZE));
    assert_false(pending_is_answered(&pending));
    disk_watch_let_go(disk);
    expect_status(pending_take(&pending), NFS4_OK);
}

static void a_last_close(void **state)
{
    struct client_file file = make_open(&alice, &in_local, "open");

    (void)state;
    expect_status(client_file_remove(&alice, &in_local, "open"), NFS4_OK);
    begin(&alice, &file.fh);
    script_op_close(&alice, &file);
    frees_beside_neighbours();
}

/* While any delegation exists, REMOVE and RENAME look up what they remove: then they hold the last
 * reference, and not the backend. */
static void a_last_name(void **state)
{
    struct holder holder;
    struct client_file kept;

    (void)state;
    holder_open(&holder, 1);
    kept = holder_delegated(&holder, &in_mem, "kept", OPEN_DELEGATE_READ);
    (void)make_file(&alice, &in_local, "removed");
    begin(&alice, &in_local);
    client_op_remove(C, "removed");
    frees_beside_neighbours();
    (void)make_file(&alice, &in_local, "replaced");
    (void)make_file(&alice, &in_local, "replacing");
    begin_two(&alice, &in_local, &in_local);
    client_op_rename(C, "replacing", "replaced");
    frees_beside_neighbours();
    holder_finish(&holder, &kept);
    holder_close(&holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_directory),
        cmocka_unit_test(a_frozen_export),
        cmocka_unit_test(a_frozen_export_by_a_detour),
        cmocka_unit_test(a_frozen_file_system_with_two_exports),
        cmocka_unit_test(a_frozen_root),
        cmocka_unit_test(frozen_attributes),
        cmocka_unit_test_setup_teardown(a_last_close, neighbours_come, neighbours_go),
        cmocka_unit_test_setup_teardown(a_last_name, neighbours_come, neighbours_go),
    };

    return test_group_run_fixtures(tests, setup, teardown);
}
