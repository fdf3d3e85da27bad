/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recalls of delegations of clients of 4.0, which answer as the tests say: what is sent, when it is
 * repeated, and when it ends (S22-04, S22-05, S22-11).
 */
#include "callback/recall.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "callback/callback.h"
#include "dial_fixture.h"
#include "lib/test.h"
#include "lib/wait.h"
#include "state/client/client_lease.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_conflict.h"
#include "state/delegation/delegation_getattr.h"
#include "state/delegation/delegation_offer.h"
#include "state/delegation/delegation_stats.h"
#include "unit/state/open/open_fixture.h"
#include "unit/state/v40/v40_fixture.h"

static struct dial_fixture dial;
static struct callback *callback;
static struct recall *recalls;
static struct client *dave;
static struct dial_target target;
static int listener, fd;

static int set_up(void **unused)
{
    int failed = fixture_set_up(unused);

    dial_fixture_start(&dial, NULL);
    callback = callback_create(fx.state, dial.out);
    recalls = recall_create(callback, fx.state);
    dave = v40_client(fx.state, "dave", 1);
    listener = peer_open(AF_INET, 4, &target);
    fd = path_up(&dial, dave->id, listener, &target);
    return failed;
}

static int tear_down(void **unused)
{
    dial_fixture_stop(&dial);
    recall_stop(recalls);
    client_put(dave);
    assert_int_equal(fixture_tear_down(unused), 0);
    recall_destroy(recalls);
    callback_destroy(callback);
    close(fd);
    close(listener);
    return 0;
}

static struct stateid4 give_as(enum delegation_kind kind, bool wants_times)
{
    bool times;
    const struct delegation_request request = {.client = dave,
                                               .wants_times = wants_times,
                                               .times = &times,
                                               .obj = fx.files[0],
                                               .cred = &fx.cred,
                                               .kind = kind,
                                               .fh = name_of("handle"),
                                               .now_ns = clock_now_ns()};
    enum why_no_delegation4 why;
    enum delegation_kind got;
    struct stateid4 stateid;

    assert_true(delegation_offer(fx.state, &request, &got, &stateid, &why));
    assert_int_equal(got, kind);
    assert_int_equal(times, wants_times);
    return stateid;
}

static struct stateid4 give(enum delegation_kind kind)
{
    return give_as(kind, false);
}

static enum nfsstat4 conflict(void)
{
    enum nfsstat4 status = delegation_begin(
        fx.state, &(struct delegation_claim){fx.bob, fx.files[0], DELEGATION_USE_CHANGE},
        clock_now_ns(), NULL);

    if (status == NFS4_OK)
        delegation_end(fx.state, fx.files[0]);
    return status;
}

static void give_back(const struct stateid4 *stateid)
{
    struct stateid *sid = stateid_lookup(fx.state->opens->stateids, stateid, dave);

    assert_non_null(sid);
    assert_int_equal(delegation_return(delegation_of_stateid(sid), stateid->seqid), NFS4_OK);
    stateid_put(sid);
}

static void pass_ms(int64_t ms)
{
    dial_fixture_pass_ms(&dial, ms);
    client_renew(dave, clock_now_ns());
    recall_tick(recalls, clock_now_ns());
}

static uint64_t answers(void)
{
    return dial_fixture_stats(&dial).answers;
}

/* Wait until the hook has been called; it runs after the answer is counted. */
static void reply(uint32_t xid, uint32_t status)
{
    uint64_t before = answers();

    peer_reply_recall(fd, xid, status);
    wait_until(answers() > before);
}

static uint64_t calls(void)
{
    return dial_fixture_stats(&dial).calls;
}

