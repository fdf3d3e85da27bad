/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions are destroyed, grow, shrink and are forced while several users share their slots, lose
 * connections with replies and retry over others (S20-12, S20-33, SR-01, SR-07, W02). Each request
 * executes at most once, its reply stays the same, and all charged memory is released.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "lib/test.h"
#include "v41_fixture.h"

enum {
    USERS = 3,
    SUBJECTS = 2,
    TURNS = 2500,    /* for each user */
    HIGHEST_AT = 48, /* in COMPOUND4res: sr_highest_slotid, followed by the target */
    BUDGET_SLOTS = 200
};

/* A session, as its users know it. A destroyed one is kept to the end, since others may still use
 * it. */
struct subject {
    struct v41_session session;
    char directory[16];
    bool stubborn;                         /* its users ignore the target */
    _Atomic bool ends;                     /* DESTROY_SESSION is under way */
    _Atomic uint32_t enforced, target;     /* counts of slots */
    _Atomic bool outstanding[LIMIT_SLOTS]; /* the thread that sets one owns the seqid */
    uint32_t seqids[LIMIT_SLOTS];
    struct subject *next;
};

struct user {
    pthread_t thread;
    uint32_t number;
    uint64_t random;
    int fd, left; /* `left` is no longer read */
    struct v41_call call, again;
    uint32_t executed, replayed, refused, ended;
};

static struct subject *_Atomic subjects[SUBJECTS];
static struct subject *all;
static struct v41_session control;
static _Atomic bool stop;
static struct channel_attrs4 attrs = {0, 8192, 8192, 4096, 16, 64, {0}, 0};

static uint32_t pick(uint64_t *state, uint32_t below)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32) % below;
}

static uint32_t usable_slots(struct subject *subject)
{
    uint32_t enforced = atomic_load(&subject->enforced), target = atomic_load(&subject->target);

    return subject->stubborn || enforced < target ? enforced : target;
}

/* Take a slot for a request; false: all are in use.  Another user may have been told of fewer slots
 * meanwhile, and have said that it uses none beyond: a client chooses a slot by what it knows. */
static bool claim(struct subject *subject, struct user *me, uint32_t *slot)
{
    uint32_t usable = usable_slots(subject);

    for (*slot = pick(&me->random, 3) ? 0 : pick(&me->random, usable); *slot < usable; (*slot)++) {
        if (atomic_exchange(&subject->outstanding[*slot], true))
            continue;
        if (*slot < usable_slots(subject))
            return true;
        atomic_store(&subject->outstanding[*slot], false);
    }
    return false;
}

static uint32_t highest_of(struct subject *subject)
{
    uint32_t highest = LIMIT_SLOTS - 1;

    if (subject->stubborn)
        return atomic_load(&subject->enforced) - 1;
    while (highest > 0 && !atomic_load(&subject->outstanding[highest]))
        highest--;
    return highest;
}

static void request(struct subject *subject, uint32_t slot, struct v41_call *call)
{
    struct SEQUENCE4args args = {.sa_sequenceid = subject->seqids[slot],
                                 .sa_slotid = slot,
                                 .sa_highest_slotid = highest_of(subject),
                                 .sa_cachethis = true};
    char name[32];

    (void)snprintf(name, sizeof(name), "%u.%u", slot, args.sa_sequenceid);
    memcpy(args.sa_sessionid, subject->session.id, NFS4_SESSIONID_SIZE);
    v41_begin(call);
    call->arena = NULL;
    wire_SEQUENCE4args(v41_op(call, OP_SEQUENCE), &args);
    v41_op(call, OP_PUTROOTFH);
    v41_op_lookup(call, subject->directory);
    v41_op_mkdir(call, name);
}

static void lose_connection(struct user *me)
{
    close(me->fd);
    me->fd = v41_connect();
}

static void leave_connection(struct user *me)
{
    close(me->left);
    me->left = me->fd;
    me->fd = v41_connect();
}

