/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server with few descriptors: one client's use of them must not stop another. Files and
 * connections have separate shares, and an open file takes no descriptor while it is not in use.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/wait.h"
#include "protocol/script.h"

enum {
    FLOOD = 2500, /* opens, ten for each descriptor of the server */
    NEIGHBOUR_FILES = 150,
    CONNECTIONS = 256,
};

static struct client_fh dir;

static int setup(void **state)
{
    (void)state;
    if (setenv("MAINSTAY_SERVER_OPTIONS", "--descriptors 256 --lease 2", 1) != 0 ||
        script_setup(NULL) != 0)
        return -1;
    dir = script_dir(script_local);
    return 0;
}

static void name_of(char name[32], const char *whose, unsigned number)
{
    (void)snprintf(name, 32, "%s%u", whose, number);
}

static void write_is(struct client_mount *mount, const struct client_file *file, const char *text,
                     enum nfsstat4 status)
{
    uint32_t written;

    expect_status(
        client_file_write(mount, file, 0, UNSTABLE4, text, (uint32_t)strlen(text), &written),
        status);
}

static void reads(struct client_mount *mount, const struct client_file *file, const char *text)
{
    char got[32] = "";
    uint32_t len;
    bool eof;

    expect_status(client_file_read(mount, file, 0, got, sizeof(got), &len, &eof), NFS4_OK);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(got, text, len);
}

/* Everything that a client does with files, without one DELAY. */
static void works(struct client_mount *mount, const char *whose)
{
    static struct client_file files[NEIGHBOUR_FILES];
    char name[32];

    for (unsigned i = 0; i < NEIGHBOUR_FILES; i++) {
        name_of(name, whose, i);
        files[i] = make_open(mount, &dir, name);
        write_is(mount, &files[i], name, NFS4_OK);
    }
    for (unsigned i = 0; i < NEIGHBOUR_FILES; i++) {
        name_of(name, whose, i);
        reads(mount, &files[i], name);
        expect_status(client_file_close(mount, &files[i]), NFS4_OK);
        expect_status(client_file_remove(mount, &dir, name), NFS4_OK);
    }
}

static void a_flood_of_opens(void **state)
{
    static struct client_file files[FLOOD];
    struct client_file gone = make_open(&alice, &dir, "gone");
    struct client_mount mallory, carol;
    char name[32];

    (void)state;
    write_is(&alice, &gone, "still here", NFS4_OK);
    expect_status(client_file_remove(&bob, &dir, "gone"), NFS4_OK);
    script_mount_v41(&mallory);
    for (unsigned i = 0; i < FLOOD; i++) {
        name_of(name, "flood", i);
        files[i] = make_open(&mallory, &dir, name);
        write_is(&mallory, &files[i], name, NFS4_OK);
    }
    works(&bob, "bob");
    script_mount_v41(&carol); /* files have not taken the descriptors of connections */
    works(&carol, "carol");
    client_mount_close(&carol);
    for (unsigned i = 0; i < FLOOD; i += 7) {
        name_of(name, "flood", i);
        reads(&mallory, &files[i], name);
    }
    reads(&alice, &gone, "still here");
    expect_status(client_file_close(&alice, &gone), NFS4_OK);
    client_conn_close(&mallory.conn);
    works(&bob, "again");
}

/* Open files and remove them until the server has no descriptors left for that. The last file is
 * still there. */
static unsigned make_orphans(struct client_mount *mount)
{
    enum nfsstat4 status = NFS4_OK;
    unsigned count = 0;
    char name[32];

    while (status == NFS4_OK) {
        name_of(name, "orphan", count++);
        (void)make_open(mount, &dir, name);
        status = client_file_remove(mount, &dir, name);
        assert_true(count < CONNECTIONS);
    }
    expect_status(status, NFS4ERR_DELAY);
    return count;
}

/* RFC 8881 §8.4.3: the state of a silent client is released when another client needs what it
 * holds. */
static void a_vanished_client_gives_back(void **state)
{
    struct client_mount mallory;
    struct client_file file;
    unsigned orphans;

    (void)state;
    script_mount_v41(&mallory);
    orphans = make_orphans(&mallory);
    assert_true(orphans > 10);
    works(&bob, "bob");
    file = make_open(&bob, &dir, "open");
    expect_status(client_file_remove(&bob, &dir, "open"), NFS4ERR_DELAY);
    client_conn_close(&mallory.conn);
    wait_until_every(100, client_file_remove(&bob, &dir, "open") == NFS4_OK);
    script_read_is(&bob, &file, NFS4_OK);
    expect_status(client_file_close(&bob, &file), NFS4_OK);
}

static void idle_connections(void **state)
{
    static struct client_conn conns[CONNECTIONS];
    struct client_conn one_more;
    unsigned open = 0;

    (void)state;
    for (unsigned i = 0; i < CONNECTIONS; i++)
        assert_int_equal(client_conn_open(&conns[i], script_server.target, SCRIPT_TIMEOUT_MS),
                         CLIENT_OK);
    assert_int_equal(client_conn_wait_close(&conns[CONNECTIONS - 1], SCRIPT_TIMEOUT_MS),
                     CLIENT_CLOSED);
    works(&bob, "bob");
    /* As many as the limit allows, and no more. */
    while (open < CONNECTIONS && client_conn_wait_close(&conns[open], 0) != CLIENT_CLOSED)
        open++;
    assert_in_range(open, 50, 150);
    for (unsigned i = 0; i < CONNECTIONS; i++)
        client_conn_close(&conns[i]);
    wait_until_every(20, client_conn_open(&one_more, script_server.target, SCRIPT_TIMEOUT_MS) ==
                                 CLIENT_OK &&
                             client_conn_wait_close(&one_more, 100) != CLIENT_CLOSED);
    client_conn_close(&one_more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_connections),
        cmocka_unit_test(a_flood_of_opens),
        cmocka_unit_test(a_vanished_client_gives_back),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
