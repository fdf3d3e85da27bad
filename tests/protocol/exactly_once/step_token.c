/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All lanes compete for a few names. A token created twice would have two owners; one created by a
 * request that ran twice has none, and is still there at the end.
 */
#include <stdio.h>

#include "step.h"

static void begin(struct lane *lane, struct client_compound *c)
{
    (void)snprintf(lane->step.text, sizeof(lane->step.text), "token-%u", lane->step.token);
    client_op_putfh(c, &lane->work->tokens);
}

static bool take_build(struct lane *lane, struct client_compound *c)
{
    lane->step.token = random_below(&lane->random, WORKLOAD_TOKENS);
    lane->step.also = NFS4ERR_EXIST;
    begin(lane, c);
    client_op_create(c, lane->step.text, NF4DIR, NULL, 0700);
    client_op_getfh(c);
    return true;
}

static void take_done(struct lane *lane, struct client_result *r)
{
    _Atomic uint32_t *owner = &lane->work->token_owner[lane->step.token];
    uint32_t before;

    if (r->status == NFS4ERR_EXIST)
        return;
    before = atomic_exchange(owner, lane_id(lane) + 1);
    if (before != 0)
        lane_differs(lane, "token %u is lane %u's already", lane->step.token, before - 1);
}

static bool give_build(struct lane *lane, struct client_compound *c)
{
    uint32_t start = random_below(&lane->random, WORKLOAD_TOKENS);

    for (uint32_t i = 0; i < WORKLOAD_TOKENS; i++) {
        uint32_t token = (start + i) % WORKLOAD_TOKENS;

        if (atomic_load(&lane->work->token_owner[token]) != lane_id(lane) + 1)
            continue;
        lane->step.token = token;
        begin(lane, c);
        client_op_remove(c, lane->step.text);
        atomic_store(&lane->work->token_owner[token], 0);
        return true;
    }
    /* Whichever lane was faster, the lane's next steps must be the same. */
    begin(lane, c);
    return true;
}

static void give_done(struct lane *lane, struct client_result *r)
{
    (void)lane;
    (void)r;
}

static const struct step_kind kinds[] = {
    {"CREATE of a token", 3, false, take_build, take_done},
    {"REMOVE of a token", 6, false, give_build, give_done},
};

const struct step_table step_tokens = {kinds, sizeof(kinds) / sizeof(kinds[0])};
