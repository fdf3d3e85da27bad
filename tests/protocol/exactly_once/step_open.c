/* SPDX-License-Identifier: Apache-2.0 */
/* OPEN in all its variants, OPEN_DOWNGRADE, CLOSE, and the whole life of a file in one compound. */
#include "step.h"

enum {
    WHOLE_BYTES = 600
};

static struct model_node *node_of(struct lane *lane)
{
    return &lane->model.nodes[lane->step.node];
}

static uint32_t pick_access(struct lane *lane)
{
    return 1 + random_below(&lane->random, 3);
}

/* The result of an OPEN that creates. */
static enum nfsstat4 create_outcome(const struct lane *lane)
{
    if (lane->step.name < 0 || lane->step.how == UNCHECKED4)
        return NFS4_OK;
    return NFS4ERR_EXIST;
}

static void op_open(struct lane *lane, struct client_compound *c, bool create)
{
    struct step *s = &lane->step;
    struct client_open open = {
        .clientid = lane->clientid,
        .owner = lane->owner,
        .access = s->access,
        .name = s->dir ? s->text : NULL,
        .create = create,
        .how = s->how,
        .mode = s->mode,
    };

    random_fill(s->fill, open.verifier, sizeof(open.verifier));
    client_op_open(c, &open);
}

static bool create_build(struct lane *lane, struct client_compound *c)
{
    struct step *s = &lane->step;

    s->dir = model_dir_pick(&lane->model, &lane->random);
    model_text(&lane->model, &lane->random, s->text);
    s->name = model_name_find(&lane->model, s->dir, s->text);
    s->how = (enum createmode4)random_below(&lane->random, 4);
    s->access = pick_access(lane);
    s->mode = step_mode(lane, NF4REG);
    s->fill = random_next(&lane->random);
    s->node = s->name < 0 ? 0 : lane->model.names[s->name].node;
    if (s->node ? node_of(lane)->type != NF4REG : !step_room(lane))
        return false;
    s->expect = create_outcome(lane);
    step_begin(lane, c, s->dir);
    client_op(c, OP_SAVEFH);
    op_open(lane, c, true);
    if (s->how == EXCLUSIVE4)
        client_op_setattr(c, &client_stateid_current, CLIENT_BITS(FATTR4_MODE),
                          &(struct nfs4_attrs){.mode = s->mode});
    client_op_getfh(c);
    step_attributes(c);
    client_op(c, OP_RESTOREFH);
    step_attributes(c);
    return true;
}

/* A new open has seqid 1; every later OPEN of the same owner increments it. */
static void note_open(struct lane *lane, const struct stateid4 *stateid)
{
    struct model_node *node = node_of(lane);

    if (node->access == 0) {
        if (stateid->seqid != 1)
            lane_differs(lane, "a new open with seqid %u", stateid->seqid);
    } else if (memcmp(stateid->other, node->open.other, sizeof(stateid->other)) != 0) {
        lane_differs(lane, "another stateid of object %d", lane->step.node);
    } else if (stateid->seqid != node->open.seqid + 1) {
        lane_differs(lane, "opened with seqid %u after %u", stateid->seqid, node->open.seqid);
    }
    node->open = *stateid;
    node->access |= lane->step.access;
    node->modes |= 1u << lane->step.access;
}

static void note_file(struct lane *lane)
{
    struct step *s = &lane->step;

    if (s->node)
        return;
    s->node = model_node_new(&lane->model, NF4REG, s->mode);
    model_name_new(&lane->model, s->dir, s->text, s->node);
}

static void create_done(struct lane *lane, struct client_result *r)
{
    struct step *s = &lane->step;
    const struct OPEN4resok *ok;

    step_unchanged(lane, r, 0, s->dir);
    if (s->expect != NFS4_OK)
        return;
    ok = &client_result_lookup(r, OP_OPEN)->opopen;
    step_change_info(lane, &ok->cinfo, s->dir);
    note_file(lane);
    note_open(lane, &ok->stateid);
    step_handle(lane, r, s->node);
    step_compare(lane, r, 1, s->node);
    step_compare(lane, r, 2, s->dir);
}

/* By name or by handle. */
static bool open_build(struct lane *lane, struct client_compound *c)
{
    struct step *s = &lane->step;

    s->name = model_name_pick(&lane->model, &lane->random, NF4REG);
    if (s->name < 0)
        return false;
    s->node = lane->model.names[s->name].node;
    s->access = pick_access(lane);
    if (random_one_in(&lane->random, 3)) {
        step_begin(lane, c, s->node);
    } else {
        s->dir = lane->model.names[s->name].dir;
        memcpy(s->text, lane->model.names[s->name].text, sizeof(s->text));
        step_begin(lane, c, s->dir);
    }
    op_open(lane, c, false);
    client_op_getfh(c);
    step_attributes(c);
    return true;
}

