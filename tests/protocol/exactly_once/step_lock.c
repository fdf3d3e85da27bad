/* SPDX-License-Identifier: Apache-2.0 */
/* LOCK, LOCKU, LOCKT, FREE_STATEID, TEST_STATEID. */
#include "step.h"

static struct model_node *node_of(struct lane *lane)
{
    return &lane->model.nodes[lane->step.node];
}

static bool pick(struct lane *lane)
{
    struct step *s = &lane->step;

    s->node = model_node_pick(&lane->model, &lane->random, NF4REG);
    s->lock_type = random_one_in(&lane->random, 2) ? READ_LT : WRITE_LT;
    s->first = random_below(&lane->random, MODEL_LOCK_UNITS);
    s->last = s->first + random_below(&lane->random, MODEL_LOCK_UNITS - s->first);
    return s->node != 0 && node_of(lane)->access != 0;
}

static uint64_t range_offset(const struct step *s)
{
    return (uint64_t)s->first * MODEL_LOCK_UNIT_BYTES;
}

static uint64_t range_length(const struct step *s)
{
    if (s->last == MODEL_LOCK_UNITS - 1)
        return NFS4_UINT64_MAX;
    return (uint64_t)(s->last + 1 - s->first) * MODEL_LOCK_UNIT_BYTES;
}

static bool lock_build(struct lane *lane, struct client_compound *c)
{
    struct step *s = &lane->step;
    struct nfs_argop4 op = {.argop = OP_LOCK};
    uint32_t need;

    if (!pick(lane))
        return false;
    need = s->lock_type == READ_LT ? OPEN4_SHARE_ACCESS_READ : OPEN4_SHARE_ACCESS_WRITE;
    s->expect = node_of(lane)->access & need ? NFS4_OK : NFS4ERR_OPENMODE;
    step_begin(lane, c, s->node);
    if (!node_of(lane)->has_lock) {
        client_op_lock_new(c, &node_of(lane)->open, lane->clientid, lane->owner, s->lock_type,
                           range_offset(s), range_length(s));
    } else {
        op.oplock.locktype = s->lock_type;
        op.oplock.offset = range_offset(s);
        op.oplock.length = range_length(s);
        op.oplock.locker.lock_owner.lock_stateid = node_of(lane)->lock;
        client_compound_add(c, &op);
    }
    step_attributes(c);
    return true;
}

/* A new lock stateid has seqid 1, and each use increments it. */
static void note_lock(struct lane *lane, const struct stateid4 *stateid, uint8_t lock)
{
    struct model_node *node = node_of(lane);
    uint32_t seqid = node->has_lock ? node->lock.seqid + 1 : 1;

    if (stateid->seqid != seqid)
        lane_differs(lane, "a lock with seqid %u instead of %u", stateid->seqid, seqid);
    if (node->has_lock && memcmp(stateid->other, node->lock.other, sizeof(stateid->other)) != 0)
        lane_differs(lane, "another lock stateid of object %d", lane->step.node);
    node->lock = *stateid;
    node->has_lock = true;
    memset(node->locked + lane->step.first, lock, lane->step.last + 1 - lane->step.first);
}

static void lock_done(struct lane *lane, struct client_result *r)
{
    struct step *s = &lane->step;

    step_unchanged(lane, r, 0, s->node);
    if (s->expect != NFS4_OK)
        return;
    note_lock(lane, &client_result_lookup(r, OP_LOCK)->oplock.lock_stateid, (uint8_t)s->lock_type);
    step_compare(lane, r, 1, s->node);
}

static bool unlock_build(struct lane *lane, struct client_compound *c)
{
    struct step *s = &lane->step;

    if (!pick(lane) || !node_of(lane)->has_lock)
        return false;
    if (random_one_in(&lane->random, 3)) {
        s->first = 0;
        s->last = MODEL_LOCK_UNITS - 1;
    }
    step_begin(lane, c, s->node);
    client_compound_add(
        c, &(struct nfs_argop4){
               .argop = OP_LOCKU,
               .oplocku = {s->lock_type, 0, node_of(lane)->lock, range_offset(s), range_length(s)},
           });
    step_attributes(c);
    return true;
}

