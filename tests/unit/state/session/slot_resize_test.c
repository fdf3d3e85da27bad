/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table that shrinks and grows under a client that follows it, over a network that delivers
 * requests and replies in any order (S20-D1, W02). The client takes the last reply that arrived for
 * the newest, and is of one of two kinds: one drops slots that are no longer enforced and begins
 * them at seqid 1, as Linux does, the other never drops any. However late it notices, it meets no
 * error, and each request executes once. A server that forces its target may refuse requests; but
 * it can repeat every reply until the client has it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "lib/test.h"
#include "state/session/slot_table.h"

enum {
    SLOTS = 24,
    STEPS = 1000, /* for each session: first uses of slots matter, too */
    SESSIONS = 1500,
    IN_FLIGHT_MAX = 2 * SLOTS
};

struct message {
    uint32_t slot, seqid, highest, epoch;
    uint32_t generation;     /* the client's, when it sent the request */
    struct slot_grant grant; /* in a reply */
    bool refused;            /* not executed */
};

struct pipe {
    struct message messages[IN_FLIGHT_MAX];
    uint32_t count;
};

static uint64_t random_state;
static struct slot_table table;
static struct pipe requests, replies;
static uint32_t epoch; /* counts retirements */
static uint32_t shrunk, grown_times, executed, forced, refused;
static bool forceful;

static struct {
    bool drops;
    uint32_t target, enforced;
    uint32_t generation;    /* counts targets */
    uint32_t seqids[SLOTS]; /* the last one sent */
    bool outstanding[SLOTS];
} client;

static uint32_t pick(uint32_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % below;
}

static void pipe_add(struct pipe *pipe, const struct message *message)
{
    assert_true(pipe->count < IN_FLIGHT_MAX);
    pipe->messages[pipe->count++] = *message;
}

static bool pipe_take(struct pipe *pipe, struct message *out)
{
    uint32_t which;

    if (pipe->count == 0)
        return false;
    which = pick(pipe->count);
    *out = pipe->messages[which];
    pipe->messages[which] = pipe->messages[--pipe->count];
    return true;
}

/* Is nothing in transit that is older than the last retirement? */
static bool calm(void)
{
    for (uint32_t i = 0; i < requests.count; i++) {
        if (requests.messages[i].epoch != epoch)
            return false;
    }
    for (uint32_t i = 0; i < replies.count; i++) {
        if (replies.messages[i].epoch != epoch)
            return false;
    }
    return true;
}

static void client_send(void)
{
    uint32_t usable = client.target < client.enforced ? client.target : client.enforced;
    uint32_t slot = pick(4) ? 0 : pick(usable);
    struct message request = {.epoch = epoch, .generation = client.generation};

    while (slot < usable && client.outstanding[slot])
        slot++;
    if (slot >= usable)
        return;
    client.outstanding[slot] = true;
    request.slot = slot;
    request.seqid = ++client.seqids[slot];
    for (uint32_t i = 0; i < SLOTS; i++) {
        if (client.outstanding[i])
            request.highest = i;
    }
    pipe_add(&requests, &request);
}

static void client_drop(uint32_t enforced)
{
    for (uint32_t i = enforced; i < SLOTS; i++) {
        if (client.outstanding[i])
            return;
    }
    for (uint32_t i = enforced; i < SLOTS; i++)
        client.seqids[i] = 0;
}

static void client_receive(void)
{
    struct message reply;

    if (!pipe_take(&replies, &reply))
        return;
    client.outstanding[reply.slot] = false;
    if (reply.refused) {
        client.seqids[reply.slot]--;
        return;
    }
    if (client.target != reply.grant.target)
        client.generation++;
    client.target = reply.grant.target;
    if (client.drops && reply.generation != client.generation)
        return; /* it may be old: as Linux does */
    client.enforced = reply.grant.enforced;
    if (client.drops)
        client_drop(client.enforced);
}

/* Each request whose reply is in transit could be retried. */
static void check_retries(void)
{
    for (uint32_t i = 0; i < replies.count; i++) {
        const struct message *reply = &replies.messages[i];

        if (reply->refused)
            continue;
        assert_true(reply->slot < slot_table_kept(&table));
        assert_true(slot_is_retry(slot_at(&table, reply->slot), reply->seqid));
    }
}

