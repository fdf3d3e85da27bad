/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of 4.0 that conflict with another client's delegation wait without a thread and are
 * executed once, whatever is retried meanwhile: the owner's sequence and the duplicate request
 * cache ensure this.
 */
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/test.h"
#include "proto/v40/duplicate_cache.h"
#include "proto/v40/v40.h"
#include "state/client/client_lease.h"
#include "unit/proto/park_fixture.h"
#include "v40_fixture.h"

static struct v40_caller caller, second;
static struct v40_owner owner;
static struct v41_call once;
static struct stateid4 delegation;

/* bob, with a confirmed owner, and a file that bob cannot open yet. */
static void scene(void)
{
    struct v40_file file;

    v40_caller_init(&caller, v41_fd);
    owner = (struct v40_owner){v40_client(&caller, "bob"), "owner", 1};
    must_open(&caller, &owner, "mine", OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_NONE, &file);
    delegation = park_delegated("file");
}

static void begin_open(struct v40_caller *by, const char *name, uint32_t seqid)
{
    const struct v40_owner who = {owner.clientid, owner.name, seqid};
    struct OPEN4args args = v40_open_args(&who, name, OPEN4_SHARE_ACCESS_BOTH, 0);

    v40_begin(by);
    by->call.xid = 0x40000000 + seqid;
    v41_op(&by->call, OP_PUTROOTFH);
    wire_OPEN4args(v41_op(&by->call, OP_OPEN), &args);
    v41_op(&by->call, OP_GETFH);
}

static void begin_remove(struct v40_caller *by, const char *name)
{
    struct REMOVE4args args = {.target = park_text(name)};

    v40_begin(by);
    by->call.xid = 0x50000000;
    v41_op(&by->call, OP_PUTROOTFH);
    wire_REMOVE4args(v41_op(&by->call, OP_REMOVE), &args);
}

static void expect_same(const struct v41_call *a, const struct v41_call *b)
{
    assert_int_equal(a->body_len, b->body_len);
    assert_memory_equal(a->body, b->body, a->body_len);
}

static uint64_t entered(void)
{
    struct duplicate_stats stats;

    duplicate_stats_read(test_server.v40->duplicates, &stats);
    return stats.inserts;
}

/* The owner's seqid advances by one, and the result is kept. */
static void woken_by_the_return(void **unused)
{
    uint64_t before;

    (void)unused;
    scene();
    before = entered();
    begin_open(&caller, "file", owner.seqid);
    v41_send(v41_fd, &caller.call);
    park_wait(1);
    assert_int_equal(park_opens(owner.clientid), 1);
    park_return("file", &delegation);
    v41_receive(v41_fd, &caller.call);
    assert_int_equal(caller.call.status, NFS4_OK);
    assert_int_equal(park_opens(owner.clientid), 2);
    must_replay(&caller, v41_fd);
    begin_open(&caller, "mine", owner.seqid + 1);
    v41_roundtrip(v41_fd, &caller.call);
    assert_int_equal(caller.call.status, NFS4_OK);
    assert_int_equal(v41_transport_stats().parks, 1);
    assert_int_equal(entered(), before); /* one operation with a seqid in each */
}

/* A request that times out has an answer like any other: the owner's seqid advances. */
static void waits_only_so_long(void **unused)
{
    (void)unused;
    scene();
    park_ms(30);
    begin_open(&caller, "file", owner.seqid);
    v41_roundtrip(v41_fd, &caller.call);
    assert_int_equal(caller.call.status, NFS4ERR_DELAY);
    assert_int_equal(v41_transport_stats().parks_expired, 1);
    must_replay(&caller, v41_fd);
    assert_int_equal(v41_transport_stats().parks, 1);
    park_return("file", &delegation);
    begin_open(&caller, "file", owner.seqid + 1);
    v41_roundtrip(v41_fd, &caller.call);
    assert_int_equal(caller.call.status, NFS4_OK);
}

/* The connection breaks, and the same OPEN comes over another one while the first still waits: one
 * open, and the client gets its result. */
static void retried_while_it_waits(void **unused)
{
    int fd = v41_connect();

    (void)unused;
    scene();
    v40_caller_init(&second, v41_connect());
    begin_open(&caller, "file", owner.seqid);
    v41_send(fd, &caller.call);
    park_wait(1);
    begin_open(&second, "file", owner.seqid);
    v41_send(second.fd, &second.call);
    park_wait(2);
    close(fd);
    park_return("file", &delegation);
    v41_receive(second.fd, &second.call);
    assert_int_equal(second.call.status, NFS4_OK);
    park_wait(0);
    assert_int_equal(park_opens(owner.clientid), 2);
    begin_open(&caller, "file", owner.seqid);
    v41_roundtrip(v41_fd, &caller.call);
    expect_same(&caller.call, &second.call);
    begin_open(&caller, "mine", owner.seqid + 1);
    v41_roundtrip(v41_fd, &caller.call);
    assert_int_equal(caller.call.status, NFS4_OK);
    close(second.fd);
}

/* The same with both connections alive: both get it. */
static void both_are_answered(void **unused)
{
    (void)unused;
    scene();
    v40_caller_init(&second, v41_connect());
    begin_open(&caller, "file", owner.seqid);
    begin_open(&second, "file", owner.seqid);
    v41_send(v41_fd, &caller.call);
    park_wait(1);
    v41_send(second.fd, &second.call);
    park_wait(2);
    park_return("file", &delegation);
    v41_receive(v41_fd, &caller.call);
    v41_receive(second.fd, &second.call);
    assert_int_equal(caller.call.status, NFS4_OK);
    expect_same(&caller.call, &second.call);
    assert_int_equal(park_opens(owner.clientid), 2);
    close(second.fd);
}

