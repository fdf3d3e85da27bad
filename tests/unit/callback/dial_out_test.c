/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callbacks to clients of 4.0 over real sockets: what arrives, and what happens to a path and its
 * callbacks when the client is slow, dead, gone or sends malformed data (S22-05, S22-08).
 */
#include "callback/dial_out.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "dial_fixture.h"
#include "lib/test.h"
#include "lib/wait.h"

static struct dial_fixture f;

static int setup(void **state)
{
    (void)state;
    dial_fixture_start(&f, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dial_fixture_stop(&f);
    return 0;
}

static uint64_t connections(void)
{
    struct transport_stats stats;

    transport_stats_read(f.transport, &stats);
    return stats.dialled_connections;
}

/* Wait until the end of every connection has been noticed. */
static void wait_hung_up(void)
{
    wait_until(connections() == 0);
}

/* ---- normal operation ---- */

static void probe_and_recall(int family)
{
    struct dial_target target;
    struct peer_call call;
    struct told told;
    int listener = peer_open(family, 8, &target), fd;
    uint32_t xid;

    assert_int_equal(dial_out_state(f.out, 7), DIAL_PATH_NONE);
    assert_true(dial_out_set(f.out, 7, &target, 1));
    fd = peer_accept(listener);
    xid = peer_expect_null(fd);
    assert_int_equal(dial_out_state(f.out, 7), DIAL_PATH_UNKNOWN);
    peer_reply_null(fd, xid);
    wait_state(&f, 7, DIAL_PATH_UP);

    assert_true(recall_send(&f, 7, &told));
    peer_receive(fd, &call);
    assert_int_equal(call.header.proc, CB_COMPOUND);
    assert_int_equal(call.sys.uid, PEER_UID);
    assert_int_equal(call.sys.gid, PEER_GID);
    assert_int_equal(call.minor, 0);
    assert_int_equal(call.ident, PEER_IDENT);
    assert_int_equal(call.op_count, 1);
    assert_int_equal(xdr_get_u32(&call.x), OP_CB_RECALL);
    assert_true(call.header.xid != xid);
    peer_reply_recall(fd, call.header.xid, NFS4_OK);
    wait_told(&told, CALLBACK_ANSWERED);
    assert_int_equal(atomic_load(&told.status), NFS4_OK);
    peer_call_fini(&call);

    /* The client's status is for the caller, and no fault of the path. */
    assert_true(recall_send(&f, 7, &told));
    peer_reply_recall(fd, peer_expect_recall(fd), NFS4ERR_BADHANDLE);
    wait_told(&told, CALLBACK_ANSWERED);
    assert_int_equal(atomic_load(&told.status), NFS4ERR_BADHANDLE);
    assert_int_equal(dial_out_state(f.out, 7), DIAL_PATH_UP);
    assert_int_equal(dial_fixture_stats(&f).dials, 1);
    close(fd);
    close(listener);
}

static void probe_and_recall_over_tcp(void **state)
{
    (void)state;
    probe_and_recall(AF_INET);
}

static void probe_and_recall_over_tcp6(void **state)
{
    (void)state;
    probe_and_recall(AF_INET6);
}

static void getattr_with_its_result(void **state)
{
    static const uint8_t fh[] = {1, 2, 3, 4, 5};
    const uint32_t words[] = {0, 0, 1, OP_CB_GETATTR, 0, 1, 0x18, 16, 0, 5, 0, 4096};
    struct cb_op op = {.op = OP_CB_GETATTR};
    struct CB_GETATTR4args args;
    struct dial_target target;
    struct peer_call call;
    struct told told = {0};
    int listener = peer_open(AF_INET, 8, &target), fd = path_up(&f, 7, listener, &target);

    (void)state;
    op.getattr.fh = (struct nfs_fh4){fh, sizeof(fh)};
    op.getattr.attr_request = (struct bitmap4){.count = 1, .words = {0x18}}; /* change, size */
    assert_true(dial_out_call(f.out, 7, &op, 1, told_done, &told));
    peer_receive(fd, &call);
    assert_int_equal(xdr_get_u32(&call.x), OP_CB_GETATTR);
    assert_true(wire_CB_GETATTR4args(&call.x, &args));
    assert_int_equal(args.fh.len, sizeof(fh));
    assert_int_equal(args.attr_request.words[0], 0x18);
    assert_int_equal(xdr_left(&call.x), 0);
    peer_reply(fd, call.header.xid, words, ARRAY_SIZE(words));
    wait_told(&told, CALLBACK_ANSWERED);
    assert_int_equal(atomic_load(&told.words), 16);
    peer_call_fini(&call);
    close(fd);
    close(listener);
}

/* Several callbacks wait at once, and are answered in any order. S22-06: only they are sent, and no
 * probe of a version before them. */
static void calls_arrive_in_order(void **state)
{
    enum {
        CALLS = 20
    };
    struct dial_target target;
    struct told told[CALLS];
    uint32_t xids[CALLS];
    int listener = peer_open(AF_INET, 8, &target), fd = path_up(&f, 7, listener, &target);

    (void)state;
    for (int i = 0; i < CALLS; i++)
        assert_true(recall_send(&f, 7, &told[i]));
    for (int i = 0; i < CALLS; i++) {
        xids[i] = peer_expect_recall(fd);
        assert_true(i == 0 || xids[i] == xids[i - 1] + 1);
    }
    for (int i = CALLS - 1; i >= 0; i--)
        peer_reply_recall(fd, xids[i], 10000 + (uint32_t)i);
    for (int i = 0; i < CALLS; i++) {
        wait_told(&told[i], CALLBACK_ANSWERED);
        assert_int_equal(atomic_load(&told[i].status), 10000 + i);
    }
    close(fd);
    close(listener);
}

/* A client closes connections that it does not use. */
static void an_idle_connection_may_end(void **state)
{
    struct dial_target target;
    struct told told;
    int listener = peer_open(AF_INET, 8, &target), fd = path_up(&f, 7, listener, &target);

    (void)state;
    close(fd);
    wait_hung_up();
    for (int i = 0; i < 100; i++)
        dial_fixture_pass_ms(&f, 1000);
    assert_int_equal(dial_out_state(f.out, 7), DIAL_PATH_UP);
    assert_int_equal(dial_fixture_stats(&f).dials, 1);
    assert_true(recall_send(&f, 7, &told));
    fd = peer_accept(listener);
    peer_reply_recall(fd, peer_expect_recall(fd), NFS4_OK);
    wait_told(&told, CALLBACK_ANSWERED);
    assert_int_equal(dial_fixture_stats(&f).dials, 2);
    close(fd);
    close(listener);
}

/* ---- no listener ---- */

/* The server dials at growing intervals, and the path comes up when there is a listener. */
static void refused_at_first(void **state)
{
    struct dial_target target;
    struct told told;
    int listener = peer_open(AF_INET, -1, &target), fd;
    unsigned seconds[4], found = 0;

    (void)state;
    assert_true(dial_out_set(f.out, 7, &target, 1));
    wait_state(&f, 7, DIAL_PATH_DOWN);
    for (unsigned s = 1; found < ARRAY_SIZE(seconds); s++) {
        uint64_t before = dial_fixture_stats(&f).dials;

        assert_true(s < 100);
        dial_fixture_pass_ms(&f, 1000);
        if (dial_fixture_stats(&f).dials == before)
            continue;
        seconds[found++] = s;
        wait_state(&f, 7, DIAL_PATH_DOWN);
        wait_hung_up();
    }
    assert_int_equal(seconds[0], 1);
    assert_int_equal(seconds[1], 3);
    assert_int_equal(seconds[2], 7);
    assert_int_equal(seconds[3], 15);

    assert_int_equal(listen(listener, 8), 0);
    assert_true(recall_send(&f, 7, &told)); /* waits for the connection */
    for (int i = 0; i < 9; i++)
        dial_fixture_pass_ms(&f, 1000);
    assert_int_equal(atomic_load(&told.count), 0);
    dial_fixture_pass_ms(&f, 0);
    assert_int_equal(dial_fixture_stats(&f).dials, 5);
    dial_fixture_pass_ms(&f, 1000); /* the callback times out, its path does not */
    wait_told(&told, CALLBACK_FAILED);
    for (int i = 0; i < 6; i++)
        dial_fixture_pass_ms(&f, 1000);
    assert_int_equal(dial_fixture_stats(&f).dials, 6);
    fd = peer_accept(listener);
    peer_reply_null(fd, peer_expect_null(fd));
    wait_state(&f, 7, DIAL_PATH_UP);
    close(fd);
    close(listener);
}

/* After so many attempts the server dials only for a callback. */
static void a_path_that_is_down_rests(void **state)
{
    struct dial_target target;
    struct told told;
    int listener = peer_open(AF_INET, -1, &target);

    (void)state;
    assert_true(dial_out_set(f.out, 7, &target, 1));
    for (int i = 0; i < 1000; i++) {
        dial_fixture_pass_ms(&f, 1000);
        wait_hung_up();
    }
    assert_int_equal(dial_out_state(f.out, 7), DIAL_PATH_DOWN);
    assert_int_equal(dial_fixture_stats(&f).dials, DIAL_OUT_ATTEMPTS);
    assert_true(recall_send(&f, 7, &told));
    assert_int_equal(dial_fixture_stats(&f).dials, DIAL_OUT_ATTEMPTS + 1);
    for (int i = 0; i <= DIAL_OUT_TIMEOUT_MS / 1000; i++)
        dial_fixture_pass_ms(&f, 1000);
    wait_told(&told, CALLBACK_FAILED);
    close(listener);
}

/* Neither a connection nor a refusal: given up after a while, without a thread. */
static void silence_instead_of_a_connection(void **state)
{
    int fillers[PEER_FILLERS];
    struct dial_target target;
    int listener = peer_open_silent(&target, fillers);

    (void)state;
    assert_true(dial_out_set(f.out, 7, &target, 1));
    dial_fixture_pass_ms(&f, DIAL_OUT_CONNECT_MS - 1);
    assert_int_equal(dial_out_state(f.out, 7), DIAL_PATH_UNKNOWN);
    dial_fixture_pass_ms(&f, 1);
    wait_state(&f, 7, DIAL_PATH_DOWN);
    peer_close_silent(listener, fillers);
}

/* ---- a peer that does not answer ---- */

/* The callbacks fail in time, and no other client waits for them. */
static void accepts_and_never_answers(void **state)
{
    struct dial_target mute, good;
    struct told told[3], other;
    int mute_listener = peer_open(AF_INET, 8, &mute), listener = peer_open(AF_INET, 8, &good);
    int mute_fd = path_up(&f, 1, mute_listener, &mute), fd = path_up(&f, 2, listener, &good);

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(recall_send(&f, 1, &told[i]));
    for (int i = 0; i < 20; i++) {
        assert_true(recall_send(&f, 2, &other));
        peer_reply_recall(fd, peer_expect_recall(fd), NFS4_OK);
        wait_told(&other, CALLBACK_ANSWERED);
    }
    dial_fixture_pass_ms(&f, DIAL_OUT_TIMEOUT_MS - 1);
    assert_int_equal(dial_out_state(f.out, 1), DIAL_PATH_UP);
    assert_int_equal(atomic_load(&told[0].count), 0);
    dial_fixture_pass_ms(&f, 1);
    for (int i = 0; i < 3; i++)
        wait_told(&told[i], CALLBACK_FAILED);
    assert_int_equal(dial_out_state(f.out, 1), DIAL_PATH_DOWN);
    assert_int_equal(dial_out_state(f.out, 2), DIAL_PATH_UP);
    peer_expect_close(mute_fd);
    close(mute_fd);

    /* It is probed again: at that tick, or at the next one if its end was not noticed yet. */
    wait_until(dial_fixture_stats(&f).dials == 3 || connections() == 1);
    dial_fixture_pass_ms(&f, 0);
    mute_fd = peer_accept(mute_listener);
    peer_reply_null(mute_fd, peer_expect_null(mute_fd));
    wait_state(&f, 1, DIAL_PATH_UP);
    assert_int_equal(dial_fixture_stats(&f).timeouts, 3);
    close(mute_fd);
    close(fd);
    close(mute_listener);
    close(listener);
}

/* Unanswered calls are sent again unchanged, over the next connection. */
static void closes_in_the_middle_of_a_reply(void **state)
{
    const uint8_t half[] = {0x80, 0, 0, 44, 1, 2, 3, 4, 0, 0, 0, 1, 0, 0};
    struct dial_target target;
    struct told told[3];
    uint32_t xids[3];
    int listener = peer_open(AF_INET, 8, &target), fd = path_up(&f, 7, listener, &target);

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(recall_send(&f, 7, &told[i]));
    for (int i = 0; i < 3; i++)
        xids[i] = peer_expect_recall(fd);
    peer_reply_recall(fd, xids[1], NFS4_OK);
    wait_told(&told[1], CALLBACK_ANSWERED);
    peer_send(fd, half, sizeof(half));
    close(fd);
    wait_hung_up();
    dial_fixture_pass_ms(&f, 1000);
    fd = peer_accept(listener);
    assert_int_equal(peer_expect_recall(fd), xids[0]);
    assert_int_equal(peer_expect_recall(fd), xids[2]);
    peer_reply_recall(fd, xids[0], NFS4_OK);
    peer_reply_recall(fd, xids[2], NFS4_OK);
    wait_told(&told[0], CALLBACK_ANSWERED);
    wait_told(&told[2], CALLBACK_ANSWERED);
    assert_int_equal(dial_out_state(f.out, 7), DIAL_PATH_UP);
    assert_int_equal(dial_fixture_stats(&f).resent, 2);
    close(fd);
    close(listener);
}

/* A peer that accepts and closes at once is not a client. */
static void closes_at_once(void **state)
{
    struct dial_target target;
    int listener = peer_open(AF_INET, 8, &target);

    (void)state;
    assert_true(dial_out_set(f.out, 7, &target, 1));
    close(peer_accept(listener));
    wait_state(&f, 7, DIAL_PATH_DOWN);
    close(listener);
}

/* ---- a peer that sends malformed data ---- */

static void expect_nonsense(const uint32_t *words, size_t count, bool to_null)
{
    struct dial_target target;
    struct told told;
    int listener = peer_open(AF_INET, 8, &target), fd = path_up(&f, 7, listener, &target);
    uint32_t xid;

    if (to_null) {
        assert_true(dial_out_set(f.out, 7, &target, 1000));
        xid = peer_expect_null(fd);
    } else {
        assert_true(recall_send(&f, 7, &told));
        xid = peer_expect_recall(fd);
    }
    peer_reply(fd, xid, words, count);
    wait_state(&f, 7, DIAL_PATH_DOWN);
    if (!to_null)
        wait_told(&told, CALLBACK_FAILED);
    peer_expect_close(fd);
    assert_int_equal(dial_fixture_stats(&f).malformed, 1);
    close(fd);
    close(listener);
}

static void garbage_replies(void **state)
{
    const uint32_t other[] = {0, 0, 1, OP_CB_LAYOUTRECALL, 0}, none[] = {0, 0, 0};

    (void)state;
    expect_nonsense(other, ARRAY_SIZE(other), false);
    dial_fixture_stop(&f);
    dial_fixture_start(&f, NULL);
    expect_nonsense(none, ARRAY_SIZE(none), false);
    dial_fixture_stop(&f);
    dial_fixture_start(&f, NULL);
    expect_nonsense(none, 1, true);
}

/* Data that is no RPC message ends the connection, but not the callback. */
static void garbage_instead_of_a_reply(void **state)
{
    const uint8_t garbage[] = {1, 2, 3, 4, 0, 0, 0, 9, 5, 6, 7, 8};
    struct dial_target target;
    struct told told;
    int listener = peer_open(AF_INET, 8, &target), fd = path_up(&f, 7, listener, &target);
    uint32_t xid;

    (void)state;
    assert_true(recall_send(&f, 7, &told));
    xid = peer_expect_recall(fd);
    peer_send_record(fd, garbage, sizeof(garbage));
    peer_expect_close(fd);
    close(fd);
    wait_hung_up();
    dial_fixture_pass_ms(&f, 1000);
    fd = peer_accept(listener);
    assert_int_equal(peer_expect_recall(fd), xid);
    /* A reply with an unknown xid is dropped. */
    peer_reply_recall(fd, xid + 77, NFS4_OK);
    peer_reply_recall(fd, xid, NFS4_OK);
    wait_told(&told, CALLBACK_ANSWERED);
    close(fd);
    close(listener);
}

/* The port of another program, such as an NFS server. */
static void another_program(void **state)
{
    struct rpc_reply_header header = {.accept_stat = ACCEPT_PROG_UNAVAIL};
    struct dial_target target;
    uint8_t bytes[64];
    struct told told;
    int listener = peer_open(AF_INET, 8, &target), fd;
    struct xdr x;

    (void)state;
    assert_true(dial_out_set(f.out, 7, &target, 1));
    assert_true(recall_send(&f, 7, &told));
    fd = peer_accept(listener);
    peer_expect_null(fd);
    header.xid = peer_expect_recall(fd);
    xdr_init_encode(&x, bytes, sizeof(bytes));
    wire_rpc_reply_header(&x, &header);
    peer_send_record(fd, bytes, xdr_pos(&x));
    wait_told(&told, CALLBACK_REFUSED);
    assert_int_equal(dial_out_state(f.out, 7), DIAL_PATH_DOWN);
    peer_expect_close(fd);
    close(fd);
    close(listener);
}

/* ---- the end of a path ---- */

static void the_client_is_removed(void **state)
{
    struct dial_target target;
    struct told sent[3], queued;
    int listener = peer_open(AF_INET, 8, &target), fd = path_up(&f, 7, listener, &target);
    int dead = peer_open(AF_INET, -1, &target);

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(recall_send(&f, 7, &sent[i]));
    peer_expect_recall(fd);
    assert_true(dial_out_set(f.out, 8, &target, 1));
    assert_true(recall_send(&f, 8, &queued));
    assert_int_equal(atomic_load(&queued.count), 0);
    dial_out_forget(f.out, 7);
    dial_out_forget(f.out, 8);
    dial_out_forget(f.out, 9);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(atomic_load(&sent[i].count), 1);
        assert_int_equal(atomic_load(&sent[i].outcome), CALLBACK_CANCELLED);
    }
    assert_int_equal(atomic_load(&queued.outcome), CALLBACK_CANCELLED);
    assert_int_equal(dial_out_state(f.out, 7), DIAL_PATH_NONE);
    assert_false(recall_send(&f, 7, &queued));
    peer_expect_close(fd);
    assert_int_equal(dial_fixture_stats(&f).paths, 0);
    close(fd);
    close(dead);
    close(listener);
}

