/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SETCLIENTID, SETCLIENTID_CONFIRM, RENEW and DELEGPURGE on the wire (RFC 7530 §16.33, §16.34,
 * §16.28, §16.5).  The cases one by one are unit.state.v40.client_v40.
 */
#include <string.h>

#include "script.h"

static struct client_fh dir;

static int make_dir(void **state)
{
    (void)state;
    dir = script_dir(script_mem);
    return 0;
}

static struct client_id_wish wish_of(const char *owner, uint8_t verifier)
{
    struct client_id_wish wish = client_id_wish_default(owner);

    memset(wish.verifier, verifier, sizeof(wish.verifier));
    wish.netid = "tcp";
    wish.address = "127.0.0.1.0.9";
    return wish;
}

/* Another client of that name. */
static void come(struct client_mount *mount, const char *owner, uint8_t verifier)
{
    const struct client_id_wish wish = wish_of(owner, verifier);

    script_mount_v40_as(mount, &wish);
}

static void renew_is(struct client_mount *mount, uint64_t clientid, enum nfsstat4 status)
{
    begin(mount, NULL);
    client_id_op_renew(C, clientid);
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

/* Another principal is told in the body of the error which client uses the name. */
static void name_in_use(void **state)
{
    struct client_mount mount;
    const struct client_id_wish wish = wish_of("in use", 1);
    const struct nfs_resop4 *res;
    struct client_file file;

    (void)state;
    come(&mount, "in use", 1);
    file = make_open(&mount, &dir, "file");
    begin(&bob, NULL);
    client_id_op_set(C, &wish);
    bob.conn.cred = script_stranger();
    run(NFS4ERR_CLID_INUSE);
    res = result(OP_SETCLIENTID);
    assert_int_equal(res->client_using.na_r_netid.len, strlen(wish.netid));
    assert_memory_equal(res->client_using.na_r_netid.data, wish.netid, strlen(wish.netid));
    assert_int_equal(res->client_using.na_r_addr.len, strlen(wish.address));
    assert_memory_equal(res->client_using.na_r_addr.data, wish.address, strlen(wish.address));
    script_read_is(&mount, &file, NFS4_OK);
    /* Without state there is nothing to protect. */
    expect_status(client_file_close(&mount, &file), NFS4_OK);
    begin(&bob, NULL);
    client_id_op_set(C, &wish);
    run(NFS4_OK);
    bob.conn.cred = script_cred();
    client_mount_close(&mount);
}

/* The whole exchange by hand; an unconfirmed id is not valid. */
static void unconfirmed(void **state)
{
    const struct client_id_wish wish = wish_of("by hand", 1);
    const struct client_open how = {
        .owner = "owner", .access = OPEN4_SHARE_ACCESS_READ, .name = "file"};
    struct client_mount mount;
    enum nfsstat4 status;
    struct client_id id;
    struct client_file file;

    (void)state;
    come(&mount, "for its connection", 1);
    make_file(&alice, &dir, "file");
    assert_int_equal(client_id_set(&mount.conn, &wish, &id, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    mount.id = id;
    renew_is(&mount, id.clientid, NFS4ERR_STALE_CLIENTID);
    expect_status(client_file_open(&mount, &dir, &how, &file), NFS4ERR_STALE_CLIENTID);
    id.confirm[0] ^= 1;
    assert_int_equal(client_id_confirm(&mount.conn, &id, &status), CLIENT_OK);
    expect_status(status, NFS4ERR_STALE_CLIENTID);
    id.confirm[0] ^= 1;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(client_id_confirm(&mount.conn, &id, &status), CLIENT_OK);
        expect_status(status, NFS4_OK);
    }
    renew_is(&mount, id.clientid, NFS4_OK);
    mount.owner_count = 0;
    expect_status(client_file_open(&mount, &dir, &how, &file), NFS4_OK);
    client_mount_close(&mount);
}

static void delegpurge_is(uint64_t clientid, enum nfsstat4 status)
{
    begin(&alice, NULL);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_DELEGPURGE, .opdelegpurge = {.clientid = clientid}});
    run(status);
}

static void ids_of_nobody(void **state)
{
    struct client_mount other;

    (void)state;
    script_mount_v41(&other);
    renew_is(&alice, 0, NFS4ERR_STALE_CLIENTID);
    renew_is(&alice, other.session.clientid, NFS4ERR_STALE_CLIENTID);
    renew_is(&alice, alice.id.clientid, NFS4_OK);
    delegpurge_is(0, NFS4ERR_STALE_CLIENTID);
    delegpurge_is(other.session.clientid, NFS4ERR_STALE_CLIENTID);
    delegpurge_is(alice.id.clientid, NFS4ERR_NOTSUPP);
    client_mount_close(&other);
}

/* RFC 7530 §16.28.5: only the client's principal, or a principal with an open, may renew. */
static void renew_by_a_stranger(void **state)
{
    struct client_mount mount;
    const struct client_open how = {.owner = "stranger",
                                    .access = OPEN4_SHARE_ACCESS_BOTH,
                                    .name = "his",
                                    .create = true,
                                    .how = UNCHECKED4,
                                    .mode = 0644};
    struct client_file file;

    (void)state;
    come(&mount, "mount", 1);
    mount.conn.cred = script_stranger();
    renew_is(&mount, mount.id.clientid, NFS4ERR_ACCESS);
    expect_status(client_file_open(&mount, &dir, &how, &file), NFS4_OK);
    renew_is(&mount, mount.id.clientid, NFS4_OK);
    expect_status(client_file_close(&mount, &file), NFS4_OK);
    renew_is(&mount, mount.id.clientid, NFS4ERR_ACCESS);
    client_mount_close(&mount);
}

/* A changed callback leaves the state; a reboot of the client ends it once it is confirmed. */
static void registers_again(void **state)
{
    struct client_mount mount, reborn;
    struct client_file file;
    const struct client_id_wish update = wish_of("host", 1), boot = wish_of("host", 2);
    struct client_id id, fresh;
    enum nfsstat4 status;

    (void)state;
    come(&mount, "host", 1);
    file = make_open(&mount, &dir, "file");
    assert_int_equal(client_id_open(&mount.conn, &update, &id, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_true(id.clientid == mount.id.clientid);
    script_read_is(&mount, &file, NFS4_OK);
    assert_int_equal(client_id_set(&mount.conn, &boot, &fresh, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    assert_true(fresh.clientid != id.clientid);
    script_read_is(&mount, &file, NFS4_OK);
    assert_int_equal(client_id_confirm(&mount.conn, &fresh, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    script_read_is(&mount, &file, NFS4ERR_EXPIRED);
    renew_is(&mount, id.clientid, NFS4ERR_STALE_CLIENTID);
    come(&reborn, "host", 2);
    file = open_as(&reborn, "file", OPEN4_SHARE_DENY_BOTH);
    client_mount_close(&reborn);
    client_mount_close(&mount);
}

#define TEST(f) cmocka_unit_test_setup(f, make_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(name_in_use),         TEST(unconfirmed),     TEST(ids_of_nobody),
        TEST(renew_by_a_stranger), TEST(registers_again),
    };

    return test_group_run_fixtures(tests, script_setup_v40_default, script_teardown);
}
