/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retries in minor version 0 that find their request running, and what distinguishes requests: the
 * processor over real connections, and a backend whose REMOVE waits on demand.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "gss/gss_principal.h"
#include "lib/test.h"
#include "proto/nfs4_program.h"
#include "proto/v40/duplicate_cache.h"
#include "proto/v40/v40.h"
#include "transport/worker.h"
#include "v40_fixture.h"

enum {
    WAITERS = LIMIT_DUPLICATE_CLIENT_WAITERS + 1,
    /* Together with the waiting duplicates this is less than one address may block in one file
     * system; with all duplicates it is more. */
    CROWD = 32
};

static struct v41_call call, calls[WAITERS];
static const struct vfs_ops *real;
static struct vfs_ops held_ops;
static _Atomic bool held, lookup_held, open_held;
static _Atomic unsigned removals, lookups_begun, opens_begun;

static enum vfs_status held_remove(struct vfs_object *dir, const struct vfs_cred *cred,
                                   const struct vfs_name *name, struct vfs_change_info *info)
{
    removals++;
    vfs_blocking_begin(true);
    while (held)
        sched_yield();
    vfs_blocking_end();
    return real->remove(dir, cred, name, info);
}

/* Of the calls during the hold only the first waits. */
static enum vfs_status held_lookup(struct vfs_object *dir, const struct vfs_cred *cred,
                                   const struct vfs_name *name, struct vfs_object **out)
{
    if (lookup_held && lookups_begun++ == 0) {
        vfs_blocking_begin(true);
        while (lookup_held)
            sched_yield();
        vfs_blocking_end();
    }
    return real->lookup(dir, cred, name, out);
}

static enum vfs_status held_open(struct vfs_object *obj, const struct vfs_cred *cred,
                                 enum vfs_open_want want, bool owner)
{
    opens_begun++;
    vfs_blocking_begin(true);
    while (open_held)
        usleep(1000);
    vfs_blocking_end();
    return real->open(obj, cred, want, owner);
}

static void hold(struct vfs *fs)
{
    real = fs->ops;
    held_ops = *real;
    held_ops.remove = held_remove;
    held_ops.lookup = held_lookup;
    held_ops.open = held_open;
    fs->ops = &held_ops;
}

static void blocking_begin(bool surely)
{
    if (surely)
        worker_will_block();
    else
        worker_may_block();
}

static int set_up(void **state)
{
    v41_backend_made = hold;
    vfs_blocking_hooks = (struct vfs_blocking_hooks){blocking_begin, worker_unblock};
    held = lookup_held = open_held = false;
    removals = lookups_begun = opens_begun = 0;
    return v41_set_up(state);
}

static int tear_down(void **state)
{
    held = lookup_held = open_held = false;
    return v41_tear_down(state);
}

static struct duplicate_stats stats(void)
{
    struct duplicate_stats stats;

    duplicate_stats_read(test_server.v40->duplicates, &stats);
    return stats;
}

static void begin(struct v41_call *c, uint32_t xid)
{
    v41_begin(c);
    c->minor = 0;
    c->xid = xid;
    v41_op(c, OP_PUTROOTFH);
}

static void op_remove(struct v41_call *c, const char *name)
{
    struct REMOVE4args args = {.target = {(const uint8_t *)name, (uint32_t)strlen(name)}};

    wire_REMOVE4args(v41_op(c, OP_REMOVE), &args);
}

static void mkdir_new(uint32_t xid, const char *name)
{
    begin(&call, xid);
    v41_op_mkdir(&call, name);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
}

static void expect_same(const struct v41_call *one, const struct v41_call *other)
{
    assert_int_equal(one->body_len, other->body_len);
    assert_memory_equal(one->body, other->body, one->body_len);
}

/* ---- running requests ---- */

/* A REMOVE that runs until `held` is cleared. */
static int remove_begin(const char *name, uint32_t xid)
{
    int fd = v41_connect();

    mkdir_new(xid + 1000, name);
    held = true;
    begin(&calls[0], xid);
    op_remove(&calls[0], name);
    v41_send(fd, &calls[0]);
    while (removals == 0)
        sched_yield();
    return fd;
}

static void waiting_reaches(uint64_t waiting)
{
    while (stats().waiting != waiting)
        sched_yield();
}