static void unlock_done(struct lane *lane, struct client_result *r)
{
    step_unchanged(lane, r, 0, lane->step.node);
    note_lock(lane, &client_result_lookup(r, OP_LOCKU)->oplocku.lock_stateid, 0);
    step_compare(lane, r, 1, lane->step.node);
}

static bool conflicts(const struct model_node *node, const struct step *s, uint32_t unit)
{
    return node->locked[unit] == WRITE_LT || (node->locked[unit] && s->lock_type == WRITE_LT);
}

/* Another owner tests. */
static bool test_build(struct lane *lane, struct client_compound *c)
{
    struct step *s = &lane->step;

    if (!pick(lane))
        return false;
    for (uint32_t unit = s->first; unit <= s->last; unit++)
        if (conflicts(node_of(lane), s, unit))
            s->expect = NFS4ERR_DENIED;
    step_begin(lane, c, s->node);
    client_compound_add(c, &(struct nfs_argop4){
                               .argop = OP_LOCKT,
                               .oplockt = {s->lock_type,
                                           range_offset(s),
                                           range_length(s),
                                           {lane->clientid, client_text("somebody else")}},
                           });
    return true;
}

static void test_done(struct lane *lane, struct client_result *r)
{
    const struct LOCK4denied *denied;
    uint64_t unit;

    step_unchanged(lane, r, 0, lane->step.node);
    if (lane->step.expect == NFS4_OK)
        return;
    denied = &client_result_lookup(r, OP_LOCKT)->denied;
    unit = denied->offset / MODEL_LOCK_UNIT_BYTES;
    if (unit >= MODEL_LOCK_UNITS || node_of(lane)->locked[unit] != denied->locktype ||
        denied->owner.owner.len != strlen(lane->owner))
        lane_differs(lane, "denied by a lock at %llu that is not there",
                     (unsigned long long)denied->offset);
}

static bool free_build(struct lane *lane, struct client_compound *c)
{
    struct step *s = &lane->step;

    if (!pick(lane) || !node_of(lane)->has_lock)
        return false;
    for (uint32_t unit = 0; unit < MODEL_LOCK_UNITS; unit++)
        if (node_of(lane)->locked[unit])
            s->expect = NFS4ERR_LOCKS_HELD;
    step_begin(lane, c, s->node);
    client_compound_add(
        c, &(struct nfs_argop4){.argop = OP_FREE_STATEID, .opfree_stateid = {node_of(lane)->lock}});
    return true;
}

static void free_done(struct lane *lane, struct client_result *r)
{
    step_unchanged(lane, r, 0, lane->step.node);
    if (lane->step.expect == NFS4_OK)
        node_of(lane)->has_lock = false;
}

static bool ask_build(struct lane *lane, struct client_compound *c)
{
    struct stateid4 both[2];

    if (!pick(lane))
        return false;
    both[0] = node_of(lane)->open;
    both[1] = node_of(lane)->lock;
    step_begin(lane, c, lane->step.node);
    client_compound_add(c, &(struct nfs_argop4){
                               .argop = OP_TEST_STATEID,
                               .optest_stateid = {both, node_of(lane)->has_lock ? 2 : 1},
                           });
    return true;
}

static void ask_done(struct lane *lane, struct client_result *r)
{
    const struct TEST_STATEID4resok *ok = &client_result_lookup(r, OP_TEST_STATEID)->optest_stateid;

    step_unchanged(lane, r, 0, lane->step.node);
    for (uint32_t i = 0; i < ok->tsr_status_codes_count; i++)
        if (ok->tsr_status_codes[i] != NFS4_OK)
            lane_differs(lane, "a stateid is %s", status_name(ok->tsr_status_codes[i]));
}

static const struct step_kind kinds[] = {
    {"LOCK", 9, false, lock_build, lock_done},
    {"LOCKU", 6, false, unlock_build, unlock_done},
    {"LOCKT", 3, true, test_build, test_done},
    {"FREE_STATEID", 4, false, free_build, free_done},
    {"TEST_STATEID", 1, true, ask_build, ask_done},
};

const struct step_table step_locks = {kinds, sizeof(kinds) / sizeof(kinds[0])};
