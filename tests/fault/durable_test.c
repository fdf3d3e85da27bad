/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is acknowledged is on disk: the reply to a request that changed something leaves after a
 * sync that began after the change has ended, in every minor version. No request pays for more
 * syncs than it needs.
 */
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault/durable_fixture.h"
#include "lib/wait.h"

#define CLIENTS LIMIT_LOCAL_NAMES_TURNS /* more of them in one directory may be answered DELAY */

static struct client_fh dir;

/* ---- one request of each kind ---- */

struct sync {
    enum disk_call call;
    const char *path; /* below the test's directory; for a syncfs, that of the file system */
};

struct request {
    const char *what;
    void (*add)(void);
    bool (*done)(void); /* as seen on this machine */
    struct sync syncs[2];
};

static bool there(const char *name)
{
    struct stat st;

    return lstat(durable_path(name), &st) == 0;
}

static struct stat stat_of(const char *name)
{
    struct stat st;

    assert_int_equal(lstat(durable_path(name), &st), 0);
    return st;
}

static bool new_there(void)
{
    return there("new");
}

static void add_mkdir(void)
{
    client_op_create(C, "new", NF4DIR, NULL, 0755);
}

static void add_symlink(void)
{
    client_op_create(C, "new", NF4LNK, "nowhere", 0777);
}

static void add_fifo(void)
{
    client_op_create(C, "new", NF4FIFO, NULL, 0600);
}

/* In 4.0 each OPEN needs an owner that needs no OPEN_CONFIRM. */
static const char *fresh_owner(void)
{
    static char owner[32];
    static unsigned count;

    (void)snprintf(owner, sizeof(owner), "durable %u", count++ % 32);
    return owner;
}

static void add_open(enum createmode4 how)
{
    const struct client_open open = {
        .owner = fresh_owner(),
        .access = OPEN4_SHARE_ACCESS_BOTH | V40_OR(0, OPEN4_SHARE_ACCESS_WANT_NO_DELEG),
        .name = "new",
        .create = true,
        .how = how,
        .verifier = {1, 2, 3},
        .mode = 0644,
    };

    script_op_open(&alice, &open);
}

static void add_guarded(void)
{
    add_open(GUARDED4);
}

static void add_unchecked(void)
{
    add_open(UNCHECKED4);
}

/* UNCHECKED4 of an existing file, with a size of zero. */
static void add_truncating_open(void)
{
    static const uint8_t zero[8];
    struct nfs_argop4 op = {.argop = OP_OPEN};

    op.opopen.share_access = OPEN4_SHARE_ACCESS_BOTH | V40_OR(0, OPEN4_SHARE_ACCESS_WANT_NO_DELEG);
    op.opopen.openhow.opentype = OPEN4_CREATE;
    op.opopen.openhow.how.createattrs = (struct fattr4){CLIENT_BITS(FATTR4_SIZE), {zero, 8}};
    op.opopen.claim.file = client_text("file");
    script_op_as(&alice, fresh_owner(), &op);
}

static bool file_empty(void)
{
    return stat_of("file").st_size == 0;
}

static void add_link(void)
{
    client_op_lookup(C, "file");
    client_op(C, OP_SAVEFH);
    client_op_putfh(C, &dir);
    client_op_link(C, "new");
}

static void add_rename(void)
{
    client_op_lookup(C, "sub");
    client_op(C, OP_SAVEFH);
    durable_look("other");
    client_op_rename(C, "inner", "moved");
}

static bool renamed(void)
{
    return there("other/moved") && !there("sub/inner");
}

static void add_remove(void)
{
    client_op_remove(C, "file");
}

static bool removed(void)
{
    return !there("file");
}

static void add_rmdir(void)
{
    client_op_remove(C, "empty");
}

static bool rmdir_done(void)
{
    return !there("empty");
}

static void add_setattr(const char *name, struct bitmap4 bits, const struct nfs4_attrs *attrs)
{
    client_op_lookup(C, name);
    client_op_setattr(C, &client_stateid_anonymous, bits, attrs);
}

