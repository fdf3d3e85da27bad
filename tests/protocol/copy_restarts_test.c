/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies that go on after their reply, and the end of the server (RFC 7862 §4.8): also while its
 * file system hangs.  The next server knows nothing of them, and the write verifier tells the
 * client to copy again.
 */
#include <string.h>

#include "copy_jam.h"
#include "lives.h"

#define SIZE (24 * COPYING_MIB + 5) /* four pieces */
#define COPIES (LIMIT_COPY_THREADS_PER_VOLUME + 1)

static const char *const options[] = {"--lease",  "60",        "--grace", "60",
                                      "--export", lives_local, NULL};
static struct holder holder;
static struct disk_watch *watch;
static struct client_file from, to[COPIES];
static struct stateid4 copies[COPIES];
static uint8_t verifier[NFS4_VERIFIER_SIZE]; /* of the first copy */
static uint64_t sizes[COPIES];               /* of the targets, when the server ended */

static struct client_session_wish copier(void)
{
    struct client_session_wish wish = client_session_wish_default("copier");

    wish.minor = 2;
    memset(wish.verifier, 1, sizeof(wish.verifier));
    return wish;
}

static void come(void)
{
    const struct client_session_wish wish = copier();

    lives_come(&alice, "alice", 1);
    lives_complete(&alice);
    holder_open_as(&holder, &wish);
}

static int set_up(void **state)
{
    (void)state;
    if (!lives_init())
        return -1;
    watch = disk_watch_install(script_server.dir, script_server.data, 0);
    return lives_start(options, come);
}

static struct client_file open_new(const char *name)
{
    const struct client_open how = {.owner = "copier",
                                    .access =
                                        OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                                    .name = name,
                                    .create = true,
                                    .how = GUARDED4,
                                    .mode = 0666};
    struct client_file file;

    expect_status(client_file_open(&holder.mount, &lives_dir, &how, &file), NFS4_OK);
    return file;
}

static void make_files(void)
{
    from = open_new("from");
    copying_fill(&holder.mount, &from, 0, SIZE, 1);
    for (uint32_t i = 0; i < COPIES; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "to%u", i);
        to[i] = open_new(name);
    }
}

static struct stateid4 begin_copy(const struct client_file *target)
{
    struct copying all = copying_all(&from, target);

    all.asynchronous = true;
    return offloading_begin(&holder.mount, &all);
}

static void keep_verifier(void)
{
    memcpy(verifier, result(OP_COPY)->opcopy.cr_response.wr_writeverf, sizeof(verifier));
}

static void sizes_measure(void)
{
    for (uint32_t i = 0; i < COPIES; i++)
        sizes[i] = copying_size(&alice, &to[i].fh);
}

/* The first copy hangs in its second piece, another one in its first, and the last one waits. */
static void hang(void)
{
    make_files();
    atomic_store(&watch->passes, 1);
    copy_jam_hold(watch);
    for (uint32_t i = 0; i < COPIES; i++) {
        copies[i] = begin_copy(&to[i]);
        if (i == 0)
            keep_verifier();
        copy_jam_await(watch, i + 1 < COPIES ? i + 1 : i);
    }
    sizes_measure();
    assert_in_range(sizes[0], 1, SIZE - 1);
    assert_int_equal(sizes[COPIES - 1], 0);
}

/* What hung was not written, and what was written is right. */
static void expect_pieces(void)
{
    for (uint32_t i = 0; i < COPIES; i++) {
        assert_int_equal(copying_size(&alice, &to[i].fh), sizes[i]);
        copying_expect(&alice, &to[i].fh, 0, sizes[i], 0, 1);
    }
}

static void expect_unknown(struct client_mount *mount)
{
    for (uint32_t i = 0; i < COPIES; i++) {
        expect_status(offload(mount, &to[i].fh, OP_OFFLOAD_STATUS, &copies[i]),
                      NFS4ERR_BAD_STATEID);
        expect_status(offload(mount, &to[i].fh, OP_OFFLOAD_CANCEL, &copies[i]),
                      NFS4ERR_BAD_STATEID);
    }
}