static void until_answered(struct user *me, struct subject *subject, uint32_t slot)
{
    /* Time runs fast here: the first request of a slot must not be retried when the slot is used
     * anew. */
    if (subject->seqids[slot] > 1 && pick(&me->random, 4) == 0) {
        request(subject, slot, &me->call);
        v41_send(me->fd, &me->call);
        if (pick(&me->random, 2))
            lose_connection(me);
        else
            leave_connection(me);
    }
    do {
        request(subject, slot, &me->call);
        v41_roundtrip(me->fd, &me->call);
    } while (me->call.status == NFS4ERR_DELAY);
}

static void heed(struct subject *subject, const struct v41_call *call)
{
    uint32_t told[2];

    memcpy(told, call->body + HIGHEST_AT, sizeof(told));
    atomic_store(&subject->enforced, be32toh(told[0]) + 1);
    atomic_store(&subject->target, be32toh(told[1]) + 1);
}

static void ask_again(struct user *me, struct subject *subject, uint32_t slot)
{
    lose_connection(me);
    do {
        request(subject, slot, &me->again);
        v41_roundtrip(me->fd, &me->again);
    } while (me->again.status == NFS4ERR_DELAY);
    if (me->again.status == NFS4ERR_BADSESSION && atomic_load(&subject->ends))
        return;
    /* Another user had chosen its highest slot before this one was taken, and only now sent it. */
    if (me->again.status == NFS4ERR_BADSLOT && !subject->stubborn) {
        me->refused++;
        return;
    }
    if (me->again.status != NFS4_OK)
        (void)fprintf(stderr, "status %u of a retry\n", (unsigned)me->again.status);
    CHECK(me->again.status == NFS4_OK);
    CHECK(me->again.body_len == me->call.body_len);
    CHECK(memcmp(me->again.body, me->call.body, me->call.body_len) == 0);
    me->replayed++;
}

static void turn(struct user *me)
{
    struct subject *subject = atomic_load(&subjects[pick(&me->random, SUBJECTS)]);
    uint32_t slot;

    if (!claim(subject, me, &slot)) {
        sched_yield();
        return;
    }
    subject->seqids[slot]++;
    until_answered(me, subject, slot);
    switch ((uint32_t)me->call.status) {
    case NFS4_OK:
        heed(subject, &me->call);
        me->executed++;
        if (pick(&me->random, 8) == 0)
            ask_again(me, subject, slot);
        break;
    case NFS4ERR_BADSESSION:
        CHECK(atomic_load(&subject->ends));
        me->ended++;
        sched_yield();
        break;
    case NFS4ERR_BADSLOT:
    case NFS4ERR_BAD_HIGH_SLOT:
        /* It was never executed, or the next request with this seqid will find its directory. */
        subject->seqids[slot]--;
        me->refused++;
        break;
    default:
        (void)fprintf(stderr, "status %u\n", (unsigned)me->call.status);
        CHECK(!"an error without a cause");
    }
    atomic_store(&subject->outstanding[slot], false);
}

static void *use(void *arg)
{
    struct user *me = arg;

    me->fd = v41_connect();
    me->left = v41_connect();
    for (uint32_t i = 0; i < TURNS; i++)
        turn(me);
    close(me->left);
    close(me->fd);
    return NULL;
}

static enum nfsstat4 destroy(struct v41_call *call, const struct subject *subject)
{
    do {
        v41_begin(call);
        memcpy(xdr_take(v41_op(call, OP_DESTROY_SESSION), NFS4_SESSIONID_SIZE), subject->session.id,
               NFS4_SESSIONID_SIZE);
        v41_roundtrip(v41_fd, call);
    } while (call->status == NFS4ERR_DELAY);
    return call->status;
}

static struct subject *make(struct v41_call *call)
{
    static uint32_t number;
    struct CREATE_SESSION4args args = {.csa_clientid = control.clientid,
                                       .csa_sequence = ++number + 1,
                                       .csa_fore_chan_attrs = attrs,
                                       .csa_back_chan_attrs = attrs};
    struct subject *subject = must_calloc(1, sizeof(*subject));
    struct v41_session *session = &subject->session;