/* The client moves its callback address; the old address gets no more calls. */
static void another_address(void **state)
{
    struct dial_target first, second, ident;
    struct told told;
    int first_listener = peer_open(AF_INET, 8, &first), old;
    int listener = peer_open(AF_INET, 8, &second), fd;

    (void)state;
    old = path_up(&f, 7, first_listener, &first);
    assert_true(recall_send(&f, 7, &told));
    assert_true(dial_out_set(f.out, 7, &second, 100));
    assert_int_equal(atomic_load(&told.outcome), CALLBACK_CANCELLED);
    peer_expect_recall(old);
    peer_expect_close(old);
    assert_int_equal(dial_fixture_stats(&f).dials, 1); /* not twice within a second */
    dial_fixture_pass_ms(&f, 1000);
    fd = peer_accept(listener);
    peer_reply_null(fd, peer_expect_null(fd));
    wait_state(&f, 7, DIAL_PATH_UP);

    /* An update with an older number changes nothing; the same address again causes a probe. */
    assert_true(dial_out_set(f.out, 7, &first, 99));
    assert_true(dial_out_set(f.out, 7, &second, 100));
    assert_int_equal(dial_fixture_stats(&f).probes, 2);
    assert_true(dial_out_set(f.out, 7, &second, 101));
    peer_reply_null(fd, peer_expect_null(fd));

    ident = second;
    ident.ident++;
    assert_true(dial_out_set(f.out, 7, &ident, 102));
    peer_expect_close(fd);
    assert_int_equal(dial_fixture_stats(&f).paths, 1);
    close(old);
    close(fd);
    close(first_listener);
    close(listener);
}