static void add_chmod(void)
{
    add_setattr("file", CLIENT_BITS(FATTR4_MODE), &(struct nfs4_attrs){.mode = 0640});
}

static bool file_chmodded(void)
{
    return (stat_of("file").st_mode & 07777) == 0640;
}

/* Operations on a file that a server without root's rights can no longer open. */
static void add_shut(void)
{
    add_setattr("file", CLIENT_BITS(FATTR4_MODE), &(struct nfs4_attrs){.mode = 0});
}

static bool file_shut(void)
{
    return (stat_of("file").st_mode & 07777) == 0;
}

static void add_chmod_dir(void)
{
    add_setattr("empty", CLIENT_BITS(FATTR4_MODE), &(struct nfs4_attrs){.mode = 0750});
}

static bool dir_chmodded(void)
{
    return (stat_of("empty").st_mode & 07777) == 0750;
}

static void add_shut_dir(void)
{
    add_setattr("empty", CLIENT_BITS(FATTR4_MODE), &(struct nfs4_attrs){.mode = 0300});
}

static bool dir_shut(void)
{
    return (stat_of("empty").st_mode & 07777) == 0300;
}

static void add_chmod_fifo(void)
{
    add_setattr("fifo", CLIENT_BITS(FATTR4_MODE), &(struct nfs4_attrs){.mode = 0640});
}

static bool fifo_chmodded(void)
{
    return (stat_of("fifo").st_mode & 07777) == 0640;
}

static void add_truncate(void)
{
    add_setattr("file", CLIENT_BITS(FATTR4_SIZE), &(struct nfs4_attrs){.size = 3});
}

static bool file_cut(void)
{
    return stat_of("file").st_size == 3;
}

static const struct nfs4_attrs long_ago = {
    .time_modify_set = {.set_it = SET_TO_CLIENT_TIME4, .time = {.seconds = 1000000000}},
};

static void add_times(void)
{
    add_setattr("file", CLIENT_BITS(FATTR4_TIME_MODIFY_SET), &long_ago);
}

static bool file_dated(void)
{
    return stat_of("file").st_mtime == 1000000000;
}

static void add_times_of_link(void)
{
    add_setattr("link", CLIENT_BITS(FATTR4_TIME_MODIFY_SET), &long_ago);
}

static bool link_dated(void)
{
    return stat_of("link").st_mtime == 1000000000;
}

static void add_write(void)
{
    client_op_lookup(C, "file");
    client_op_write(C, &client_stateid_anonymous, 10, FILE_SYNC4, "more", 4);
}

static bool written(void)
{
    return stat_of("file").st_size == 14;
}

/* Each change in this COMPOUND precedes an operation that fails. */
static void add_failing(void)
{
    client_op_create(C, "new", NF4DIR, NULL, 0755);
    client_op_lookup(C, "nothing of that name");
}

