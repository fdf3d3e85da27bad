/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A WRITE is still at the disk when its client's next request ends what allowed it: CLOSE,
 * OPEN_DOWNGRADE, DELEGRETURN. No delegation of the file is granted before the WRITE is done, since
 * the data would change although the delegation guarantees that they do not (RFC 8881 §10.4).
 */
#include "lib/disk_watch.h"
#include "protocol/holder.h"
#include "protocol/set_range.h"

static struct disk_watch *disk;
static struct holder holder, other; /* the writer; the client that wants a delegation */
static struct client_fh dir;
static struct client_file file;
static char name[16];

static int group_setup(void **state)
{
    assert_true(test_server_init(&script_server));
    disk = disk_watch_install(script_server.dir, script_server.data, 0);
    if (script_setup_default(state) != 0)
        return -1;
    /* With leases, the kernel refuses as long as the file is open for writing. */
    set_setting("nfs.local_delegations", 2);
    return 0;
}

static int setup(void **state)
{
    static unsigned number;

    dir = script_dir(*state);
    (void)snprintf(name, sizeof(name), "file %u", number++);
    holder_open(&holder, script_minor);
    holder_open(&other, script_minor);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    disk_watch_let_go(disk);
    holder_close(&holder);
    holder_close(&other);
    return 0;
}

/* In minor version 1 on another slot than the outstanding request. */
static void begin_beside(struct client_mount *mount, const struct client_fh *fh)
{
    if (mount->v40) {
        begin(mount, fh);
        return;
    }
    client_result_free(R);
    client_compound_free(C);
    client_compound_begin_slot(C, &mount->session, 1, true);
    C->conn = &mount->conn;
    client_op_putfh(C, fh);
}

static void at_the_disk(struct pending *pending, struct client_mount *by)
{
    disk_watch_hold(disk, DISK_CHANGES);
    pending_send(pending, by);
    wait_until(disk_watch_is_met(disk));
}

static void write_begun(struct pending *pending, struct client_mount *by,
                        const struct stateid4 *stateid)
{
    begin(by, &file.fh);
    client_op_write(C, stateid, 0, FILE_SYNC4, "late", 4);
    at_the_disk(pending, by);
}

static void must_get_nothing(enum open_delegation_type4 type)
{
    struct client_file wanted = holder_wanting(&other, &dir, name, type);

    assert_null(client_file_delegation(&wanted));
    expect_status(client_file_close(&other.mount, &wanted), NFS4_OK);
}

/* While the request is at the disk no delegation is granted; once it is done, one is. */
static void is_counted(struct pending *pending)
{
    struct client_file wanted;

    must_get_nothing(OPEN_DELEGATE_READ);
    must_get_nothing(OPEN_DELEGATE_WRITE);
    disk_watch_let_go(disk);
    expect_status(pending_take(pending), NFS4_OK);
    wanted = holder_delegated(&other, &dir, name, OPEN_DELEGATE_READ);
    holder_finish(&other, &wanted);
}

static void closed(void **state)
{
    struct pending pending;

    (void)state;
    file = make_open(&alice, &dir, name);
    write_begun(&pending, &alice, &file.stateid);
    begin_beside(&alice, &file.fh);
    script_op_close(&alice, &file);
    run_on(&alice.conn, NFS4_OK);
    is_counted(&pending);
}

static void open_again(uint32_t access)
{
    struct client_open how = {.owner = "downgrade", .access = access, .name = name};

    how.clientid = client_mount_clientid(&alice);
    if (!alice.v40)
        how.access |= OPEN4_SHARE_ACCESS_WANT_NO_DELEG;
    expect_status(client_file_open(&alice, &dir, &how, &file), NFS4_OK);
}

static void downgraded(void **state)
{
    struct nfs_argop4 op = {.argop = OP_OPEN_DOWNGRADE,
                            .opopen_downgrade = {.share_access = OPEN4_SHARE_ACCESS_READ}};
    struct pending pending;

    (void)state;
    (void)make_file(&alice, &dir, name);
    open_again(OPEN4_SHARE_ACCESS_READ);
    open_again(OPEN4_SHARE_ACCESS_BOTH);
    write_begun(&pending, &alice, &file.stateid);
    begin_beside(&alice, &file.fh);
    op.opopen_downgrade.open_stateid = file.stateid;
    script_op_as(&alice, "downgrade", &op);
    run_on(&alice.conn, NFS4_OK);
    is_counted(&pending);
}

static void locked(void **state)
{
    struct stateid4 lock;
    struct pending pending;

    (void)state;
    file = make_open(&alice, &dir, name);
    begin(&alice, &file.fh);
    script_op_lock_new(&alice, &file, "locker", WRITE_LT, 0, 1);
    run(NFS4_OK);
    lock = result(OP_LOCK)->oplock.lock_stateid;
    write_begun(&pending, &alice, &lock);
    begin_beside(&alice, &file.fh);
    script_op_close(&alice, &file);
    run_on(&alice.conn, NFS4_OK);
    is_counted(&pending);
}

static void returned(void **state)
{
    struct nfs_argop4 op = {.argop = OP_DELEGRETURN};
    struct pending pending;

    (void)state;
    file = holder_delegated(&holder, &dir, name, OPEN_DELEGATE_WRITE);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    op.opdelegreturn.deleg_stateid = *client_file_delegation(&file);
    write_begun(&pending, &holder.mount, client_file_delegation(&file));
    begin_beside(&holder.mount, &file.fh);
    client_compound_add(C, &op);
    run_on(&holder.mount.conn, NFS4_OK);
    is_counted(&pending);
}

static void anonymous(void **state)
{
    struct pending pending;

    (void)state;
    file.fh = make_file(&alice, &dir, name);
    write_begun(&pending, &alice, &client_stateid_anonymous);
    is_counted(&pending);
}

static void truncated(void **state)
{
    const struct nfs4_attrs attrs = {.size = 0};
    struct pending pending;

    (void)state;
    file = make_open(&alice, &dir, name);
    begin(&alice, &file.fh);
    client_op_setattr(C, &file.stateid, CLIENT_BITS(FATTR4_SIZE), &attrs);
    at_the_disk(&pending, &alice);
    begin_beside(&alice, &file.fh);
    script_op_close(&alice, &file);
    run_on(&alice.conn, NFS4_OK);
    is_counted(&pending);
}

#define ON_LOCAL(test)                                                                             \
    {                                                                                              \
#test, test, setup, teardown, script_local                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOCAL(closed),   ON_LOCAL(downgraded), ON_LOCAL(locked),
        ON_LOCAL(returned), ON_LOCAL(anonymous),  ON_LOCAL(truncated),
    };

    return test_group_run_fixtures(tests, group_setup, script_teardown);
}