static void stopped_with_all_that_waits(void **state)
{
    int fillers[PEER_FILLERS];
    struct dial_target good, silent, dead;
    struct told told[3];
    int silent_fd = peer_open_silent(&silent, fillers), listener = peer_open(AF_INET, 8, &good);
    int holder = peer_open(AF_INET, -1, &dead), fd = path_up(&f, 1, listener, &good);

    (void)state;
    assert_true(dial_out_set(f.out, 2, &silent, 1));
    assert_true(dial_out_set(f.out, 3, &dead, 1));
    for (int i = 0; i < 3; i++)
        assert_true(recall_send(&f, 1 + (uint64_t)i, &told[i]));
    dial_out_stop(f.out);
    for (int i = 0; i < 3; i++)
        assert_int_equal(atomic_load(&told[i].outcome), CALLBACK_CANCELLED);
    assert_false(dial_out_set(f.out, 4, &good, 1));
    assert_false(recall_send(&f, 1, &told[0]));
    dial_fixture_pass_ms(&f, 1000);
    peer_expect_recall(fd);
    peer_expect_close(fd);
    close(fd);
    close(holder);
    close(listener);
    peer_close_silent(silent_fd, fillers);
}

/* ---- limits ---- */

static void so_many_calls_and_paths(void **state)
{
    const struct dial_out_config config = {.paths_max = 2};
    struct cb_op ops[LIMIT_CALLBACK_OPS + 1] = {{.op = OP_CB_RECALL}};
    struct told told[LIMIT_CALLBACK_CALLS_PER_PATH], more;
    struct dial_target target;
    int listener = peer_open(AF_INET, 8, &target), fd;
    uint32_t xid;

    (void)state;
    dial_fixture_stop(&f);
    dial_fixture_start(&f, &config);
    fd = path_up(&f, 1, listener, &target);
    for (unsigned i = 0; i < LIMIT_CALLBACK_CALLS_PER_PATH; i++)
        assert_true(recall_send(&f, 1, &told[i]));
    assert_false(recall_send(&f, 1, &more));
    xid = peer_expect_recall(fd);
    peer_reply_recall(fd, xid, NFS4_OK);
    wait_told(&told[0], CALLBACK_ANSWERED);
    assert_true(recall_send(&f, 1, &more));
    assert_int_equal(dial_fixture_stats(&f).refused, 1);

    assert_false(dial_out_call(f.out, 1, ops, ARRAY_SIZE(ops), told_done, &more));
    assert_true(dial_out_set(f.out, 2, &target, 1));
    assert_false(dial_out_set(f.out, 3, &target, 1));
    assert_int_equal(dial_out_state(f.out, 3), DIAL_PATH_NONE);
    close(fd);
    close(listener);
}