/* The first part of SEQUENCE. */
static enum slot_verdict server_acquire(const struct message *message, struct slot *slot)
{
    struct slot_request nothing = {0};
    struct slot_replay replay = {0};
    int64_t grown;

    if (message->slot >= slot_table_kept(&table))
        return SLOT_GONE;
    if (message->highest >= slot_table_high(&table) && !slot_is_retry(slot, message->seqid))
        return SLOT_GONE;
    if (message->slot >= slot_table_grant(&table).enforced)
        return slot_acquire_retry(slot, message->seqid, &nothing, &replay, &grown);
    return slot_acquire(slot, message->seqid, &nothing, &replay);
}

static void server_force(const struct slot *slot)
{
    struct slot_grant grant = slot_table_grant(&table);

    if (grant.target < grant.enforced && atomic_load(&slot->told_generation) == grant.generation &&
        pick(2) == 0 && slot_table_enforce_target(&table))
        forced++;
}

static void server_receive(void)
{
    struct message message;
    struct slot *slot;
    uint32_t kept = slot_table_kept(&table);

    if (!pipe_take(&requests, &message))
        return;
    slot = slot_at(&table, message.slot);
    if (server_acquire(&message, slot) != SLOT_NEW) {
        assert_true(forceful);
        refused++;
        message.refused = true;
        pipe_add(&replies, &message);
        return;
    }
    executed++;
    if (forceful)
        server_force(slot);
    slot_table_retire_unused(&table, slot, message.highest);
    if (slot_table_kept(&table) < kept) {
        epoch++;
        shrunk++;
    }
    message.grant = slot_table_grant(&table);
    message.epoch = epoch;
    atomic_store(&slot->told_generation, message.grant.generation);
    slot_release(slot, "r", 1);
    pipe_add(&replies, &message);
    check_retries();
}

static void server_resize(void)
{
    struct slot_grant grant = slot_table_grant(&table);

    if (pick(20) == 0) {
        slot_table_set_target(&table, 1 + pick(grant.enforced));
    } else if (grant.target == slot_table_kept(&table) && grant.enforced < SLOTS && calm()) {
        slot_table_grow(&table, grant.enforced + 1 + pick(SLOTS - grant.enforced));
        grown_times++;
    }
    if (calm())
        slot_table_forget_high(&table);
}

static void one_session(bool drops)
{
    memset(&client, 0, sizeof(client));
    requests.count = replies.count = 0;
    epoch = 0;
    client.drops = drops;
    client.target = client.enforced = SLOTS / 2;
    slot_table_init(&table, SLOTS / 2);
    for (int i = 0; i < STEPS; i++) {
        switch (pick(16)) {
        case 0:
            server_resize();
            break;
        case 1:
        case 2:
        case 3:
        case 4:
        case 5:
            client_send();
            break;
        case 6:
        case 7:
        case 8:
        case 9:
        case 10:
            server_receive();
            break;
        default:
            client_receive();
        }
    }
    slot_table_fini(&table);
}

static void many_sessions(bool drops, uint64_t seed)
{
    random_state = seed;
    shrunk = grown_times = executed = forced = refused = 0;
    for (uint32_t i = 0; i < SESSIONS; i++)
        one_session(drops);
    assert_true(executed > SESSIONS * STEPS / 10);
    assert_true(shrunk > SESSIONS);
    assert_true(grown_times > SESSIONS / 4);
}

static void client_that_drops(void **unused)
{
    (void)unused;
    many_sessions(true, 0x9e3779b97f4a7c15u);
}

static void client_that_keeps(void **unused)
{
    (void)unused;
    many_sessions(false, 0x3c6ef372fe94f82bu);
}

static void client_that_is_forced(void **unused)
{
    (void)unused;
    forceful = true;
    many_sessions(true, 0xbb67ae8584caa73bu);
    assert_true(forced > SESSIONS / 4 && refused > 0);
    many_sessions(false, 0xa54ff53a5f1d36f1u);
    assert_true(forced > SESSIONS / 4 && refused > 0);
    forceful = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_that_drops),
        cmocka_unit_test(client_that_keeps),
        cmocka_unit_test(client_that_is_forced),
    };

    return test_group_run(tests);
}
