/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server with 300 MB of address space, and strangers that take all that it gives: by data, opens,
 * locks, clients, half requests and unread replies; by objects of a local export; by callbacks that
 * are not answered. The server survives, reports what it cannot do, serves a neighbour throughout,
 * and serves all clients once there is room again. It is the server of the release build, since a
 * sanitizer needs more address space than that.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/wait.h"
#include "protocol/log_lines.h"
#include "protocol/script.h"
#include "stranger.h"

enum {
    ADDRESS_SPACE_KIB = 300 << 10,
    BLOCK_BYTES = 1 << 20,
    BLOCKS_MOST = 400,
    OPENS_EACH = 32, /* in one COMPOUND */
    OPENS_MOST = 60000,
    LOCKS_MOST = 2000,
    CLIENTS_MOST = 200,
    HALVES = 200,
    HOARDERS = 8,
    TRIES = 200,
    LOCAL_FILES = 15000,
    LOCAL_EACH = 25, /* in one COMPOUND */
    LOCAL_LOOKUPS = 3000,
    LOCAL_BYTES = 2 << 20, /* the least that they take */
    HELD = 1500,           /* delegations, each recalled */
    HELD_EACH = 25,
    WANTED_EACH = 5,
    CALLS_BYTES = 64 << 10, /* the least that the callbacks take */
    DIALLED = 200,          /* clients of 4.0 with a callback address */
};

static char wrapper_dir[64], wrapper[96];
static uint8_t block[BLOCK_BYTES];
static struct client_mount hostile;
static struct client_fh dir;
static struct client_file big;

/* A script that limits its address space and then runs mainstayd. */
static bool wrapper_make(const char *release)
{
    FILE *file;

    (void)snprintf(wrapper_dir, sizeof(wrapper_dir), "/tmp/mainstay-test.XXXXXX");
    if (!mkdtemp(wrapper_dir))
        return false;
    (void)snprintf(wrapper, sizeof(wrapper), "%s/mainstayd", wrapper_dir);
    file = fopen(wrapper, "w");
    if (!file)
        return false;
    (void)fprintf(file, "#!/bin/sh\nulimit -v %d\nexec '%s/mainstayd' \"$@\"\n", ADDRESS_SPACE_KIB,
                  release);
    return fclose(file) == 0 && chmod(wrapper, 0755) == 0 &&
           setenv("MAINSTAY_BIN", wrapper_dir, 1) == 0;
}

static bool has_release(void)
{
    const char *release = getenv("MAINSTAY_RELEASE_BIN");
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/mainstayd", release ? release : ".");
    return access(path, X_OK) == 0;
}