static const struct request requests[] = {
    {"CREATE of a directory", add_mkdir, new_there, {{DISK_FSYNC, ""}}},
    {"CREATE of a symlink", add_symlink, new_there, {{DISK_FSYNC, ""}}},
    {"CREATE of a fifo", add_fifo, new_there, {{DISK_FSYNC, ""}}},
    {"OPEN, GUARDED4", add_guarded, new_there, {{DISK_FSYNC, ""}}},
    {"OPEN, UNCHECKED4", add_unchecked, new_there, {{DISK_FSYNC, ""}}},
    {"OPEN that truncates", add_truncating_open, file_empty, {{DISK_FSYNC, "file"}}},
    {"LINK", add_link, new_there, {{DISK_FSYNC, ""}}},
    {"RENAME", add_rename, renamed, {{DISK_FSYNC, "sub"}, {DISK_FSYNC, "other"}}},
    {"REMOVE of a file", add_remove, removed, {{DISK_FSYNC, ""}}},
    {"REMOVE of a directory", add_rmdir, rmdir_done, {{DISK_FSYNC, ""}}},
    {"SETATTR of a mode", add_chmod, file_chmodded, {{DISK_FSYNC, "file"}}},
    {"SETATTR of a size", add_truncate, file_cut, {{DISK_FSYNC, "file"}}},
    {"SETATTR of times", add_times, file_dated, {{DISK_FSYNC, "file"}}},
    {"SETATTR of a directory", add_chmod_dir, dir_chmodded, {{DISK_FSYNC, "empty"}}},
    {"SETATTR that shuts a file", add_shut, file_shut, {{DISK_FSYNC, "file"}}},
    {"SETATTR that shuts a directory", add_shut_dir, dir_shut, {{DISK_FSYNC, "empty"}}},
    {"SETATTR of a fifo", add_chmod_fifo, fifo_chmodded, {{DISK_SYNCFS, NULL}}},
    {"SETATTR of a symlink", add_times_of_link, link_dated, {{DISK_SYNCFS, NULL}}},
    {"WRITE, FILE_SYNC4", add_write, written, {{DISK_FSYNC, "file"}}},
    {"a COMPOUND that fails", add_failing, new_there, {{DISK_FSYNC, ""}}},
};

static enum nfsstat4 status_of(const struct request *request)
{
    return request->add == add_failing ? NFS4ERR_NOENT : NFS4_OK;
}

/* Run until a sync is held; the system call of LINK, which is watched too, passes. */
static void sync_held(void)
{
    durable_held(1);
    while (disk_watch_last(watch)->call == DISK_NAME)
        durable_pass();
}

/* syncfs needs no access right. */
static struct sync sync_of(const struct request *request, size_t index)
{
    bool shut = request->add == add_shut || request->add == add_shut_dir;

    return shut && geteuid() != 0 ? (struct sync){DISK_SYNCFS, NULL} : request->syncs[index];
}

static void expect_held(const struct request *request, size_t index)
{
    const struct disk_note *note = disk_watch_last(watch);
    struct sync sync = sync_of(request, index);

    if (note->call != sync.call ||
        strcmp(note->path, sync.path ? durable_note(sync.path) : "sync") != 0)
        fail_msg("%s: call %d of '%s'", request->what, note->call, note->path);
    if (!request->done())
        fail_msg("%s: synced before it was done", request->what);
    if (durable_answered(&alice.conn))
        fail_msg("%s: answered before it was synced", request->what);
}

static void begin_request(const struct request *request, const char *export)
{
    dir = durable_dir(export);
    begin(&alice, &dir);
    request->add();
}

static void sync_before_reply(const struct request *request)
{
    uint32_t xid;

    begin_request(request, "sync");
    disk_watch_hold(watch, DISK_SYNCS);
    xid = durable_send(&alice.conn);
    for (size_t i = 0; i < ARRAY_SIZE(request->syncs) && request->syncs[i].call; i++) {
        if (i > 0)
            durable_pass();
        sync_held();
        expect_held(request, i);
    }
    atomic_fetch_add(&watch->passes, 1);
    durable_receive(&alice.conn, xid, status_of(request));
    assert_int_equal(atomic_load(&watch->held), 0);
}

static void every_change_is_synced_before_its_reply(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
        sync_before_reply(&requests[i]);
}

static uint32_t syncs(void)
{
    return disk_watch_count(watch, DISK_FSYNC, NULL) + disk_watch_count(watch, DISK_SYNCFS, NULL) +
           disk_watch_count(watch, DISK_FDATASYNC, NULL);
}

/* With `async`, and on a backend that stores nothing. */
static void expect_no_sync(const char *export)
{
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
        const struct request *request = &requests[i];

        begin_request(request, export);
        run(status_of(request));
        assert_true(request->done());
        if (request->add != add_write && syncs() != 0)
            fail_msg("%s: synced", request->what);
    }
}