/* The recall names the delegation, and its file as the client knows it. */
static void recalled_once(void **unused)
{
    struct stateid4 stateid = give(DELEGATION_READ);
    struct CB_RECALL4args args;
    struct peer_call call;

    (void)unused;
    assert_int_equal(conflict(), NFS4ERR_DELAY);
    peer_receive(fd, &call);
    assert_int_equal(xdr_get_u32(&call.x), OP_CB_RECALL);
    assert_true(wire_CB_RECALL4args(&call.x, &args));
    assert_memory_equal(args.stateid.other, stateid.other, sizeof(stateid.other));
    assert_int_equal(args.stateid.seqid, stateid.seqid);
    assert_false(args.truncate);
    assert_int_equal(args.fh.len, 6);
    assert_memory_equal(args.fh.data, "handle", 6);
    reply(call.header.xid, NFS4_OK);
    peer_call_fini(&call);
    pass_ms(9000);
    assert_int_equal(conflict(), NFS4ERR_DELAY);
    assert_int_equal(calls(), 1);
    give_back(&stateid);
    assert_int_equal(conflict(), NFS4_OK);
}

/* Whatever the answer, the recall is repeated. */
static void recalled_again(void **unused)
{
    static const uint32_t statuses[] = {NFS4ERR_BAD_STATEID, NFS4ERR_BADHANDLE, NFS4ERR_DELAY,
                                        NFS4ERR_RESOURCE, NFS4ERR_BADXDR};
    struct stateid4 stateid = give(DELEGATION_READ);

    (void)unused;
    assert_int_equal(conflict(), NFS4ERR_DELAY);
    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
        reply(peer_expect_recall(fd), statuses[i]);
        wait_until((pass_ms(1000), calls() == i + 2));
    }
    reply(peer_expect_recall(fd), NFS4_OK);
    give_back(&stateid);
    pass_ms(60000);
    assert_int_equal(calls(), ARRAY_SIZE(statuses) + 1);
}

/* A client that repeatedly knows of no delegation has none to return. */
static void never_known(void **unused)
{
    (void)unused;
    (void)give(DELEGATION_READ);
    assert_int_equal(conflict(), NFS4ERR_DELAY);
    for (size_t i = 1; i < RECALL_UNKNOWN_TRIES; i++) {
        reply(peer_expect_recall(fd), NFS4ERR_BAD_STATEID);
        wait_until((pass_ms(1000), calls() == i + 1));
    }
    reply(peer_expect_recall(fd), NFS4ERR_BAD_STATEID);
    for (int i = 0; i < 100; i++)
        pass_ms(1000);
    assert_int_equal(calls(), RECALL_UNKNOWN_TRIES);
}

static void returned_meanwhile(void **unused)
{
    struct stateid4 stateid = give(DELEGATION_READ);

    (void)unused;
    assert_int_equal(conflict(), NFS4ERR_DELAY);
    reply(peer_expect_recall(fd), NFS4ERR_DELAY);
    give_back(&stateid);
    for (int i = 0; i < 100; i++)
        pass_ms(1000);
    assert_int_equal(calls(), 1);
}

/* The path breaks and comes back: the recall is sent as soon as possible. */
static void path_lost(void **unused)
{
    struct stateid4 stateid = give(DELEGATION_READ);

    (void)unused;
    dial_out_forget(dial.out, dave->id);
    close(fd);
    assert_false(callback_reachable(callback, dave));
    assert_int_equal(conflict(), NFS4ERR_DELAY);
    pass_ms(1);
    fd = path_up(&dial, dave->id, listener, &target);
    pass_ms(1);
    reply(peer_expect_recall(fd), NFS4_OK);
    give_back(&stateid);
}

/* A client without a callback path gets no delegation. */
static void not_reachable(void **unused)
{
    const struct delegation_request request = {.client = fx.alice,
                                               .obj = fx.files[0],
                                               .cred = &fx.cred,
                                               .fh = name_of("handle"),
                                               .now_ns = clock_now_ns()};
    enum why_no_delegation4 why;
    enum delegation_kind kind;
    struct stateid4 stateid;

    (void)unused;
    assert_false(delegation_offer(fx.state, &request, &kind, &stateid, &why));
    assert_int_equal(why, WND4_RESOURCE);
}

static enum nfsstat4 size_of_file(struct delegation_attr *attr)
{
    return delegation_getattr(fx.state, fx.files[0], fx.bob, DELEGATION_ASKED_MORE, clock_now_ns(),
                              NULL, attr);
}

