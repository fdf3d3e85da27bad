/* SPDX-License-Identifier: Apache-2.0 */
/* READ, WRITE, COMMIT, SETATTR. */
#include "step.h"

enum {
    DATA_BYTES = 2048,
    READ_BYTES = 5000 /* together with the rest of the reply this still fits into the cache */
};

static struct model_node *node_of(struct lane *lane)
{
    return &lane->model.nodes[lane->step.node];
}

static bool pick_file(struct lane *lane)
{
    lane->step.node = model_node_pick(&lane->model, &lane->random, NF4REG);
    return lane->step.node != 0;
}

/* The stateid of the open if that permits the operation, sometimes a special one. */
static const struct stateid4 *stateid_for(struct lane *lane, uint32_t access)
{
    const struct model_node *node = node_of(lane);

    if ((node->access & access) && !random_one_in(&lane->random, 4))
        return &node->open;
    return &client_stateid_anonymous;
}

static bool write_build(struct lane *lane, struct client_compound *c)
{
    struct step *s = &lane->step;
    uint8_t data[DATA_BYTES];

    if (!pick_file(lane))
        return false;
    s->len = 1 + random_below(&lane->random, DATA_BYTES);
    s->offset = random_below(&lane->random, MODEL_FILE_BYTES - s->len + 1);
    s->fill = random_next(&lane->random);
    random_fill(s->fill, data, s->len);
    step_begin(lane, c, s->node);
    client_op_write(c, stateid_for(lane, OPEN4_SHARE_ACCESS_WRITE), s->offset,
                    random_one_in(&lane->random, 50) ? FILE_SYNC4 : UNSTABLE4, data, s->len);
    step_attributes(c);
    return true;
}

static void write_done(struct lane *lane, struct client_result *r)
{
    struct step *s = &lane->step;
    uint8_t data[DATA_BYTES];

    step_unchanged(lane, r, 0, s->node);
    if (client_result_lookup(r, OP_WRITE)->opwrite.count != s->len) {
        lane_differs(lane, "a part was written");
        return;
    }
    random_fill(s->fill, data, s->len);
    model_write(node_of(lane), s->offset, data, s->len);
    step_compare(lane, r, 1, s->node);
}

static bool read_build(struct lane *lane, struct client_compound *c)
{
    struct step *s = &lane->step;

    if (!pick_file(lane))
        return false;
    s->len = 1 + random_below(&lane->random, READ_BYTES);
    s->offset = random_below(&lane->random, MODEL_FILE_BYTES);
    step_begin(lane, c, s->node);
    client_op_read(c, stateid_for(lane, OPEN4_SHARE_ACCESS_READ), s->offset, s->len);
    return true;
}

static void read_done(struct lane *lane, struct client_result *r)
{
    struct step *s = &lane->step;
    const struct model_node *node = node_of(lane);
    const struct READ4resok *ok = &client_result_lookup(r, OP_READ)->opread;
    uint32_t left = s->offset < node->size ? node->size - s->offset : 0;
    uint32_t len = s->len < left ? s->len : left;

    step_unchanged(lane, r, 0, s->node);
    if (ok->data.len != len || ok->eof != (s->len >= left))
        lane_differs(lane, "object %d: %u bytes at %u instead of %u", s->node, ok->data.len,
                     s->offset, len);
    else if (len && memcmp(ok->data.data, node->data + s->offset, len) != 0)
        lane_differs(lane, "object %d: other bytes at %u, %u of them", s->node, s->offset, len);
}

static bool commit_build(struct lane *lane, struct client_compound *c)
{
    if (!pick_file(lane))
        return false;
    step_begin(lane, c, lane->step.node);
    client_op_commit(c, 0, 0);
    return true;
}

static void commit_done(struct lane *lane, struct client_result *r)
{
    step_unchanged(lane, r, 0, lane->step.node);
}

static bool mode_build(struct lane *lane, struct client_compound *c)
{
    struct step *s = &lane->step;

    s->node = model_node_pick(&lane->model, &lane->random, 0);
    if (s->node == 0 || node_of(lane)->type == NF4LNK)
        return false;
    s->mode = step_mode(lane, node_of(lane)->type);
    step_begin(lane, c, s->node);
    client_op_setattr(c, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE),
                      &(struct nfs4_attrs){.mode = s->mode});
    step_attributes(c);
    return true;
}

static void mode_done(struct lane *lane, struct client_result *r)
{
    step_unchanged(lane, r, 0, lane->step.node);
    node_of(lane)->mode = lane->step.mode;
    step_compare(lane, r, 1, lane->step.node);
}

static bool size_build(struct lane *lane, struct client_compound *c)
{
    struct step *s = &lane->step;

    if (!pick_file(lane))
        return false;
    s->len = random_below(&lane->random, MODEL_FILE_BYTES + 1);
    step_begin(lane, c, s->node);
    client_op_setattr(c, stateid_for(lane, OPEN4_SHARE_ACCESS_WRITE), CLIENT_BITS(FATTR4_SIZE),
                      &(struct nfs4_attrs){.size = s->len});
    step_attributes(c);
    return true;
}

static void size_done(struct lane *lane, struct client_result *r)
{
    step_unchanged(lane, r, 0, lane->step.node);
    model_truncate(node_of(lane), lane->step.len);
    step_compare(lane, r, 1, lane->step.node);
}

static const struct step_kind kinds[] = {
    {"WRITE", 12, false, write_build, write_done},
    {"READ", 8, true, read_build, read_done},
    {"COMMIT", 1, true, commit_build, commit_done},
    {"SETATTR of the mode", 4, false, mode_build, mode_done},
    {"SETATTR of the size", 4, false, size_build, size_done},
};

const struct step_table step_data = {kinds, sizeof(kinds) / sizeof(kinds[0])};
