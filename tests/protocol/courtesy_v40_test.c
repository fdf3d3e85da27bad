/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client of 4.0 finds that was silent for longer than its lease and comes back (RFC 7530
 * §9.6.3): all that nobody wanted, and where somebody did, NFS4ERR_EXPIRED.
 * unit.state.v40.loss_v40 has more.
 */
#include <string.h>

#include "script.h"

static struct client_fh dir;

static int setup(void **state)
{
    static const char *const options[] = {"--lease", "3", "--export", "/mem=mem:,no_root_squash",
                                          NULL};

    (void)state;
    return script_setup_v40(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

/* Always the same incarnation. */
static struct client_id_wish wish_of(const char *owner)
{
    struct client_id_wish wish = client_id_wish_default(owner);

    memset(wish.verifier, 1, sizeof(wish.verifier));
    return wish;
}

static void come(struct client_mount *mount, const char *owner)
{
    const struct client_id_wish wish = wish_of(owner);

    script_mount_v40_as(mount, &wish);
}

static void renew_is(struct client_mount *mount, enum nfsstat4 status)
{
    begin(mount, NULL);
    client_id_op_renew(C, mount->id.clientid);
    run_on(&mount->conn, status);
}

static struct client_file open_as(struct client_mount *mount, const char *name, uint32_t deny)
{
    const struct client_open how = {
        .owner = "owner", .access = OPEN4_SHARE_ACCESS_BOTH, .deny = deny, .name = name};
    struct client_file file = {.fh = {.len = 0}};

    expect_status(client_file_open(mount, &dir, &how, &file), NFS4_OK);
    return file;
}

static void bob_takes(const char *name)
{
    struct client_file file = open_as(&bob, name, OPEN4_SHARE_DENY_BOTH);

    expect_status(client_file_close(&bob, &file), NFS4_OK);
}

static void lost_nothing(struct client_mount *mount, struct client_file *file)
{
    renew_is(mount, NFS4_OK);
    script_read_is(mount, file, NFS4_OK);
    expect_status(client_file_close(mount, file), NFS4_OK);
}

/* The client is told of its loss whenever it uses the lost state or requests new state; it
 * registers again, and keeps the rest. */
static void acknowledge(struct client_mount *mount, const char *name)
{
    const struct client_id_wish wish = wish_of(name);
    struct client_id id;
    enum nfsstat4 status;

    renew_is(mount, NFS4ERR_EXPIRED);
    renew_is(mount, NFS4ERR_EXPIRED);
    assert_int_equal(client_id_open(&mount->conn, &wish, &id, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_true(id.clientid == mount->id.clientid);
    renew_is(mount, NFS4_OK);
}

static void opens_again(struct client_mount *mount, const char *name)
{
    struct client_file again = open_as(mount, name, OPEN4_SHARE_DENY_BOTH);

    script_read_is(mount, &again, NFS4_OK);
    expect_status(client_file_close(mount, &again), NFS4_OK);
}

static void lost_some(struct client_mount *mount, struct client_file *kept,
                      const struct client_file *lost)
{
    const struct client_open how = {
        .owner = "owner", .access = OPEN4_SHARE_ACCESS_BOTH, .name = "some"};
    struct client_file again;

    for (int i = 0; i < 3; i++)
        script_read_is(mount, lost, NFS4ERR_EXPIRED);
    script_read_is(mount, kept, NFS4_OK);
    expect_status(client_file_open(mount, &dir, &how, &again), NFS4ERR_EXPIRED);
    acknowledge(mount, "some");
    script_read_is(mount, lost, NFS4ERR_BAD_STATEID);
    script_read_is(mount, kept, NFS4_OK);
    opens_again(mount, "some");
    expect_status(client_file_close(mount, kept), NFS4_OK);
}

static void lost_all(struct client_mount *mount, const struct client_file *lost)
{
    acknowledge(mount, "all");
    script_read_is(mount, lost, NFS4ERR_BAD_STATEID);
    opens_again(mount, "all");
}

static void silent(void **state)
{
    struct client_mount nothing, some, all;
    struct client_file kept, kept_by_some, lost_by_some, lost_by_all;

    (void)state;
    dir = script_dir(script_mem);
    come(&nothing, "nothing");
    come(&some, "some");
    come(&all, "all");
    kept = make_open(&nothing, &dir, "nothing");
    kept_by_some = make_open(&some, &dir, "kept");
    lost_by_some = make_open(&some, &dir, "some");
    lost_by_all = make_open(&all, &dir, "all");
    script_outlast_leases(&bob, &dir);
    bob_takes("some");
    bob_takes("all");
    lost_nothing(&nothing, &kept);
    lost_some(&some, &kept_by_some, &lost_by_some);
    lost_all(&all, &lost_by_all);
    client_mount_close(&nothing);
    client_mount_close(&some);
    client_mount_close(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silent),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
