/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A holder renames its delegated file to a name that another client's REMOVE or RENAME has just
 * checked: that request found the name free of delegations, and then meets the delegated file
 * there. It must not touch the file before the delegation is recalled (RFC 8881 §10.4.4).
 */
#include "lib/disk_watch.h"
#include "protocol/holder.h"
#include "protocol/set_range.h"

static struct disk_watch *disk;
static struct holder holder;
static struct client_fh dir;
static struct client_file file;
static char name[16], other[16]; /* of the delegated file; the name that it is renamed to */

static int group_setup(void **state)
{
    assert_true(test_server_init(&script_server));
    disk = disk_watch_install(script_server.dir, script_server.data, 0);
    if (script_setup_default(state) != 0)
        return -1;
    set_setting("nfs.local_delegations", 2);
    set_setting("nfs.recall_park_ms", 0);
    return 0;
}

static int setup(void **state)
{
    static unsigned number;

    dir = script_dir(*state);
    (void)snprintf(name, sizeof(name), "file %u", number);
    (void)snprintf(other, sizeof(other), "other %u", number++);
    holder_open(&holder, script_minor);
    file = holder_delegated(&holder, &dir, name, OPEN_DELEGATE_READ);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    disk_watch_let_go(disk);
    holder_close(&holder);
    return 0;
}

/* Send another request of bob's behind the waiting one: its answer shows that the first has
 * begun. */
static void answered_beside(void)
{
    begin_bare(&bob, script_minor);
    if (!bob.v40) {
        client_compound_free(C);
        client_compound_begin_slot(C, &bob.session, 1, true);
    }
    client_op_putfh(C, &dir);
    run_on(&bob.conn, NFS4_OK);
}

/* The holder's RENAME is at the disk and has its turn at both names; bob's request, in C, has
 * checked its name and waits for its turn. */
static void race(void)
{
    struct pending renaming, pending;
    struct client_compound removing = *C;

    memset(C, 0, sizeof(*C));
    begin_two(&holder.mount, &dir, &dir);
    client_op_rename(C, name, other);
    disk_watch_hold(disk, DISK_CHANGES);
    pending_send(&renaming, &holder.mount);
    wait_until(disk_watch_is_met(disk));

    *C = removing;
    pending_send(&pending, &bob);
    answered_beside(); /* a request that has not come that far finds the delegated file at once */
    disk_watch_let_go(disk);
    expect_status(pending_take(&renaming), NFS4_OK);
    expect_status(pending_take(&pending), NFS4ERR_DELAY);
}

static void recalled(void)
{
    holder_wait_recall(&holder, &file);
    assert_true(look(&alice, &dir, other).len == file.fh.len);
    assert_memory_equal(look(&alice, &dir, other).data, file.fh.data, file.fh.len);
    holder_finish(&holder, &file);
}

static void removed(void **state)
{
    (void)state;
    (void)make_file(&alice, &dir, other);
    begin(&bob, &dir);
    client_op_remove(C, other);
    race();
    recalled();
    begin(&bob, &dir);
    client_op_remove(C, other);
    run(NFS4_OK);
}

static void replaced(void **state)
{
    (void)state;
    (void)make_file(&alice, &dir, other);
    (void)make_file(&alice, &dir, "third");
    begin_two(&bob, &dir, &dir);
    client_op_rename(C, "third", other);
    race();
    recalled();
    begin_two(&bob, &dir, &dir);
    client_op_rename(C, "third", other);
    run(NFS4_OK);
}

/* At first the name was free. */
static void replaced_at_a_free_name(void **state)
{
    (void)state;
    (void)make_file(&alice, &dir, "fourth");
    begin_two(&bob, &dir, &dir);
    client_op_rename(C, "fourth", other);
    race();
    recalled();
}

static void moved(void **state)
{
    (void)state;
    (void)make_file(&alice, &dir, other);
    begin_two(&bob, &dir, &dir);
    client_op_rename(C, other, "fifth");
    race();
    recalled();
}

#define ON_LOCAL(test)                                                                             \
    {                                                                                              \
#test, test, setup, teardown, script_local                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOCAL(removed),
        ON_LOCAL(replaced),
        ON_LOCAL(replaced_at_a_free_name),
        ON_LOCAL(moved),
    };

    return test_group_run_fixtures(tests, group_setup, script_teardown);
}