static void open_done(struct lane *lane, struct client_result *r)
{
    struct step *s = &lane->step;

    step_unchanged(lane, r, 0, s->dir ? s->dir : s->node);
    note_open(lane, &client_result_lookup(r, OP_OPEN)->opopen.stateid);
    step_handle(lane, r, s->node);
    step_unchanged(lane, r, 1, s->node);
    step_compare(lane, r, 1, s->node);
}

static bool pick_open(struct lane *lane)
{
    lane->step.node = model_node_pick(&lane->model, &lane->random, NF4REG);
    return lane->step.node && node_of(lane)->access != 0;
}

static bool downgrade_build(struct lane *lane, struct client_compound *c)
{
    struct step *s = &lane->step;

    if (!pick_open(lane) || node_of(lane)->access != OPEN4_SHARE_ACCESS_BOTH)
        return false;
    s->access = 1 + random_below(&lane->random, 2);
    s->expect = node_of(lane)->modes & (1u << s->access) ? NFS4_OK : NFS4ERR_INVAL;
    step_begin(lane, c, s->node);
    client_compound_add(c, &(struct nfs_argop4){
                               .argop = OP_OPEN_DOWNGRADE,
                               .opopen_downgrade = {node_of(lane)->open, 0, s->access, 0},
                           });
    step_attributes(c);
    return true;
}

static void downgrade_done(struct lane *lane, struct client_result *r)
{
    struct step *s = &lane->step;
    struct model_node *node = node_of(lane);
    const struct stateid4 *stateid;

    step_unchanged(lane, r, 0, s->node);
    if (s->expect != NFS4_OK)
        return;
    stateid = &client_result_lookup(r, OP_OPEN_DOWNGRADE)->opopen_downgrade.open_stateid;
    if (stateid->seqid != node->open.seqid + 1)
        lane_differs(lane, "downgraded to seqid %u after %u", stateid->seqid, node->open.seqid);
    node->open = *stateid;
    node->access = s->access;
    node->modes = 1u << s->access;
    step_compare(lane, r, 1, s->node);
}

static bool close_build(struct lane *lane, struct client_compound *c)
{
    if (!pick_open(lane))
        return false;
    step_begin(lane, c, lane->step.node);
    client_op_close(c, &node_of(lane)->open);
    step_attributes(c);
    return true;
}

static void close_done(struct lane *lane, struct client_result *r)
{
    struct model_node *node = node_of(lane);

    step_unchanged(lane, r, 0, lane->step.node);
    node->access = node->modes = 0;
    node->has_lock = false;
    memset(node->locked, 0, sizeof(node->locked));
    step_compare(lane, r, 1, lane->step.node);
}

/* The operations of the compound use the current stateid. */
static bool whole_build(struct lane *lane, struct client_compound *c)
{
    struct step *s = &lane->step;
    uint8_t data[WHOLE_BYTES];

    s->dir = model_dir_pick(&lane->model, &lane->random);
    model_text(&lane->model, &lane->random, s->text);
    if (model_name_find(&lane->model, s->dir, s->text) >= 0 || !step_room(lane))
        return false;
    s->how = GUARDED4;
    s->access = OPEN4_SHARE_ACCESS_BOTH;
    s->mode = step_mode(lane, NF4REG);
    s->fill = random_next(&lane->random);
    s->len = 1 + random_below(&lane->random, WHOLE_BYTES);
    random_fill(s->fill, data, s->len);
    step_begin(lane, c, s->dir);
    client_op(c, OP_SAVEFH);
    op_open(lane, c, true);
    client_op_write(c, &client_stateid_current, 0, UNSTABLE4, data, s->len);
    client_op_getfh(c);
    client_op_close(c, &client_stateid_current);
    step_attributes(c);
    client_op(c, OP_RESTOREFH);
    step_attributes(c);
    return true;
}

static void whole_done(struct lane *lane, struct client_result *r)
{
    struct step *s = &lane->step;
    uint8_t data[WHOLE_BYTES];

    step_unchanged(lane, r, 0, s->dir);
    step_change_info(lane, &client_result_lookup(r, OP_OPEN)->opopen.cinfo, s->dir);
    note_file(lane);
    random_fill(s->fill, data, s->len);
    model_write(node_of(lane), 0, data, s->len);
    step_handle(lane, r, s->node);
    step_compare(lane, r, 1, s->node);
    step_compare(lane, r, 2, s->dir);
}

static const struct step_kind kinds[] = {
    {"OPEN and create", 10, false, create_build, create_done},
    {"OPEN", 6, false, open_build, open_done},
    {"OPEN_DOWNGRADE", 5, false, downgrade_build, downgrade_done},
    {"CLOSE", 9, false, close_build, close_done},
    {"a whole file", 5, false, whole_build, whole_done},
};

const struct step_table step_opens = {kinds, sizeof(kinds) / sizeof(kinds[0])};
