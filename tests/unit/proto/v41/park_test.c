/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of 4.1 that conflict with another client's delegation wait without a thread and are
 * executed once: they are woken, time out, or lose their connection, their session, their client,
 * or the server.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/test.h"
#include "state/client/client_lease.h"
#include "unit/proto/park_fixture.h"

enum {
    SLOTS = 8
};

static struct v41_call call, other, again;
static struct v41_session bob;

/* PUTROOTFH and OPEN in a slot, with results behind it; cached for a retry. */
static void begin_open(struct v41_call *to, const struct v41_session *session, uint32_t slot,
                       uint32_t seqid, const char *name)
{
    v41_begin(to);
    to->xid = slot << 16 | seqid;
    v41_op_sequence(to, session, slot, seqid, true);
    park_op_open(to, "bob", name);
    v41_op(to, OP_GETFH);
    v41_op_getattr(to, 1u << FATTR4_SIZE);
}

static void expect_opened(struct v41_call *of)
{
    assert_int_equal(of->accept_stat, 0);
    assert_int_equal(of->status, NFS4_OK);
    assert_int_equal(of->result_count, 5);
    assert_int_equal(v41_result(of, OP_SEQUENCE), NFS4_OK);
    assert_int_equal(v41_result(of, OP_PUTROOTFH), NFS4_OK);
    assert_int_equal(v41_result(of, OP_OPEN), NFS4_OK);
}

/* The reply ends with the OPEN. */
static void expect_delayed(struct v41_call *of)
{
    assert_int_equal(of->status, NFS4ERR_DELAY);
    assert_int_equal(of->result_count, 3);
    assert_int_equal(v41_result(of, OP_SEQUENCE), NFS4_OK);
    assert_int_equal(v41_result(of, OP_PUTROOTFH), NFS4_OK);
    assert_int_equal(v41_result(of, OP_OPEN), NFS4ERR_DELAY);
}

/* Send it again: the reply of `of` must come again. */
static void expect_replay(int fd, struct v41_call *of)
{
    static struct v41_call copy;

    copy = *of;
    v41_roundtrip(fd, &copy);
    assert_int_equal(copy.body_len, of->body_len);
    assert_memory_equal(copy.body, of->body, of->body_len);
}

static void sequence(int fd, const struct v41_session *session, uint32_t slot, uint32_t seqid,
                     enum nfsstat4 status)
{
    v41_begin(&other);
    v41_op_sequence(&other, session, slot, seqid, false);
    v41_roundtrip(fd, &other);
    assert_int_equal(other.status, status);
}

static struct vfs_ops seeing_ops;
static const struct vfs_ops *mem_ops;
static _Atomic unsigned looks,
    looks_at_notes; /* and of these, those that may use what others met */

static enum vfs_status seeing_getattr(struct vfs_object *obj, uint32_t mask, struct vfs_attr *attr)
{
    if (obj->type == VFS_DIR) {
        atomic_fetch_add(&looks, 1);
        atomic_fetch_add(&looks_at_notes, vfs_memo_is_recent(obj, INT64_MAX));
    }
    return mem_ops->getattr(obj, mask, attr);
}

static void make_seeing(struct vfs *fs)
{
    mem_ops = fs->ops;
    seeing_ops = *fs->ops;
    seeing_ops.getattr = seeing_getattr;
    fs->ops = &seeing_ops;
}

static int set_up_seeing(void **unused)
{
    v41_backend_made = make_seeing;
    return park_set_up(unused);
}

static int tear_down_seeing(void **unused)
{
    v41_backend_made = NULL;
    return park_tear_down(unused);
}

/* OPEN looks at its directory first, and again when it goes on. */
static void what_was_met_before_the_wait_is_not_used(void **unused)
{
    struct stateid4 delegation = park_delegated("file");

    (void)unused;
    park_client(v41_fd, "bob", SLOTS, &bob);
    atomic_store(&looks, 0);
    atomic_store(&looks_at_notes, 0);
    begin_open(&call, &bob, 1, 1, "file");
    v41_send(v41_fd, &call);
    park_wait(1);
    assert_int_equal(atomic_load(&looks), 1);
    assert_int_equal(atomic_load(&looks_at_notes), 1);
    park_return("file", &delegation);
    v41_receive(v41_fd, &call);
    expect_opened(&call);
    assert_int_equal(atomic_load(&looks), 2);
    assert_int_equal(atomic_load(&looks_at_notes), 1);
}