static void async_waits_for_nothing(void **state)
{
    (void)state;
    expect_no_sync("async");
}

static void tmpfs_waits_for_nothing(void **state)
{
    (void)state;
    expect_no_sync("sync");
}

/* Whatever the request changes: on btrfs, fsyncs of two objects would collide. */
static void on_btrfs_a_request_takes_one_sync(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
        const struct request *request = &requests[i];
        enum disk_call call = request->syncs[1].call ? DISK_SYNCFS : sync_of(request, 0).call;

        begin_request(request, "sync");
        run(status_of(request));
        if (syncs() != 1 || disk_watch_count(watch, call, NULL) != 1)
            fail_msg("%s: %u syncs", request->what, syncs());
    }
}

/* ---- what it costs ---- */

static void a_compound_pays_once(void **state)
{
    (void)state;
    dir = durable_dir("sync");
    begin(&alice, &dir);
    client_op_create(C, "a", NF4DIR, NULL, 0755);
    client_op_putfh(C, &dir);
    client_op_create(C, "b", NF4LNK, "nowhere", 0777);
    client_op_putfh(C, &dir);
    client_op(C, OP_SAVEFH);
    client_op_rename(C, "a", "c");
    client_op_remove(C, "file");
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE),
                      &(struct nfs4_attrs){.mode = 0750});
    run(NFS4_OK);
    assert_int_equal(syncs(), 1);
    assert_int_equal(disk_watch_count(watch, DISK_FSYNC, durable_note("")), 1);
}

/* More objects than one COMPOUND remembers. */
static void a_compound_syncs_each_object_once(void **state)
{
    enum {
        OBJECTS = LIMIT_COMPOUND_CHANGES + 4
    };
    char names[OBJECTS][16];

    (void)state;
    dir = durable_dir("sync");
    for (size_t i = 0; i < OBJECTS; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "d%zu", i);
        assert_int_equal(mkdir(durable_path(names[i]), 0755), 0);
    }
    begin(&alice, &dir);
    for (size_t i = 0; i < OBJECTS; i++) {
        durable_look(names[i]);
        client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE),
                          &(struct nfs4_attrs){.mode = 0700});
        client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE),
                          &(struct nfs4_attrs){.mode = 0750});
    }
    run(NFS4_OK);
    assert_int_equal(syncs(), OBJECTS);
    for (size_t i = 0; i < OBJECTS; i++)
        assert_int_equal(disk_watch_count(watch, DISK_FSYNC, durable_note(names[i])), 1);
}

/* Requests in flight, each from a client of its own. */
static struct flight {
    struct client_mount mount;
    struct client_compound compound;
    uint32_t xid;
    char name[16];
} flights[CLIENTS];

static void mount_flights(void)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        durable_mount(&flights[i].mount);
        (void)snprintf(flights[i].name, sizeof(flights[i].name), "flight%zu", i);
    }
}

static void send_flight(struct flight *flight, void (*add)(struct flight *flight))
{
    client_mount_begin(&flight->mount, &flight->compound);
    client_op_putfh(&flight->compound, &dir);
    add(flight);
    assert_int_equal(client_compound_send(&flight->mount.conn, &flight->compound, &flight->xid),
                     CLIENT_OK);
}

static void receive_flight(struct flight *flight)
{
    struct client_result result;

    assert_int_equal(
        client_compound_receive(&flight->mount.conn, &flight->compound, flight->xid, &result),
        CLIENT_OK);
    expect_status(result.status, NFS4_OK);
    client_result_free(&result);
    client_compound_free(&flight->compound);
}

static void unmount_flights(void)
{
    for (size_t i = 0; i < CLIENTS; i++)
        client_mount_close(&flights[i].mount);
}

