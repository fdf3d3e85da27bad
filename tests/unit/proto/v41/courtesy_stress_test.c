/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients compete for the exclusive use of one file, while time jumps: each loses it, returns, is
 * told and acknowledges, or finds that it was evicted and registers again (L-04, W16, SR-18). No
 * client is told of a loss for ever, and nothing leaks.
 */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "lib/test.h"
#include "state/client/client_exchange.h"
#include "state/client/client_lease.h"
#include "state/session/session_conn.h"
#include "state/session/session_create.h"
#include "v41_fixture.h"

#define EXPIRED_FLAGS SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED

enum {
    CLIENTS = 3,
    LOSSES = 100,
    EVICTIONS = CLIENTS + 30,
    TRIES = 10000
};

struct contender {
    char name[24];
    int fd;
    struct v41_session session;
    struct session_conn *conn; /* for CREATE_SESSION, which does not go over the wire */
    struct v41_call call;
    struct stateid4 stateid;
    uint32_t flags; /* of the last SEQUENCE */
};

static struct contender contenders[CLIENTS];
static _Atomic uint32_t opened, lost, evicted;
static _Atomic bool stop;

static struct wire_opaque text(const char *string)
{
    return (struct wire_opaque){(const uint8_t *)string, (uint32_t)strlen(string)};
}

/* As over the wire, where DELAY is possible while all others are alive. */
static void start_anew(struct contender *me)
{
    const struct client_caller who = CLIENT_CALLER_SYS(0);
    struct EXCHANGE_ID4args exchange = {.eia_state_protect = {.spa_how = SP4_NONE}};
    struct CREATE_SESSION4args create = {.csa_fore_chan_attrs = v41_attrs(),
                                         .csa_back_chan_attrs = v41_attrs()};
    struct CREATE_SESSION4resok res;
    struct client_exchange out;

    exchange.eia_clientowner.co_ownerid = text(me->name);
    do
        while (client_exchange_id(test_server.state, &who, NULL, &exchange, clock_now_ns(), &out) !=
               NFS4_OK)
            sched_yield();
    while (create.csa_clientid = out.clientid, create.csa_sequence = out.sequence,
           session_create(test_server.state, &who, me->conn, 1, &create, clock_now_ns(), &res) !=
               NFS4_OK);
    me->session.clientid = out.clientid;
    memcpy(me->session.id, res.csr_sessionid, NFS4_SESSIONID_SIZE);
    me->session.seqid = 1;
}

static struct v41_call *begin(struct contender *me)
{
    v41_begin_in(&me->call, &me->session, false);
    me->call.arena = NULL;
    return &me->call;
}

/* The results behind SEQUENCE are next to be read. */
static enum nfsstat4 run(struct contender *me)
{
    struct SEQUENCE4resok res;
    struct xdr *x = &me->call.results;

    v41_roundtrip(me->fd, &me->call);
    CHECK(xdr_get_u32(x) == OP_SEQUENCE);
    if (xdr_get_u32(x) != NFS4_OK)
        return me->call.status;
    CHECK(wire_SEQUENCE4resok(x, &res));
    me->flags = res.sr_status_flags;
    return me->call.status;
}

static enum nfsstat4 reclaim_complete(struct contender *me)
{
    xdr_put_u32(v41_op(begin(me), OP_RECLAIM_COMPLETE), 0);
    return run(me);
}

static enum nfsstat4 open_file(struct contender *me)
{
    struct OPEN4args args = {
        .share_access = OPEN4_SHARE_ACCESS_BOTH,
        .share_deny = OPEN4_SHARE_DENY_BOTH,
        .owner = {.owner = text(me->name)},
        .openhow = {.opentype = OPEN4_CREATE, .how = {.mode = UNCHECKED4}},
        .claim = {.claim = CLAIM_NULL, .file = text("file")},
    };
    struct OPEN4resok res;
    enum nfsstat4 status;

    v41_op(begin(me), OP_PUTROOTFH);
    CHECK(wire_OPEN4args(v41_op(&me->call, OP_OPEN), &args));
    status = run(me);
    if (status != NFS4_OK)
        return status;
    xdr_take(&me->call.results, 16);
    CHECK(wire_OPEN4resok(&me->call.results, &res));
    me->stateid = res.stateid;
    return NFS4_OK;
}

static enum nfsstat4 close_file(struct contender *me)
{
    struct CLOSE4args args = {.open_stateid = me->stateid};

    v41_op(begin(me), OP_PUTROOTFH);
    v41_op_lookup(&me->call, "file");
    wire_CLOSE4args(v41_op(&me->call, OP_CLOSE), &args);
    return run(me);
}

static enum nfsstat4 free_stateid(struct contender *me)
{
    struct FREE_STATEID4args args = {.fsa_stateid = me->stateid};