/* Completed as soon as the delegation is returned, and the operations behind it continue. */
static void woken_by_the_return(void **unused)
{
    struct stateid4 delegation = park_delegated("file");

    (void)unused;
    park_client(v41_fd, "bob", SLOTS, &bob);
    begin_open(&call, &bob, 1, 1, "file");
    v41_send(v41_fd, &call);
    park_wait(1);
    assert_int_equal(atomic_load(&park_recalls), 1);
    for (uint32_t seqid = 1; seqid <= 20; seqid++)
        sequence(v41_fd, &bob, 2, seqid, NFS4_OK);
    /* The same request is still in progress. */
    again = call;
    again.xid = 99;
    v41_roundtrip(v41_fd, &again);
    assert_int_equal(again.status, NFS4ERR_DELAY);
    assert_int_equal(again.result_count, 1);
    assert_int_equal(park_opens(bob.clientid), 0);
    park_return("file", &delegation);
    v41_receive(v41_fd, &call);
    expect_opened(&call);
    assert_int_equal(v41_transport_stats().parks, 1);
    assert_int_equal(v41_transport_stats().parks_expired, 0);
    assert_int_equal(park_opens(bob.clientid), 1);
    expect_replay(v41_fd, &call);
    assert_int_equal(park_opens(bob.clientid), 1);
}

static void waits_only_so_long(void **unused)
{
    struct stateid4 delegation = park_delegated("file");

    (void)unused;
    park_client(v41_fd, "bob", SLOTS, &bob);
    park_ms(30);
    begin_open(&call, &bob, 1, 1, "file");
    v41_roundtrip(v41_fd, &call);
    expect_delayed(&call);
    assert_int_equal(v41_transport_stats().parks_expired, 1);
    expect_replay(v41_fd, &call);
    assert_int_equal(v41_transport_stats().parks, 1);
    park_return("file", &delegation);
    begin_open(&call, &bob, 1, 2, "file");
    v41_roundtrip(v41_fd, &call);
    expect_opened(&call);
}

static void may_not_wait_at_all(void **unused)
{
    (void)unused;
    (void)park_delegated("file");
    park_client(v41_fd, "bob", SLOTS, &bob);
    park_ms(0);
    begin_open(&call, &bob, 1, 1, "file");
    v41_roundtrip(v41_fd, &call);
    expect_delayed(&call);
    assert_int_equal(v41_transport_stats().parks, 0);
    assert_int_equal(atomic_load(&park_recalls), 1);
}