/* The first request's sync is held until all requests have made their changes. */
static void fly(void (*add)(struct flight *flight), bool (*landed)(const struct flight *flight))
{
    mount_flights();
    disk_watch_reset(watch);
    disk_watch_hold(watch, DISK_SYNCS);
    for (size_t i = 0; i < CLIENTS; i++)
        send_flight(&flights[i], add);
    for (size_t i = 0; i < CLIENTS; i++)
        wait_until(landed(&flights[i]));
    for (size_t i = 0; i < CLIENTS; i++)
        assert_false(durable_answered(&flights[i].mount.conn));
    disk_watch_let_go(watch);
    for (size_t i = 0; i < CLIENTS; i++)
        receive_flight(&flights[i]);
    unmount_flights();
}

static void fly_mkdir(struct flight *flight)
{
    client_op_create(&flight->compound, flight->name, NF4DIR, NULL, 0700);
}

static bool flight_there(const struct flight *flight)
{
    return there(flight->name);
}

/* Requests that wait while a sync runs share the next one; a request that changes the directory
 * only during that sync needs one more. */
static void requests_in_one_directory_share_a_sync(void **state)
{
    (void)state;
    dir = durable_dir("sync");
    fly(fly_mkdir, flight_there);
    assert_int_equal(syncs(), disk_watch_count(watch, DISK_FSYNC, durable_note("")));
    assert_true(syncs() >= 1);
    print_message("%u requests, %u syncs\n", CLIENTS, syncs());
    assert_true(syncs() <= CLIENTS / 4);
}

/* On btrfs, requests on unrelated objects also share a sync, all but the first. */
static void fly_chmod(struct flight *flight)
{
    client_op_lookup(&flight->compound, flight->name);
    client_op_setattr(&flight->compound, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE),
                      &(struct nfs4_attrs){.mode = 0700});
}

static bool flight_chmodded(const struct flight *flight)
{
    return (stat_of(flight->name).st_mode & 07777) == 0700;
}

static void requests_of_one_file_system_share_a_sync(void **state)
{
    (void)state;
    dir = durable_dir("sync");
    for (size_t i = 0; i < CLIENTS; i++) {
        (void)snprintf(flights[i].name, sizeof(flights[i].name), "flight%zu", i);
        assert_int_equal(mkdir(durable_path(flights[i].name), 0755), 0);
    }
    fly(fly_chmod, flight_chmodded);
    assert_true(disk_watch_count(watch, DISK_SYNCFS, "sync") >= 1);
    print_message("%u requests, %u syncs\n", CLIENTS, syncs());
    assert_true(syncs() <= CLIENTS / 4);
}

/* ---- other requests meanwhile ---- */

/* Alice's mkdir waits for its sync. */
static uint32_t wait_in_sync(void)
{
    uint32_t xid;

    dir = durable_dir("sync");
    begin(&alice, &dir);
    client_op_create(C, "new", NF4DIR, NULL, 0755);
    disk_watch_hold(watch, DISK_SYNCS);
    xid = durable_send(&alice.conn);
    durable_held(1);
    return xid;
}

static void a_slow_sync_delays_no_other_request(void **state)
{
    struct client_compound held;
    struct client_result result;
    uint32_t xid;

    (void)state;
    xid = wait_in_sync();
    held = *C;
    memset(C, 0, sizeof(*C));
    begin(&bob, &dir);
    client_op_getattr(C, CLIENT_BITS(FATTR4_CHANGE, FATTR4_MODE));
    client_op_access(C, ACCESS4_READ | ACCESS4_MODIFY);
    client_op_readdir(C, 0, NULL, 4096, CLIENT_BITS(FATTR4_TYPE));
    client_op_lookup(C, "new");
    durable_look("file");
    client_op_read(C, &client_stateid_anonymous, 0, 4);
    client_op_write(C, &client_stateid_anonymous, 0, UNSTABLE4, "abcd", 4);
    run_on(&bob.conn, NFS4_OK);
    /* The request makes its change, and waits only for its sync. */
    begin(&bob, &dir);
    client_op_remove(C, "file");
    (void)durable_send(&bob.conn);
    wait_until(removed());
    assert_false(durable_answered(&alice.conn));
    disk_watch_let_go(watch);
    durable_receive(&bob.conn, bob.conn.xid, NFS4_OK);
    assert_int_equal(client_compound_receive(&alice.conn, &held, xid, &result), CLIENT_OK);
    expect_status(result.status, NFS4_OK);
    client_result_free(&result);
    client_compound_free(&held);
}