    wire_FREE_STATEID4args(v41_op(begin(me), OP_FREE_STATEID), &args);
    return run(me);
}

static enum nfsstat4 speak(struct contender *me)
{
    begin(me);
    return run(me);
}

/* BAD_STATEID and DELAY: the client was evicted during the request, DELAY while the request had
 * yielded to others. */
static bool is_usual(enum nfsstat4 status)
{
    return status == NFS4_OK || status == NFS4ERR_BADSESSION || status == NFS4ERR_BAD_STATEID ||
           status == NFS4ERR_DELAY || status == NFS4ERR_COMPLETE_ALREADY;
}

/* The client has lost its open and has no other state: the flag is set until it acknowledges. State
 * about to be revoked counts already, so clearing the flag may take a moment. */
static enum nfsstat4 acknowledge(struct contender *me)
{
    enum nfsstat4 status = speak(me);

    if (status != NFS4_OK)
        return status;
    CHECK(me->flags & EXPIRED_FLAGS);
    status = free_stateid(me);
    for (int i = 0; i < TRIES && status == NFS4_OK; i++) {
        status = speak(me);
        if (!(me->flags & EXPIRED_FLAGS))
            return status;
        sched_yield();
    }
    CHECK(status != NFS4_OK && is_usual(status));
    return status;
}

static enum nfsstat4 turn(struct contender *me, uint32_t number)
{
    enum nfsstat4 status = open_file(me);

    if (status == NFS4ERR_SHARE_DENIED || status == NFS4ERR_DELAY)
        return NFS4_OK;
    if (status != NFS4_OK)
        return status;
    atomic_fetch_add(&opened, 1);
    for (uint32_t i = 0; i < number % 5; i++)
        usleep(200);
    status = close_file(me);
    if (status != NFS4ERR_EXPIRED)
        return status;
    atomic_fetch_add(&lost, 1);
    return acknowledge(me);
}

static bool enough(void)
{
    return atomic_load(&lost) >= LOSSES && atomic_load(&evicted) >= EVICTIONS;
}

static void *contend(void *arg)
{
    struct contender *me = arg;
    enum nfsstat4 status = NFS4ERR_BADSESSION;

    me->fd = v41_connect();
    me->conn = session_conn_create(NULL);
    for (uint32_t i = 0; !enough(); i++) {
        if (status == NFS4ERR_BADSESSION || status == NFS4ERR_BAD_STATEID) {
            atomic_fetch_add(&evicted, 1);
            start_anew(me);
            status = reclaim_complete(me);
            if (status == NFS4ERR_DELAY) /* it no longer is */
                status = NFS4ERR_BADSESSION;
        } else {
            status = turn(me, i);
        }
        CHECK(is_usual(status));
    }
    session_conn_destroy(me->conn);
    close(me->fd);
    return NULL;
}

/* Time passes, sometimes a lot; other clients try to register. */
static void *disturb(void *unused)
{
    const struct client_caller who = CLIENT_CALLER_SYS(1);
    struct state *state = test_server.state;

    (void)unused;
    for (uint32_t i = 0; !atomic_load(&stop); i++) {
        struct EXCHANGE_ID4args args = {.eia_state_protect = {.spa_how = SP4_NONE}};
        struct client_exchange out;
        char name[24];

        clock_advance_ns(i % 3 ? NSEC_PER_SEC : 2 * state->lease_ns);
        state_tick(state, clock_now_ns());
        (void)snprintf(name, sizeof(name), "stranger %u", i % 10);
        args.eia_clientowner.co_ownerid = text(name);
        if (i % 7 == 0)
            (void)client_exchange_id(state, &who, NULL, &args, clock_now_ns(), &out);
        usleep(300);
    }
    return NULL;
}

static void all_want_it(void **unused)
{
    pthread_t threads[CLIENTS], disturber;
    struct state *state = test_server.state;

    (void)unused;
    state_limit_set(state, STATE_LIMIT_clients, CLIENTS);
    assert_int_equal(pthread_create(&disturber, NULL, disturb, NULL), 0);
    for (int i = 0; i < CLIENTS; i++) {
        (void)snprintf(contenders[i].name, sizeof(contenders[i].name), "client %d", i);
        assert_int_equal(pthread_create(&threads[i], NULL, contend, &contenders[i]), 0);
    }
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&stop, true);
    pthread_join(disturber, NULL);
    print_message("opened %u, lost %u, evicted %u\n", opened, lost, evicted);
    clock_advance_ns(NSEC_PER_SEC * 2 * LIMIT_COURTESY_S);
    state_tick(state, clock_now_ns());
    assert_int_equal(state->clients.count, 0);
    assert_int_equal(state->session_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_want_it, v41_set_up, v41_tear_down),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