static int setup(void **state)
{
    static char local[128];
    static const char *const options[] = {"--export",  "/mem=mem:,no_root_squash",
                                          "--export",  local,
                                          "--threads", "2",
                                          "--lease",   "4",
                                          "--set",     "nfs.memory_mib=32",
                                          "--set",     "nfs.recall_park_ms=0",
                                          NULL};

    (void)state;
    if (!has_release())
        return 0;
    if (!wrapper_make(getenv("MAINSTAY_RELEASE_BIN")) || !test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    if (script_setup(options) != 0 || !script_open_to_all(script_mem))
        return -1;
    dir = script_dir(script_mem);
    return 0;
}

static int teardown(void **state)
{
    int result = has_release() ? script_teardown(state) : 0;

    (void)unlink(wrapper);
    (void)rmdir(wrapper_dir);
    return result;
}

/* ---- the neighbour ---- */

/* One GETATTR; returns its status. A closed connection is made again, as any client does. */
static enum nfsstat4 ask(void)
{
    struct client_compound c;
    struct client_result r;
    struct bitmap4 size = {0};
    enum nfsstat4 status;

    bitmap4_set(&size, FATTR4_SIZE);
    client_mount_begin_uncached(&bob, &c);
    client_op_putfh(&c, &dir);
    client_op_getattr(&c, size);
    status = client_mount_call(&bob, &c, &r);
    client_result_free(&r);
    if (status == NFS4ERR_SERVERFAULT) {
        client_conn_close(&bob.conn);
        if (client_conn_open(&bob.conn, script_server.target, SCRIPT_TIMEOUT_MS) == CLIENT_OK)
            bob.conn.cred = script_cred();
    }
    return status;
}

static void expect_service(void)
{
    enum nfsstat4 status = ask();

    for (int i = 0; i < TRIES && status != NFS4_OK; i++) {
        assert_true(status == NFS4ERR_DELAY || status == NFS4ERR_SERVERFAULT);
        wait_ms(5);
        status = ask();
    }
    assert_int_equal(status, NFS4_OK);
}

/* ---- strangers ---- */

static void fill(void)
{
    uint32_t written;

    script_mount_v41(&hostile);
    expect_status(client_file_create(&hostile, &dir, "big", &big), NFS4_OK);
    for (uint64_t i = 0; i < BLOCKS_MOST; i++) {
        if (client_file_write(&hostile, &big, i * BLOCK_BYTES, FILE_SYNC4, block, BLOCK_BYTES,
                              &written) != NFS4_OK)
            break;
    }
    assert_int_equal(hostile.trouble, CLIENT_OK);
}

/* Opens of the same file, each by another owner. */
static bool open_more(unsigned round)
{
    char owners[OPENS_EACH][32];
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_mount_begin_uncached(&hostile, &c);
    client_op_putfh(&c, &big.fh);
    for (unsigned i = 0; i < OPENS_EACH; i++) {
        const struct client_open how = {.clientid = hostile.session.clientid,
                                        .owner = owners[i],
                                        .access = OPEN4_SHARE_ACCESS_READ};

        (void)snprintf(owners[i], sizeof(owners[i]), "owner %u of %u", i, round);
        client_op_open(&c, &how);
    }
    status = client_mount_call(&hostile, &c, &r);
    client_result_free(&r);
    return status == NFS4_OK;
}

static bool lock_more(uint64_t offset)
{
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_mount_begin_uncached(&hostile, &c);
    client_op_putfh(&c, &big.fh);
    client_op_lock_new(&c, &big.stateid, hostile.session.clientid, "locker", WRITE_LT, offset, 1);
    status = client_mount_call(&hostile, &c, &r);
    client_result_free(&r);
    return status == NFS4_OK;
}

/* The neighbour's lease is short, and when memory is short a silent client loses its state. */
static void hold(void)
{
    for (unsigned i = 0; i < OPENS_MOST / OPENS_EACH && open_more(i); i++)
        expect_service();
    for (uint64_t i = 0; i < LOCKS_MOST && lock_more(2 * i); i++)
        expect_service();
    expect_service();
}

static void make_clients(void)
{
    static struct client_session session;
    struct client_conn conn;

    script_connect(&conn);
    for (int i = 0; i < CLIENTS_MOST; i++) {
        struct client_session_wish wish = client_session_wish_default(NULL);
        enum nfsstat4 status;

        if (client_session_open(&conn, &wish, &session, &status) != CLIENT_OK)
            break;
        expect_service();
    }
    client_conn_close(&conn);
    expect_service();
}

static void send_halves(void)
{
    static int fds[HALVES];
    unsigned count = stranger_connect_many("127.0.0.1", fds, HALVES);

    for (unsigned i = 0; i < count; i++) {
        uint32_t mark = htobe32(0x80000000u | BLOCK_BYTES);

        (void)stranger_send(fds[i], &mark, sizeof(mark));
    }
    for (int round = 0; round < 4; round++) {
        for (unsigned i = 0; i < count; i++)
            (void)stranger_send(fds[i], block, BLOCK_BYTES / 5);
        expect_service();
    }
    stranger_close_all(fds, count);
    expect_service();
}

/* Each client requests more than its socket buffers. */
static void hoard(struct client_mount *mount)
{
    struct client_compound c;
    uint32_t xid;

    for (uint32_t slot = 0; slot < 8; slot++) {
        client_compound_begin_slot(&c, &mount->session, slot, false);
        client_op_putfh(&c, &big.fh);
        client_op_read(&c, &(struct stateid4){0}, 0, BLOCK_BYTES);
        if (client_compound_send(&mount->conn, &c, &xid) != CLIENT_OK)
            slot = 8;
        client_compound_free(&c);
    }
}

static void leave_unread(void)
{
    static struct client_mount mounts[HOARDERS];
    struct client_cred cred = script_cred();

    for (unsigned i = 0; i < HOARDERS; i++) {
        if (client_mount_open(&mounts[i], script_server.target, SCRIPT_TIMEOUT_MS, &cred, NULL) ==
            NFS4_OK)
            hoard(&mounts[i]);
        expect_service();
    }
    for (unsigned i = 0; i < HOARDERS; i++) {
        client_conn_close(&mounts[i].conn);
        client_mount_close(&mounts[i]);
    }
    expect_service();
}

/* A new client makes a session and a file; false when it is told to retry. */
static bool newcomer_works(void)
{
    struct client_cred cred = script_cred();
    static struct client_mount newcomer;
    struct client_file file;
    enum nfsstat4 status;

    expect_service(); /* keeps the neighbour's lease alive */
    status = client_mount_open(&newcomer, script_server.target, SCRIPT_TIMEOUT_MS, &cred, NULL);
    if (status == NFS4_OK)
        status = client_file_remove(&newcomer, &dir, "new"); /* as the last try left it */
    if (status == NFS4_OK || status == NFS4ERR_NOENT)
        status = client_file_create(&newcomer, &dir, "new", &file);
    if (status == NFS4_OK)
        status = client_file_close(&newcomer, &file);
    client_mount_close(&newcomer);
    return status == NFS4_OK;
}

/* The client that took most is silent from now on. Its lease ends, and since memory is short its
 * state is not kept. Then there is room for new clients. */
static void recover(void)
{
    client_conn_close(&hostile.conn);
    client_mount_close(&hostile);
    wait_until_every(100, newcomer_works());
}

static void everything_taken(void **unused)
{
    (void)unused;
    if (!has_release())
        test_skip("there is no release build: make build");
    fill();
    expect_service();
    hold();
    make_clients();
    send_halves();
    leave_unread();
    recover();
    expect_status(client_file_remove(&bob, &dir, "big"), NFS4_OK);
    assert_true(stranger_stat("daemon.memory", "refused") > 0);
    assert_int_equal(stranger_stat("daemon.memory", "budget"), 32 << 20);
}

/* ---- objects of a local export ---- */

static struct client_fh local_dir;

static void make_files(void)
{
    int at = open(script_server.data, O_PATH | O_DIRECTORY | O_CLOEXEC);
    char name[16];

    assert_true(at >= 0);
    for (unsigned i = 0; i < LOCAL_FILES; i++) {
        int fd;

        (void)snprintf(name, sizeof(name), "f%u", i);
        fd = openat(at, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
        assert_true(fd >= 0);
        close(fd);
    }
    close(at);
}

/* Open new files, or only look them up. False: the server gave no more. */
static bool local_more(unsigned first, bool keep)
{
    char names[LOCAL_EACH][16];
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_mount_begin_uncached(&hostile, &c);
    for (unsigned i = 0; i < LOCAL_EACH; i++) {
        const struct client_open how = {.clientid = hostile.session.clientid,
                                        .owner = "reader",
                                        .access = OPEN4_SHARE_ACCESS_READ,
                                        .name = names[i]};

        (void)snprintf(names[i], sizeof(names[i]), "f%u", first + i);
        client_op_putfh(&c, &local_dir);
        if (keep)
            client_op_open(&c, &how);
        else
            client_op_lookup(&c, names[i]);
    }
    status = client_mount_call(&hostile, &c, &r);
    client_result_free(&r);
    return status == NFS4_OK;
}

/* Another client finds files that nobody has asked for yet. */
static void expect_lookups(void)
{
    struct client_fh fh;
    char name[16];

    for (unsigned i = 0; i < LOCAL_LOOKUPS; i++) {
        (void)snprintf(name, sizeof(name), "f%u", LOCAL_FILES - 1 - i);
        expect_status(client_file_lookup_at(&bob, &local_dir, name, &fh), NFS4_OK);
    }
}

/* Open as many files as possible; then look all of them up, which evicts idle objects. */
static void local_taken(void **unused)
{
    bool more = true;

    (void)unused;
    if (!has_release())
        test_skip("there is no release build: make build");
    make_files();
    expect_status(client_file_lookup(&bob, script_local, &local_dir), NFS4_OK);
    script_mount_v41(&hostile);
    for (unsigned i = 0; i < LOCAL_FILES && more; i += LOCAL_EACH) {
        more = local_more(i, true);
        expect_service();
    }
    assert_false(more);
    assert_true(stranger_stat("daemon.memory", "cached") > LOCAL_BYTES);
    expect_lookups();
    for (unsigned i = 0; i < LOCAL_FILES; i += LOCAL_EACH) {
        (void)local_more(i, false);
        expect_service();
    }
    expect_lookups();
    assert_int_equal(hostile.trouble, CLIENT_OK);
    recover();
}

/* ---- callbacks ---- */

static bool held_more(unsigned first)
{
    char names[HELD_EACH][16];
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_mount_begin_uncached(&hostile, &c);
    for (unsigned i = 0; i < HELD_EACH; i++) {
        const struct client_open how = {.clientid = hostile.session.clientid,
                                        .owner = "holder",
                                        .access = OPEN4_SHARE_ACCESS_BOTH |
                                                  OPEN4_SHARE_ACCESS_WANT_WRITE_DELEG,
                                        .name = names[i],
                                        .create = true,
                                        .how = UNCHECKED4,
                                        .mode = 0666};

        (void)snprintf(names[i], sizeof(names[i]), "held%u", first + i);
        client_op_putfh(&c, &dir);
        client_op_open(&c, &how);
    }
    status = client_mount_call(&hostile, &c, &r);
    client_result_free(&r);
    return status == NFS4_OK;
}

/* The holder is alive; only its callbacks stay unanswered. */
static void keep_lease(void)
{
    struct client_compound c;
    struct client_result r;

    client_mount_begin_uncached(&hostile, &c);
    client_op_putfh(&c, &dir);
    expect_status(client_mount_call(&hostile, &c, &r), NFS4_OK);
    client_result_free(&r);
}

/* Request a delegated file; whatever the answer, go on with the next. */
static void want(struct client_mount *rival, unsigned number)
{
    char name[16];
    const struct client_open how = {.clientid = rival->session.clientid,
                                    .owner = "rival",
                                    .access =
                                        OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                                    .name = name};
    struct client_compound c;
    struct client_result r;

    (void)snprintf(name, sizeof(name), "held%u", number);
    client_mount_begin_uncached(rival, &c);
    client_op_putfh(&c, &dir);
    client_op_open(&c, &how);
    (void)client_mount_call(rival, &c, &r);
    client_result_free(&r);
}

/* Each client has a callback path of its own, on which a connection waits for an answer. */
static void be_dialled(void)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(here);
    int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct client_conn conn;
    char address[32];
    unsigned port;

    assert_int_equal(bind(silent, (struct sockaddr *)&here, len), 0);
    assert_int_equal(getsockname(silent, (struct sockaddr *)&here, &len), 0);
    assert_int_equal(listen(silent, DIALLED), 0);
    port = ntohs(here.sin_port);
    (void)snprintf(address, sizeof(address), "127.0.0.1.%u.%u", port >> 8, port & 0xff);
    script_connect(&conn);
    for (unsigned i = 0; i < DIALLED; i++) {
        struct client_id_wish wish = client_id_wish_default(NULL);
        struct client_id id;
        enum nfsstat4 status;

        wish.address = address;
        if (client_id_open(&conn, &wish, &id, &status) != CLIENT_OK)
            break;
        expect_service();
    }
    client_conn_close(&conn);
    close(silent);
}

static bool calls_are_held(void)
{
    keep_lease();
    expect_service();
    return stranger_stat("daemon.memory", "callbacks") > CALLS_BYTES;
}

static void calls_unanswered(void **unused)
{
    static struct client_mount rival;
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_cred cred = script_cred();

    (void)unused;
    if (!has_release())
        test_skip("there is no release build: make build");
    expect_status(
        client_mount_open(&hostile, script_server.target, SCRIPT_TIMEOUT_MS, &cred, &wish),
        NFS4_OK);
    script_mount_v41(&rival);
    for (unsigned held = 0; held < HELD; held += HELD_EACH) {
        wait_until_every(100, held_more(held)); /* earlier state may still be released */
        expect_service();
    }
    for (unsigned i = 0; i < HELD; i++) {
        want(&rival, i);
        if (i % WANTED_EACH == 0) { /* in less than a lease */
            keep_lease();
            expect_service();
        }
    }
    wait_until_every(100, calls_are_held());
    be_dialled();
    client_conn_close(&rival.conn);
    client_mount_close(&rival);
    recover();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(local_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(calls_unanswered, setup, teardown),
    };

    return test_group_run(tests);
}