/* ---- retries ---- */

/* The same call again, over `conn`, then one that needs no disk: its reply shows that the server
 * has read the retry. */
static void retry_behind(struct client_conn *conn, uint32_t xid)
{
    struct client_compound null;
    struct client_result result;

    assert_int_equal(client_compound_send_again(conn, C, xid), CLIENT_OK);
    client_compound_begin(&null, client_text(""), 0);
    client_op_putrootfh(&null);
    assert_int_equal(client_compound_call(conn, &null, &result), CLIENT_OK);
    client_result_free(&result);
    client_compound_free(&null);
}

/* S20-07: the retry is answered from the cache, but not before the change is on disk. */
static void retry_waits_for_the_sync(uint32_t xid)
{
    struct client_conn other;

    script_connect(&other);
    if (script_minor == 0) {
        retry_behind(&other, xid);
        assert_false(durable_answered(&other));
    } else {
        assert_int_equal(client_compound_send_again(&other, C, xid), CLIENT_OK);
        durable_receive(&other, xid, NFS4ERR_DELAY); /* S20-11: the slot is in use */
    }
    assert_false(durable_answered(&alice.conn));
    disk_watch_let_go(watch);
    if (script_minor == 0)
        durable_receive(&other, xid, NFS4_OK);
    durable_receive(&alice.conn, xid, NFS4_OK);
    if (script_minor != 0) {
        assert_int_equal(client_compound_send_again(&other, C, xid), CLIENT_OK);
        durable_receive(&other, xid, NFS4_OK);
    }
    assert_int_equal(syncs(), 1);
    client_conn_close(&other);
}

static void the_retry_of_a_create_waits_for_its_sync(void **state)
{
    (void)state;
    retry_waits_for_the_sync(wait_in_sync());
}

/* In 4.0 the owner's seqid identifies this retry. */
static void the_retry_of_an_open_waits_for_its_sync(void **state)
{
    uint32_t xid;

    (void)state;
    dir = durable_dir("sync");
    begin(&alice, &dir);
    add_guarded();
    client_op_getfh(C);
    disk_watch_hold(watch, DISK_SYNCS);
    xid = durable_send(&alice.conn);
    durable_held(1);
    retry_waits_for_the_sync(xid);
}

int main(void)
{
    const struct CMUnitTest on_ext4[] = {
        cmocka_unit_test(every_change_is_synced_before_its_reply),
        cmocka_unit_test(async_waits_for_nothing),
        cmocka_unit_test(a_compound_pays_once),
        cmocka_unit_test(a_compound_syncs_each_object_once),
        cmocka_unit_test(requests_in_one_directory_share_a_sync),
        cmocka_unit_test(a_slow_sync_delays_no_other_request),
        cmocka_unit_test(the_retry_of_a_create_waits_for_its_sync),
        cmocka_unit_test(the_retry_of_an_open_waits_for_its_sync),
    };
    const struct CMUnitTest on_btrfs[] = {
        cmocka_unit_test(on_btrfs_a_request_takes_one_sync),
        cmocka_unit_test(requests_of_one_file_system_share_a_sync),
    };
    const struct CMUnitTest on_tmpfs[] = {
        cmocka_unit_test(tmpfs_waits_for_nothing),
    };
    int failed = test_group_run_fixtures(on_ext4, durable_setup_ext4, script_teardown);

    failed += test_group_run_fixtures(on_btrfs, durable_setup_btrfs, script_teardown);
    failed += test_group_run_fixtures(on_tmpfs, durable_setup_tmpfs, script_teardown);
    return failed;
}