/* Its retries get its reply; meanwhile other clients' connections, and their own, are served. */
static void retries_wait(void **state)
{
    int fds[4];

    (void)state;
    fds[0] = remove_begin("a", 77);
    for (unsigned i = 1; i < 4; i++) {
        fds[i] = v41_connect();
        calls[i] = calls[0];
        v41_send(fds[i], &calls[i]);
    }
    waiting_reaches(3);
    for (unsigned i = 0; i < 4; i++) {
        begin(&call, 0);
        v41_op_getattr(&call, 1u << FATTR4_SIZE);
        v41_roundtrip(fds[i], &call);
        assert_int_equal(call.status, NFS4_OK);
    }
    held = false;
    for (unsigned i = 0; i < 4; i++) {
        v41_receive(fds[i], &calls[i]);
        assert_int_equal(calls[i].status, NFS4_OK);
        expect_same(&calls[i], &calls[0]);
        close(fds[i]);
    }
    assert_int_equal(removals, 1);
    assert_int_equal(stats().waits, 3);
}

/* A duplicate over the same connection waits, too. */
static void same_connection(void **state)
{
    int fd;

    (void)state;
    fd = remove_begin("a", 77);
    v41_send(fd, &calls[0]);
    waiting_reaches(1);
    held = false;
    v41_receive(fd, &calls[0]);
    calls[1] = calls[0];
    v41_receive(fd, &calls[1]);
    expect_same(&calls[0], &calls[1]);
    assert_int_equal(removals, 1);
    close(fd);
}

static void expect_closed(int fd)
{
    char byte;

    assert_true(read(fd, &byte, 1) <= 0);
    close(fd);
}

/* RFC 7530 §3.1.1: the server may leave a call unanswered only if it closes the connection. */
static void too_many_wait(void **state)
{
    int fds[WAITERS], late;

    (void)state;
    fds[0] = remove_begin("a", 77);
    for (unsigned i = 1; i < WAITERS; i++) {
        fds[i] = v41_connect();
        calls[i] = calls[0];
        v41_send(fds[i], &calls[i]);
    }
    waiting_reaches(WAITERS - 1);
    late = v41_connect();
    v41_send(late, &calls[0]);
    expect_closed(late);
    assert_int_equal(stats().refused, 1);
    held = false;
    for (unsigned i = 0; i < WAITERS; i++) {
        v41_receive(fds[i], &calls[i]);
        expect_same(&calls[i], &calls[0]);
        close(fds[i]);
    }
    call = calls[0];
    v41_roundtrip(v41_fd, &call);
    expect_same(&call, &calls[0]);
    assert_int_equal(removals, 1);
}

static void wait_too_long(void **state)
{
    int fd, retry = v41_connect();

    (void)state;
    fd = remove_begin("a", 77);
    v41_send(retry, &calls[0]);
    waiting_reaches(1);
    clock_advance_ns((LIMIT_DUPLICATE_WAIT_S + 1) * NSEC_PER_SEC);
    nfs4_tick(&test_server, clock_now_ns());
    expect_closed(retry);
    held = false;
    v41_receive(fd, &calls[0]);
    call = calls[0];
    v41_roundtrip(v41_fd, &call);
    expect_same(&call, &calls[0]);
    assert_int_equal(removals, 1);
    close(fd);
}

/* A retry that arrived before the request was entered, and then meets what it has done. */
static void overtaken(void **state)
{
    int fd = v41_connect();

    (void)state;
    mkdir_new(1, "a");
    begin(&calls[0], 77);
    v41_op_lookup(&calls[0], "a");
    v41_op(&calls[0], OP_PUTROOTFH);
    op_remove(&calls[0], "a");
    calls[1] = calls[0];
    lookup_held = true;
    v41_send(fd, &calls[1]);
    while (lookups_begun == 0)
        sched_yield();
    v41_roundtrip(v41_fd, &calls[0]);
    assert_int_equal(calls[0].status, NFS4_OK);
    lookup_held = false;
    v41_receive(fd, &calls[1]);
    expect_same(&calls[1], &calls[0]);
    assert_int_equal(removals, 1);
    close(fd);
}

/* ---- requests that owners recognize ---- */

static void op_open(struct v41_call *c, const struct v40_owner *owner, const char *name)
{
    struct OPEN4args args =
        v40_open_args(owner, name, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE);

    wire_OPEN4args(v41_op(c, OP_OPEN), &args);
}

static int open_send(const struct v40_owner *owner)
{
    int fd = v41_connect();

    begin(&call, 1 + owner->seqid);
    op_open(&call, owner, "a");
    v41_send(fd, &call);
    return fd;
}