/* 1,000 unreachable clients: the number of dials is limited, and reachable clients are reached. */
static void a_thousand_dead_addresses(void **state)
{
    enum {
        DEAD = 1000
    };
    int fillers[PEER_FILLERS];
    struct dial_target dead, silent, good;
    struct told told, waiting[DEAD / 100];
    int silent_fd = peer_open_silent(&silent, fillers), holder = peer_open(AF_INET, -1, &dead);
    struct peer_server *server = peer_server_start(AF_INET, &good);
    unsigned down = 0;

    (void)state;
    for (uint64_t id = 1; id <= DEAD; id++) {
        assert_true(dial_out_set(f.out, id, id % 2 ? &dead : &silent, 1));
        if (id % 100 == 0)
            assert_true(recall_send(&f, id, &waiting[id / 100 - 1]));
    }
    assert_true(dial_fixture_stats(&f).dials <= LIMIT_DIALS_PER_S);
    for (int s = 0; s < 20; s++) {
        uint64_t before = dial_fixture_stats(&f).dials;

        dial_fixture_pass_ms(&f, 1000);
        assert_true(dial_fixture_stats(&f).dials - before <= LIMIT_DIALS_PER_S);
    }
    for (uint64_t id = 1; id <= DEAD; id++)
        wait_state(&f, id, DIAL_PATH_DOWN);
    for (unsigned i = 0; i < ARRAY_SIZE(waiting); i++)
        wait_told(&waiting[i], CALLBACK_FAILED);

    /* Repeated attempts leave room for new clients. */
    dial_fixture_pass_ms(&f, 1000);
    assert_true(dial_out_set(f.out, DEAD + 1, &good, 1));
    wait_state(&f, DEAD + 1, DIAL_PATH_UP);
    assert_true(recall_send(&f, DEAD + 1, &told));
    wait_told(&told, CALLBACK_ANSWERED);
    for (uint64_t id = 1; id <= DEAD; id++)
        down += dial_out_state(f.out, id) == DIAL_PATH_DOWN;
    assert_int_equal(down, DEAD);
    dial_out_stop(f.out);
    assert_int_equal(peer_server_stop(server), 2);
    close(holder);
    peer_close_silent(silent_fd, fillers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(probe_and_recall_over_tcp, setup, teardown),
        cmocka_unit_test_setup_teardown(probe_and_recall_over_tcp6, setup, teardown),
        cmocka_unit_test_setup_teardown(getattr_with_its_result, setup, teardown),
        cmocka_unit_test_setup_teardown(calls_arrive_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(an_idle_connection_may_end, setup, teardown),
        cmocka_unit_test_setup_teardown(refused_at_first, setup, teardown),
        cmocka_unit_test_setup_teardown(a_path_that_is_down_rests, setup, teardown),
        cmocka_unit_test_setup_teardown(silence_instead_of_a_connection, setup, teardown),
        cmocka_unit_test_setup_teardown(accepts_and_never_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(closes_in_the_middle_of_a_reply, setup, teardown),
        cmocka_unit_test_setup_teardown(closes_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(garbage_replies, setup, teardown),
        cmocka_unit_test_setup_teardown(garbage_instead_of_a_reply, setup, teardown),
        cmocka_unit_test_setup_teardown(another_program, setup, teardown),
        cmocka_unit_test_setup_teardown(the_client_is_removed, setup, teardown),
        cmocka_unit_test_setup_teardown(another_address, setup, teardown),
        cmocka_unit_test_setup_teardown(stopped_with_all_that_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(so_many_calls_and_paths, setup, teardown),
        cmocka_unit_test_setup_teardown(a_thousand_dead_addresses, setup, teardown),
    };

    return test_group_run(tests);
}