static uint32_t expect_getattr_of(uint32_t word2)
{
    struct CB_GETATTR4args args;
    struct peer_call call;

    peer_receive(fd, &call);
    assert_int_equal(xdr_get_u32(&call.x), OP_CB_GETATTR);
    assert_true(wire_CB_GETATTR4args(&call.x, &args));
    assert_int_equal(args.fh.len, 6);
    assert_int_equal(args.attr_request.words[0], 0x18); /* change, size */
    assert_int_equal(args.attr_request.words[1], 0);
    assert_int_equal(args.attr_request.words[2], word2);
    peer_call_fini(&call);
    return call.header.xid;
}

static uint32_t expect_getattr(void)
{
    return expect_getattr_of(0);
}

static void holder_is_asked(void **unused)
{
    const uint32_t words[] = {0, 0, 1, OP_CB_GETATTR, 0, 1, 0x18, 16, 0, 5, 0, 4096};
    struct stateid4 stateid = give(DELEGATION_WRITE);
    struct delegation_attr attr;
    uint32_t xid;

    (void)unused;
    assert_int_equal(size_of_file(&attr), NFS4ERR_DELAY);
    xid = expect_getattr();
    peer_reply(fd, xid, words, ARRAY_SIZE(words));
    wait_until(size_of_file(&attr) == NFS4_OK);
    assert_true(attr.valid);
    assert_int_equal(attr.size, 4096);
    assert_int_equal(calls(), 1);
    give_back(&stateid);
}

/* The holder does not answer CB_GETATTR properly, so its delegation is recalled. */
static void holder_is_no_help(void **unused)
{
    static const uint32_t delay[] = {NFS4ERR_DELAY, 0, 1, OP_CB_GETATTR, NFS4ERR_DELAY};
    static const uint32_t less[] = {0, 0, 1, OP_CB_GETATTR, 0, 1, 0x10, 8, 0, 4096};
    static const uint32_t more[] = {0, 0, 1, OP_CB_GETATTR, 0, 1, 0x1a, 20, 1, 0, 5, 0, 4096};
    static const struct {
        const uint32_t *words;
        size_t count;
    } wrong[] = {{delay, ARRAY_SIZE(delay)}, {less, ARRAY_SIZE(less)}, {more, ARRAY_SIZE(more)}};
    struct delegation_attr attr;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct stateid4 stateid = give(DELEGATION_WRITE);

        assert_int_equal(size_of_file(&attr), NFS4ERR_DELAY);
        peer_reply(fd, expect_getattr(), wrong[i].words, wrong[i].count);
        reply(peer_expect_recall(fd), NFS4_OK);
        assert_int_equal(size_of_file(&attr), NFS4ERR_DELAY);
        give_back(&stateid);
        assert_int_equal(size_of_file(&attr), NFS4_OK);
        assert_false(attr.valid);
        clock_advance_ns(3600 * NSEC_PER_SEC); /* the file's rest is over */
        client_renew(dave, clock_now_ns());
        client_renew(fx.bob, clock_now_ns());
    }
}

#define BOTH_TIMES 0x300000 /* time_deleg_access, time_deleg_modify */

/* A holder with the file's times has to tell them (RFC 9754 §5). */
static void holder_is_asked_for_times(void **unused)
{
    static const uint32_t words[] = {0, 0, 1, OP_CB_GETATTR, 0,  3, 0x18, 0, BOTH_TIMES, 40, 0, 5,
                                     0, 9, 0, 1000,          11, 0, 2000, 12};
    struct stateid4 stateid = give_as(DELEGATION_WRITE, true);
    struct delegation_attr attr;

    (void)unused;
    assert_int_equal(size_of_file(&attr), NFS4ERR_DELAY);
    peer_reply(fd, expect_getattr_of(BOTH_TIMES), words, ARRAY_SIZE(words));
    wait_until(size_of_file(&attr) == NFS4_OK);
    assert_true(attr.valid && attr.times.has_atime && attr.times.has_mtime);
    assert_int_equal(attr.size, 9);
    assert_int_equal(attr.times.atime.tv_sec, 1000);
    assert_int_equal(attr.times.atime.tv_nsec, 11);
    assert_int_equal(attr.times.mtime.tv_sec, 2000);
    assert_int_equal(attr.times.mtime.tv_nsec, 12);
    give_back(&stateid);
}