/* Owners with a request in a blocked backend, each with as many retries as may wait: further
 * retries get no answer, and there are threads for all other requests. */
static void crowd(void **state)
{
    static struct v40_owner owners[CROWD];
    static char names[CROWD][8];
    struct v40_owner owner = {0, "owner", 1};
    int fds[CROWD][1 + LIMIT_OWNER_WAITERS];
    struct v40_caller me;
    struct v40_file file;

    (void)state;
    v40_caller_init(&me, v41_fd);
    owner.clientid = v40_client(&me, "alice");
    must_open(&me, &owner, "a", OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE, &file);
    opens_begun = 0;
    open_held = true;
    for (unsigned i = 0; i < CROWD; i++) {
        snprintf(names[i], sizeof(names[i]), "%u", i);
        owners[i] = (struct v40_owner){owner.clientid, names[i], 1};
        fds[i][0] = open_send(&owners[i]);
        while (opens_begun <= i)
            usleep(100);
        for (unsigned j = 1; j <= LIMIT_OWNER_WAITERS; j++)
            fds[i][j] = open_send(&owners[i]);
    }
    begin(&call, 0);
    v41_op_getattr(&call, 1u << FATTR4_SIZE);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    open_held = false;
    for (unsigned i = 0; i < CROWD; i++) {
        begin(&call, 1 + owners[i].seqid);
        v41_receive(fds[i][0], &call);
        assert_int_equal(call.status, NFS4_OK);
        assert_int_equal(
            send_open(&me, &owners[i], "a", OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE, &file),
            NFS4_OK);
        for (unsigned j = 0; j <= LIMIT_OWNER_WAITERS; j++)
            close(fds[i][j]);
    }
    assert_int_equal(opens_begun, CROWD);
}

/* An owner keeps one result; for two in one COMPOUND the whole reply is cached. */
static void two_of_one_owner(void **state)
{
    struct v40_caller me;
    struct v40_owner owner = {0, "owner", 1};
    struct v40_file file;
    uint64_t inserts;

    (void)state;
    v40_caller_init(&me, v41_fd);
    owner.clientid = v40_client(&me, "alice");
    must_open(&me, &owner, "a", OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE, &file);
    inserts = stats().inserts;
    begin(&call, 77);
    op_open(&call, &owner, "a");
    v41_op(&call, OP_PUTROOTFH);
    owner.seqid++;
    op_open(&call, &owner, "a");
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    calls[0] = call;
    v41_roundtrip(v41_fd, &calls[0]);
    expect_same(&calls[0], &call);
    assert_int_equal(stats().inserts, inserts + 1);
    /* A COMPOUND with one does not need that. */
    owner.seqid++;
    begin(&call, 78);
    op_open(&call, &owner, "a");
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    assert_int_equal(stats().inserts, inserts + 1);
}

/* ---- what counts as a retry ---- */

/* A second REMOVE of "a" gets NFS4ERR_NOENT. */
static enum nfsstat4 remove_as(uint32_t xid, uint32_t minor, uint32_t uid, const char *machine,
                               const char *tag)
{
    begin(&call, xid);
    call.minor = minor;
    call.uid = uid;
    call.machine = machine;
    call.tag = tag;
    call.tag_len = (uint32_t)strlen(tag);
    op_remove(&call, "a");
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.accept_stat, 0);
    assert_int_equal(call.reply_tag.len, strlen(tag));
    return call.status;
}

/* Two machines behind one address, two users of one machine: their requests are distinct. */
static void told_apart(void **state)
{
    (void)state;
    mkdir_new(1, "a");
    assert_int_equal(remove_as(77, 0, 0, "one", "t"), NFS4_OK);
    assert_int_equal(remove_as(77, 0, 0, "one", "t"), NFS4_OK);
    assert_int_equal(remove_as(77, 0, 0, "two", "t"), NFS4ERR_NOENT);
    assert_int_equal(remove_as(77, 0, 5, "one", "t"), NFS4ERR_NOENT);
    assert_int_equal(remove_as(78, 0, 0, "one", "t"), NFS4ERR_NOENT);
    assert_int_equal(remove_as(77, 0, 0, "one", "u"), NFS4ERR_NOENT);
    assert_int_equal(remove_as(77, 0, 0, "one", "longer"), NFS4ERR_NOENT);
    assert_int_equal(remove_as(77, 0, 0, "one", "t"), NFS4_OK);
    /* Minor version 1 has slots and does not use this cache. */
    assert_int_equal(remove_as(77, 1, 0, "one", "t"), NFS4ERR_OP_NOT_IN_SESSION);
    assert_int_equal(stats().inserts, 7);
    assert_int_equal(stats().hits, 2);
}