/* The first of two delegations is returned, then the request waits for the other. */
static void waits_in_two_operations(void **unused)
{
    struct stateid4 first = park_delegated("first"), second = park_delegated("second");

    (void)unused;
    park_client(v41_fd, "bob", SLOTS, &bob);
    begin_open(&call, &bob, 1, 1, "first");
    park_op_open(&call, "bob", "second");
    v41_send(v41_fd, &call);
    park_wait_times(1);
    park_return("first", &first);
    park_wait_times(2);
    assert_int_equal(park_opens(bob.clientid), 1);
    park_return("second", &second);
    v41_receive(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
    assert_int_equal(call.result_count, 7);
    assert_int_equal(park_opens(bob.clientid), 2);
}

/* The request takes effect, its reply is dropped, and a retry over another connection gets it. */
static void connection_goes(void **unused)
{
    struct stateid4 delegation = park_delegated("file");
    int fd = v41_connect();

    (void)unused;
    park_client(v41_fd, "bob", SLOTS, &bob);
    begin_open(&call, &bob, 1, 1, "file");
    v41_send(fd, &call);
    park_wait(1);
    close(fd);
    sequence(v41_fd, &bob, 2, 1, NFS4_OK);
    park_return("file", &delegation);
    park_wait(0);
    do {
        v41_roundtrip(v41_fd, &call);
    } while (call.status == NFS4ERR_DELAY);
    expect_opened(&call);
    assert_int_equal(park_opens(bob.clientid), 1);
    assert_int_equal(v41_transport_stats().parks, 1);
}

static enum nfsstat4 destroy(int fd, const struct v41_session *session)
{
    struct DESTROY_SESSION4args args;

    memcpy(args.dsa_sessionid, session->id, NFS4_SESSIONID_SIZE);
    v41_begin(&other);
    wire_DESTROY_SESSION4args(v41_op(&other, OP_DESTROY_SESSION), &args);
    v41_roundtrip(fd, &other);
    return other.status;
}

/* Its slot is in use. */
static void session_stays(void **unused)
{
    struct stateid4 delegation = park_delegated("file");

    (void)unused;
    park_client(v41_fd, "bob", SLOTS, &bob);
    begin_open(&call, &bob, 1, 1, "file");
    v41_send(v41_fd, &call);
    park_wait(1);
    assert_int_equal(destroy(v41_fd, &bob), NFS4ERR_DELAY);
    park_return("file", &delegation);
    v41_receive(v41_fd, &call);
    expect_opened(&call);
    assert_int_equal(destroy(v41_fd, &bob), NFS4_OK);
}

/* A new incarnation of the client replaces the old one meanwhile. */
static void client_goes(void **unused)
{
    struct EXCHANGE_ID4args who = {
        .eia_clientowner = {.co_verifier = {1}, .co_ownerid = park_text("bob")},
        .eia_state_protect = {.spa_how = SP4_NONE}};
    struct stateid4 delegation = park_delegated("file");
    struct EXCHANGE_ID4resok exchange;
    struct CREATE_SESSION4args create = {.csa_fore_chan_attrs = v41_attrs(),
                                         .csa_back_chan_attrs = v41_attrs()};

    (void)unused;
    park_client(v41_fd, "bob", SLOTS, &bob);
    begin_open(&call, &bob, 1, 1, "file");
    v41_send(v41_fd, &call);
    park_wait(1);
    v41_begin(&other);
    wire_EXCHANGE_ID4args(v41_op(&other, OP_EXCHANGE_ID), &who);
    v41_roundtrip(v41_fd, &other);
    assert_int_equal(v41_result(&other, OP_EXCHANGE_ID), NFS4_OK);
    assert_true(wire_EXCHANGE_ID4resok(&other.results, &exchange));
    create.csa_clientid = exchange.eir_clientid;
    create.csa_sequence = exchange.eir_sequenceid;
    v41_begin(&other);
    wire_CREATE_SESSION4args(v41_op(&other, OP_CREATE_SESSION), &create);
    v41_roundtrip(v41_fd, &other);
    assert_int_equal(other.status, NFS4_OK);
    assert_null(client_lookup(test_server.state, bob.clientid));
    park_return("file", &delegation);
    v41_receive(v41_fd, &call);
    assert_int_not_equal(call.status, NFS4_OK);
    assert_int_equal(park_opens(exchange.eir_clientid), 0);
}

/* Courtesy: a waiting client is not silent, and afterwards is like any other. */
static void lease_ends_meanwhile(void **unused)
{
    struct stateid4 delegation = park_delegated("file");
    struct client *client;
    int64_t later_ns;

    (void)unused;
    park_client(v41_fd, "bob", SLOTS, &bob);
    begin_open(&call, &bob, 1, 1, "file");
    v41_send(v41_fd, &call);
    park_wait(1);
    client = client_lookup(test_server.state, bob.clientid);
    assert_non_null(client);
    later_ns = clock_now_ns() + NSEC_PER_SEC * 2 * LEASE_S;
    assert_false(client_lapsed(client, later_ns));
    park_return("file", &delegation);
    v41_receive(v41_fd, &call);
    expect_opened(&call);
    assert_true(client_lapsed(client, later_ns));
    client_put(client);
}

/* The server ends while requests wait: the fixture drains it and would report leaks. */
static void server_ends(void **unused)
{
    (void)unused;
    (void)park_delegated("file");
    park_client(v41_fd, "bob", SLOTS, &bob);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        begin_open(&call, &bob, slot, slot ? 1 : 2, "file");
        v41_send(v41_fd, &call);
    }
    park_wait(SLOTS);
}

/* ---- many waiting requests ---- */

enum {
    MANY_CONNECTIONS = 16,
    MANY_SLOTS = 63,
    MANY = MANY_CONNECTIONS * MANY_SLOTS,
};

/* A thousand requests wait and take no thread; the return of one delegation runs them all, each
 * once. */
