/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The range of minor versions that the server supports: by options, by a setting that changes while
 * clients are active, and after a restart. Alice uses 4.1 and bob 4.0.
 */
#include <string.h>
#include <unistd.h>

#include "log_lines.h"
#include "script.h"
#include "set_range.h"

static const char *const exports[] = {"--export", "/mem=mem:,no_root_squash", NULL};
static const char *const short_lease[] = {"--lease", "1", "--export", "/mem=mem:,no_root_squash",
                                          NULL};

static struct client_fh dir;

static int start(const char *const *options)
{
    static struct client_conn none;

    alice.conn = bob.conn = none;
    alice.conn.fd = bob.conn.fd = -1;
    if (!test_server_init(&script_server) || !test_server_start(&script_server, options))
        return -1;
    script_mount_v41(&alice);
    script_mount_v40(&bob);
    return script_open_to_all("/mem") ? 0 : -1;
}

static int start_usual(void **state)
{
    (void)state;
    return start(exports);
}

static int start_short(void **state)
{
    (void)state;
    return start(short_lease);
}

static int stop(void **state)
{
    return script_teardown(state);
}

/* A compound of that minor version with a tag that is not UTF-8: it runs, or is refused as RFC 8881
 * §16.2.3 says, with its tag and without a result. */
static void expect_minor(struct client_mount *mount, uint32_t minor, bool served)
{
    static const uint8_t tag[] = {0xff, 0x00, 'm', 0x80, 0xc0};
    const uint32_t results = served && minor == 0 ? 2 : served;

    begin_bare(mount, minor);
    client_compound_free(C);
    client_compound_begin(C, (struct wire_opaque){tag, sizeof(tag)}, minor);
    C->conn = &mount->conn;
    client_op_putrootfh(C);
    client_op_getfh(C);
    assert_int_equal(client_compound_call(&mount->conn, C, R), CLIENT_OK);
    expect_status(R->status, !served      ? NFS4ERR_MINOR_VERS_MISMATCH
                             : minor == 0 ? NFS4_OK
                                          : NFS4ERR_OP_NOT_IN_SESSION);
    assert_int_equal(R->count, results);
    assert_int_equal(R->tag.len, sizeof(tag));
    assert_memory_equal(R->tag.data, tag, sizeof(tag));
}

/* Over all connections: old ones that used another minor version before, and new ones. */
static void expect_range(uint32_t min, uint32_t max)
{
    struct client_mount stranger;

    memset(&stranger, 0, sizeof(stranger));
    script_connect(&stranger.conn);
    for (uint32_t minor = 0; minor <= 3; minor++) {
        bool served = minor >= min && minor <= max;

        expect_minor(&alice, minor, served);
        expect_minor(&bob, minor, served);
        expect_minor(&stranger, minor, served);
    }
    assert_int_equal(client_call_null(&stranger.conn), CLIENT_OK);
    client_conn_close(&stranger.conn);
}

/* S20-27, S20-24: the very next request follows the new range, in both directions, on existing
 * connections. */
static void obeyed_at_once(void **state)
{
    static const struct {
        uint32_t min, max;
        const char *served;
    } ranges[] = {{0, 0, "4.0"},      {1, 1, "4.1"},      {2, 2, "4.2"},
                  {0, 1, "4.0, 4.1"}, {1, 2, "4.1, 4.2"}, {0, 2, "4.0, 4.1, 4.2"}};

    (void)state;
    expect_range(0, 2);
    expect_served("4.0, 4.1, 4.2");
    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
        set_range(ranges[i].min, ranges[i].max);
        expect_range(ranges[i].min, ranges[i].max);
        expect_served(ranges[i].served);
    }
}

static void write_word(struct client_mount *mount, const struct client_file *file, const char *word,
                       enum nfsstat4 status)
{
    uint32_t written;

    expect_status(
        client_file_write(mount, file, 0, FILE_SYNC4, word, (uint32_t)strlen(word), &written),
        status);
}

/* S20-27: a session whose minor version is disabled loses nothing: its slots, opens and replies
 * stay as they were. */
static void goes_on(struct client_mount *mount, uint32_t outside)
{
    struct client_file file;

    dir = script_dir("/mem");
    file = make_open(mount, &dir, "file");
    begin(mount, &dir);
    client_op_create(C, "once", NF4DIR, NULL, 0777);
    run(NFS4_OK);
    set_range(0, outside);
    run_again_on(&mount->conn, NFS4ERR_MINOR_VERS_MISMATCH); /* the retry of a lost reply */
    set_range(0, 2);
    run_again_on(&mount->conn, NFS4_OK);
    assert_int_equal(R->count, C->count);

    set_range(0, outside);
    write_word(mount, &file, "nothing", NFS4ERR_MINOR_VERS_MISMATCH);
    set_range(0, 2);
    write_word(mount, &file, "word", NFS4_OK);
    expect_status(client_file_close(mount, &file), NFS4_OK);
}

static void session_goes_on(void **state)
{
    (void)state;
    goes_on(&alice, 0);
}

static void session_of_4_2_goes_on(void **state)
{
    struct client_mount carol;

    (void)state;
    script_mount_v42(&carol);
    goes_on(&carol, 1);
    client_mount_close(&carol);
}