/* The first OPEN of an unknown owner: unconfirmed, with any seqid. */
static void new_owner_waits(void **unused)
{
    struct v40_file file = {.rflags = 0};

    (void)unused;
    scene();
    owner = (struct v40_owner){owner.clientid, "new", 77};
    v40_caller_init(&second, v41_connect());
    begin_open(&caller, "file", owner.seqid);
    begin_open(&second, "file", owner.seqid);
    v41_send(v41_fd, &caller.call);
    park_wait(1);
    v41_send(second.fd, &second.call);
    park_wait(2);
    park_return("file", &delegation);
    v41_receive(v41_fd, &caller.call);
    v41_receive(second.fd, &second.call);
    assert_int_equal(caller.call.status, NFS4_OK);
    expect_same(&caller.call, &second.call);
    assert_int_equal(park_opens(owner.clientid), 2);
    owner.seqid++;
    must_open(&caller, &owner, "mine", OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE, &file);
    close(second.fd);
}

/* REMOVE is in the duplicate request cache as in progress: a retry waits for its end. */
static void removed_once(void **unused)
{
    (void)unused;
    scene();
    v40_caller_init(&second, v41_connect());
    begin_remove(&caller, "file");
    begin_remove(&second, "file");
    v41_send(v41_fd, &caller.call);
    park_wait(1);
    v41_send(second.fd, &second.call);
    park_return("file", &delegation);
    v41_receive(v41_fd, &caller.call);
    v41_receive(second.fd, &second.call);
    assert_int_equal(caller.call.status, NFS4_OK);
    expect_same(&caller.call, &second.call);
    assert_int_equal(v41_transport_stats().parks, 1);
    close(second.fd);
}

/* The connection is gone before the request is woken. */
static void removed_for_nobody(void **unused)
{
    int fd = v41_connect();

    (void)unused;
    scene();
    begin_remove(&caller, "file");
    v41_send(fd, &caller.call);
    park_wait(1);
    close(fd);
    park_return("file", &delegation);
    park_wait(0);
    begin_remove(&caller, "file");
    v41_roundtrip(v41_fd, &caller.call);
    assert_int_equal(caller.call.status, NFS4_OK);
    caller.call.xid++;
    v41_roundtrip(v41_fd, &caller.call);
    assert_int_equal(caller.call.status, NFS4ERR_NOENT);
}

/* Two OPENs in one COMPOUND, of which the second waits: the cache recognizes its retry. */
static void second_open_waits(void **unused)
{
    struct v40_owner next;
    struct OPEN4args args;

    (void)unused;
    scene();
    next = owner;
    next.seqid++;
    args = v40_open_args(&next, "file", OPEN4_SHARE_ACCESS_BOTH, 0);
    begin_open(&caller, "mine", owner.seqid);
    v41_op(&caller.call, OP_PUTROOTFH);
    wire_OPEN4args(v41_op(&caller.call, OP_OPEN), &args);
    once = caller.call;
    v40_caller_init(&second, v41_connect());
    v41_send(v41_fd, &caller.call);
    park_wait(1);
    v41_send(second.fd, &once);
    park_return("file", &delegation);
    v41_receive(v41_fd, &caller.call);
    v41_receive(second.fd, &once);
    assert_int_equal(caller.call.status, NFS4_OK);
    assert_int_equal(caller.call.result_count, 5);
    expect_same(&caller.call, &once);
    assert_int_equal(park_opens(owner.clientid), 2);
    close(second.fd);
}

/* Courtesy: a waiting client is not silent, and afterwards is like any other. */
static void lease_ends_meanwhile(void **unused)
{
    struct client *client;
    int64_t later_ns;

    (void)unused;
    scene();
    begin_open(&caller, "file", owner.seqid);
    v41_send(v41_fd, &caller.call);
    park_wait(1);
    client = client_lookup(test_server.state, owner.clientid);
    assert_non_null(client);
    later_ns = clock_now_ns() + NSEC_PER_SEC * 2 * LEASE_S;
    assert_int_equal(atomic_load(&client->running), 1);
    assert_false(client_lapsed(client, later_ns));
    park_return("file", &delegation);
    v41_receive(v41_fd, &caller.call);
    while (atomic_load(&client->running) > 0)
        sched_yield();
    assert_true(client_lapsed(client, later_ns));
    client_put(client);
}

static void server_ends(void **unused)
{
    (void)unused;
    scene();
    begin_open(&caller, "file", owner.seqid);
    v41_send(v41_fd, &caller.call);
    begin_remove(&caller, "file");
    v41_send(v41_fd, &caller.call);
    park_wait(2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PARK_TEST(woken_by_the_return),    PARK_TEST(waits_only_so_long),
        PARK_TEST(retried_while_it_waits), PARK_TEST(both_are_answered),
        PARK_TEST(new_owner_waits),        PARK_TEST(removed_once),
        PARK_TEST(removed_for_nobody),     PARK_TEST(second_open_waits),
        PARK_TEST(lease_ends_meanwhile),   PARK_TEST(server_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