/* While others may reclaim, nothing can be copied; but what is asked about copies is answered. */
static void come_back(void)
{
    const struct client_session_wish wish = copier();
    struct copying all = copying_all(&from, &to[0]);

    all.from_stateid = all.to_stateid = client_stateid_anonymous;
    lives_come_as(&carol, &wish);
    copying_begin(&carol, &all);
    run(NFS4ERR_GRACE);
    expect_unknown(&carol);
    expect_status(client_file_reclaim(&carol, "copier", &from), NFS4_OK);
    expect_status(client_file_reclaim(&carol, "copier", &to[0]), NFS4_OK);
    expect_unknown(&carol);
    lives_come(&alice, "alice", 1);
    lives_complete(&alice);
    holder_open_as(&holder, &wish); /* the grace period ends with that */
    expect_unknown(&holder.mount);
}

static void expect_verifier(const uint8_t *expected, bool same)
{
    begin(&holder.mount, &to[0].fh);
    client_op_commit(C, 0, 0);
    run(NFS4_OK);
    assert_int_equal(memcmp(result(OP_COMMIT)->opcommit.writeverf, expected, sizeof(verifier)) == 0,
                     same);
}

/* Nobody is told of the copies of the former server.  COMMIT says that their bytes may be lost, and
 * the client copies again. */
static void copy_again(void)
{
    const struct client_callback_op *op;
    struct stateid4 stateid;
    uint32_t number = 0;

    expect_verifier(verifier, false);
    stateid = begin_copy(&to[0]);
    assert_memory_not_equal(result(OP_COPY)->opcopy.cr_response.wr_writeverf, verifier,
                            sizeof(verifier));
    keep_verifier();
    op = offloading_hear(&holder, &stateid, &number);
    expect_status(op->offload_status, NFS4_OK);
    assert_int_equal(op->offload_bytes, SIZE);
    assert_int_equal(number, 0);
    offloading_expect_gone(&holder, &to[0].fh, &stateid);
    expect_verifier(verifier, true);
    copying_expect(&alice, &to[0].fh, 0, SIZE, 0, 1);
    assert_int_equal(copying_size(&alice, &to[0].fh), SIZE);
    holder_close(&holder);
}

static void begin_next_life(void)
{
    holder_drop(&holder);
    disk_watch_bury(watch);
    assert_true(test_server_start(&script_server, NULL));
    come_back();
}

/* The server does not wait for the disk, and says that it did not end in order. */
static void stopped(void **state)
{
    int exit_status;

    (void)state;
    hang();
    assert_true(test_server_end(&script_server, &exit_status));
    assert_int_equal(exit_status, 1);
    begin_next_life();
    expect_pieces();
    copy_again();
}

static void crashed(void **state)
{
    (void)state;
    hang();
    test_server_kill(&script_server);
    begin_next_life();
    expect_pieces();
    copy_again();
}

/* They have ended, and the client has not acknowledged that. */
static void untold(void **state)
{
    (void)state;
    holder.mount.conn.behaviour.op_status = NFS4ERR_DELAY;
    make_files();
    for (uint32_t i = 0; i < COPIES; i++) {
        copies[i] = begin_copy(&to[i]);
        if (i == 0)
            keep_verifier();
        do {
            expect_status(offload(&holder.mount, &to[i].fh, OP_OFFLOAD_STATUS, &copies[i]),
                          NFS4_OK);
        } while (!offloading_is_over());
    }
    sizes_measure();
    assert_true(test_server_stop(&script_server));
    begin_next_life();
    expect_pieces();
    copy_again();
}

/* One runs, and ends with its piece: the server has ended in order. */
static void running(void **state)
{
    (void)state;
    make_files();
    copies[0] = begin_copy(&to[0]);
    keep_verifier();
    assert_true(test_server_stop(&script_server));
    begin_next_life();
    sizes_measure();
    expect_pieces();
    copy_again();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, lives_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stopped),
        TEST(crashed),
        TEST(untold),
        TEST(running),
    };

    return test_group_run(tests);
}
