/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a holder of directory delegations does with CB_NOTIFY and CB_RECALL (SR-16): each goes to
 * the directory of its stateid; what comes before the grant is put off.
 */
#include "client/client_dir_holder.h"

#include "lib/test.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dir_feed.h"

static struct client_callbacks callbacks;
static struct client_mount mount;
static struct client_dir_holder holder;
static struct client_dir dirs[2];
static struct dir_feed feed;

static int setup(void **state)
{
    (void)state;
    memset(&mount, 0, sizeof(mount));
    memset(&callbacks, 0, sizeof(callbacks));
    mount.conn.fd = -1;
    mount.conn.callbacks = &callbacks;
    mount.session.slot_count = 1;
    client_dir_holder_init(&holder, &mount, "127.0.0.1:1", 1000);
    for (uint8_t i = 0; i < 2; i++) {
        client_dir_init(&dirs[i], &(struct client_fh){.len = 1, .data = {i}});
        dir_feed_grant(&dirs[i], false);
        dirs[i].stateid.other[0] = i;
        client_dir_fill_end(&dirs[i], 1, 1);
        list_push_back(&holder.dirs, &dirs[i].link);
    }
    dir_feed_init(&feed);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    client_dir_holder_fini(&holder);
    for (int i = 0; i < 2; i++)
        client_dir_fini(&dirs[i]);
    return 0;
}

/* What is in `feed`, or CB_RECALL if that is empty, for this stateid and handle. */
static enum nfsstat4 called(const struct stateid4 *stateid, uint8_t fh)
{
    struct client_callback_op op = {.op = feed.count ? OP_CB_NOTIFY : OP_CB_RECALL,
                                    .stateid = *stateid,
                                    .fh = {.len = 1, .data = {fh}}};
    struct CB_NOTIFY4args args = {.cna_stateid = *stateid};
    struct notify4 changes[4];
    enum nfsstat4 status;
    struct arena arena;
    struct xdr x;

    arena_init(&arena, 1024);
    xdr_init_decode(&x, feed.bytes, xdr_pos(&feed.x), &arena);
    for (uint32_t i = 0; i < feed.count; i++)
        assert_true(wire_notify4(&x, &changes[i]));
    args.cna_changes = changes;
    args.cna_changes_count = feed.count;
    status = callbacks.hook.execute(&op, feed.count ? &args : NULL, &arena, callbacks.hook.context);
    arena_fini(&arena);
    dir_feed_init(&feed);
    return status;
}

static void told_goes_to_its_directory(void **state)
{
    (void)state;
    dir_feed_come(&feed, "a", 1, 0, false);
    assert_int_equal(called(&dirs[1].stateid, 1), NFS4_OK);
    assert_null(client_dir_lookup(&dirs[0], "a"));
    assert_non_null(client_dir_lookup(&dirs[1], "a"));
}

static void recalled_is_lost(void **state)
{
    (void)state;
    assert_int_equal(called(&dirs[1].stateid, 1), NFS4_OK);
    assert_int_equal(dirs[0].state, CLIENT_DIR_VALID);
    assert_int_equal(dirs[1].state, CLIENT_DIR_LOST);
    assert_int_equal(dirs[1].loss, CLIENT_DIR_RECALLED);
    /* Until it is returned the server may go on telling. */
    dir_feed_come(&feed, "a", 1, 0, false);
    assert_int_equal(called(&dirs[1].stateid, 1), NFS4_OK);
    assert_null(client_dir_lookup(&dirs[1], "a"));
}

static void unknown_is_refused_or_put_off(void **state)
{
    struct stateid4 unknown = {1, "unknown"};

    (void)state;
    dir_feed_gone(&feed, "a");
    assert_int_equal(called(&unknown, 0), NFS4ERR_BAD_STATEID);
    assert_int_equal(called(&unknown, 0), NFS4ERR_BAD_STATEID);
    holder.asking = &dirs[0];
    dir_feed_gone(&feed, "a");
    assert_int_equal(called(&unknown, 0), NFS4ERR_DELAY);
    assert_int_equal(called(&unknown, 0), NFS4ERR_DELAY);
    assert_int_equal(called(&unknown, 1), NFS4ERR_BAD_STATEID);
}

static void no_server_loses_all(void **state)
{
    (void)state;
    assert_false(client_dir_holder_serve(&holder, 0));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(dirs[i].state, CLIENT_DIR_LOST);
        assert_int_equal(dirs[i].loss, CLIENT_DIR_SESSION);
    }
    assert_true(list_empty(&holder.dirs));
    assert_int_equal(client_dir_holder_acquire(&holder, &dirs[0], false), CLIENT_DIR_GONE);
}

/* Although there is a connection again. */
static void lost_session_is_not_used(void **state)
{
    int ends[2];

    (void)state;
    assert_false(client_dir_holder_serve(&holder, 0));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    client_conn_adopt(&mount.conn, ends[0], 1000);
    assert_int_equal(client_dir_holder_acquire(&holder, &dirs[0], false), CLIENT_DIR_GONE);
    assert_false(client_dir_holder_serve(&holder, 0));
    client_conn_close(&mount.conn);
    assert_int_equal(read(ends[1], &(char){0}, 1), 0);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(told_goes_to_its_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(recalled_is_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(unknown_is_refused_or_put_off, setup, teardown),
        cmocka_unit_test_setup_teardown(no_server_loses_all, setup, teardown),
        cmocka_unit_test_setup_teardown(lost_session_is_not_used, setup, teardown),
    };

    return test_group_run(tests);
}