static void thousand_wait(void **unused)
{
    struct stateid4 delegation = park_delegated("file");
    static struct v41_session clients[MANY_CONNECTIONS];
    int fds[MANY_CONNECTIONS];
    uint64_t threads;
    char name[32];

    (void)unused;
    for (uint32_t i = 0; i < MANY_CONNECTIONS; i++) {
        (void)snprintf(name, sizeof(name), "client %u", i);
        fds[i] = v41_connect();
        park_client(fds[i], name, MANY_SLOTS, &clients[i]);
    }
    threads = v41_transport_stats().threads;
    for (uint32_t i = 0; i < MANY; i++) {
        uint32_t slot = i / MANY_CONNECTIONS;

        (void)snprintf(name, sizeof(name), "owner %u", slot);
        v41_begin(&call);
        call.xid = slot;
        v41_op_sequence(&call, &clients[i % MANY_CONNECTIONS], slot, slot ? 1 : 2, true);
        park_op_open(&call, name, "file");
        v41_send(fds[i % MANY_CONNECTIONS], &call);
    }
    park_wait(MANY);
    assert_int_equal(v41_transport_stats().threads, threads);
    assert_int_equal(atomic_load(&park_recalls), 1);
    park_return("file", &delegation);
    park_wait(0);
    for (uint32_t i = 0; i < MANY_CONNECTIONS; i++) {
        close(fds[i]);
        while (park_opens(clients[i].clientid) < MANY_SLOTS)
            sched_yield();
        assert_int_equal(park_opens(clients[i].clientid), MANY_SLOTS);
    }
}

/* ---- concurrency ---- */

enum {
    STORM_CLIENTS = 3,
    STORM_FILES = 60,
};

static struct stateid4 storm_delegations[STORM_FILES];
static _Atomic unsigned storm_begun[STORM_FILES];

struct storm_client {
    pthread_t thread;
    int fd;
    uint32_t number;
    struct v41_session session;
    struct v41_call call;
};

static void storm_name(char *name, uint32_t file)
{
    (void)snprintf(name, 16, "file %u", file);
}

/* Open each file, retrying while the status is NFS4ERR_DELAY; now and then repeat the outstanding
 * request over a new connection. */
static void *storm_open(void *arg)
{
    struct storm_client *me = arg;
    uint32_t seqid = 0;
    char name[16];

    for (uint32_t file = 0; file < STORM_FILES; file++) {
        storm_name(name, file);
        do {
            v41_begin(&me->call);
            me->call.arena = NULL;
            me->call.xid = ++seqid;
            v41_op_sequence(&me->call, &me->session, 1, seqid, true);
            park_op_open(&me->call, "bob", name);
            v41_send(me->fd, &me->call);
            atomic_fetch_add(&storm_begun[file], 1);
            if (seqid % 4 == me->number) {
                /* Only part of it may have arrived. */
                close(me->fd);
                me->fd = v41_connect();
                do {
                    v41_roundtrip(me->fd, &me->call);
                } while (me->call.result_count == 1); /* SEQUENCE alone: the request still runs */
            } else {
                v41_receive(me->fd, &me->call);
            }
        } while (me->call.status == NFS4ERR_DELAY);
        CHECK(me->call.status == NFS4_OK);
    }
    return NULL;
}

static void storm(void **unused)
{
    static struct storm_client clients[STORM_CLIENTS];
    char name[16];

    (void)unused;
    memset(storm_begun, 0, sizeof(storm_begun));
    for (uint32_t file = 0; file < STORM_FILES; file++) {
        storm_name(name, file);
        storm_delegations[file] = park_delegated(name);
    }
    park_ms(2);
    for (uint32_t i = 0; i < STORM_CLIENTS; i++) {
        (void)snprintf(name, sizeof(name), "client %u", i);
        clients[i].number = i;
        clients[i].fd = v41_connect();
        park_client(clients[i].fd, name, SLOTS, &clients[i].session);
        assert_int_equal(pthread_create(&clients[i].thread, NULL, storm_open, &clients[i]), 0);
    }
    for (uint32_t file = 0; file < STORM_FILES; file++) {
        const struct timespec pause = {.tv_nsec = file % 5 * 600000};

        while (atomic_load(&storm_begun[file]) == 0)
            sched_yield();
        nanosleep(&pause, NULL);
        storm_name(name, file);
        park_return(name, &storm_delegations[file]);
    }
    for (uint32_t i = 0; i < STORM_CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        assert_int_equal(park_opens(clients[i].session.clientid), STORM_FILES);
        close(clients[i].fd);
    }
    park_wait(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PARK_TEST(woken_by_the_return),
        PARK_TEST(waits_only_so_long),
        PARK_TEST(may_not_wait_at_all),
        PARK_TEST(waits_in_two_operations),
        PARK_TEST(connection_goes),
        PARK_TEST(session_stays),
        PARK_TEST(client_goes),
        PARK_TEST(lease_ends_meanwhile),
        PARK_TEST(server_ends),
        PARK_TEST(thousand_wait),
        PARK_TEST(storm),
        cmocka_unit_test_setup_teardown(what_was_met_before_the_wait_is_not_used, set_up_seeing,
                                        tear_down_seeing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