/* Without one of the times, with another attribute, with what is no time, or cut short. */
static void holder_tells_no_times(void **unused)
{
    static const uint32_t none[] = {0, 0, 1, OP_CB_GETATTR, 0, 1, 0x18, 16, 0, 5, 0, 9};
    static const uint32_t one[] = {0, 0, 1, OP_CB_GETATTR, 0, 3, 0x18, 0, 0x200000, 28, 0, 5,
                                   0, 9, 0, 2000,          12};
    static const uint32_t more[] = {0, 0, 1, OP_CB_GETATTR, 0,  3, 0x1a, 0, BOTH_TIMES, 44, 1, 0, 5,
                                    0, 9, 0, 1000,          11, 0, 2000, 12};
    static const uint32_t no_atime[] = {
        0, 0, 1, OP_CB_GETATTR, 0,          3, 0x18, 0, BOTH_TIMES, 40, 0, 5,
        0, 9, 0, 1000,          1000000000, 0, 2000, 12};
    static const uint32_t no_mtime[] = {
        0, 0, 1, OP_CB_GETATTR, 0,  3, 0x18, 0,         BOTH_TIMES, 40, 0, 5,
        0, 9, 0, 1000,          11, 0, 2000, UINT32_MAX};
    static const uint32_t cut[] = {0, 0, 1, OP_CB_GETATTR, 0,  3, 0x18, 0, BOTH_TIMES, 36, 0, 5,
                                   0, 9, 0, 1000,          11, 0, 2000};
    static const struct {
        const uint32_t *words;
        size_t count;
    } wrong[] = {{none, ARRAY_SIZE(none)},         {one, ARRAY_SIZE(one)},
                 {more, ARRAY_SIZE(more)},         {no_atime, ARRAY_SIZE(no_atime)},
                 {no_mtime, ARRAY_SIZE(no_mtime)}, {cut, ARRAY_SIZE(cut)}};
    struct delegation_attr attr;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct stateid4 stateid = give_as(DELEGATION_WRITE, true);

        assert_int_equal(size_of_file(&attr), NFS4ERR_DELAY);
        peer_reply(fd, expect_getattr_of(BOTH_TIMES), wrong[i].words, wrong[i].count);
        reply(peer_expect_recall(fd), NFS4_OK);
        assert_int_equal(size_of_file(&attr), NFS4ERR_DELAY);
        give_back(&stateid);
        assert_int_equal(size_of_file(&attr), NFS4_OK);
        assert_false(attr.valid);
        clock_advance_ns(3600 * NSEC_PER_SEC); /* the file's rest is over */
        client_renew(dave, clock_now_ns());
        client_renew(fx.bob, clock_now_ns());
    }
}

/* The server ends while one recall waits for its retry and another for its answer: tear_down(). */
static void left_alone(void **unused)
{
    (void)unused;
    (void)give(DELEGATION_READ);
    assert_int_equal(conflict(), NFS4ERR_DELAY);
    (void)peer_expect_recall(fd);
}

static void left_resting(void **unused)
{
    (void)unused;
    (void)give(DELEGATION_READ);
    assert_int_equal(conflict(), NFS4ERR_DELAY);
    reply(peer_expect_recall(fd), NFS4ERR_DELAY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(recalled_once),         TEST(recalled_again),    TEST(never_known),
        TEST(returned_meanwhile),    TEST(path_lost),         TEST(not_reachable),
        TEST(holder_is_asked),       TEST(holder_is_no_help), TEST(holder_is_asked_for_times),
        TEST(holder_tells_no_times), TEST(left_alone),        TEST(left_resting),
    };

    return test_group_run(tests);
}