    subject->stubborn = number % 2;
    (void)snprintf(subject->directory, sizeof(subject->directory), "of%u", number);
    v41_begin_in(call, &control, false);
    v41_op(call, OP_PUTROOTFH);
    v41_op_mkdir(call, subject->directory);
    v41_roundtrip(v41_fd, call);
    CHECK(call->status == NFS4_OK);
    v41_begin(call);
    wire_CREATE_SESSION4args(v41_op(call, OP_CREATE_SESSION), &args);
    v41_roundtrip(v41_fd, call);
    CHECK(v41_result(call, OP_CREATE_SESSION) == NFS4_OK);
    CHECK(wire_CREATE_SESSION4resok(&call->results, &session->granted));
    memcpy(session->id, session->granted.csr_sessionid, NFS4_SESSIONID_SIZE);
    subject->enforced = subject->target = session->granted.csr_fore_chan_attrs.ca_maxrequests;
    subject->next = all;
    all = subject;
    return subject;
}

static void replace(struct v41_call *call, uint32_t which)
{
    struct subject *subject = atomic_load(&subjects[which]);

    atomic_store(&subject->ends, true);
    CHECK(destroy(call, subject) == NFS4_OK);
    atomic_store(&subjects[which], make(call));
}

/* Some other sessions come and go with their slots. */
static void press(bool on)
{
    struct reply_budget *budget = &test_server.state->reply_budget;
    uint64_t bytes = budget->bytes_max * 3 / 4;

    if (on)
        atomic_fetch_add(&budget->charged, bytes);
    else
        atomic_fetch_sub(&budget->charged, bytes);
}

static void *disturb(void *arg)
{
    static struct v41_call call;
    uint64_t random = 0x9e3779b97f4a7c15u;
    bool pressed = false;

    (void)arg;
    while (!atomic_load(&stop)) {
        if (pick(&random, 40) == 0)
            press(pressed = !pressed);
        clock_advance_ns(NSEC_PER_SEC * pick(&random, 3));
        state_tick(test_server.state, clock_now_ns());
        v41_begin_in(&call, &control, false); /* keeps the lease */
        v41_roundtrip(v41_fd, &call);
        CHECK(call.status == NFS4_OK);
        if (pick(&random, 30) == 0)
            replace(&call, pick(&random, SUBJECTS));
        usleep(200);
    }
    if (pressed)
        press(false);
    for (uint32_t i = 0; i < SUBJECTS; i++)
        CHECK(destroy(&call, atomic_load(&subjects[i])) == NFS4_OK);
    return NULL;
}

static void all_at_once(void **unused)
{
    struct user *users = must_calloc(USERS, sizeof(*users));
    struct state *state = test_server.state;
    static struct v41_call call;
    pthread_t disturber;
    uint64_t idle;

    (void)unused;
    state->reply_budget.bytes_max = BUDGET_SLOTS * (attrs.ca_maxresponsesize_cached + 64ull);
    v41_session_make(v41_fd, "a", NULL, &control);
    idle = atomic_load(&state->reply_budget.charged);
    for (uint32_t i = 0; i < SUBJECTS; i++)
        atomic_store(&subjects[i], make(&call));
    for (uint32_t i = 0; i < USERS; i++) {
        users[i].number = i;
        users[i].random = 0xbb67ae8584caa73bu + i;
        assert_int_equal(pthread_create(&users[i].thread, NULL, use, &users[i]), 0);
    }
    assert_int_equal(pthread_create(&disturber, NULL, disturb, NULL), 0);
    for (uint32_t i = 0; i < USERS; i++)
        pthread_join(users[i].thread, NULL);
    atomic_store(&stop, true);
    pthread_join(disturber, NULL);
    for (uint32_t i = 0; i < USERS; i++) {
        print_message("%u: %u executed, %u replayed, %u refused, %u ended\n", i, users[i].executed,
                      users[i].replayed, users[i].refused, users[i].ended);
        assert_true(users[i].executed > TURNS / 2 && users[i].replayed > TURNS / 50);
    }
    assert_int_equal(state->session_count, 1);
    assert_int_equal(state->reply_bytes, 0);
    assert_int_equal(state->reply_budget.charged, idle);
    assert_int_equal(state->reply_budget.tables, 1);
    while (all) {
        struct subject *next = all->next;

        free(all);
        all = next;
    }
    free(users);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_at_once, v41_set_up, v41_tear_down),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