/* The same for a client of 4.0: its client id, its opens and its owners' seqids. */
static void owners_go_on(void **state)
{
    struct client_file file, another;

    (void)state;
    dir = script_dir("/mem");
    file = make_open(&bob, &dir, "file");
    set_range(1, 2);
    write_word(&bob, &file, "nothing", NFS4ERR_MINOR_VERS_MISMATCH);
    set_range(0, 2);
    write_word(&bob, &file, "word", NFS4_OK);
    another = make_open(&bob, &dir, "another");
    expect_status(client_file_close(&bob, &file), NFS4_OK);
    expect_status(client_file_close(&bob, &another), NFS4_OK);
}

static struct client_file open_alone(struct client_mount *mount, const char *name,
                                     enum nfsstat4 status)
{
    const struct client_open how = {.owner = "owner",
                                    .access = OPEN4_SHARE_ACCESS_BOTH,
                                    .deny = OPEN4_SHARE_DENY_BOTH,
                                    .name = name};
    struct client_file file = {.fh = {.len = 0}};

    expect_status(client_file_open(mount, &dir, &how, &file), status);
    return file;
}

/* A client whose minor version is disabled cannot renew its lease, however often it tries. Another
 * client gets its state, but only after the lease has expired. */
static void wanted_by(struct client_mount *mount, const char *name, struct client_mount *out,
                      const struct client_file *kept)
{
    const struct client_open how = {.owner = "owner",
                                    .access = OPEN4_SHARE_ACCESS_BOTH,
                                    .deny = OPEN4_SHARE_DENY_BOTH,
                                    .name = name};
    struct client_file file = {.fh = {.len = 0}};
    enum nfsstat4 status;

    for (int waited = 0;; waited++) {
        status = client_file_open(mount, &dir, &how, &file);
        if (status == NFS4_OK)
            break;
        assert_true(status == NFS4ERR_SHARE_DENIED || status == NFS4ERR_DELAY);
        write_word(out, kept, "nothing", NFS4ERR_MINOR_VERS_MISMATCH);
        assert_true(waited < 600);
        (void)usleep(100 * 1000);
    }
    expect_status(client_file_close(mount, &file), NFS4_OK);
}

/* State that no other client needed is still there when the version is enabled again, however long
 * that took. */
static void shut_out(struct client_mount *out, struct client_mount *in, uint32_t minor)
{
    struct client_file kept, wanted;

    dir = script_dir("/mem");
    make_file(out, &dir, "kept");
    make_file(out, &dir, "wanted");
    kept = open_alone(out, "kept", NFS4_OK);
    wanted = open_alone(out, "wanted", NFS4_OK);
    open_alone(in, "wanted", NFS4ERR_SHARE_DENIED);
    set_range(minor, minor);
    wanted_by(in, "wanted", out, &kept);
    set_range(0, 1);
    write_word(out, &kept, "kept", NFS4_OK);
    write_word(out, &wanted, "lost", NFS4ERR_EXPIRED);
    expect_status(client_file_close(out, &kept), NFS4_OK);
}

static void leases_of_4_1(void **state)
{
    (void)state;
    shut_out(&alice, &bob, 0);
}

static void leases_of_4_0(void **state)
{
    (void)state;
    shut_out(&bob, &alice, 1);
}

static void restart(const char *const *options)
{
    assert_true(test_server_stop(&script_server));
    assert_true(test_server_start(&script_server, options));
    client_conn_close(&alice.conn);
    client_conn_close(&bob.conn);
    script_connect(&alice.conn);
    script_connect(&bob.conn);
}

/* S20-51, S20-50: stored values persist; an option is for one run; a change at run time precedes
 * the option. */
static void after_a_restart(void **state)
{
    static const char *const only_41[] = {
        "--export", "/mem=mem:,no_root_squash", "--min-minor", "1", "--max-minor", "1", NULL};
    static const char *const up_to_40[] = {"--export", "/mem=mem:,no_root_squash", "--max-minor",
                                           "0", NULL};

    (void)state;
    set_range(0, 0);
    restart(exports);
    expect_range(0, 0);
    restart(only_41);
    expect_range(1, 1);
    expect_served("4.1");
    hang_up(); /* nothing was changed */
    expect_range(1, 1);
    restart(exports);
    expect_range(0, 0);
    restart(only_41);
    set_range(0, 0); /* equal to the stored range, but now an explicit change */
    expect_range(0, 0);
    set_range(0, 1);
    expect_range(0, 1);
    restart(exports);
    expect_range(0, 1);
    restart(up_to_40);
    expect_range(0, 0);
    set_range(1, 1);
    expect_range(1, 1);
    restart(exports);
    expect_range(1, 1);
    set_range(0, 1);
}

/* Values that make no sense are ignored, and the log says why. */
static void nonsense(void **state)
{
    struct log_line line;

    (void)state;
    store_range(1, 0);
    hang_up();
    expect_range(0, 2);
    line = log_find("daemon.hangup", NULL);
    assert_string_equal(log_value(&line, "error"), "nfs.min_minor_version 1 (stored) is above "
                                                   "nfs.max_minor_version 0 (stored)");
    store_range(0, 3);
    hang_up();
    expect_range(0, 2);
    line = log_find("daemon.hangup", NULL);
    assert_non_null(strstr(line.text, "nfs.max_minor_version wants 0, 1 or 2, not '3'"));
    set_range(0, 0);
    expect_range(0, 0);
    set_range(0, 2);
}

#define TEST(start, f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(start_usual, obeyed_at_once),         TEST(start_usual, session_goes_on),
        TEST(start_usual, session_of_4_2_goes_on), TEST(start_usual, owners_go_on),
        TEST(start_short, leases_of_4_1),          TEST(start_short, leases_of_4_0),
        TEST(start_usual, after_a_restart),        TEST(start_usual, nonsense),
    };

    return test_group_run(tests);
}
