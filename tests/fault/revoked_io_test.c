/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A delegation is revoked a lease after its recall, while a WRITE or a truncation that used it is
 * still at the disk. The holder is told at once, but no other client gets the file before that I/O
 * is done: otherwise the file would change under its next holder (RFC 8881 §10.4.5).
 */
#include "lib/disk_watch.h"
#include "protocol/holder.h"
#include "protocol/set_range.h"

static struct disk_watch *disk;
static struct holder holder;
static struct client_fh dir;
static struct client_file file;

static int group_setup(void **state)
{
    static char local[160];
    const char *options[] = {"--lease", "2", "--export", local, NULL};

    (void)state;
    assert_true(test_server_init(&script_server));
    disk = disk_watch_install(script_server.dir, script_server.data, 0);
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    if (script_setup(options) != 0)
        return -1;
    /* With leases, the kernel refuses as long as the file is open for writing. */
    set_setting("nfs.local_delegations", 2);
    set_setting("nfs.recall_park_ms", 0);
    return 0;
}

static int setup(void **state)
{
    dir = script_dir(*state);
    holder_open(&holder, script_minor);
    file = holder_delegated(&holder, &dir, "file", OPEN_DELEGATE_WRITE);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    disk_watch_let_go(disk);
    holder_drop(&holder);
    return 0;
}

/* On another slot than the request at the disk; this renews the lease, too. */
static bool is_revoked(void)
{
    struct stateid4 held = *client_file_delegation(&file);

    client_result_free(R);
    client_compound_free(C);
    client_compound_begin_slot(C, &holder.mount.session, 1, true);
    C->conn = &holder.mount.conn;
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_TEST_STATEID,
                                .optest_stateid = {.ts_stateids = &held, .ts_stateids_count = 1}});
    run_on(&holder.mount.conn, NFS4_OK);
    return result(OP_TEST_STATEID)->optest_stateid.tsr_status_codes[0] == NFS4ERR_DELEG_REVOKED;
}

/* The holder's request, in C, is at the disk until bob has waited for longer than a lease. */
static void outlives_its_delegation(void)
{
    const int64_t end_ms = wait_now_ms() + WAIT_PATIENCE_MS;
    struct client_file other;
    struct pending pending;

    disk_watch_hold(disk, DISK_CHANGES);
    pending_send(&pending, &holder.mount);
    wait_until(disk_watch_is_met(disk));
    while (!is_revoked()) {
        assert_true(wait_now_ms() < end_ms);
        expect_status(conflict_open(&bob, &dir, "file", &other), NFS4ERR_DELAY);
        wait_ms(10);
    }
    for (int i = 0; i < 3; i++)
        expect_status(conflict_open(&bob, &dir, "file", &other), NFS4ERR_DELAY);
    begin(&bob, &file.fh);
    client_op_read(C, &client_stateid_bypass, 0, 1);
    run(NFS4ERR_DELAY);

    disk_watch_let_go(disk);
    expect_status(pending_take(&pending), NFS4_OK);
    expect_status(conflict_insist(&bob, &dir, "file", NULL, &other), NFS4_OK);
    expect_status(client_file_close(&bob, &other), NFS4_OK);
}

static void written(void **state)
{
    (void)state;
    begin(&holder.mount, &file.fh);
    client_op_write(C, client_file_delegation(&file), 0, FILE_SYNC4, "late", 4);
    outlives_its_delegation();
}

static void truncated(void **state)
{
    (void)state;
    begin(&holder.mount, &file.fh);
    client_op_setattr(C, client_file_delegation(&file), CLIENT_BITS(FATTR4_SIZE),
                      &(struct nfs4_attrs){.size = 0});
    outlives_its_delegation();
}

#define ON_LOCAL(test)                                                                             \
    {                                                                                              \
#test, test, setup, teardown, script_local                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {ON_LOCAL(written), ON_LOCAL(truncated)};

    return test_group_run_fixtures(tests, group_setup, script_teardown);
}