/* ---- callers with Kerberos ---- */

enum {
    GSS_ALICE = 9000, /* uids that stand for them */
    GSS_BOB,
};

static struct gss_principal principals[] = {{.id = 1}, {.id = 2}};

static void become(struct rpc_call *rpc)
{
    struct rpc_cred *cred = &rpc->cred;

    if (cred->uid < GSS_ALICE || cred->uid > GSS_BOB)
        return;
    cred->flavor = RPC_AUTH_GSS;
    cred->service = RPC_GSS_SVC_NONE;
    cred->principal = &principals[cred->uid - GSS_ALICE];
    cred->uid = cred->gid = RPC_NOBODY;
}

static int set_up_gss(void **state)
{
    int result;

    v41_export = "/=mem:,no_root_squash,sec=sys:krb5";
    result = set_up(state);
    v41_export = NULL;
    v41_call_comes = become;
    return result;
}

static int tear_down_gss(void **state)
{
    int result = tear_down(state);

    v41_call_comes = NULL;
    return result;
}

/* All users of Kerberos have one uid here: principals tell them apart. */
static void principals_apart(void **state)
{
    (void)state;
    mkdir_new(1, "a");
    assert_int_equal(remove_as(77, 0, GSS_ALICE, "", "t"), NFS4_OK);
    assert_int_equal(remove_as(77, 0, GSS_ALICE, "", "t"), NFS4_OK);
    assert_int_equal(remove_as(77, 0, GSS_BOB, "", "t"), NFS4ERR_NOENT);
    assert_int_equal(remove_as(77, 0, RPC_NOBODY, "", "t"), NFS4ERR_NOENT);
    assert_int_equal(remove_as(77, 0, GSS_ALICE, "", "t"), NFS4_OK);
    assert_int_equal(stats().hits, 2);
}

/* Behind a long tag the arguments are still part of the digest. */
static void long_tag(void **state)
{
    char tag[LIMIT_COMPOUND_TAG_BYTES + 1];

    (void)state;
    memset(tag, 'x', sizeof(tag) - 1);
    tag[sizeof(tag) - 1] = '\0';
    mkdir_new(1, "a");
    begin(&call, 77);
    call.tag = tag;
    call.tag_len = (uint32_t)strlen(tag);
    op_remove(&call, "b");
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4ERR_NOENT);
    assert_int_equal(remove_as(77, 0, 0, "", tag), NFS4_OK);
}

/* A failed operation is cached like a successful one; operations that change nothing are not
 * cached. */
static void what_is_kept(void **state)
{
    (void)state;
    begin(&call, 5);
    v41_op_getattr(&call, 1u << FATTR4_SIZE);
    v41_op_lookup(&call, "nothing");
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(stats().inserts, 0);
    begin(&call, 6);
    op_remove(&call, "nothing");
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4ERR_NOENT);
    assert_int_equal(stats().inserts, 1);
    mkdir_new(7, "nothing");
    begin(&call, 6);
    op_remove(&call, "nothing");
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4ERR_NOENT);
    /* The second operation in the compound needs no more. */
    begin(&call, 8);
    op_remove(&call, "nothing");
    v41_op_mkdir(&call, "nothing");
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    assert_int_equal(stats().inserts, 3);
    assert_int_equal(removals, 2);
}

/* Arguments that end too early are answered, cached, and cause no harm. */
static void cut_short(void **state)
{
    (void)state;
    begin(&call, 5);
    v41_op(&call, OP_REMOVE);
    for (unsigned i = 0; i < 2; i++) {
        v41_roundtrip(v41_fd, &call);
        assert_int_equal(call.status, NFS4ERR_BADXDR);
    }
    begin(&call, 6);
    v41_op(&call, OP_OPENATTR);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4ERR_BADXDR);
    assert_int_equal(stats().inserts, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(retries_wait),
        TEST(same_connection),
        TEST(too_many_wait),
        TEST(wait_too_long),
        TEST(overtaken),
        TEST(crowd),
        TEST(two_of_one_owner),
        TEST(told_apart),
        cmocka_unit_test_setup_teardown(principals_apart, set_up_gss, tear_down_gss),
        TEST(long_tag),
        TEST(what_is_kept),
        TEST(cut_short),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
